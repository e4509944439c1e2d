"""What landed over time, by day and by minute, of the jobs of some namespaces or of all that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, func, select

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

MOST_BATCHES = 5_000  # that minutes are made of: the newest ones
_DAY, _MINUTE = 10, 16  # characters of a time
_batches, _queue = tables.batches.c, tables.queue.c
_SUMMED = ("records", "stored", "duplicate", "merged", "quarantined")
_ROWS = select(_batches.committed_at, _batches.records, _batches.measured).order_by(_batches.number.desc()).limit(MOST_BATCHES)


class Day(NamedTuple):
    """What landed on a day of UTC: how many jobs wrote, how many records, what became of them, and the seconds of their batches."""

    day: str
    jobs: int
    batches: int
    records: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    seconds: float


class Minute(NamedTuple):
    """What landed within a minute of UTC: how many records, and the most memory that was held, in MiB, None where none is known."""

    minute: str
    records: int
    rss_mb: float | None


def days_since(tx: Tx, since: str, namespaces: Sequence[str] | None) -> list[Day]:
    """Return the days from a time on on which something landed, the oldest first: of the jobs of the queue that are of some
    namespaces, or with None of all jobs.
    """
    day = func.substr(_batches.committed_at, 1, _DAY)
    sums = [func.sum(_batches[name]).label(name) for name in (*_SUMMED, "seconds")]
    counts = [func.count(_batches.job.distinct()).label("jobs"), func.count().label("batches")]
    query = select(day.label("day"), *counts, *sums).where(_batches.committed_at >= since).group_by("day").order_by("day")
    return [_day(row) for row in tx.execute(_within(query, namespaces))]


def _day(row: Any) -> Day:
    counts = {name: int(getattr(row, name)) for name in ("jobs", "batches", *_SUMMED)}
    return Day(day=row.day, seconds=float(row.seconds), **counts)


def minutes_since(tx: Tx, since: str, namespaces: Sequence[str] | None) -> list[Minute]:
    """Return the minutes from a time on in which something landed, the oldest first; of whose jobs as `days_since`."""
    found: dict[str, Minute] = {}
    for row in tx.execute(_within(_ROWS.where(_batches.committed_at >= since), namespaces)):
        minute = row.committed_at[:_MINUTE]
        before, held = found.get(minute, Minute(minute, 0, None)), _held(row.measured)
        most = max((one for one in (before.rss_mb, held) if one is not None), default=None)
        found[minute] = Minute(minute, before.records + row.records, most)
    return sorted(found.values())


def _held(measured: str | None) -> float | None:
    """Return the memory that a batch tells of; what nothing seals may have been changed by hand."""
    try:
        return float(orjson.loads(measured)["rss_mb"]) if measured else None
    except (ValueError, TypeError, KeyError):
        return None


def _within(query: Select[Any], namespaces: Sequence[str] | None) -> Select[Any]:
    if namespaces is None:
        return query
    return query.where(_batches.job.in_(select(_queue.number).where(_queue.namespace.in_(namespaces))))
