"""The tables of a store that is served: who may ask, what was asked and answered, what was sent to be read.

Rules: of a token only a hash is kept. What was asked is told by the name of its route and by ids, never by a text. An answer is
kept so that a request that is sent again gets it; forgetting takes all of them out, as they may hold what is forgotten.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, UniqueConstraint

from memproc.store.sql import columns
from memproc.store.sql.columns import BYTES, key, number, seal, text

PREFIX, metadata = columns.PREFIX, columns.metadata

tokens = Table(
    f"{PREFIX}tokens",
    metadata,
    number("number", primary_key=True),
    key("secret"),  # a hash of it
    text("name"),
    text("namespaces", nullable=True),  # as JSON; none: all
    text("scopes"),  # as JSON
    number("per_minute", nullable=True),  # how many calls at most; none: as the server says
    number("per_day", nullable=True),
    text("created_at"),
    text("expires_at"),
    text("revoked_at", nullable=True),
    seal(),
    UniqueConstraint("secret"),
)

audit = Table(
    f"{PREFIX}audit",
    metadata,
    number("number", primary_key=True),
    text("made_at"),
    text("who"),  # the name of a token with its number, or the subject of an OpenID provider; empty where nobody is known
    text("method"),
    text("route"),
    text("target"),  # the ids in the path
    text("namespace"),
    number("status"),
    text("request"),  # the id that the answer bears
    text("address"),
    seal(),
)

replies = Table(
    f"{PREFIX}replies",
    metadata,
    key("key", primary_key=True),  # a hash of who asked what under which key
    key("request"),  # a hash of what was sent
    text("owner"),  # the process that answers it, as JSON
    text("made_at"),
    number("until"),  # in microseconds: then it is deleted
    number("status", nullable=True),  # none as long as it is being answered
    text("headers", nullable=True),  # as JSON
    Column("body", BYTES, nullable=True),  # none where it was taken out
    seal(),
    Index(f"{PREFIX}replies_until", "until"),
)

calls = Table(
    f"{PREFIX}calls",
    metadata,
    key("key", primary_key=True),  # a hash of who called and in which window
    number("until"),  # the end of the window, in seconds
    number("count"),
    seal(),
    Index(f"{PREFIX}calls_until", "until"),
)

uploads = Table(
    f"{PREFIX}uploads",
    metadata,
    number("number", primary_key=True),
    text("folder"),  # a random name below the folder of uploads
    text("name"),  # of the file, as it was given
    text("namespace", nullable=True),  # whose it is; none: of those who reach all
    text("who"),
    number("size"),
    text("sha256"),
    text("made_at"),
    seal(),
)

sessions = Table(
    f"{PREFIX}sessions",
    metadata,
    key("key", primary_key=True),  # a hash of what the browser keeps
    number("token"),  # whose it is, by the number of the token that it was begun with
    text("made_at"),
    number("until"),  # in microseconds: then it is over
    seal(),
    Index(f"{PREFIX}sessions_until", "until"),
)
