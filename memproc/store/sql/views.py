"""The views for people, on tables that hold hashes and JSON."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Executable, Select, cast, func, select, union_all

from memproc.store.sql.backends import Backend
from memproc.store.sql.tables import PREFIX, batches, jobs, merged, observations, quarantine

VIEWS = tuple(f"{PREFIX}{name}" for name in ("memories", "batch_status", "error_patterns"))
_SHOWN = ("namespace", "subject", "kind", "content", "created_at", "updated_at")


def _memories(backend: Backend, key: Column[bytes], record: Column[str]) -> Select[Any]:
    """Return a query of memories, their main fields taken out of the record."""
    shown: list[Any] = [backend.json_text(record, name).label(name) for name in _SHOWN]
    return select(backend.hexadecimal(key).label("id"), *shown, record.label("record"))


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
