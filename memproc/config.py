"""All settings, in one frozen value.

Facts: some settings decide which memories exist: `dedup`, `recall`, `merge_at`. They are written into the store when it is created,
and it refuses to be opened with others (`rebuild` changes them). All other settings say how one ingestion behaves, and may differ
from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from math import inf
from typing import Literal, get_args

import orjson

from memproc.dates import Dates, format_fault
from memproc.errors import UsageError
from memproc.failures import MOST_RETRIES
from memproc.retention import RetentionRule, checked_rules

Dedup = Literal["off", "exact", "near"]
Recall = Literal["standard", "high"]
OnError = Literal["continue", "stop"]
OnFailure = Literal["keep", "quarantine"]  # of what enriches: the record goes on without it, or waits
ValidateWhen = Literal["inline", "before"]
Durability = Literal["normal", "full"]
Secrets = Literal["off", "tag", "redact", "quarantine"]
Engine = Literal["sequential", "threads", "processes", "dask", "ray"]
PythonEngine = Literal[Engine, "forkserver"]  # which serves programs that are slow to start, and not commands
Verdict = Literal["merge", "distinct", "supersedes"]  # of a person, on a pair
# Of other systems, that memories are written in.
Shape = Literal["csv", "mem0", "langgraph", "mcp", "markdown", "markdown-daily", "okf", "graphml", "graph"]
ReportForm = Literal["html", "md", "csv", "json"]
Per = Literal["memory", "subject", "day", "namespace", "query"]  # what there is a document for
Bundle = Literal["folder", "zip", "file"]  # what documents are written to
QuarantineStatus = Literal["open", "replayed", "discarded"]

CHOICES: dict[str, tuple[str, ...]] = {
    "dedup": get_args(Dedup),
    "recall": get_args(Recall),
    "on_error": get_args(OnError),
    "validate": get_args(ValidateWhen),
    "durability": get_args(Durability),
    "secrets": get_args(Secrets),
}
SECRET_KINDS = ("email", "phone")  # those that are looked for on request
DEEPEST = 100  # levels of nesting that every database and JSON reader supports
COUNTED = {
    "pool_size": "connection",
    "pool_overflow": "connections",
    "max_depth": "level",
    "max_record_bytes": "byte",
    "max_decompressed_bytes": "byte",
    "max_fields": "name",
    "max_memory": "byte",
    "max_workers": "worker",
    "retries": "retries",
}
# For any other 1 is the least.
BOUNDS: dict[str, tuple[int, float]] = {"pool_overflow": (0, inf), "retries": (0, inf), "max_depth": (1, DEEPEST)}
SECONDS = ("max_seconds", "pool_timeout_seconds", "pool_recycle_seconds")
SHARES = ("merge_at", "review_at", "accept_at")
STORED = ("dedup", "recall", "merge_at")
OPEN = {*STORED, "accept_at", "batch_size", "max_errors", "max_memory", "max_workers", "max_seconds", "table_schema"} | {
    "day_first"
}  # may be None
SWITCHES = ("tracebacks", "redact", "day_first")
SMALLEST_BATCH, LARGEST_BATCH = 1, 1_000_000
TABLE_PREFIX = "memproc_"
LONGEST_PREFIX, LONGEST_SCHEMA = 20, 63  # characters, and bytes: PostgreSQL cuts longer names

_PREFIX = re.compile(rf"\w{{1,{LONGEST_PREFIX}}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to ingest. `None` for a stored setting means: as the store was built, or the default in a new one.

    Stored settings:

    - `dedup`: "near" (default), "exact" or "off".
    - `recall`: how widely to search for pairs to review.
    - `merge_at`: a probability, 0 to 1. Facts that differ in benign ways only merge if these ways are trusted at least this much.
      Facts that differ in any other way never merge by themselves.

    Review:

    - `review_at`: the confidence, 0 to 1, from which a pair that does not merge waits for review.
    - `accept_at`: the confidence from which `similar` pairs found by an ingestion are merged at its end, as decisions of a policy.
      None leaves all of them waiting.

    One ingestion:

    - `batch_size`: records per transaction, or None to adapt.
    - `max_errors`: the job stops when more records than this are quarantined: a count, or a share 0 to 1 given as a float, which is
      checked after each batch from the 100th record on.
    - `on_error`: "continue" after a bad record, or "stop" after its batch.
    - `validate`: "inline", or "before" to read everything twice and write nothing if any record is invalid.
    - `durability`: "full" syncs each commit to disk. With "normal" a power failure may cost the last commits, never the store.
    - `max_record_bytes`: a longer line, row or element is quarantined.
    - `max_decompressed_bytes`: a file that is compressed, or an archive with all its members, is refused or read no further where
      it becomes larger.
    - `max_fields`: a memory with more names in it, at all levels, is quarantined.
    - `max_depth`: a memory whose metadata or subclass fields are nested deeper is quarantined; at most 100.
    - `tracebacks`: keep the traceback of an exception in a reader, a transform or a rule of a schema with the quarantined record.
    - `redact`: keep what records hold out of messages. Quarantine keeps the bytes.
    - `secrets`: what to do with a record that holds a key, token, password, private key, card number or IBAN: "off" looks for none;
      "tag" adds the tag `secret:<kind>`; "redact" puts `[secret: <kind>]` in its place; "quarantine" rejects the record, and keeps
      it redacted.
    - `secret_kinds`: what else counts as a secret: "email", "phone".
    - `date_format`: how dates are written that have no other reading: a format of `strptime` with a year, as in "%d.%m.%y", or
      several, which are tried in this order before all else.
    - `day_first`: of two numbers before a year (03/04/2024) the first is the day (True) or the month (False). None reads neither.
    - `max_memory`: bytes that this process and its children should stay under. None means 80 % of what the cgroup or the machine
      allows.
    - `max_seconds`: the ingestion stops after this time; `resume` continues it.
    - `max_workers`: how many workers at once. None means as many as there are cores allowed.

    What expires:

    - `retention`: the rules of `expire` where it is given none. None means those that the store keeps (`set_retention`).

    The database:

    - `pool_size`: connections kept for the threads of a store. `pool_overflow` more are opened when all are busy. A thread that
    gets none within `pool_timeout_seconds` fails. A connection older than `pool_recycle_seconds` is replaced.
    - `retries`: how often a transaction that failed and may succeed is tried again, after random waits that grow to some seconds.
    - `table_prefix`: the prefix of the names of the store's tables, so that several stores, or the tables of an application, can
      share a database: letters (lower case), digits and underscores.
    - `table_schema`: the PostgreSQL schema of the tables, created if missing. None means that of the search path.

    Raises UsageError on a value outside its range.
    """

    dedup: Dedup | None = None
    recall: Recall | None = None
    merge_at: float | None = None
    review_at: float = 0.2
    accept_at: float | None = None
    batch_size: int | None = None
    max_errors: int | float | None = None
    on_error: OnError = "continue"
    validate: ValidateWhen = "inline"
    durability: Durability = "normal"
    max_record_bytes: int = 64 * 1024 * 1024
    max_decompressed_bytes: int = 8 * 1024**3
    max_fields: int = 10_000
    max_depth: int = DEEPEST
    pool_size: int = 5
    pool_overflow: int = 10
    pool_timeout_seconds: float = 30.0
    pool_recycle_seconds: float = 1_800.0
    tracebacks: bool = False
    redact: bool = False
    secrets: Secrets = "off"
    secret_kinds: Iterable[str] = ()
    date_format: str | Iterable[str] = ()
    day_first: bool | None = None
    max_memory: int | None = None
    max_seconds: float | None = None
    max_workers: int | None = None
    retention: Iterable[RetentionRule] | None = None
    retries: int = MOST_RETRIES
    table_prefix: str = TABLE_PREFIX
    table_schema: str | None = None

    def __post_init__(self) -> None:
        """Check every value. Raises UsageError."""
        for name, value in ((one.name, getattr(self, one.name)) for one in fields(self)):
            if value is None and name in OPEN:
                continue
            least, most = BOUNDS.get(name, (1, inf))
            if name in CHOICES and value not in CHOICES[name]:
                advice = f"choose one of {', '.join(CHOICES[name])}"
            elif name in SHARES and not (_is_number(value) and 0 <= value <= 1):
                advice = "give a probability between 0 and 1"
            elif name == "batch_size" and not (_is_whole(value) and SMALLEST_BATCH <= value <= LARGEST_BATCH):
                advice = f"give {SMALLEST_BATCH} to {LARGEST_BATCH:,} records"
            elif name in COUNTED and not (_is_whole(value) and least <= value <= most):
                advice = f"give at least {least} {COUNTED[name]}" + (f", at most {most}" if most < inf else "")
            elif name in SECONDS and not (_is_number(value) and 0 < value < inf):
                advice = "give more than 0 seconds"
            elif name in SWITCHES and not isinstance(value, bool):
                advice = "give True or False"
            else:
                continue
            raise UsageError(f"{name}={value!r}: {advice}")
        self._check_errors()
        self._check_tables()
        kinds = self.secret_kinds
        if isinstance(kinds, str) or not isinstance(kinds, Iterable) or not {*kinds} <= {*SECRET_KINDS}:
            raise UsageError(f"secret_kinds={kinds!r}: give some of {', '.join(SECRET_KINDS)}")
        object.__setattr__(self, "secret_kinds", tuple(sorted({*kinds})))
        self._check_dates()
        object.__setattr__(self, "retention", None if self.retention is None else checked_rules(self.retention))

    def _check_dates(self) -> None:
        given = (self.date_format,) if isinstance(self.date_format, str) else self.date_format
        if not isinstance(given, Iterable):
            raise UsageError(f"date_format={given!r}: give a format of strptime, or several")
        formats = tuple(given)
        for one in formats:
            if (why := format_fault(one)) is not None:
                raise UsageError(f"date_format={one!r} {why}")
        object.__setattr__(self, "date_format", formats)

    @property
    def dates(self) -> Dates:
        """How dates are said to be written."""
        return Dates(tuple(self.date_format), self.day_first)

    @property
    def hides_secrets(self) -> bool:
        """Whether secrets are kept out of the store."""
        return self.secrets in ("redact", "quarantine")

    def _check_errors(self) -> None:
        errors = self.max_errors
        if errors is not None and not (_is_number(errors) and errors >= 0):
            raise UsageError(f"max_errors={errors!r}: give a count, or a share between 0.0 and 1.0")
        if isinstance(errors, float) and errors > 1:
            raise UsageError(f"max_errors={errors!r}: a share lies between 0.0 and 1.0; give a count as an int")

    def _check_tables(self) -> None:
        prefix, schema = self.table_prefix, self.table_schema
        if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
            raise UsageError(
                f"table_prefix={prefix!r}: give 1 to {LONGEST_PREFIX} letters (a to z), digits and underscores, as in app_"
            )
        if schema is not None and not (isinstance(schema, str) and schema.strip() and schema.isprintable()):
            raise UsageError(f"table_schema={schema!r}: give the name of a schema, or leave it out")
        if schema is not None and len(schema.encode("utf-8", "replace")) > LONGEST_SCHEMA:
            raise UsageError(f"table_schema={schema!r}: a name has at most {LONGEST_SCHEMA} bytes")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that a store was built with, which decide which memories exist.

    >>> Policy().dedup
    'near'
    """

    dedup: Dedup = "near"
    recall: Recall = "standard"
    merge_at: float = 0.8
    model: str = ""  # the calibrated model of confidence as JSON; if empty, the model that ships with memproc
    refuses_to_merge: bool = False  # labels showed that merges by similarity are too often wrong: only people merge facts

    @staticmethod
    @lru_cache(maxsize=8)
    def from_json(text: str) -> Policy:
        """Return the policy that a store keeps as JSON. Raises ValueError or TypeError if the text is no policy."""
        return Policy(**orjson.loads(text))

    def to_json(self) -> str:
        """Return the policy as a store keeps it."""
        return orjson.dumps(self, option=orjson.OPT_SORT_KEYS).decode()

    def changed_by(self, settings: Settings) -> dict[str, object]:
        """Return by name the given settings that differ from this policy."""
        given = {name: getattr(settings, name) for name in STORED}
        return {name: value for name, value in given.items() if value not in (None, getattr(self, name))}
