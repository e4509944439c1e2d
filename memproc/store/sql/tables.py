"""The tables. The observations and the decisions are the store; everything else can be computed from them again.

Rules: what SQL compares is 16-byte hashes and integers, never text. JSON is text from one encoder. Times are fixed-width
UTC text, or microseconds since 1970 where they are sorted. Blobs lie in parts of at most 1 MiB. Numbers are given by the
writer under the store's lock, so they rise in the order of commits.

An observation that is a memory by itself has no row but its own (`memory` is NULL, the memory's id is its node). As soon as a
memory has more than one observation, each of these names it and the computed memory has a row in `merged`. So has the one of
two undated versions that does not bear their node's id.

All names begin with `PREFIX`, so that a store can live beside the tables of an application. Where a store has another prefix, they
are changed in the text of the statements (`naming`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Executable,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Select,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    cast,
    func,
    select,
    union_all,
)
from sqlalchemy.dialects import mysql

from memproc.config import TABLE_PREFIX
from memproc.store.sql.backends import Backend

SCHEMA = 8
PREFIX = TABLE_PREFIX
PART_BYTES = 1024 * 1024
SEAL = "seal"
THE_STORE = 1  # the id of the only row of `store`

# MariaDB holds "Alice", "alice " and "Álice" equal unless told otherwise, refuses emoji in a database that is not made for
# them, cuts texts at 64 KB, and keeps seven digits of a FLOAT.
_MYSQL = ("mysql", "mariadb")
_KEY = LargeBinary(16).with_variant(mysql.BINARY(16), *_MYSQL)
_TEXT = Text().with_variant(mysql.LONGTEXT(collation="utf8mb4_bin"), *_MYSQL)
_OWN_NUMBER = BigInteger().with_variant(Integer(), "sqlite")  # there the row's own number, and no index beside it
_BYTES = LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL)

metadata = MetaData()


def _key(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[bytes]:
    return Column(name, _KEY, nullable=nullable, primary_key=primary_key)


def _number(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    kind = _OWN_NUMBER if primary_key else BigInteger()
    return Column(name, kind, nullable=nullable, primary_key=primary_key, autoincrement=False)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, _TEXT, nullable=nullable)


def _seal(*, but: tuple[str, ...] = ()) -> Column[int]:
    """Return the last column of a table of which nothing else tells whether a row is as it was written: a hash of the row's values,
    but for those of some columns, which are checked in another way (`memproc.store.sql.seals`).
    """
    return Column(SEAL, BigInteger, nullable=False, info={"but": but})


store = Table(
    f"{PREFIX}store",
    metadata,
    _number("id", primary_key=True),
    _number("epoch"),  # rises with each writing transaction; its row is the lock that writers take
    _number("segments"),  # the number of the newest segment of the index, review and rejected record: none is given twice
    _number("reviews"),
    _number("rejected"),
    _number("schema_version"),
    _text("scheme"),  # the version of canonical text, gist and word lists that the keys were made with
    _text("policy"),
    _text("calibration", nullable=True),  # what the next rebuild makes the policy's: a model, and whether merging is refused
    _text("marks", nullable=True),  # of the last transactions, the newest first: who was not told of a commit finds it here
    _text("proposed", nullable=True),  # how far pairs alike in meaning were looked for, as JSON; nothing of a text
    _number("tally"),  # epoch, segments, reviews and rejected together: each rises with one of them
    _number("unwiped"),  # the epoch of what was deleted last, as long as its bytes may lie in SQLite's log; else 0
    _seal(but=("epoch", "segments", "reviews", "rejected", "schema_version", "scheme", "marks", "tally", "unwiped")),
)

observations = Table(
    f"{PREFIX}observations",
    metadata,
    _number("number", primary_key=True),
    _key("key"),
    _key("node"),
    _key("content"),
    _number("core"),
    _key("memory", nullable=True),
    Column("speaks", SmallInteger, nullable=False),  # 0 where others of its version suffice to tell what all of them give
    _number("namespace"),
    Column("is_identity", SmallInteger, nullable=False),
    _number("batch"),
    _number("position"),
    _text("outcome"),
    Column("confidence", Double, nullable=True),
    _number("last_batch"),
    _number("times_seen"),
    _number("as_of", nullable=True),
    _number("as_of_seal", nullable=True),  # a hash of it and the key, as it decides which version speaks and nothing else tells it
    _number("length"),  # of the text that is compared, in characters
    _number("date", nullable=True),
    _text("record"),
    UniqueConstraint("key"),
    Index(f"{PREFIX}observations_node", "node", "speaks"),
    Index(f"{PREFIX}observations_core", "core", "speaks"),
    Index(f"{PREFIX}observations_namespace", "namespace"),
)

_HAS_MEMORY = observations.c.memory.is_not(None)
Index(f"{PREFIX}observations_memory", observations.c.memory, sqlite_where=_HAS_MEMORY, postgresql_where=_HAS_MEMORY)

merged = Table(
    f"{PREFIX}merged",
    metadata,
    _key("id", primary_key=True),
    _number("namespace"),
    _number("date", nullable=True),
    _text("record"),
    Index(f"{PREFIX}merged_namespace", "namespace"),
)

typo_links = Table(
    f"{PREFIX}typo_links",
    metadata,
    _number("meant"),
    _number("core"),
    PrimaryKeyConstraint("meant", "core"),
    Index(f"{PREFIX}typo_links_core", "core"),
)

decisions = Table(
    f"{PREFIX}decisions",
    metadata,
    _number("number", primary_key=True),
    _key("a"),
    _key("b"),
    _text("verdict"),  # merge, distinct, supersedes, or withdrawn; of one pair the last row holds
    _text("made_at"),
    _text("note"),
    _text("policy"),  # the name of the policy that made it or took it back; empty where a person did
    _seal(),
    Index(f"{PREFIX}decisions_a", "a"),
    Index(f"{PREFIX}decisions_b", "b"),
)

reviews = Table(
    f"{PREFIX}reviews",
    metadata,
    _number("number", primary_key=True),
    _key("one"),
    _key("other"),
    _text("kind"),  # similar, changed, undated or meaning
    _text("status"),  # open, or the verdict: merge, distinct, supersedes
    Column("confidence", Double, nullable=True),  # none where nothing measured it: of kind meaning
    _text("reason"),
    _number("batch"),
    _seal(),
    UniqueConstraint("one", "other"),
    Index(f"{PREFIX}reviews_other", "other"),
)

forgotten = Table(
    f"{PREFIX}forgotten",
    metadata,
    _key("key", primary_key=True),
    _key("node", nullable=True),  # what it and its memory were called; none where a full export told of it
    _key("home", nullable=True),
    _number("batch"),
    _number("position"),
    _text("outcome"),
    _number("times_seen"),
    _seal(),
    Index(f"{PREFIX}forgotten_node", "node"),
    Index(f"{PREFIX}forgotten_home", "home"),
)

ledger = Table(
    f"{PREFIX}ledger",
    metadata,
    _number("number", primary_key=True),
    _number("batch", nullable=True),
    _text("made_at"),
    # of a batch similar, version, returned, joins, splits; review; decision; of forgetting forgotten, memories_forgotten; of
    # quarantine replayed, rejected, discarded
    _text("kind"),
    _key("subject", nullable=True),
    _key("other", nullable=True),
    Column("confidence", Double, nullable=True),
    _number("amount"),
    _text("reason"),
    _seal(),
    Index(f"{PREFIX}ledger_subject", "subject"),
    Index(f"{PREFIX}ledger_other", "other"),
)

jobs = Table(
    f"{PREFIX}jobs",
    metadata,
    _number("number", primary_key=True),
    _key("identity", nullable=True),  # of what is read into which store and how: what `resume` finds a job by
    _key("fingerprint", nullable=True),  # of the bytes that are read
    _text("source"),
    _text("format"),
    _text("settings"),
    _text("status"),  # running, done, stopped, interrupted, failed, paused, cancelled
    _text("request", nullable=True),  # pause or cancel, for its process to see after its next batch
    _text("owner", nullable=True),  # the process that runs it, as JSON
    _number("fence"),  # rises with each owner: a late writer holds an old one
    _number("lease_until", nullable=True),  # in microseconds: until then no other machine takes it over
    _number("landed"),  # batches
    _number("looked"),  # of these, batches whose records were compared for reviews
    _text("checkpoint", nullable=True),  # where the next batch begins, as JSON behind a hash
    _text("started_at"),
    _text("finished_at", nullable=True),
    _seal(but=("lease_until", "landed", "looked", "checkpoint")),  # what changes with each batch
    Index(f"{PREFIX}jobs_identity", "identity"),
)

batches = Table(
    f"{PREFIX}batches",
    metadata,
    _number("number", primary_key=True),
    _number("job"),
    _number("first_position"),
    _number("records"),
    _number("stored"),
    _number("duplicate"),
    _number("merged"),
    _number("quarantined"),
    _number("review"),
    _number("candidates"),
    _number("verified"),
    _number("forgotten"),
    _text("errors"),  # quarantined records by category, as JSON
    _text("known"),  # ranges of positions whose observation was in the store, as JSON [[first, last], ...]
    _text("known_rejected"),  # of rejected records that were in quarantine, by number, ranges of positions; 0: of forgotten ones
    Column("seconds", Double, nullable=False),
    _text("committed_at"),
    _seal(),
    Index(f"{PREFIX}batches_job", "job"),
)

quarantine = Table(
    f"{PREFIX}quarantine",
    metadata,
    _number("number", primary_key=True),
    _key("key"),
    _number("batch"),
    _number("position"),
    _text("category"),
    _text("code"),
    _text("path"),
    _text("faults"),
    _text("source"),
    _text("format"),
    _text("namespace"),
    _number("raw_bytes"),
    _number("times_seen"),
    _number("last_batch"),
    _text("message"),  # of the first fault
    _key("pattern"),  # of category, code, path and message, but for values and positions in them: like faults have one
    _text("context"),  # what the caller had said of the source, as JSON: a replay takes it under the same
    _text("status"),  # open, replayed, discarded; the row stays, for it says what became of its position
    _seal(but=("code", "path", "message", "pattern", "times_seen", "last_batch")),  # what its faults and the batches give
    UniqueConstraint("key"),
    Index(f"{PREFIX}quarantine_batch", "batch"),
)

quarantine_parts = Table(
    f"{PREFIX}quarantine_parts",
    metadata,
    _number("quarantine"),
    _number("part"),
    Column("bytes", _BYTES, nullable=False),
    _seal(),
    PrimaryKeyConstraint("quarantine", "part"),
)

quarantine_texts = Table(
    f"{PREFIX}quarantine_texts",
    metadata,
    _key("text"),  # of what a rejected record holds: what forgetting finds it by
    _number("quarantine"),
    PrimaryKeyConstraint("text", "quarantine"),
    Index(f"{PREFIX}quarantine_texts_quarantine", "quarantine"),
)

segments = Table(
    f"{PREFIX}segments",
    metadata,
    _number("number"),
    _number("part"),
    Column("bytes", _BYTES, nullable=False),
    PrimaryKeyConstraint("number", "part"),
)


VIEWS = tuple(f"{PREFIX}{name}" for name in ("memories", "batch_status", "error_patterns"))
_SHOWN = ("namespace", "subject", "kind", "content", "created_at", "updated_at")


def _memories(backend: Backend, key: Column[bytes], record: Column[str]) -> Select[Any]:
    """Return a query of memories, their main fields taken out of the record."""
    shown: list[Any] = [backend.json_text(record, name).label(name) for name in _SHOWN]
    return select(backend.hexadecimal(key).label("id"), *shown, record.label("record"))


def views(backend: Backend) -> dict[str, Executable]:
    """Return, by name, the views for people."""
    alone = _memories(backend, observations.c.node, observations.c.record).where(observations.c.memory.is_(None))
    of_many = _memories(backend, merged.c.id, merged.c.record)
    counts = ("first_position", "records", "stored", "duplicate", "merged", "quarantined", "review", "seconds", "committed_at")
    named: list[Any] = [batches.c.job, batches.c.number.label("batch"), jobs.c.status.label("job_status")]
    status = select(*named, *(batches.c[name] for name in counts)).join_from(batches, jobs, batches.c.job == jobs.c.number)
    of_alike: list[Any] = [func.min(quarantine.c[name]).label(name) for name in ("category", "code", "path", "message")]
    records = cast(func.sum(quarantine.c.times_seen), BigInteger).label("records")
    first = func.min(quarantine.c.number).label("first")
    patterns = select(*of_alike, records, first).where(quarantine.c.status == "open").group_by(quarantine.c.pattern)
    return dict(zip(VIEWS, (union_all(alone, of_many), status, patterns), strict=True))
