"""How the store stands as a batch comes to be written: all that each batch asks of it, in one statement.

Rules: it holds until something is written. Who decides a batch anew, or its halves one after the other, asks again.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ScalarSelect, Table, bindparam, exists, func, literal_column, select

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_jobs, _store = tables.jobs.c, tables.store.c


class StoreState(NamedTuple):
    """How the store stands: its epoch and policy, the number of the newest segment, batch and observation (0 where there is none),
    whether there are links to what an odd token may stand for, decisions and tombstones at all; and of a job its fence, how many
    batches landed, how many of these were looked at, and what is asked of it; and whether anybody is told of jobs.
    """

    epoch: int
    policy: str
    segment: int
    batch: int
    observation: int
    has_typo_links: bool
    has_decisions: bool
    has_forgotten: bool
    fence: int
    landed: int
    looked: int
    request: str | None
    has_endpoints: bool

    @property
    def has(self) -> tuple[bool, bool, bool]:
        """Whether there are links to what an odd token may stand for, decisions, and tombstones."""
        return self.has_typo_links, self.has_decisions, self.has_forgotten


def _newest(table: Table) -> ScalarSelect[int]:
    return select(func.coalesce(func.max(table.c.number), literal_column("0"))).scalar_subquery()


_THERE = (
    exists(select(tables.typo_links.c.core)).label("has_typo_links"),
    exists(select(tables.decisions.c.number)).label("has_decisions"),
    exists(select(tables.forgotten.c.key)).label("has_forgotten"),
)
_WHAT_THERE_IS = select(*_THERE)
_STANDING = select(
    _store.epoch,
    _store.policy,
    _store.segments,
    _newest(tables.batches),
    _newest(tables.observations),
    *_THERE,
    _jobs.fence,
    _jobs.landed,
    _jobs.looked,
    _jobs.request,
    exists(select(tables.webhook_endpoints.c.number)).label("has_endpoints"),
).where(_jobs.number == bindparam("job"))


def store_state(tx: Tx, job: int) -> StoreState:
    """Return how the store and a job stand."""
    return StoreState._make(tx.run(_STANDING, job=job).one())


def what_there_is(tx: Tx) -> tuple[bool, bool, bool]:
    """Return what `StoreState.has` tells, without a job."""
    row = tx.run(_WHAT_THERE_IS).one()
    return bool(row.has_typo_links), bool(row.has_decisions), bool(row.has_forgotten)
