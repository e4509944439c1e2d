"""The tables of the queue. A job that waits has a row in `jobs` like any other; what only the queue knows of it is here, by its
number.

Rules: what the queue compares or sorts by is integers: states, priorities, hashes of names, and times in microseconds since 1970.
"""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, PrimaryKeyConstraint, Table

from memproc.store.sql.columns import PREFIX, metadata, number, seal, text

queue = Table(
    f"{PREFIX}queue",
    metadata,
    number("number", primary_key=True),  # that of its job
    text("kind"),  # what a worker does: ingest, ...
    text("work"),  # what with, as JSON
    text("name"),
    text("namespace"),
    text("submitter"),
    number("of_namespace"),  # hashes of the names: what shares and limits are counted by
    number("of_submitter"),
    number("of_origin"),
    number("state"),
    number("priority"),  # 0 high, 1 normal, 2 low
    number("ready_at", nullable=True),  # since when nothing but a worker is missing
    number("not_before", nullable=True),
    number("deadline", nullable=True),
    number("schedule", nullable=True),
    number("attempts"),  # runs that were begun
    number("failures"),  # of these, those that failed
    number("losses"),  # and those in a row whose worker was lost before a batch landed
    number("landed"),  # batches when a worker was lost last
    number("retries"),  # how many failures are tried again
    text("what_if_failed"),  # of what it needs: wait, skip, run
    number("retry_of", nullable=True),
    text("wanted", nullable=True),  # hold: what becomes of it when it has paused
    text("submitted_at"),
    text("began_at", nullable=True),
    text("ended_at", nullable=True),
    text("error", nullable=True),
    seal(),
    Index(
        f"{PREFIX}queue_state", "state", "priority", "of_namespace", "of_submitter", "number"
    ),  # of those ready, and those leased
    Index(f"{PREFIX}queue_later", "state", "not_before"),
)

queue_needs = Table(
    f"{PREFIX}queue_needs",
    metadata,
    number("job"),
    number("needs"),
    seal(),
    PrimaryKeyConstraint("job", "needs"),
    Index(f"{PREFIX}queue_needs_needs", "needs"),
)

queue_attempts = Table(
    f"{PREFIX}queue_attempts",
    metadata,
    number("number", primary_key=True),
    number("job"),
    number("attempt"),
    text("worker"),
    number("of_namespace"),
    number("began"),
    number("ended", nullable=True),
    text("outcome", nullable=True),
    Column("cpu_seconds", Double, nullable=True),
    number("peak_bytes", nullable=True),
    seal(),
    Index(f"{PREFIX}queue_attempts_job", "job", "attempt"),
    Index(f"{PREFIX}queue_attempts_began", "began"),
)

queue_changes = Table(
    f"{PREFIX}queue_changes",
    metadata,
    number("number", primary_key=True),
    number("job"),
    text("made_at"),
    text("made_by"),
    number("was", nullable=True),
    number("became"),
    text("why"),
    seal(),
    Index(f"{PREFIX}queue_changes_job", "job"),
)

queue_rules = Table(
    f"{PREFIX}queue_rules",
    metadata,
    number("number", primary_key=True),  # of the only row
    text("rules"),
    seal(),
)

schedules = Table(
    f"{PREFIX}schedules",
    metadata,
    number("number", primary_key=True),
    text("name"),
    text("cron"),
    text("time_zone"),
    text("missed"),  # once or skip
    text("template"),  # what its jobs are made of, as JSON
    number("last_job", nullable=True),  # the one that waits for its time, or the last one that did
    text("ended_at", nullable=True),
    seal(),
)

workers = Table(
    f"{PREFIX}workers",
    metadata,
    number("number", primary_key=True),
    text("owner"),  # the process, as JSON
    number("seen"),
    text("state"),  # idle, running, waiting for memory or load
    number("job", nullable=True),
    seal(),
)
