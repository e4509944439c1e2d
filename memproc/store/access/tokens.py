"""Tokens: who may ask a served store, for which namespaces and what. Of the secret only a hash is kept.

Facts: a secret has 256 random bits, so a plain hash of it, cut to 16 bytes, cannot be turned back by trying.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import select

from memproc.errors import NotFoundError
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

PREFIX = "memproc_"
_tokens = tables.tokens.c
_ROWS = select(tables.tokens)
_ALL = select(tables.tokens).order_by(_tokens.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token: its number and name, the namespaces that it reaches (None: all), what it may do, how many calls it may make (None:
    as many as the server says), and when it was made, ends, and was revoked.
    """

    number: int
    name: str
    namespaces: tuple[str, ...] | None
    scopes: tuple[str, ...]
    per_minute: int | None
    per_day: int | None
    created_at: str
    expires_at: str
    revoked_at: str | None = None

    def is_valid(self, now: str) -> bool:
        """Tell whether it may be used at a time, as the store keeps times."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new token is to be: as of `Token`."""

    name: str
    namespaces: Sequence[str] | None
    scopes: Sequence[str]
    expires_at: str
    per_minute: int | None = None
    per_day: int | None = None


def new_secret() -> str:
    """Return the text of a new token, which begins so that it is told from other secrets."""
    return PREFIX + secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """Return what is kept of the text of a token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()[:16]


def create(tx: Tx, wanted: Wanted, secret: str) -> Token:
    """Write a new token."""
    row = {
        "number": tx.next_number(tables.tokens),
        "name": wanted.name,
        "namespaces": None if wanted.namespaces is None else orjson.dumps([*wanted.namespaces]).decode(),
        "scopes": orjson.dumps([*wanted.scopes]).decode(),
        "per_minute": wanted.per_minute,
        "per_day": wanted.per_day,
        "created_at": tx.now,
        "expires_at": wanted.expires_at,
        "revoked_at": None,
    }
    tx.insert_rows(tables.tokens, [{**row, "secret": hashed(secret)}])
    return _to_token(row)


def by_secret(tx: Tx, secret: str) -> Token | None:
    """Return the token of a secret, valid or not; None where there is none."""
    rows = [*tx.select_by_keys(_ROWS, _tokens.secret, [hashed(secret)])]
    return _to_token(rows[0]._asdict()) if rows else None


def by_number(tx: Tx, number: int) -> Token | None:
    """Return the token of a number, valid or not; None where there is none."""
    rows = [*tx.select_by_keys(_ROWS, _tokens.number, [number])]
    return _to_token(rows[0]._asdict()) if rows else None


def listed(tx: Tx) -> list[Token]:
    """Return all tokens, the oldest first."""
    return [_to_token(row._asdict()) for row in tx.execute(_ALL)]


def revoke(tx: Tx, number: int) -> Token:
    """Let a token be refused from now on; done again, this changes nothing. Raises NotFoundError."""
    found = by_number(tx, number)
    if found is None:
        raise NotFoundError(f"no token {number}: `memproc token list DB` gives their numbers")
    if found.revoked_at is None:
        tx.update_rows(tables.tokens, [{"number": number, "revoked_at": tx.now}])
        found = replace(found, revoked_at=tx.now)
    return found


def _to_token(row: dict[str, Any]) -> Token:
    namespaces = None if row["namespaces"] is None else tuple(orjson.loads(row["namespaces"]))
    lists = {"namespaces": namespaces, "scopes": tuple(orjson.loads(row["scopes"]))}
    return Token(**{**{name: row[name] for name in Token.__dataclass_fields__}, **lists})
