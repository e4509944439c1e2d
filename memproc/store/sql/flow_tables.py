"""The tables of flows: runs, their steps, and each attempt at one. What they hold is small JSON, and no memory."""

from __future__ import annotations

from sqlalchemy import Index, Table

from memproc.store.sql.columns import PREFIX, metadata, number, seal, text

flow_runs = Table(
    f"{PREFIX}flow_runs",
    metadata,
    number("number", primary_key=True),
    text("flow"),
    text("folder"),  # what paths in the flow are relative to
    text("definition"),  # the flow as it was when the run began, as JSON: what resumes follows this
    text("parameters"),  # as JSON
    text("status"),  # running, waiting, done, failed, interrupted, cancelled
    text("request", nullable=True),  # cancel, for its process to see before the next step
    text("owner", nullable=True),  # the process that runs it, as JSON
    number("fence"),  # rises with each owner: a late process holds an old one
    number("lease_until", nullable=True),  # in microseconds: until then no other machine takes it over
    text("error", nullable=True),
    text("started_at"),
    text("finished_at", nullable=True),
    seal(),
)

flow_steps = Table(
    f"{PREFIX}flow_steps",
    metadata,
    number("number", primary_key=True),
    number("run"),
    number("place"),  # in the list of steps
    number("part"),  # 0: the step itself; from 1 on what is done for each of its items
    text("step"),
    text("item", nullable=True),  # as JSON
    text("status"),  # due, running, asking, done, failed, skipped
    number("failures"),  # attempts that failed since it was last due
    text("notes", nullable=True),  # what it has to know after a kill, as JSON
    text("answer", nullable=True),  # of a person: verdict, who and why, as JSON
    text("output", nullable=True),  # as JSON
    text("error", nullable=True),  # or why it was skipped, or what it asks
    text("began_at", nullable=True),
    text("ended_at", nullable=True),
    seal(),
    Index(f"{PREFIX}flow_steps_run", "run"),
)

flow_attempts = Table(
    f"{PREFIX}flow_attempts",
    metadata,
    number("number", primary_key=True),
    number("step"),
    text("worker"),  # the machine and the process
    text("began_at"),
    text("ended_at", nullable=True),
    text("outcome"),  # running, done, failed, asking, killed
    text("error", nullable=True),
    seal(),
    Index(f"{PREFIX}flow_attempts_step", "step"),
)
