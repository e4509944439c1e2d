"""Jobs: who runs one, how far it is, and what was asked of it.

Rules: a job has one owner at a time. Taking it over raises its fence, and a batch lands only under the fence that its process
was given, so what a late writer sends is refused. The checkpoint is written in the batch's own transaction, and with it how many
batches landed: who lost the connection while committing sees there whether the batch is in.

Strategy: a dead owner on the same machine is told by its process; another machine's by its lease, which each batch renews. Who
could not write that it ended may live on: this process knows its own runs, and of another one it is believed after a long silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import ColumnElement, func, select
from xxhash import xxh3_64_hexdigest

from memproc.dedup.keys import Key
from memproc.errors import NotFoundError, StoreError, UsageError
from memproc.records import encode
from memproc.store.jobs.owners import Owner
from memproc.store.kinds import JobStatus
from memproc.store.rows.state import StoreState
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

LEASE_MICROS = 10_000_000
SILENCE_MICROS = 600_000_000  # a batch takes some seconds; who lives and landed none for so long has most likely ended the job
FINISHED = (JobStatus.DONE, JobStatus.CANCELLED)

ENDED_BY = {"pause": JobStatus.PAUSED, "cancel": JobStatus.CANCELLED}  # the status of a job that did what it was asked

Request = Literal["pause", "cancel"]
_jobs, _batches = tables.jobs.c, tables.batches.c


@dataclass(slots=True)
class Claim:
    """The right to land batches for a job: its number, its fence, the run it was given to, and how many batches this process knows
    to have landed.
    """

    job: int
    fence: int
    owner: Owner
    landed: int = 0


class NewJob(NamedTuple):
    """A job to begin: what is read, and in which format. `identity` is a hash of what is read into
    which store and how, by which it is resumed, `fingerprint` a hash of the bytes; both None where it cannot be resumed.
    """

    source: str
    format: str
    identity: Key | None = None
    fingerprint: Key | None = None


class JobFound(NamedTuple):
    """A job as its row has it: its fingerprint, and how it stands."""

    number: int
    fingerprint: Key | None
    status: str
    request: str | None
    owner: Owner | None
    lease_until: int
    landed: int
    sealed: str | None

    @property
    def checkpoint(self) -> str | None:
        """Where the next batch begins. Raises StoreError where it is not what was written with the last one."""
        if self.sealed is None:
            return None
        checkpoint = self.sealed.partition(" ")[2]
        if self.sealed != sealed(self.number, self.landed, checkpoint):
            raise StoreError(f"where job {self.number} goes on cannot be trusted: run `memproc doctor`")
        return checkpoint

    def is_held(self, now: str) -> bool:
        """Tell whether its owner may still be at work."""
        if self.status != JobStatus.RUNNING or self.owner is None:
            return False
        silence = to_micros(now) - self.lease_until
        return silence < 0 if not self.owner.is_here else self.owner.is_alive and silence < SILENCE_MICROS


class Reached(NamedTuple):
    """What the batches of a job counted, all its runs together."""

    read: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    review: int
    candidates: int
    verified: int
    forgotten: int
    batches: int
    errors: dict[str, int]


def begin(tx: Tx, job: NewJob, settings: str, owner: Owner) -> Claim:
    """Write the start of a job that this run owns, under these settings, as JSON."""
    number, lease = tx.next_number(tables.jobs), to_micros(tx.now) + LEASE_MICROS
    place = (1, lease, 0, 0, None)  # its fence, and how far it is
    names = (job.source, job.format, settings, JobStatus.RUNNING, None, owner.to_json())
    tx.insert_rows(tables.jobs, [(number, job.identity, job.fingerprint, *names, *place, tx.now, None)])
    return Claim(number, 1, owner)


def latest(tx: Tx, identity: Key) -> JobFound | None:
    """Return the newest job of this identity."""
    return _found(tx, _jobs.identity == identity)


def _found(tx: Tx, condition: ColumnElement[bool]) -> JobFound | None:
    names = ("number", "fingerprint", "status", "request", "owner", "lease_until", "landed", "checkpoint")
    query = select(*(_jobs[name] for name in names)).where(condition).order_by(_jobs.number.desc()).limit(1)
    row = tx.execute(query).first()
    if row is None:
        return None
    number, fingerprint, status, request, owner, lease_until, *place = row
    return JobFound(number, fingerprint, status, request, Owner.from_json(owner) if owner else None, lease_until or 0, *place)


def take(tx: Tx, number: int, owner: Owner) -> Claim:
    """Give a job that is not held to a run. That someone asked it to pause is void then."""
    lease = to_micros(tx.now) + LEASE_MICROS
    fence, landed = tx.execute(select(_jobs.fence, _jobs.landed).where(_jobs.number == number)).one()
    values: dict[str, Any] = {"owner": owner.to_json(), "lease_until": lease, "status": JobStatus.RUNNING}
    tx.change_row(tables.jobs, number, values | {"fence": fence + 1, "request": None, "finished_at": None})
    return Claim(number, fence + 1, owner, landed)


def step(
    tx: Tx,
    claim: Claim,
    there: StoreState,
    checkpoint: str | None,
    *,
    is_looked_at: bool,
) -> bool:
    """Note that one more batch lands, and whether it is looked at with that; return whether it has landed already.

    Raises StoreError where another process has taken the job over.
    """
    if there.fence != claim.fence:
        raise StoreError(f"job {claim.job} was taken over by another process: this one stops")
    if there.landed > claim.landed:
        return True
    place = None if checkpoint is None else sealed(claim.job, there.landed + 1, checkpoint)
    looked = there.landed + 1 if is_looked_at else there.looked
    step_to = (there.landed + 1, looked, place, to_micros(tx.now) + LEASE_MICROS, claim.job)
    tx.update_rows(tables.jobs, ("landed", "looked", "checkpoint", "lease_until"), [step_to])
    return False


def note_looked(tx: Tx, number: int, looked: int) -> None:
    """Write how many of the batches of a job were looked at for reviews."""
    tx.update_rows(tables.jobs, ("looked",), [(looked, number)])


def sealed(job: int, landed: int, checkpoint: str) -> str:
    """Return a checkpoint as it is kept: behind a hash of it, its job and the count of batches that landed with it.

    Nothing else in a store tells whether it is right.
    """
    return f"{xxh3_64_hexdigest(encode([job, landed, checkpoint]))} {checkpoint}"


def finish(tx: Tx, claim: Claim, status: str) -> str:
    """Write how a job ended, if this run still owns it, and return that: cancelled where that was asked and not seen any more."""
    own = (_jobs.number == claim.job) & (_jobs.fence == claim.fence)
    there = tx.execute(select(_jobs.request).where(own)).first()
    ended = JobStatus.CANCELLED if there and there.request == "cancel" and status not in FINISHED else status
    if there:
        tx.change_row(tables.jobs, claim.job, ended_as(ended, tx.now))
    return ended


def left(tx: Tx) -> list[tuple[int, str | None]]:
    """Return the jobs that are marked as running, whose process is gone, and that no `--resume` can go on with: those of single
    records, of a replay, of an iterable; each with its owner as it is written.

    A process of another machine is believed to be gone after a long silence only: who adds single records renews no lease between
    them.
    """
    names = (_jobs.number, _jobs.owner, _jobs.lease_until)
    query = select(*names).where(_jobs.status == JobStatus.RUNNING, _jobs.identity.is_(None)).order_by(_jobs.number)
    return [(number, owner) for number, owner, lease_until in tx.execute(query) if _is_gone(owner, lease_until, tx.now)]


def _is_gone(owner: str | None, lease_until: int | None, now: str) -> bool:
    if owner is None:
        return True
    there = Owner.from_json(owner)
    return not there.is_alive if there.is_here else to_micros(now) - (lease_until or 0) >= SILENCE_MICROS


def behind(tx: Tx, own: int) -> list[tuple[int, float | None]]:
    """Return the jobs whose newest batch was not looked at for reviews: one's `own`, and those that no process is at work on; each
    with the confidence from which pairs wait, None where that is not told.
    """
    left = tx.execute(select(_jobs.number, _jobs.settings).where(_jobs.looked < _jobs.landed)).all()
    held = {number for number, _ in left if (found := _found(tx, _jobs.number == number)) and found.is_held(tx.now)}
    return [(number, orjson.loads(said).get("review_at")) for number, said in left if number == own or number not in held]


def close_left(tx: Tx) -> None:
    """Write that the jobs of `left` were interrupted; their records are in."""
    for number, _ in left(tx):
        tx.change_row(tables.jobs, number, ended_as(JobStatus.INTERRUPTED, tx.now))


def ask(tx: Tx, number: int, request: Request | None) -> None:
    """Ask the process of a job to pause or to cancel, or take that back; a job that no process runs is cancelled at once.

    Raises UsageError where there is nothing to ask for.
    """
    found = _found(tx, _jobs.number == number)
    if found is None:
        raise NotFoundError(f"no job {number}")
    if found.is_held(tx.now):
        tx.change_row(tables.jobs, number, {"request": request})
    elif found.status in FINISHED:
        raise UsageError(f"job {number} is {found.status}: there is nothing to {request or 'go on with'}")
    elif request == "cancel":
        cancel(tx, number)
    else:
        state = f"no process runs job {number}" + (f" ({found.status})" if found.status != JobStatus.RUNNING else "")
        raise UsageError(f"{state}: `memproc ingest --resume` on its files goes on with it, --cancel gives it up")


def cancel(tx: Tx, number: int) -> None:
    """Write that a job which no process runs was cancelled."""
    tx.change_row(tables.jobs, number, ended_as(JobStatus.CANCELLED, tx.now))


def ended_as(status: str, now: str) -> dict[str, str | None]:
    """Return what the row of a job that has ended holds; where it is finished, nothing goes on."""
    ended: dict[str, str | None] = {"status": status, "request": None, "finished_at": now, "owner": None, "lease_until": None}
    return {**ended, "checkpoint": None} if status in FINISHED else ended


def reached(tx: Tx, number: int) -> Reached:
    """Return what the batches of a job counted."""
    counted = Reached._fields[:-2]
    sums = [func.coalesce(func.sum(_batches["records" if name == "read" else name]), 0).label(name) for name in counted]
    row = tx.execute(select(*sums, func.count().label("batches")).where(_batches.job == number)).one()
    errors: dict[str, int] = {}
    for text in tx.execute(select(_batches.errors).where(_batches.job == number)).scalars():
        for category, count in orjson.loads(text).items():
            errors[category] = errors.get(category, 0) + count
    return Reached(**{name: int(count) for name, count in row._asdict().items()}, errors=errors)
