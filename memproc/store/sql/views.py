"""The views for people, on tables that hold hashes and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Executable,
    Select,
    Table,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    union_all,
)

from memproc.store.sql.backends import Backend
from memproc.store.sql.tables import PREFIX, batches, expired, jobs, merged, observations, quarantine

VIEWS = tuple(f"{PREFIX}{name}" for name in ("memories", "batch_status", "error_patterns"))
_SHOWN = ("namespace", "subject", "kind", "content", "created_at", "updated_at")


_is_alone_expired = exists().where(expired.c.key == observations.c.key)
_of_merged = observations.alias("own")
# A memory has expired when each of its observations has: one that came since has not, so it is told again.
IS_EXPIRED: Mapping[Table, ColumnElement[bool]] = {
    observations: _is_alone_expired,
    merged: ~exists().where(_of_merged.c.memory == merged.c.id, ~exists().where(expired.c.key == _of_merged.c.key)),
}


def _memories(backend: Backend, key: Column[bytes], record: Column[str]) -> Select[Any]:
    """Return a query of memories, their main fields taken out of the record."""
    shown: list[Any] = [backend.json_text(record, name).label(name) for name in _SHOWN]
    is_expired = case((IS_EXPIRED[key.table], literal_column("1")), else_=literal_column("0")).label("expired")
    return select(backend.hexadecimal(key).label("id"), *shown, record.label("record"), is_expired)


def views_on(backend: Backend) -> dict[str, Executable]:
    """Return, by name, the views for people."""
    alone = _memories(backend, observations.c.node, observations.c.record).where(observations.c.memory.is_(None))
    of_many = _memories(backend, merged.c.id, merged.c.record)
    counts = ("first_position", "records", "stored", "duplicate", "merged", "quarantined", "review", "seconds", "committed_at")
    named: list[Any] = [batches.c.job, batches.c.number.label("batch"), jobs.c.status.label("job_status")]
    status = select(*named, *(batches.c[name] for name in counts)).join_from(batches, jobs, batches.c.job == jobs.c.number)
    of_alike: list[Any] = [func.min(quarantine.c[name]).label(name) for name in ("category", "code", "path", "message")]
    records = cast(func.sum(quarantine.c.times_seen), BigInteger).label("records")
    first = func.min(quarantine.c.number).label("first")
    patterns = select(*of_alike, records, first).where(quarantine.c.status == "open").group_by(quarantine.c.pattern)
    return dict(zip(VIEWS, (union_all(alone, of_many), status, patterns), strict=True))
