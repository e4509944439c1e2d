"""Jobs: who runs one, how far it is, and what was asked of it.

Rules: a job has one owner at a time. Taking it over raises its fence, and a batch lands only under the fence that its process
was given, so what a late writer sends is refused. The checkpoint is written in the batch's own transaction, and with it how many
batches landed: who lost the connection while committing sees there whether the batch is in.

Strategy: a dead owner on the same machine is told by its process; another machine's by its lease, which each batch renews. Who
could not write that it ended may live on: this process knows its own runs, and of another one it is believed after a long silence.

A job has three forms: `StoredJob`, how it stands in the database; `Claim`, the right of one run to land its batches; and
`memproc.store.answers.Job`, what an application sees, with what its batches counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import ColumnElement, select
from xxhash import xxh3_64_hexdigest

from memproc.dedup.keys import Key
from memproc.errors import NotFoundError, StoreError, UsageError
from memproc.records import encode
from memproc.store.jobs.owners import Owner
from memproc.store.jobs.telling import Ending, tell_of_job
from memproc.store.kinds import JobStatus
from memproc.store.outbox.kinds import EventType
from memproc.store.rows.state import StoreState
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

LEASE_MICROS = 10_000_000
SILENCE_MICROS = 600_000_000  # a batch takes some seconds; who lives and landed none for so long has most likely ended the job
FINISHED = (JobStatus.DONE, JobStatus.CANCELLED)

ENDED_BY = {"pause": JobStatus.PAUSED, "cancel": JobStatus.CANCELLED}  # the status of a job that did what it was asked

Request = Literal["pause", "cancel"]
_jobs = tables.jobs.c


@dataclass(slots=True)
class Claim:
    """The right to land batches for a job: its number, its fence, the run it was given to, and how many batches this process knows
    to have landed. `is_followed` tells that where it ends is kept, as a later job goes on there. `failing` are the first position
    and the records of a batch that could not be written, `told_micros` is when webhooks were told how far the job is.
    """

    job: int
    fence: int
    owner: Owner
    landed: int = 0
    is_followed: bool = False
    failing: tuple[int, int] | None = None
    told_micros: int = 0


class StoredJob(NamedTuple):
    """A job as it stands in its row: a value for each column of this name."""

    number: int
    fingerprint: Key | None
    settings: str
    status: str
    request: str | None
    owner: Owner | None
    lease_until: int | None
    landed: int
    checkpoint: str | None  # behind a hash, as `sealed` gives it

    def trusted_checkpoint(self) -> str | None:
        """Return where the next batch begins. Raises StoreError where it is not what was written with the last one."""
        if self.checkpoint is None:
            return None
        checkpoint = self.checkpoint.partition(" ")[2]
        if self.checkpoint != sealed(self.number, self.landed, checkpoint):
            raise StoreError(f"where job {self.number} goes on cannot be trusted: run `memproc doctor`")
        return checkpoint

    def is_held(self, now: str) -> bool:
        """Tell whether its owner may still be at work."""
        if self.status != JobStatus.RUNNING or self.owner is None:
            return False
        silence = self._silence_micros(now)
        return silence < 0 if not self.owner.is_here else self.owner.is_alive and silence < SILENCE_MICROS

    def is_left(self, now: str) -> bool:
        """Tell whether its owner is gone for sure: a process of another machine is believed to be only after a long silence, as who
        adds single records renews no lease between them.
        """
        if self.owner is None:
            return True
        return not self.owner.is_alive if self.owner.is_here else self._silence_micros(now) >= SILENCE_MICROS

    def _silence_micros(self, now: str) -> int:
        return to_micros(now) - (self.lease_until or 0)


def begin(tx: Tx, what: Mapping[str, Any], owner: Owner) -> Claim:
    """Write the start of a job that this run owns; `what` are the columns that say what is read, how, and from where on."""
    number = tx.next_number(tables.jobs)
    checkpoint = what.get("checkpoint")
    what = {**what, "checkpoint": None if checkpoint is None else sealed(number, 0, checkpoint)}
    running = {"status": JobStatus.RUNNING, "owner": owner.to_json(), "lease_until": _lease(tx), "started_at": tx.now}
    tx.insert_rows(tables.jobs, [{"number": number, **what, **running, "fence": 1, "landed": 0, "looked": 0}])
    tell_of_job(tx, number, EventType.STARTED)
    return Claim(number, 1, owner)


def _lease(tx: Tx) -> int:
    return to_micros(tx.now) + LEASE_MICROS


def latest(tx: Tx, identity: Key) -> StoredJob | None:
    """Return the newest job of this identity."""
    return next(reversed(_jobs_where(tx, _jobs.identity == identity)), None)


def _jobs_where(tx: Tx, condition: ColumnElement[bool]) -> list[StoredJob]:
    rows = tx.execute(select(*(_jobs[name] for name in StoredJob._fields)).where(condition).order_by(_jobs.number))
    return [StoredJob(**{**row._asdict(), "owner": Owner.from_json(row.owner) if row.owner else None}) for row in rows]


def jobs_by_number(tx: Tx, numbers: Iterable[int]) -> list[StoredJob]:
    """Return those jobs of some numbers that there are, the oldest first."""
    return _jobs_where(tx, _jobs.number.in_([*numbers]))


def take(tx: Tx, job: StoredJob, owner: Owner) -> Claim:
    """Give a job that is not held to a run. That someone asked it to pause is void then."""
    fence = tx.execute(select(_jobs.fence).where(_jobs.number == job.number)).scalar_one() + 1
    running = {"status": JobStatus.RUNNING, "owner": owner.to_json(), "lease_until": _lease(tx), "fence": fence}
    tx.update_rows(tables.jobs, [{"number": job.number, **running, "request": None, "finished_at": None}])
    tell_of_job(tx, job.number, EventType.STARTED)
    return Claim(job.number, fence, owner, job.landed)


def step(tx: Tx, claim: Claim, state: StoreState, checkpoint: str | None, *, is_looked_at: bool) -> bool:
    """Note that one more batch lands, and whether it is looked at with that; return whether it has landed already.

    Raises StoreError where another process has taken the job over.
    """
    if state.fence != claim.fence:
        raise StoreError(f"job {claim.job} was taken over by another process: this one stops")
    if state.landed > claim.landed:
        return True
    landed = state.landed + 1
    row = {
        "number": claim.job,
        "landed": landed,
        "looked": landed if is_looked_at else state.looked,
        "checkpoint": None if checkpoint is None else sealed(claim.job, landed, checkpoint),
        "lease_until": _lease(tx),
    }
    tx.update_rows(tables.jobs, [row])
    return False


def renew(tx: Tx, claim: Claim) -> str | None:
    """Renew the lease of a job between two batches, and return what is asked of it. Raises StoreError where another process has
    taken it over.
    """
    row = tx.execute(select(_jobs.fence, _jobs.request).where(_jobs.number == claim.job)).one()
    if row.fence != claim.fence:
        raise StoreError(f"job {claim.job} was taken over by another process: this one stops")
    tx.update_rows(tables.jobs, [{"number": claim.job, "lease_until": _lease(tx)}])
    return row.request if row.request is None else str(row.request)


def note_looked(tx: Tx, number: int, looked: int) -> None:
    """Write how many of the batches of a job were looked at for reviews."""
    tx.update_rows(tables.jobs, [{"number": number, "looked": looked}])


def sealed(job: int, landed: int, checkpoint: str) -> str:
    """Return a checkpoint as it is kept: behind a hash of it, its job and the count of batches that landed with it.

    Nothing else in a store tells whether it is right.
    """
    return f"{xxh3_64_hexdigest(encode([job, landed, checkpoint]))} {checkpoint}"


def finish(tx: Tx, claim: Claim, status: str) -> str:
    """Write how a job ended, if this run still owns it, and return that: cancelled where that was asked and not seen any more."""
    is_own = (_jobs.number == claim.job) & (_jobs.fence == claim.fence)
    job = tx.execute(select(_jobs.request).where(is_own)).first()
    if job is None:
        return status
    status = JobStatus.CANCELLED if job.request == "cancel" and status not in FINISHED else status
    to_tell = Ending.of(tx, [claim.job], status, claim.failing)
    _write_end(tx, [claim.job], status, keeps_place=claim.is_followed and status == JobStatus.DONE)
    to_tell.tell(tx)
    return status


def left(tx: Tx) -> list[int]:
    """Return the jobs that are marked as running, whose process is gone, and that no `--resume` can go on with: those of single
    records, of a replay, of an iterable.
    """
    jobs = _jobs_where(tx, (_jobs.status == JobStatus.RUNNING) & _jobs.identity.is_(None))
    return [job.number for job in jobs if job.is_left(tx.now)]


def behind(tx: Tx, own: int) -> list[tuple[int, float | None]]:
    """Return the jobs whose newest batch was not looked at for reviews: one's `own`, and those that no process is at work on; each
    with the confidence from which pairs wait, None where that is not told.
    """
    jobs = [job for job in _jobs_where(tx, _jobs.looked < _jobs.landed) if job.number == own or not job.is_held(tx.now)]
    return [(job.number, orjson.loads(job.settings).get("review_at")) for job in jobs]


def close_left(tx: Tx) -> None:
    """Write that the jobs of `left` were interrupted; their records are in."""
    end(tx, left(tx), JobStatus.INTERRUPTED)


def ask(tx: Tx, number: int, request: Request | None) -> None:
    """Ask the process of a job to pause or to cancel, or take that back; a job that no process runs is cancelled at once.

    Raises UsageError where there is nothing to ask for.
    """
    jobs = _jobs_where(tx, _jobs.number == number)
    if not jobs:
        raise NotFoundError(f"no job {number}")
    (job,) = jobs
    if job.is_held(tx.now):
        tx.update_rows(tables.jobs, [{"number": number, "request": request}])
    elif job.status in FINISHED:
        raise UsageError(f"job {number} is {job.status}: there is nothing to {request or 'go on with'}")
    elif request == "cancel":
        end(tx, [number], JobStatus.CANCELLED)
    else:
        state = f"no process runs job {number}" + (f" ({job.status})" if job.status != JobStatus.RUNNING else "")
        raise UsageError(f"{state}: `memproc ingest --resume` on its files goes on with it, --cancel gives it up")


def end(tx: Tx, numbers: Sequence[int], status: str) -> None:
    """Write how jobs have ended that no process runs any more; where they are finished, nothing goes on but what follows them."""
    to_tell = Ending.of(tx, numbers, status)
    _write_end(tx, numbers, status)
    to_tell.tell(tx)


def _write_end(tx: Tx, numbers: Sequence[int], status: str, *, keeps_place: bool = False) -> None:
    ended = {"status": status, "request": None, "finished_at": tx.now, "owner": None, "lease_until": None}
    if status in FINISHED and not keeps_place:
        ended["checkpoint"] = None
    tx.update_rows(tables.jobs, [{"number": number, **ended} for number in numbers])
