"""Jobs: who runs one, how far it is, and what was asked of it.

Rules: a job has one owner at a time. Taking it over raises its fence, and a batch lands only under the fence that its process
was given, so what a late writer sends is refused. The checkpoint is written in the batch's own transaction, and with it how many
batches landed: who lost the connection while committing sees there whether the batch is in.

Strategy: a dead owner on the same machine is told by its process; another machine's by its lease, which each batch renews.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import Connection, func, select, update

from memproc.dedup.keys import Key
from memproc.errors import StoreError
from memproc.store import tables
from memproc.store.database import Database, next_number
from memproc.store.owners import Owner
from memproc.times import to_micros

LEASE_MICROS = 10_000_000
FINISHED = ("done", "cancelled")
COUNTED = ("read", "stored", "duplicate", "merged", "quarantined", "review", "candidates", "verified", "forgotten")

ENDED_BY = {"pause": "paused", "cancel": "cancelled"}  # the status of a job that did what it was asked

Request = Literal["pause", "cancel"]
_jobs, _batches = tables.jobs.c, tables.batches.c


@dataclass(slots=True)
class Claim:
    """The right to land batches for a job: its number, its fence, and how many batches this process knows to have landed."""

    job: int
    fence: int
    landed: int = 0


class Found(NamedTuple):
    """A job that reads the same: its fingerprint, and how it stands."""

    number: int
    fingerprint: Key | None
    status: str
    owner: Owner | None
    lease_until: int
    checkpoint: str | None

    def is_held(self, now: str) -> bool:
        """Tell whether its owner may still be at work."""
        if self.status != "running" or self.owner is None:
            return False
        return self.owner.is_alive if self.owner.is_here else to_micros(now) < self.lease_until


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


def begin(
    database: Database,
    connection: Connection,
    source: str,
    format: str,
    settings: str,
    now: str,
    identity: Key | None = None,
    fingerprint: Key | None = None,
) -> Claim:
    """Write the start of a job that this process owns."""
    number = next_number(connection, tables.jobs)
    owner, lease = Owner.of_this_process().to_json(), to_micros(now) + LEASE_MICROS
    row = (number, identity, fingerprint, source, format, settings, "running", None, owner, 1, lease, 0, None, now, None)
    database.insert_rows(connection, tables.jobs, [row])
    return Claim(number, 1)


def latest(connection: Connection, identity: Key) -> Found | None:
    """Return the newest job of this identity."""
    names = ("number", "fingerprint", "status", "owner", "lease_until", "checkpoint")
    query = select(*(_jobs[name] for name in names)).where(_jobs.identity == identity).order_by(_jobs.number.desc()).limit(1)
    row = connection.execute(query).first()
    if row is None:
        return None
    number, fingerprint, status, owner, lease_until, checkpoint = row
    return Found(number, fingerprint, status, Owner.from_json(owner) if owner else None, lease_until or 0, checkpoint)


def take(connection: Connection, number: int, now: str) -> Claim:
    """Make this process the owner of a job that is not held; what was asked of it before is void."""
    lease = to_micros(now) + LEASE_MICROS
    values: dict[str, Any] = {"owner": Owner.of_this_process().to_json(), "lease_until": lease, "status": "running"}
    values |= {"fence": _jobs.fence + 1, "request": None, "finished_at": None}
    connection.execute(update(tables.jobs).where(_jobs.number == number).values(values))
    fence, landed = connection.execute(select(_jobs.fence, _jobs.landed).where(_jobs.number == number)).one()
    return Claim(number, fence, landed)


def step(connection: Connection, claim: Claim, checkpoint: str | None, now: str) -> tuple[int, str | None]:
    """Note that one more batch lands; return how many have landed without it and what is asked of the job.

    Raises StoreError where another process has taken the job over.
    """
    asked = select(_jobs.fence, _jobs.landed, _jobs.request).where(_jobs.number == claim.job)
    fence, landed, request = connection.execute(asked).one()
    if fence != claim.fence:
        raise StoreError(f"job {claim.job} was taken over by another process: this one stops")
    if landed == claim.landed:
        values = {"landed": landed + 1, "checkpoint": checkpoint, "lease_until": to_micros(now) + LEASE_MICROS}
        connection.execute(update(tables.jobs).where(_jobs.number == claim.job).values(values))
    return landed, request


def finish(connection: Connection, claim: Claim, status: str, now: str) -> None:
    """Write how a job ended, if this process still owns it."""
    own = (_jobs.number == claim.job) & (_jobs.fence == claim.fence)
    connection.execute(update(tables.jobs).where(own).values(status=status, finished_at=now, owner=None, lease_until=None))


def ask(connection: Connection, number: int, request: Request | None, now: str) -> None:
    """Ask the process of a job to pause or to cancel, or take that back; a job that no process runs is cancelled at once."""
    connection.execute(update(tables.jobs).where(_jobs.number == number).values(request=request))
    if request == "cancel":
        idle = (_jobs.number == number) & _jobs.status.not_in(("running", *FINISHED))
        connection.execute(update(tables.jobs).where(idle).values(status="cancelled", finished_at=now))


def reached(connection: Connection, number: int) -> Reached:
    """Return what the batches of a job counted."""
    columns = {name: _batches["records" if name == "read" else name] for name in COUNTED}
    sums = [func.coalesce(func.sum(column), 0).label(name) for name, column in columns.items()]
    row = connection.execute(select(*sums, func.count().label("batches")).where(_batches.job == number)).one()
    errors: dict[str, int] = {}
    for text in connection.execute(select(_batches.errors).where(_batches.job == number)).scalars():
        for category, count in orjson.loads(text).items():
            errors[category] = errors.get(category, 0) + count
    return Reached(**{name: int(count) for name, count in row._asdict().items()}, errors=errors)
