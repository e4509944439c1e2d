"""The tables of the outbox: who wants to be told what, what was told, and what became of each telling.

Rules: an event is written in the transaction of what it tells, and a delivery of it for each endpoint that wants it. The deliveries
of one job to one endpoint are a line: its first open delivery alone has a time in `due_at`, the others wait behind it with none.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, SmallInteger, Table

from memproc.store.sql.columns import PREFIX, key, metadata, number, seal, text

webhook_endpoints = Table(
    f"{PREFIX}webhook_endpoints",
    metadata,
    number("number", primary_key=True),
    text("kind"),  # webhook; or notices: the one that the rules of notifications read
    text("url"),
    text("events"),  # the types of events that it wants, as JSON
    text("secrets"),  # as JSON, the newest first: a secret or a reference to one, and until when it signs in microseconds, or null
    Column("allow_private", SmallInteger, nullable=False),
    text("status"),  # active, disabled or removed
    text("why", nullable=True),  # it is disabled
    text("added_at"),
    number("failures"),  # in a row
    number("failing_since", nullable=True),  # in microseconds, as what follows
    number("held_until", nullable=True),  # nothing is sent before
    seal(),
)

webhook_events = Table(
    f"{PREFIX}webhook_events",
    metadata,
    number("number", primary_key=True),
    key("id"),  # drawn by chance: what a receiver knows it by
    number("job"),
    text("type"),
    text("payload"),  # the JSON that is sent and signed
    text("told_at"),
    seal(),
)

webhook_deliveries = Table(
    f"{PREFIX}webhook_deliveries",
    metadata,
    number("number", primary_key=True),
    number("event"),
    number("endpoint"),
    number("job"),
    Column("is_open", SmallInteger, nullable=False),
    text("status"),  # waiting, delivered, dead or dropped
    number("due_at", nullable=True),  # in microseconds; of one that is being sent, when its lease ends
    number("claims"),  # rises with each sender that takes it: what a late one tells is not noted
    number("attempts"),
    number("answer", nullable=True),  # the status of HTTP of the last attempt
    text("why", nullable=True),  # the last attempt failed
    text("ended_at", nullable=True),
    seal(),
    Index(f"{PREFIX}webhook_deliveries_due", "due_at"),
    Index(f"{PREFIX}webhook_deliveries_line", "endpoint", "job", "is_open", "number"),
    Index(f"{PREFIX}webhook_deliveries_event", "event"),
)

notices = Table(
    f"{PREFIX}notices",
    metadata,
    number("number", primary_key=True),
    number("event"),
    text("rule"),
    text("channel"),
    text("facts"),  # what is told of the job, as JSON
    Column("is_urgent", SmallInteger, nullable=False),
    Column("is_open", SmallInteger, nullable=False),
    text("status"),  # waiting, sent or dead
    text("message", nullable=True),  # the mark of the message that it goes out in, the same in each attempt
    number("due_at", nullable=True),  # in microseconds
    number("attempts"),
    text("why", nullable=True),
    text("told_at"),
    text("ended_at", nullable=True),
    seal(),
    Index(f"{PREFIX}notices_open", "is_open", "number"),
)

notice_rules = Table(
    f"{PREFIX}notice_rules",
    metadata,
    number("number", primary_key=True),
    text("rules"),  # as TOML, as they were given; secrets are references in it
    text("kept_at"),
    seal(),
)
