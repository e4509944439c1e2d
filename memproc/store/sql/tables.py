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

from sqlalchemy import (
    Column,
    Double,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from memproc.store.sql import access_tables, columns, enrichment_tables, flow_tables, outbox_tables, queue_tables, search_tables
from memproc.store.sql.columns import BYTES, key, number, seal, text
from memproc.store.sql.gate_tables import gates as gates  # noqa: PLC0414 - to be had here, as all tables

SCHEMA = 11
PREFIX, metadata = columns.PREFIX, columns.metadata
PART_BYTES = 1024 * 1024
THE_STORE = 1  # the id of the only row of `store`
tokens, audit, replies = access_tables.tokens, access_tables.audit, access_tables.replies
calls, uploads, sessions = access_tables.calls, access_tables.uploads, access_tables.sessions

store = Table(
    f"{PREFIX}store",
    metadata,
    number("id", primary_key=True),
    number("epoch"),  # rises with each writing transaction; its row is the lock that writers take
    number("segments"),  # the number of the newest segment of the index, review and rejected record: none is given twice
    number("reviews"),
    number("rejected"),
    number("schema_version"),
    text("scheme"),  # the version of canonical text, gist and word lists that the keys were made with
    text("policy"),
    text("calibration", nullable=True),  # what the next rebuild makes the policy's: a model, and whether merging is refused
    text("marks", nullable=True),  # of the last transactions, the newest first: who was not told of a commit finds it here
    text("proposed", nullable=True),  # how far pairs alike in meaning were looked for, as JSON; nothing of a text
    number("tally"),  # epoch, segments, reviews and rejected together: each rises with one of them
    number("unwiped"),  # the epoch of what was deleted last, as long as its bytes may lie in SQLite's log; else 0
    seal(but=("epoch", "segments", "reviews", "rejected", "schema_version", "scheme", "marks", "tally", "unwiped")),
)

observations = Table(
    f"{PREFIX}observations",
    metadata,
    number("number", primary_key=True),
    key("key"),
    key("node"),
    key("content"),
    number("core"),
    key("memory", nullable=True),
    Column("speaks", SmallInteger, nullable=False),  # 0 where others of its version suffice to tell what all of them give
    number("namespace"),
    Column("is_identity", SmallInteger, nullable=False),
    number("batch"),
    number("position"),
    text("outcome"),
    Column("confidence", Double, nullable=True),
    number("last_batch"),
    number("times_seen"),
    number("as_of", nullable=True),
    number("as_of_seal", nullable=True),  # a hash of it and the key, as it decides which version speaks and nothing else tells it
    number("length"),  # of the text that is compared, in characters
    number("date", nullable=True),
    text("record"),
    UniqueConstraint("key"),
    Index(f"{PREFIX}observations_node", "node", "speaks"),
    Index(f"{PREFIX}observations_core", "core", "speaks"),
    Index(f"{PREFIX}observations_namespace", "namespace", "date", "node"),  # in the order of pages
)

_HAS_MEMORY = observations.c.memory.is_not(None)
Index(f"{PREFIX}observations_memory", observations.c.memory, sqlite_where=_HAS_MEMORY, postgresql_where=_HAS_MEMORY)

merged = Table(
    f"{PREFIX}merged",
    metadata,
    key("id", primary_key=True),
    number("namespace"),
    number("date", nullable=True),
    text("record"),
    Index(f"{PREFIX}merged_namespace", "namespace", "date", "id"),
)

typo_links = Table(
    f"{PREFIX}typo_links",
    metadata,
    number("meant"),
    number("core"),
    PrimaryKeyConstraint("meant", "core"),
    Index(f"{PREFIX}typo_links_core", "core"),
)

decisions = Table(
    f"{PREFIX}decisions",
    metadata,
    number("number", primary_key=True),
    key("a"),
    key("b"),
    text("verdict"),  # merge, distinct, supersedes, or withdrawn; of one pair the last row holds
    text("made_at"),
    text("note"),
    text("policy"),  # the name of the policy that made it or took it back; empty where a person did
    seal(),
    Index(f"{PREFIX}decisions_a", "a"),
    Index(f"{PREFIX}decisions_b", "b"),
)

reviews = Table(
    f"{PREFIX}reviews",
    metadata,
    number("number", primary_key=True),
    key("one"),
    key("other"),
    text("kind"),  # similar, changed, undated or meaning
    text("status"),  # open, or the verdict: merge, distinct, supersedes
    Column("confidence", Double, nullable=True),  # none where nothing measured it: of kind meaning
    text("reason"),
    number("batch"),
    seal(),
    UniqueConstraint("one", "other"),
    Index(f"{PREFIX}reviews_other", "other"),
)

forgotten = Table(
    f"{PREFIX}forgotten",
    metadata,
    key("key", primary_key=True),
    key("node", nullable=True),  # what it and its memory were called; none where a full export told of it
    key("home", nullable=True),
    number("batch"),
    number("position"),
    text("outcome"),
    number("times_seen"),
    seal(),
    Index(f"{PREFIX}forgotten_node", "node"),
    Index(f"{PREFIX}forgotten_home", "home"),
)

expired = Table(
    f"{PREFIX}expired",
    metadata,
    number("number", primary_key=True),  # of the line in the ledger that tells of it; all of the row follows from that line
    key("key"),
    text("name"),
    text("made_at"),
    Index(f"{PREFIX}expired_key", "key"),
)

ledger = Table(
    f"{PREFIX}ledger",
    metadata,
    number("number", primary_key=True),
    number("batch", nullable=True),
    text("made_at"),
    # of a batch similar, version, returned, joins, splits; review; decision; of forgetting forgotten, memories_forgotten; of
    # quarantine replayed, rejected, discarded; of retention expired, restored, retention
    text("kind"),
    key("subject", nullable=True),
    key("other", nullable=True),
    Column("confidence", Double, nullable=True),
    number("amount"),
    text("reason"),
    seal(),
    Index(f"{PREFIX}ledger_subject", "subject"),
    Index(f"{PREFIX}ledger_other", "other"),
)

jobs = Table(
    f"{PREFIX}jobs",
    metadata,
    number("number", primary_key=True),
    key("identity", nullable=True),  # of what is read into which store and how: what `resume` finds a job by
    key("fingerprint", nullable=True),  # of the bytes that are read
    text("source"),
    text("format"),
    text("settings"),
    text("status"),  # running, done, stopped, interrupted, failed, paused, cancelled
    text("request", nullable=True),  # pause or cancel, for its process to see after its next batch
    text("owner", nullable=True),  # the process that runs it, as JSON
    number("fence"),  # rises with each owner: a late writer holds an old one
    number("lease_until", nullable=True),  # in microseconds: until then no other machine takes it over
    number("landed"),  # batches
    number("looked"),  # of these, batches whose records were compared for reviews
    text("checkpoint", nullable=True),  # where the next batch begins, as JSON behind a hash
    text("started_at"),
    text("finished_at", nullable=True),
    seal(but=("lease_until", "landed", "looked", "checkpoint")),  # what changes with each batch
    Index(f"{PREFIX}jobs_identity", "identity"),
)

batches = Table(
    f"{PREFIX}batches",
    metadata,
    number("number", primary_key=True),
    number("job"),
    number("first_position"),
    number("records"),
    number("stored"),
    number("duplicate"),
    number("merged"),
    number("quarantined"),
    number("review"),
    number("candidates"),
    number("verified"),
    number("forgotten"),
    text("errors"),  # quarantined records by category, as JSON
    text("known"),  # ranges of positions whose observation was in the store, as JSON [[first, last], ...]
    text("known_rejected"),  # of rejected records that were in quarantine, by number, ranges of positions; 0: of forgotten ones
    Column("seconds", Double, nullable=False),
    text("committed_at"),
    seal(but=("measured",)),  # of which nothing depends but what a report and a trace tell
    text(
        "measured", nullable=True
    ),  # its time, memory, bytes, place in its source, as JSON; the last column, as an upgrade adds it
    Index(f"{PREFIX}batches_job", "job"),
)

quarantine = Table(
    f"{PREFIX}quarantine",
    metadata,
    number("number", primary_key=True),
    key("key"),
    number("batch"),
    number("position"),
    text("category"),
    text("code"),
    text("path"),
    text("faults"),
    text("source"),
    text("format"),
    text("namespace"),
    number("raw_bytes"),
    number("times_seen"),
    number("last_batch"),
    text("message"),  # of the first fault
    key("pattern"),  # of category, code, path and message, but for values and positions in them: like faults have one
    text("context"),  # what the caller had said of the source, as JSON: a replay takes it under the same
    text("status"),  # open, replayed, discarded; the row stays, for it says what became of its position
    seal(but=("code", "path", "message", "pattern", "times_seen", "last_batch")),  # what its faults and the batches give
    UniqueConstraint("key"),
    Index(f"{PREFIX}quarantine_batch", "batch"),
)

quarantine_parts = Table(
    f"{PREFIX}quarantine_parts",
    metadata,
    number("quarantine"),
    number("part"),
    Column("bytes", BYTES, nullable=False),
    seal(),
    PrimaryKeyConstraint("quarantine", "part"),
)

quarantine_texts = Table(
    f"{PREFIX}quarantine_texts",
    metadata,
    key("text"),  # of what a rejected record holds: what forgetting finds it by
    number("quarantine"),
    PrimaryKeyConstraint("text", "quarantine"),
    Index(f"{PREFIX}quarantine_texts_quarantine", "quarantine"),
)

segments = Table(
    f"{PREFIX}segments",
    metadata,
    number("number"),
    number("part"),
    Column("bytes", BYTES, nullable=False),
    PrimaryKeyConstraint("number", "part"),
)

flow_runs, flow_steps, flow_attempts = flow_tables.flow_runs, flow_tables.flow_steps, flow_tables.flow_attempts
enrichments, enriched = enrichment_tables.enrichments, enrichment_tables.enriched
enrichment_orders = enrichment_tables.enrichment_orders
searched = search_tables.searched
queue, queue_needs, queue_rules = queue_tables.queue, queue_tables.queue_needs, queue_tables.queue_rules
queue_attempts, queue_changes = queue_tables.queue_attempts, queue_tables.queue_changes
schedules, workers = queue_tables.schedules, queue_tables.workers
webhook_endpoints, webhook_events = outbox_tables.webhook_endpoints, outbox_tables.webhook_events
webhook_deliveries = outbox_tables.webhook_deliveries
notices, notice_rules = outbox_tables.notices, outbox_tables.notice_rules
