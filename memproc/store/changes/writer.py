"""The writer of a store: begins jobs, writes their batches, and ends them. Ingestion, replay and `add` use it.

A batch of an ingestion or a replay is written in one transaction, and its reviews are found in the next, so that a kill loses
neither. Each record of `add` is a batch of its own; several share a transaction, which also finds their reviews.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import perf_counter
from typing import NamedTuple

from memproc.dedup.keys import Key
from memproc.errors import DatabaseError, StoreError
from memproc.formats.draft import Decided
from memproc.report.measured import Measured, Stage, StageClock
from memproc.report.report import Report
from memproc.store.changes.forgetting import take_over
from memproc.store.changes.landed import Arrived, Landed, batch_row
from memproc.store.changes.landing import Landing
from memproc.store.jobs.batches import insert_batch
from memproc.store.jobs.counting import count_into
from memproc.store.jobs.jobs import (
    FINISHED,
    Claim,
    StoredJob,
    begin,
    behind,
    close_left,
    end,
    finish,
    latest,
    left,
    note_looked,
    renew,
    step,
    take,
)
from memproc.store.jobs.owners import Owner
from memproc.store.jobs.telling import tell_landed
from memproc.store.jobs.waiting import adopt
from memproc.store.kinds import JobStatus
from memproc.store.opened import OpenStore
from memproc.store.quarantine.records import Origin
from memproc.store.quarantine.triage import QuarantineFilter, patterns_in, without_values
from memproc.store.reviews.reviewing import Fresh, Reviewed, Reviewer
from memproc.store.rows.state import StoreState, store_state
from memproc.store.sql.opening import check_policy
from memproc.store.sql.tx import Tx

PATTERNS_SHOWN = 3


class Batch(NamedTuple):
    """A batch to write: what arrived and from where, the decisions of a full export in it, and the checkpoint after it.
    `is_looked_at`: its reviews are found in the same transaction, or it can have none. `measured` is what the loop knows of it.
    `is_told`: webhooks are told of it, which they are not of single records.
    """

    arrived: Arrived
    origin: Origin
    decided: Sequence[Decided] = ()
    checkpoint: str | None = None
    is_looked_at: bool = False
    measured: Measured | None = None
    is_told: bool = False


Behind = Callable[[Tx, Batch, Landed], None]


class Writer:
    """Writes batches to one open store. Thread-safe."""

    def __init__(self, store: OpenStore, *, redacts: bool = False) -> None:
        """Know the store; with `redacts`, or where the store asks for it, no message tells what records hold."""
        self._store, self._transactions = store, store.transactions
        self._redacts = redacts or store.settings.redact

    @property
    def is_rehearsal(self) -> bool:
        """Whether what this thread lands now will be undone."""
        return self._transactions.is_rehearsal

    def begin_job(
        self,
        source: str,
        format: str,
        *,
        identity: Key | None = None,
        fingerprint: Key | None = None,
        checkpoint: str | None = None,
    ) -> Claim:
        """Write the start of a job that this process runs; return the claim with which it writes batches.

        `identity` is a hash of what is read into which store and how, by which the job is resumed, `fingerprint` one of the bytes;
        both are None if it cannot be resumed. `checkpoint` says where it begins, None for the beginning.
        """
        resumed_by = {"identity": identity, "fingerprint": fingerprint, "checkpoint": checkpoint}
        what = {"source": source, "format": format, "settings": self._store.settings_as_json, **resumed_by}
        with _new_run() as owner:
            return self._transactions.write(lambda tx: begin(tx, what, owner))

    def newest_job(self, identity: Key) -> StoredJob | None:
        """Return the newest job with this identity, and leave it as it is."""
        return self._transactions.read(lambda tx: latest(tx, identity))

    def take_job(self, identity: Key, fingerprint: Key | None) -> tuple[StoredJob | None, Claim | None]:
        """Return the newest job with this identity, and a claim on it if it is unfinished, has this fingerprint and no other
        process may be running it. If it was asked to cancel when its process died, cancel it.
        """

        def claimed(tx: Tx) -> tuple[StoredJob | None, Claim | None]:
            job = latest(tx, identity)
            if job is None or job.status in FINISHED or job.is_held(tx.now):
                return job, None
            if job.request == "cancel":
                end(tx, [job.number], JobStatus.CANCELLED)
                return job._replace(status=JobStatus.CANCELLED), None
            return job, take(tx, job, owner) if job.fingerprint == fingerprint else None

        with _new_run() as owner:
            job, claim = self._transactions.write(claimed)
            if claim is None:
                owner.end()
            return job, claim

    def adopt_job(self, claim: Claim, source: str, format: str, key: tuple[Key | None, Key | None]) -> StoredJob:
        """Write what the run of a job from the queue reads, and return the job as it was; `key` is its identity and fingerprint."""
        return self._transactions.write(lambda tx: adopt(tx, claim, source, format, key))

    def run_job(self, claim: Claim, work: Callable[[], str]) -> str:
        """Do the work of a job, write how it ended, also if it raises, and return its status, which a request may have changed."""
        try:
            status = work()
        except BaseException as error:
            with suppress(DatabaseError):  # the first error is the one to raise
                self.finish_job(claim, JobStatus.INTERRUPTED if isinstance(error, KeyboardInterrupt) else JobStatus.FAILED)
            raise
        return self.finish_job(claim, status)

    def finish_job(self, claim: Claim, status: str) -> str:
        """Write and return the status a job ended with. If writing fails, this process still counts the job as ended."""
        if not claim.owner.is_this_process:  # this is a fork: its parent runs and ends the job
            return status
        claim.owner.end()
        return self._transactions.write(lambda tx: finish(tx, claim, status))

    def close_left_jobs(self) -> None:
        """Close the jobs of dead processes that cannot be resumed, unless the store cannot be written now."""
        if self.is_rehearsal:
            return
        with suppress(DatabaseError):
            if self._transactions.read(left):
                self._transactions.write_if_free(close_left)

    def land(self, claim: Claim, batch: Batch, review_at: float | None = None) -> Landed:
        """Write one batch and everything that follows from it in one transaction, then find its reviews in another.

        Without the near tier there is no second transaction. `review_at` defaults to the settings. Retries transient failures;
        raises DatabaseError on others, and StoreError if another process has taken over the job.
        """
        batch = batch._replace(is_looked_at=self._store.policy.dedup != "near", is_told=True)
        claim.failing = (batch.arrived.first, len(batch.arrived.records))
        (landed,) = self.land_each(claim, [batch])
        claim.failing = None
        if landed.looking and not batch.is_looked_at:
            if batch.measured:
                batch.measured.clock.begin(Stage.REVIEWS)
            landed.uncompared = len(self._catch_up(claim.job, review_at, landed.fresh).broken)
        return landed

    def land_each(
        self, claim: Claim, batches: Sequence[Batch] | Callable[[Tx], Sequence[Batch]], behind: Behind | None = None
    ) -> list[Landed]:
        """Write batches, or what a function makes of the store as it is then, in order in one transaction, each followed by
        `behind`, and return the result of each.
        """
        if not claim.owner.is_this_process:
            raise StoreError(f"job {claim.job} belongs to the process that this one was forked from: begin another one here")
        attempts: list[list[Landed]] = []
        made: list[Batch] = []

        def landed(tx: Tx) -> list[Landed]:
            done: list[Landed] = []
            made[:] = batches(tx) if callable(batches) else batches
            for at, batch in enumerate(made):
                state = store_state(tx, claim.job)
                if not attempts and not at:  # an interrupt after a commit may have left it uncounted
                    claim.landed = state.landed
                next_claim = replace(claim, landed=claim.landed + at)
                if step(tx, next_claim, state, batch.checkpoint, is_looked_at=batch.is_looked_at):
                    attempts[-1][-1].request = state.request  # the commit succeeded, but the connection was lost
                    return attempts[-1]
                done.append(self._write_batch(tx, claim, batch, state))
                if behind is not None:
                    behind(tx, batch, done[-1])
            attempts.append(done)
            return done

        done = self._transactions.write_again(landed)  # the job's row tells a retry whether the batches are committed
        claim.landed += len(made)
        if any(decision.verdict == "forgotten" for batch in made for decision in batch.decided):
            self._store.wipe()
        return done

    def _write_batch(self, tx: Tx, claim: Claim, batch: Batch, state: StoreState) -> Landed:
        started, number, store = perf_counter(), state.batch + 1, self._store
        clock = batch.measured.clock if batch.measured else StageClock()
        clock.begin(Stage.LOOKUP)
        check_policy(state.policy, store.policy)
        tx.policy = store.policy
        store.segments.at(state.epoch, state.segment)
        landing = Landing(store.segments, claim.job, clock, redacts=self._redacts)
        landed = landing.land(tx, batch.arrived, state, batch.origin)
        landed.untaken = take_over(tx, store.segments, batch.decided, batch.origin.namespace or None, number)
        if any(decision.verdict == "forgotten" for decision in batch.decided):
            tx.note_deleted()
        if batch.decided or len(landed.looking) > 1:
            landed.epoch = 0  # later writes may have changed what was planned for review
        if batch.is_looked_at:
            landed.add_reviewed(self._reviewer().review_parts(tx, landed.looking, number))
        elif not any(part.keys for part in landed.looking) and state.looked == state.landed:
            landed.looking = []
            note_looked(tx, claim.job, state.landed + 1)
        row = batch_row(landed, batch.arrived, claim.job, started, batch.measured)
        insert_batch(tx, row)
        if batch.is_told and state.has_endpoints:
            claim.told_micros = tell_landed(tx, row, claim.told_micros)
        clock.begin(Stage.COMMITTING)
        landed.request = state.request
        return landed

    def catch_up(self, claim: Claim, review_at: float | None = None) -> int:
        """Find the reviews of batches whose process died after committing them, in this job and in jobs that no process runs, each
        with the `review_at` of its job. Return how many records memproc itself failed on.
        """
        jobs = self._transactions.read(lambda tx: behind(tx, claim.job))
        return sum(len(self._catch_up(job, review_at if job == claim.job else least).broken) for job, least in jobs)

    def _catch_up(self, job: int, review_at: float | None, fresh: Fresh | None = None) -> Reviewed:
        reviewer = self._reviewer(review_at)
        return self._transactions.write_again(lambda tx: reviewer.catch_up(tx, job, fresh))

    def _reviewer(self, review_at: float | None = None) -> Reviewer:
        store = self._store
        least = store.settings.review_at if review_at is None else review_at
        return Reviewer(store.segments, store.policy, least, self._redacts)

    def count_into(self, report: Report, fields: Collection[str], *, redacts: bool) -> None:
        """Add the counts of all runs of its job to a report, and its most frequent faults; with `redacts` without contents of
        records. `fields` are those of the schema.
        """

        def count(tx: Tx) -> None:
            count_into(tx, report)
            if report.quarantined:
                patterns, report.settled = patterns_in(tx, QuarantineFilter(job=report.job, status=None), PATTERNS_SHOWN)
                report.patterns = [without_values(pattern, fields) for pattern in patterns] if redacts else patterns

        self._transactions.read(count)

    def renew(self, claim: Claim) -> str | None:
        """Renew the lease of a job that waits for something else, and return what is asked of it."""
        return self._transactions.write_again(lambda tx: renew(tx, claim))

    def merge_index(self) -> None:
        """Merge index segments of similar size, in transactions of their own. This changes no result."""
        self._store.merger.merge()

    def let_others_write(self) -> None:
        """Pause ten times a second: a writer that takes the lock again at once starves the others."""
        self._store.let_others_write()


@contextmanager
def _new_run() -> Iterator[Owner]:
    """Yield the owner of a new run, and end it if the block raises."""
    owner = Owner.of_new_run()
    try:
        yield owner
    except BaseException:
        owner.end()
        raise
