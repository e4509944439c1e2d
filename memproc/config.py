"""Everything that can be set, in one frozen value.

Facts: some settings decide what a store *is* (which memories exist): `dedup`, `recall`, `merge_at`. They are written into
the store when it is made, and a store refuses to work under others (`rebuild` changes them). All the rest only says how one
ingestion behaves and may differ from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from math import inf
from typing import Literal, SupportsIndex, get_args

import orjson

from memproc.errors import UsageError

Dedup = Literal["off", "exact", "near"]
Recall = Literal["standard", "high"]
OnError = Literal["continue", "stop"]
ValidateWhen = Literal["inline", "before"]
Durability = Literal["normal", "full"]

CHOICES: dict[str, tuple[str, ...]] = {
    "dedup": get_args(Dedup),
    "recall": get_args(Recall),
    "on_error": get_args(OnError),
    "validate": get_args(ValidateWhen),
    "durability": get_args(Durability),
}
DEEPEST = 100  # levels of nesting that every database and JSON reader keeps
COUNTED = {
    "pool_size": "connection",
    "pool_overflow": "connections",
    "max_depth": "level",
    "max_record_bytes": "byte",
    "max_fields": "name",
    "max_memory": "byte",
    "max_workers": "worker",
}
BOUNDS: dict[str, tuple[int, float]] = {"pool_overflow": (0, inf), "max_depth": (1, DEEPEST)}  # else 1 is the least
SECONDS = ("max_seconds", "pool_timeout_seconds", "pool_recycle_seconds")
SHARES = ("merge_at", "review_at", "accept_at")
STORED = ("dedup", "recall", "merge_at")
OPEN = {*STORED, "accept_at", "batch_size", "max_errors", "max_memory", "max_workers", "max_seconds", "table_schema"}  # may be None
SWITCHES = ("tracebacks", "redact")
SMALLEST_BATCH, LARGEST_BATCH = 1, 1_000_000
LARGEST_NUMBER = 2**63 - 1  # that a column of a database takes
TABLE_PREFIX = "memproc_"
LONGEST_PREFIX, LONGEST_SCHEMA = 20, 63  # characters, and bytes: PostgreSQL cuts longer names

_PREFIX = re.compile(rf"\w{{1,{LONGEST_PREFIX}}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to ingest. `None` for a stored setting means: as the store was built, or the default for a new one.

    `dedup`: "near" (default), "exact" or "off". `recall`: how widely reviews are looked for. `merge_at`, `review_at`:
    probabilities 0..1. Two facts that differ in benign ways only merge where the trust in these is at or above `merge_at`; two that
    differ in any other way never do, and wait for review where the model is sure of them from `review_at` on. `accept_at`: the
    confidence from which the `similar` pairs that an ingestion found are merged at its end, as decisions of a policy, or None to
    let all of them wait. `batch_size`:
    records a transaction, or None to adapt. `max_errors`: quarantined records after which a job stops: a count, or a
    share 0..1 given as a float (judged after each batch from the 100th record on). `durability`: "full" syncs each
    commit to the disk, "normal" may lose the last commits (never the store) when the power fails. `pool_size`: connections
    that are kept for the threads of a store; `pool_overflow` more are opened when all are busy; who finds none free for
    `pool_timeout_seconds` is refused; one that is older than `pool_recycle_seconds` is made anew. `tracebacks`: keep that of
    an exception in a reader, a transform or a rule of a schema with the record that it quarantined. `max_record_bytes`: a longer
    line, row or element is quarantined. `max_fields`: a memory with more names in it, at all levels, is quarantined.
    `max_depth`: one whose metadata or fields of a subclass are nested deeper, 100 at most, is quarantined. `redact`: say nothing
    in messages of what a record holds (quarantine keeps its bytes).
    `max_memory`: bytes that this process and its children should stay under, or None for 80 % of what the cgroup or the machine
    allows. `max_seconds`: after so long an ingestion stops, to go on with `resume`. `max_workers`: workers at once, or None for as
    many as there are cores allowed.
    `table_prefix`: what the names of the store's tables begin with, so that several stores, and tables of an application, can be in
    one database: letters, which count in lower case, digits and underscores. `table_schema`: the schema of PostgreSQL that they are
    in, which is made where it is missing; that of the search path if not given.

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
    max_fields: int = 10_000
    max_depth: int = DEEPEST
    pool_size: int = 5
    pool_overflow: int = 10
    pool_timeout_seconds: float = 30.0
    pool_recycle_seconds: float = 1_800.0
    tracebacks: bool = False
    redact: bool = False
    max_memory: int | None = None
    max_seconds: float | None = None
    max_workers: int | None = None
    table_prefix: str = TABLE_PREFIX
    table_schema: str | None = None

    def __post_init__(self) -> None:
        """Check every value."""
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


def whole_number(name: str, value: object, *, least: int = 1) -> int:
    """Return a whole number that a call was given, from `least` on. Raises UsageError on anything else.

    >>> whole_number("limit", 10)
    10
    """
    number = value.__index__() if isinstance(value, SupportsIndex) and not isinstance(value, bool) else None
    if number is None or not least <= number <= LARGEST_NUMBER:
        raise UsageError(f"{name}={value!r}: give a whole number from {least} on")
    return number


def maybe_number(name: str, value: object) -> int | None:
    """Return a whole number that a call was given, None if none was. Raises UsageError on anything else."""
    return None if value is None else whole_number(name, value)


def whole_numbers(given: int | Iterable[int]) -> set[int]:
    """Return the numbers that a call was given, one or several. Raises UsageError on anything else."""
    several = given if isinstance(given, Iterable) and not isinstance(given, str | bytes) else [given]
    return {whole_number("numbers", number) for number in several}


def share_of(name: str, value: object) -> float:
    """Return a number between 0 and 1 that a call was given. Raises UsageError on anything else.

    >>> share_of("at_least", 1)
    1.0
    """
    if not (isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1):
        raise UsageError(f"{name}={value!r}: give a number between 0 and 1")
    return float(value)


def limit_of(value: object) -> int | None:
    """Return how many things to show at most, None for all. Raises UsageError on anything but a whole number from 1 on."""
    return None if value is None else whole_number("limit", value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a store was built with: the settings that decide which memories exist.

    >>> Policy().dedup
    'near'
    """

    dedup: Dedup = "near"
    recall: Recall = "standard"
    merge_at: float = 0.8
    model: str = ""  # the model of confidence that the store was calibrated with, as JSON; the shipped one where it is empty
    refuses_to_merge: bool = False  # labels said that merges by likeness are too often wrong: facts merge by a person's word only

    @staticmethod
    @lru_cache(maxsize=8)
    def from_json(text: str) -> Policy:
        """Return the policy that a store keeps. Raises ValueError or TypeError where the text is none."""
        return Policy(**orjson.loads(text))

    def to_json(self) -> str:
        """Return the policy as a store keeps it."""
        return orjson.dumps(self, option=orjson.OPT_SORT_KEYS).decode()

    def changed_by(self, settings: Settings) -> dict[str, object]:
        """Return the settings given that differ from this policy, by name."""
        given = {name: getattr(settings, name) for name in STORED}
        return {name: value for name, value in given.items() if value not in (None, getattr(self, name))}
