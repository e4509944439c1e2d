"""Rows of the queue: how they are read, and the one way in which a job changes its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from xxhash import xxh3_64_intdigest

from memproc.errors import NotFoundError
from memproc.store.jobs.waiting import note_status
from memproc.store.kinds import ENDED, WAITING, JobStatus, QueueState
from memproc.store.queue.rules import QueueRules
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

_HALF = 1 << 63
_queue, _needs = tables.queue.c, tables.queue_needs.c
# What the row of the job says then; of the others its own run writes it.
STATUS = {
    **dict.fromkeys(WAITING, JobStatus.WAITING),
    **{state: JobStatus[state.name] for state in (QueueState.HELD, QueueState.PAUSED, QueueState.CANCELLED, QueueState.SKIPPED)},
}


class QueueRow(NamedTuple):
    """A row of the queue: a value for each column of this name."""

    number: int
    kind: str
    work: str
    name: str
    namespace: str
    submitter: str
    of_namespace: int
    of_submitter: int
    of_origin: int
    state: int
    priority: int
    ready_at: int | None
    not_before: int | None
    deadline: int | None
    schedule: int | None
    attempts: int
    failures: int
    losses: int
    landed: int
    retries: int
    what_if_failed: str
    retry_of: int | None
    wanted: str | None
    submitted_at: str
    began_at: str | None
    ended_at: str | None
    error: str | None


_ROWS = select(*(_queue[name] for name in QueueRow._fields))
_NEEDS = select(_needs.job, _needs.needs)
_STATES = select(_queue.number, _queue.state)
STATUSES = select(tables.jobs.c.number, tables.jobs.c.status)
_RULES = select(tables.queue_rules.c.rules)
THE_RULES = 1


def hash_of(name: str) -> int:
    """Return what the queue compares instead of a name."""
    return xxh3_64_intdigest(name.encode()) - _HALF


def rows_where(tx: Tx, condition: ColumnElement[bool]) -> list[QueueRow]:
    """Return rows of the queue, the oldest first."""
    return [QueueRow(*row) for row in tx.execute(_ROWS.where(condition).order_by(_queue.number))]


def rows_by_number(tx: Tx, numbers: Iterable[int]) -> list[QueueRow]:
    """Return those of some numbers that are in the queue, the oldest first."""
    return sorted(QueueRow(*row) for row in tx.select_by_keys(_ROWS, _queue.number, numbers))


def maybe_row(tx: Tx, number: int) -> QueueRow | None:
    """Return the row of a job, None where it never was in the queue."""
    return next(iter(rows_by_number(tx, [number])), None)


def row_of(tx: Tx, number: int) -> QueueRow:
    """Return the row of a job. Raises NotFoundError where it is not in the queue."""
    row = maybe_row(tx, number)
    if row is None:
        raise NotFoundError(f"no job {number} in the queue")
    return row


def in_state(tx: Tx, *states: QueueState) -> list[QueueRow]:
    """Return the jobs in some states, the oldest first."""
    return rows_where(tx, _queue.state.in_([int(state) for state in states]))


def needs_of(tx: Tx, numbers: Iterable[int]) -> dict[int, list[int]]:
    """Return by job what it needs."""
    found: dict[int, list[int]] = {}
    for row in tx.select_by_keys(_NEEDS, _needs.job, numbers):
        found.setdefault(row.job, []).append(row.needs)
    return {job: sorted({*needs}) for job, needs in found.items()}


def states_of(tx: Tx, numbers: Iterable[int]) -> dict[int, QueueState]:
    """Return the states of jobs, also of those that are in no queue: what ended badly has failed, what runs is running."""
    wanted = {*numbers}
    found = {row.number: QueueState(row.state) for row in tx.select_by_keys(_STATES, _queue.number, wanted)}
    others = tx.select_by_keys(STATUSES, tables.jobs.c.number, wanted - found.keys())
    return found | {row.number: _state_of(row.status) for row in others}


def _state_of(status: str) -> QueueState:
    if status in (JobStatus.STOPPED, JobStatus.INTERRUPTED):
        return QueueState.FAILED
    return QueueState[status.upper()]


def rules_of(tx: Tx) -> QueueRules:
    """Return the rules that the store keeps."""
    return QueueRules.from_json(tx.execute(_RULES).scalar())


def write_rules(tx: Tx, rules: QueueRules) -> None:
    """Keep other rules from now on."""
    row = {"number": THE_RULES, "rules": rules.to_json()}
    if tx.execute(_RULES).first() is None:
        tx.insert_rows(tables.queue_rules, [row])
    else:
        tx.update_rows(tables.queue_rules, [row])


def change(tx: Tx, row: QueueRow, to: QueueState, *, by: str, why: str = "", **values: Any) -> QueueRow:
    """Bring a job into another state, note who did it and why, and return its row as it is then."""
    if to is QueueState.READY:
        values = {"ready_at": to_micros(tx.now), **values}
    if to in ENDED:
        values = {"ended_at": tx.now, **values}
    elif row.ended_at is not None:
        values = {"ended_at": None, **values}
    tx.update_rows(tables.queue, [{"number": row.number, "state": int(to), **values}])
    if (status := STATUS.get(to)) is not None:
        note_status(tx, row.number, status)
    note_change(tx, (row.number, row.state, to), by=by, why=why)
    return row._replace(state=int(to), **values)


def note_change(tx: Tx, step: tuple[int, int | None, QueueState], *, by: str, why: str) -> None:
    """Write a line on a job, what it was, and what it has become."""
    job, was, became = step
    line = {"job": job, "made_at": tx.now, "made_by": by, "was": was, "became": int(became), "why": why}
    tx.insert_rows(tables.queue_changes, [{"number": tx.next_number(tables.queue_changes), **line}])


def waits_in(tx: Tx, row: QueueRow) -> tuple[QueueState, str]:
    """Return in which state a job is that nobody holds, and why: what it needs may not have ended, or its time not have come."""
    return waits_behind(tx, row, needs_of(tx, [row.number]).get(row.number, ()))


def waits_behind(tx: Tx, row: QueueRow, needs: Sequence[int]) -> tuple[QueueState, str]:
    """Return the same of a job that needs those."""
    states = states_of(tx, needs)
    failed = [need for need in needs if _is_bad(states.get(need))]
    open_needs = [need for need in needs if states.get(need) not in ENDED]
    if failed and row.what_if_failed == "skip":
        return QueueState.SKIPPED, f"job {failed[0]}, which it needs, has not done its work"
    if open_needs or (failed and row.what_if_failed == "wait"):
        return QueueState.BLOCKED, ""
    if row.not_before is not None and row.not_before > to_micros(tx.now):
        return QueueState.LATER, ""
    return QueueState.READY, ""


def _is_bad(state: QueueState | None) -> bool:
    return state in ENDED and state is not QueueState.DONE


def free_those_behind(tx: Tx, number: int, *, by: str) -> None:
    """Let go on what needed a job that has ended; what is skipped for it may be needed in turn."""
    ended = [number]
    while ended:
        for row in _blocked_by(tx, ended.pop()):
            state, why = waits_in(tx, row)
            if state is not QueueState.BLOCKED:
                change(tx, row, state, by=by, why=why, **({"error": why} if why else {}))
            if state is QueueState.SKIPPED:
                ended.append(row.number)


def _blocked_by(tx: Tx, number: int) -> Iterator[QueueRow]:
    jobs = tx.execute(select(_needs.job).where(_needs.needs == number)).scalars().all()
    yield from (row for row in rows_by_number(tx, jobs) if row.state == QueueState.BLOCKED)
