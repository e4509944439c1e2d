"""Sessions of browsers: who signed in with a token, until when. Of what the browser keeps only a hash is kept.

Rules: a session is worth no more than its token, which is looked up with each request: one that is over or was revoked ends it.
"""

from __future__ import annotations

import secrets

from sqlalchemy import select

from memproc.store.access.tokens import Token, by_number, hashed
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

LASTS_SECONDS = 12 * 3_600
_MOST_TAKEN_OUT = 500
_sessions = tables.sessions.c
_ROWS = select(_sessions.key, _sessions.token, _sessions.until)
_OVER = select(_sessions.key).limit(_MOST_TAKEN_OUT)


def begin(tx: Tx, token: int) -> str:
    """Begin a session of a token, and return its secret; those that are over are deleted."""
    now, secret = to_micros(tx.now), secrets.token_urlsafe(32)
    tx.delete_by_keys(_sessions.key, tx.execute(_OVER.where(_sessions.until <= now)).scalars().all())
    row = {"key": hashed(secret), "token": token, "made_at": tx.now, "until": now + LASTS_SECONDS * 1_000_000}
    tx.insert_rows(tables.sessions, [row])
    return secret


def token_of(tx: Tx, secret: str) -> Token | None:
    """Return the token of a session; None where the session is over or unknown, or its token may not be used now."""
    [*rows] = tx.select_by_keys(_ROWS, _sessions.key, [hashed(secret)])
    if not rows or rows[0].until <= to_micros(tx.now):
        return None
    token = by_number(tx, rows[0].token)
    return token if token is not None and token.is_valid(tx.now) else None


def end(tx: Tx, secret: str) -> None:
    """End a session."""
    tx.delete_by_keys(_sessions.key, [hashed(secret)])
