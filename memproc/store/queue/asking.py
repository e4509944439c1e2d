"""What people ask of a queued job: to pause, go on, end, wait for a person, or run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import orjson

from memproc.errors import UsageError
from memproc.store.jobs.jobs import ask
from memproc.store.kinds import ENDED, WAITING, QueueState
from memproc.store.queue.rows import QueueRow, change, free_those_behind, maybe_row, row_of, waits_in
from memproc.store.queue.schedules import follow
from memproc.store.queue.submitting import Order, submit
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

Verb = Literal["pause", "resume", "cancel", "hold", "release", "retry"]
# From which states what is asked brings a job at once; of one that runs its worker sees it after the batch.
_FROM: Mapping[Verb, tuple[QueueState, ...]] = {
    "pause": WAITING,
    "resume": (QueueState.PAUSED,),
    "cancel": (*WAITING, QueueState.PAUSED, QueueState.HELD, QueueState.FAILED),
    "hold": (*WAITING, QueueState.PAUSED, QueueState.FAILED),
    "release": (QueueState.HELD,),
    "retry": (QueueState.FAILED, QueueState.CANCELLED, QueueState.SKIPPED),
}
_TO = {"pause": QueueState.PAUSED, "cancel": QueueState.CANCELLED, "hold": QueueState.HELD}
_ADVICE: Mapping[Verb, str] = {
    "resume": "only a paused job is resumed",
    "release": "only a held job is released",
    "retry": "only a failed, cancelled or skipped job is retried",
}


def asked(tx: Tx, number: int, verb: Verb, *, by: str, why: str = "") -> QueueRow:
    """Do to a job what is asked, or let its worker see it. Raises NotFoundError, and UsageError where the job cannot do it."""
    row = row_of(tx, number)
    state = QueueState(row.state)
    if state is QueueState.RUNNING and verb in ("pause", "resume", "cancel", "hold"):
        request: Any = {"pause": "pause", "hold": "pause", "cancel": "cancel"}.get(verb)
        ask(tx, number, request)
        wanted = "hold" if verb == "hold" else None
        tx.update_rows(tables.queue, [{"number": number, "wanted": wanted}])
        return row._replace(wanted=wanted)
    if state not in _FROM[verb]:
        raise UsageError(f"job {number} is {state.told}: {_ADVICE.get(verb, f'there is nothing to {verb}')}")
    if verb in _TO:
        row = change(tx, row, _TO[verb], by=by, why=why)
    else:
        again: dict[str, Any] = {"failures": 0, "losses": 0, "not_before": None, "error": None} if verb == "retry" else {}
        to, reason = waits_in(tx, row._replace(**again))
        row = change(tx, row, to, by=by, why=why or reason or verb, **again, **({"error": reason} if reason else {}))
    if row.state in ENDED:
        free_those_behind(tx, number, by=by)
    if row.schedule is not None:
        follow(tx, number)
    return row


def steered(tx: Tx, number: int, request: str | None, *, by: str) -> None:
    """Pause, resume (None) or cancel a job, whether it is in the queue or not."""
    verb: Any = request or "resume"
    row = maybe_row(tx, number)
    if row is None:
        ask(tx, number, request)  # type: ignore[arg-type]
    else:
        asked(tx, number, verb, by=by)


def retried_otherwise(tx: Tx, number: int, order: Order, *, by: str) -> QueueRow:
    """Submit a job anew with other settings, as a job of its own that names this one; what waits for this one waits for that then.

    Raises UsageError where the job has not failed.
    """
    row = row_of(tx, number)
    if row.state not in _FROM["retry"]:
        raise UsageError(f"job {number} is {QueueState(row.state).told}: {_ADVICE['retry']}")
    new = submit(tx, order)
    _let_wait_for(tx, number, new.number)
    if row.state == QueueState.FAILED:
        change(tx, row, QueueState.CANCELLED, by=by, why=f"retried as job {new.number}")
    return new


def _let_wait_for(tx: Tx, old: int, new: int) -> None:
    needs = tables.queue_needs
    jobs = tx.execute(needs.select().where(needs.c.needs == old)).all()
    waiting = [row.job for row in jobs if row_of(tx, row.job).state not in ENDED]
    for job in waiting:
        tx.execute(needs.delete().where((needs.c.job == job) & (needs.c.needs == old)))
        tx.insert_rows(tables.queue_needs, [{"job": job, "needs": new}])


def order_of(row: QueueRow, work: Mapping[str, Any], shown: str, settings: str) -> Order:
    """Return what submits a job like this one with other work."""
    return Order(
        kind=row.kind,
        work=work,
        shown=shown,
        origin=origin_in(work),
        settings=settings,
        name=row.name,
        namespace=row.namespace,
        submitter=row.submitter,
        priority=row.priority,
        deadline=row.deadline,
        retries=row.retries,
        what_if_failed=row.what_if_failed,
        retry_of=row.number,
    )


def origin_in(work: Mapping[str, Any]) -> str:
    """Return what limits of concurrency count as the source of a job."""
    return str(work.get("origin", ""))


def work_of(row: QueueRow) -> dict[str, Any]:
    """Return what a job does, and with what."""
    return dict(orjson.loads(row.work))
