"""Settling: what becomes of a job whose run is over, by what its row in `jobs` says of the run.

Rules: the row of the job is the truth of what its run did; the queue follows it. So a worker that dies between the end of a run and
the settling of it loses nothing: whoever looks next settles it. Settling twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from memproc.store.jobs.jobs import StoredJob
from memproc.store.jobs.waiting import note_status, stored_jobs
from memproc.store.kinds import JobStatus, QueueState
from memproc.store.queue.attempts import end_attempt
from memproc.store.queue.choosing import MICROS
from memproc.store.queue.rows import QueueRow, change, free_those_behind, in_state, maybe_row, rules_of
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

LONGEST_RETRY_SECONDS = 3_600.0
LOST = "its worker was lost"


def settle_left(tx: Tx, *, by: str) -> list[QueueRow]:
    """Settle the jobs whose run is over or lost, and return those that run."""
    running = in_state(tx, QueueState.RUNNING)
    jobs = stored_jobs(tx, {row.number for row in running})
    going_on = []
    for row in running:
        job = jobs.get(row.number)
        if job is None:
            change(tx, row, QueueState.FAILED, by=by, why="the row of the job is gone", error="the row of the job is gone")
        elif job.is_held(tx.now):
            going_on.append(row)
        else:
            _settle(tx, row, job, Ended(), by=by)
    return going_on


class Ended(NamedTuple):
    """How a run ended for its worker: why it failed, whether the worker gave it back, and what it used."""

    error: str = ""
    is_given_back: bool = False
    used: Mapping[str, Any] = MappingProxyType({})


def settle(tx: Tx, number: int, attempt: int, ended: Ended, *, by: str) -> None:
    """Settle a job whose run has ended; of an attempt that another one followed, only what it used is kept."""
    row = maybe_row(tx, number)
    if row is None:
        return
    job = stored_jobs(tx, {number}).get(number)
    if row.state == QueueState.RUNNING and row.attempts == attempt and job is not None and not job.is_held(tx.now):
        _settle(tx, row, job, ended, by=by)
    if ended.used:
        end_attempt(tx, number, attempt, "", ended.used)


def _settle(tx: Tx, row: QueueRow, job: StoredJob, ended: Ended, *, by: str) -> None:
    """Bring a job whose run is over into the state that follows, and free what waits for it."""
    status = JobStatus(job.status)
    if status in (JobStatus.RUNNING, JobStatus.INTERRUPTED):
        state = _after_loss(tx, row, job, by=by, is_lost=not ended.is_given_back)
    else:
        end_attempt(tx, row.number, row.attempts, status.value)
        if status is JobStatus.DONE:
            state = change(tx, row, QueueState.DONE, by=by, error=None)
        elif status is JobStatus.CANCELLED:
            state = change(tx, row, QueueState.CANCELLED, by=by)
        elif status is JobStatus.PAUSED:
            is_held = row.wanted == "hold"
            state = change(tx, row, QueueState.HELD if is_held else QueueState.PAUSED, by=by, wanted=None)
        else:
            state = _after_failure(tx, row, ended.error or f"its run ended as {status.value}", by=by)
    if state.ended_at is not None:
        free_those_behind(tx, row.number, by=by)


def _after_loss(tx: Tx, row: QueueRow, job: StoredJob, *, by: str, is_lost: bool) -> QueueRow:
    """Take up a job whose worker is gone, or gave it back; one that loses its workers without getting on has failed."""
    end_attempt(tx, row.number, row.attempts, "lost" if is_lost else "given back")
    if job.request == "cancel":
        return change(tx, row, QueueState.CANCELLED, by=by, why="cancelled before it was lost")
    if job.request == "pause":
        return change(tx, row, QueueState.HELD if row.wanted == "hold" else QueueState.PAUSED, by=by, wanted=None)
    if not is_lost:
        return change(tx, row, QueueState.READY, by=by, why="given back", ready_at=row.ready_at)
    losses = row.losses + 1 if job.landed == row.landed else 1
    most = rules_of(tx).most_losses
    if losses >= most:
        error = f"its worker was lost {losses} times without a batch landing between: look at its memory, then retry it"
        note_status(tx, row.number, JobStatus.FAILED)
        return change(tx, row, QueueState.FAILED, by=by, why=LOST, error=error, losses=losses, landed=job.landed)
    return change(tx, row, QueueState.READY, by=by, why=LOST, losses=losses, landed=job.landed, ready_at=row.ready_at)


def _after_failure(tx: Tx, row: QueueRow, error: str, *, by: str) -> QueueRow:
    """Let a failed job be tried again after a while, or write that it has failed."""
    failures = row.failures + 1
    if failures > row.retries:
        return change(tx, row, QueueState.FAILED, by=by, why=error, error=error, failures=failures)
    seconds = min(rules_of(tx).retry_seconds * 2 ** (failures - 1), LONGEST_RETRY_SECONDS)
    not_before = to_micros(tx.now) + int(seconds * MICROS)
    why = f"{error}; tried again in {seconds:g} s"
    return change(tx, row, QueueState.LATER, by=by, why=why, error=error, failures=failures, not_before=not_before)
