"""Jobs that no process has begun yet: their rows in `jobs`, as the queue writes them."""

from __future__ import annotations

from sqlalchemy import select

from memproc.errors import StoreError, UsageError
from memproc.store.jobs.jobs import FINISHED, LEASE_MICROS, Claim, StoredJob, end, jobs_by_number, take
from memproc.store.jobs.owners import Owner
from memproc.store.jobs.telling import Ending
from memproc.store.kinds import JobStatus
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

_OWN = select(tables.jobs.c.number, tables.jobs.c.fence, tables.jobs.c.status)


def insert_waiting(tx: Tx, source: str, format: str, settings: str) -> int:
    """Write a job that waits, and return its number."""
    number = tx.next_number(tables.jobs)
    what = {"source": source, "format": format, "settings": settings, "status": JobStatus.WAITING}
    tx.insert_rows(tables.jobs, [{"number": number, **what, "fence": 0, "landed": 0, "looked": 0, "started_at": tx.now}])
    return number


def note_status(tx: Tx, number: int, status: JobStatus) -> None:
    """Write what a job that no process runs has become."""
    if status in (JobStatus.CANCELLED, JobStatus.FAILED, JobStatus.SKIPPED):
        end(tx, [number], status)
    else:
        is_left = status in (JobStatus.PAUSED, JobStatus.HELD)
        to_tell = Ending.of(tx, [number] if is_left else [], status)
        row = {"number": number, "status": status, "request": None, "owner": None, "lease_until": None, "finished_at": None}
        tx.update_rows(tables.jobs, [row])
        to_tell.tell(tx)


def stored_jobs(tx: Tx, numbers: set[int]) -> dict[int, StoredJob]:
    """Return jobs by their numbers."""
    return {job.number: job for job in jobs_by_number(tx, numbers)}


def take_waiting(tx: Tx, number: int, owner: Owner) -> Claim:
    """Give a job to a run; the first one begins it."""
    (job,) = jobs_by_number(tx, {number})
    if tx.execute(_OWN.where(tables.jobs.c.number == number)).one().fence == 0:
        tx.update_rows(tables.jobs, [{"number": number, "started_at": tx.now}])
    return take(tx, job, owner)


def adopt(tx: Tx, claim: Claim, source: str, format: str, key: tuple[bytes | None, bytes | None]) -> StoredJob:
    """Write what the run of a job reads, as soon as it knows that, and return the job as it was.

    Raises StoreError where another process has the job, and UsageError where what it has read in part has changed.
    """
    row = tx.execute(_OWN.where(tables.jobs.c.number == claim.job)).one()
    if row.fence != claim.fence:
        raise StoreError(f"job {claim.job} was taken over by another process: this one stops")
    (job,) = jobs_by_number(tx, {claim.job})
    identity, fingerprint = key
    if job.landed and job.fingerprint != fingerprint:
        raise UsageError(f"the source has changed since job {job.number} read a part of it: give it as it was, or submit it anew")
    what = {"source": source, "format": format, "identity": identity, "fingerprint": fingerprint}
    tx.update_rows(tables.jobs, [{"number": claim.job, **what}])
    return job


def renew(tx: Tx, claim: Claim) -> None:
    """Keep a job for its run, which goes on though no batch has landed for a while."""
    row = tx.execute(_OWN.where(tables.jobs.c.number == claim.job)).first()
    if row is not None and row.fence == claim.fence and row.status == JobStatus.RUNNING:
        tx.update_rows(tables.jobs, [{"number": claim.job, "lease_until": to_micros(tx.now) + LEASE_MICROS}])


def is_finished(status: str) -> bool:
    """Tell whether nothing is left to do for a job."""
    return status in FINISHED
