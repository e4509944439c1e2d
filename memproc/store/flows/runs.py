"""Runs of flows: who has one, and what was asked of it.

Rules: a run has one owner at a time, as a job has. Taking it over raises its fence, and what an earlier owner writes is refused.
A dead owner on the same machine is told by its process, another machine's by its lease.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select

from memproc.errors import NotFoundError, StoreError, UsageError
from memproc.store.jobs.owners import Owner
from memproc.store.kinds import FlowStatus
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

LEASE_MICROS = 600_000_000
ENDED = (FlowStatus.DONE, FlowStatus.CANCELLED)
_runs = tables.flow_runs.c


@dataclass(frozen=True, slots=True)
class FlowRun:
    """A run of a flow. `definition` and `parameters` are JSON; `error` is why it failed. `owner` is the process that has it."""

    number: int
    flow: str
    folder: str
    definition: str
    parameters: str
    status: str
    request: str | None
    owner: str | None
    lease_until: int | None
    error: str | None
    started_at: str
    finished_at: str | None

    def is_held(self, now: str) -> bool:
        """Tell whether its owner may still be at work."""
        if self.status != FlowStatus.RUNNING or self.owner is None:
            return False
        owner = Owner.from_json(self.owner)
        return owner.is_alive if owner.is_here else to_micros(now) < (self.lease_until or 0)


class RunClaim(NamedTuple):
    """The right of one process to go on with a run."""

    run: int
    fence: int


class NewRun(NamedTuple):
    """What a run is of: the name of the flow, the folder of its paths, the flow and its parameters as JSON."""

    flow: str
    folder: str
    definition: str
    parameters: str


_WHOLE = select(*(_runs[name] for name in FlowRun.__dataclass_fields__))


def begin(tx: Tx, new: NewRun, owner: Owner) -> RunClaim:
    """Write the start of a run."""
    number = tx.next_number(tables.flow_runs)
    running = {"status": FlowStatus.RUNNING, "owner": owner.to_json(), "fence": 1, "lease_until": _lease(tx, 0)}
    tx.insert_rows(tables.flow_runs, [{"number": number, **new._asdict(), **running, "started_at": tx.now}])
    return RunClaim(number, 1)


def _lease(tx: Tx, seconds: float) -> int:
    return to_micros(tx.now) + LEASE_MICROS + int(seconds * 1_000_000)


def run_of(tx: Tx, number: int) -> FlowRun:
    """Return a run. Raises NotFoundError."""
    row = tx.execute(_WHOLE.where(_runs.number == number)).first()
    if row is None:
        raise NotFoundError(f"no run {number}: `memproc flow list DB` shows those there are")
    return FlowRun(**row._asdict())


def all_runs(tx: Tx) -> Sequence[FlowRun]:
    """Return all runs, the oldest first."""
    return [FlowRun(**row._asdict()) for row in tx.execute(_WHOLE.order_by(_runs.number))]


def take(tx: Tx, number: int, owner: Owner) -> RunClaim:
    """Give a run to a process. Raises UsageError where it has come to its end, or another process is at it."""
    run = run_of(tx, number)
    if run.status in ENDED:
        raise UsageError(f"run {number} is {run.status}: there is nothing to go on with")
    if run.is_held(tx.now):
        raise UsageError(f"run {number} is under way in another process ({run.owner}): wait for it, or cancel it")
    fence = tx.execute(select(_runs.fence).where(_runs.number == number)).scalar_one() + 1
    running = {"status": FlowStatus.RUNNING, "owner": owner.to_json(), "fence": fence, "lease_until": _lease(tx, 0)}
    tx.update_rows(tables.flow_runs, [{"number": number, **running, "request": None, "error": None, "finished_at": None}])
    return RunClaim(number, fence)


def check_own(tx: Tx, claim: RunClaim) -> str | None:
    """Return what was asked of a run. Raises StoreError where another process has taken it over."""
    row = tx.execute(select(_runs.fence, _runs.request).where(_runs.number == claim.run)).one()
    if row.fence != claim.fence:
        raise StoreError(f"run {claim.run} was taken over by another process: this one stops")
    return row.request  # type: ignore[no-any-return]


def renew(tx: Tx, claim: RunClaim, seconds: float) -> None:
    """Let the lease last for what is done next, which may take so long."""
    tx.update_rows(tables.flow_runs, [{"number": claim.run, "lease_until": _lease(tx, seconds)}])


def end(tx: Tx, claim: RunClaim, status: FlowStatus, changed: dict[str, Any]) -> None:
    """Write how a run ended, or that it waits, and other values with it."""
    finished = None if status == FlowStatus.WAITING else tx.now
    ended = {"status": status, "request": None, "owner": None, "lease_until": None, "finished_at": finished}
    tx.update_rows(tables.flow_runs, [{"number": claim.run, **ended, **changed}])


def ask_to_cancel(tx: Tx, number: int) -> bool:
    """Ask the process of a run to end it; return whether there is one. Raises UsageError where the run has come to its end."""
    run = run_of(tx, number)
    if run.status in ENDED:
        raise UsageError(f"run {number} is {run.status}: there is nothing to cancel")
    if is_held := run.is_held(tx.now):
        tx.update_rows(tables.flow_runs, [{"number": number, "request": "cancel"}])
    return is_held
