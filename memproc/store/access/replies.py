"""Answers that are kept, so that a request that is sent again under its key gets the first one and does nothing twice.

Rules: a key belongs to who sent it, the method and the path. While it is being answered, others under it are told to wait; where
the process that answers it has died, the next one may. Forgetting takes the bodies out, as they may hold what is forgotten; what
was done stays done.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select

from memproc.store.jobs.owners import Owner
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

KEPT_MICROS = 24 * 3_600 * 1_000_000
SILENCE_MICROS = 600_000_000  # no request takes so long
_MOST_TAKEN_OUT = 500
_replies = tables.replies.c
_ROWS = select(_replies.key, _replies.request, _replies.owner, _replies.made_at, _replies.status, _replies.headers, _replies.body)
_OVER = select(_replies.key).limit(_MOST_TAKEN_OUT)
_WITH_BODY = select(_replies.key).where(_replies.body.is_not(None))
_BEING_ANSWERED = select(_replies.key).where(_replies.status.is_(None))
_TAKEN_OUT = ""  # as headers of what is being answered while something is forgotten: its body is not kept


class Standing(StrEnum):
    """How a request under a key stands: to be answered now, answered, being answered, sent with something else before, or answered
    by what was taken out since.
    """

    NEW = "new"
    ANSWERED = "answered"
    BUSY = "busy"
    OTHER = "other"
    TAKEN_OUT = "taken out"


class Reply(NamedTuple):
    """An answer: its status, its headers and its body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Asked(NamedTuple):
    """A request under a key: hashes of the key with whose it is, and of what was sent."""

    key: bytes
    request: bytes

    @classmethod
    def of(cls, whose: tuple[str, ...], sent: bytes) -> Asked:
        """Return what is told of a request."""
        return cls(_hashed(orjson.dumps(whose)), _hashed(sent))


def _hashed(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]


def begin(tx: Tx, asked: Asked, owner: Owner) -> tuple[Standing, Reply | None]:
    """Note that a request is being answered, unless it was before; return how it stands, and the answer if there is one."""
    now = to_micros(tx.now)
    over = tx.execute(_OVER.where(_replies.until < now)).scalars().all()
    tx.delete_by_keys(_replies.key, over)
    [*rows] = tx.select_by_keys(_ROWS, _replies.key, [asked.key])
    if rows and rows[0].request != asked.request:
        return Standing.OTHER, None
    if rows and rows[0].status is not None:
        return _answered(rows[0])
    if rows:
        if _is_busy(rows[0], now):
            return Standing.BUSY, None
        tx.update_rows(tables.replies, [{"key": asked.key, "owner": owner.to_json(), "made_at": tx.now}])
        return Standing.NEW, None
    row = {"key": asked.key, "request": asked.request, "owner": owner.to_json(), "made_at": tx.now, "until": now + KEPT_MICROS}
    tx.insert_rows(tables.replies, [row])
    return Standing.NEW, None


def _is_busy(row: Any, now: int) -> bool:
    """Tell whether a request may still be answered by the process that began it; of another machine for a while."""
    owner = Owner.from_json(row.owner)
    return owner.is_alive if owner.is_here else now - to_micros(row.made_at) < SILENCE_MICROS


def _answered(row: Any) -> tuple[Standing, Reply | None]:
    if row.body is None:
        return Standing.TAKEN_OUT, None
    return Standing.ANSWERED, Reply(row.status, orjson.loads(row.headers), row.body)


def keep(tx: Tx, asked: Asked, reply: Reply) -> None:
    """Keep the answer to a request; without its body if something was forgotten meanwhile."""
    [*rows] = tx.select_by_keys(_ROWS, _replies.key, [asked.key])
    body = reply.body if rows and rows[0].headers != _TAKEN_OUT else None
    headers = orjson.dumps(reply.headers).decode()
    tx.update_rows(tables.replies, [{"key": asked.key, "status": reply.status, "headers": headers, "body": body}])


def drop(tx: Tx, asked: Asked) -> None:
    """Let a request that did nothing be answered anew when it is sent again."""
    tx.delete_by_keys(_replies.key, [asked.key])


def take_bodies_out(tx: Tx) -> None:
    """Take out what answers said, and keep nothing of those that are being made."""
    keys = tx.execute(_WITH_BODY).scalars().all()
    tx.update_rows(tables.replies, [{"key": key, "body": None} for key in keys])
    keys = tx.execute(_BEING_ANSWERED).scalars().all()
    tx.update_rows(tables.replies, [{"key": key, "headers": _TAKEN_OUT} for key in keys])
