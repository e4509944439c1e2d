"""How often somebody called within a window of time: a minute, a day."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson
from sqlalchemy import select

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_MOST_TAKEN_OUT = 500
_calls = tables.calls.c
_COUNTS = select(_calls.key, _calls.count)
_OVER = select(_calls.key).limit(_MOST_TAKEN_OUT)


class Window(NamedTuple):
    """A window of so many seconds that ends at a time, in seconds since 1970, and in which somebody called."""

    who: str
    seconds: int
    until: int

    @classmethod
    def at(cls, who: str, seconds: int, now: float) -> Window:
        """Return the window that a time is in.

        >>> Window.at("ann", 60, 119.5).until
        120
        """
        return cls(who, seconds, (int(now) // seconds + 1) * seconds)

    @property
    def key(self) -> bytes:
        """What its count is kept under."""
        return hashlib.sha256(orjson.dumps([self.who, self.seconds, self.until])).digest()[:16]


def counts(tx: Tx, windows: Sequence[Window]) -> dict[Window, int]:
    """Return how many calls each window has."""
    found = {row.key: row.count for row in tx.select_by_keys(_COUNTS, _calls.key, [one.key for one in windows])}
    return {one: found.get(one.key, 0) for one in windows}


def add(tx: Tx, more: Mapping[Window, int], now: float) -> dict[Window, int]:
    """Count more calls, and return how many each window has then; windows that are long over are deleted."""
    tx.delete_by_keys(_calls.key, tx.execute(_OVER.where(_calls.until < int(now))).scalars().all())
    before = {row.key for row in tx.select_by_keys(_COUNTS, _calls.key, [one.key for one in more])}
    fresh = [{"key": one.key, "until": one.until, "count": count} for one, count in more.items() if one.key not in before]
    tx.insert_rows(tables.calls, fresh)
    known = [{"key": one.key, "count": count} for one, count in more.items() if one.key in before]
    tx.update_rows(tables.calls, known, add=["count"])
    return counts(tx, [*more])
