"""Who is at work: a row for each worker, which it renews, and which another one takes out when it is gone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from memproc.store.jobs.jobs import LEASE_MICROS
from memproc.store.jobs.owners import Owner
from memproc.store.queued import WorkerSeen
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import from_micros, to_micros

GONE_AFTER_MICROS = 6 * LEASE_MICROS  # of another machine
_workers = tables.workers.c


def note_worker(tx: Tx, owner: Owner, state: str, job: int | None = None) -> None:
    """Write what a worker does, and take out those that are gone."""
    gone, own = [], None
    for row in tx.execute(select(_workers.number, _workers.owner, _workers.seen)).all():
        other = Owner.from_json(row.owner)
        if other == owner:
            own = row.number
        elif not _is_there(other, row.seen, tx.now):
            gone.append(row.number)
    tx.delete_by_keys(tables.workers.c.number, gone)
    values = {"seen": to_micros(tx.now), "state": state, "job": job}
    if own is None:
        tx.insert_rows(tables.workers, [{"number": tx.next_number(tables.workers), "owner": owner.to_json(), **values}])
    else:
        tx.update_rows(tables.workers, [{"number": own, **values}])


def _is_there(owner: Owner, seen: int, now: str) -> bool:
    """Tell whether a worker lives, as far as can be told."""
    return owner.is_alive if owner.is_here else to_micros(now) - seen < GONE_AFTER_MICROS


def drop_worker(tx: Tx, owner: Owner) -> None:
    """Take a worker out that ends."""
    rows = tx.execute(select(_workers.number, _workers.owner)).all()
    tx.delete_by_keys(tables.workers.c.number, [row.number for row in rows if Owner.from_json(row.owner) == owner])


def workers_seen(tx: Tx) -> tuple[WorkerSeen, ...]:
    """Return who is at work."""
    found = []
    everyone: Select[Any] = select(tables.workers).order_by(_workers.number)
    for row in tx.execute(everyone):
        owner = Owner.from_json(row.owner)
        if _is_there(owner, row.seen, tx.now):
            found.append(WorkerSeen(row.number, owner.machine, owner.pid, row.state, row.job, from_micros(row.seen)))
    return tuple(found)
