"""A worker: takes the next job from the queue of a store, runs it under its number, and settles what became of it.

Strategy: the store is all that workers share. One that is killed leaves a job whose lease ends, and whoever asks for the next job
takes it up behind its last batch. So nothing here has to be right for nothing to be lost; it has to be right for nobody to wait.

Rules: a worker runs one job at a time. One that is told to end gives its job back behind the batch that it writes. A failure of a
job is no failure of the worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from loguru import logger

from memproc.errors import DatabaseError, MemprocError
from memproc.ingestion.pipeline import ingest_claimed
from memproc.records import Memory
from memproc.report.ending import Interrupted
from memproc.report.events import BatchLanded, Event
from memproc.report.report import Report
from memproc.resources import MEBIBYTE, Watch, allowed_bytes
from memproc.service.heartbeat import beating
from memproc.service.pressure import under_pressure
from memproc.service.reading import options_of
from memproc.service.stopping import Stop
from memproc.store.jobs.owners import Owner
from memproc.store.kinds import JobStatus
from memproc.store.queue.claiming import Claimed, claim_next, is_idle, is_left
from memproc.store.queue.rows import rules_of
from memproc.store.queue.settling import Ended, settle
from memproc.store.queue.work import sources_of
from memproc.store.queue.workers import drop_worker, note_worker
from memproc.store.store import Store, opened_by, writer_of

SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 1.0
ERROR_CHARS = 1_000
OK = ("done", "paused", "cancelled")


@dataclass(frozen=True, slots=True)
class Ran:
    """A job that a worker ran: its number, how the run ended, and why it failed."""

    job: int
    status: str
    error: str = ""


OnRun = Callable[[Ran], object]


class Worker:
    """One worker on an open store."""

    def __init__(
        self, store: Store[Memory], *, stop: Stop | None = None, on_event: Callable[[Event], object] | None = None
    ) -> None:
        self.store, self.stop, self._on_event = store, stop or Stop(), on_event
        self._opened = opened_by(store)
        self.owner, self._is_held_up = Owner.of_new_run(), False
        self.name = f"{self.owner.machine}:{self.owner.pid}"

    def work(self, *, until_empty: bool = False, on_run: OnRun | None = None) -> int:
        """Run jobs until it is told to stop, or with `until_empty` until none is ready, runs or is tried again; return how many."""
        count, wait = 0, SHORTEST_WAIT_SECONDS
        transactions = self._opened.transactions
        self._note("idle")
        try:
            while not self.stop.is_wanted:
                ran = self.run_next()
                if ran is not None:
                    count, wait = count + 1, SHORTEST_WAIT_SECONDS
                    if on_run is not None:
                        on_run(ran)
                elif until_empty and transactions.read(is_idle):
                    break
                else:
                    self.stop.wait(wait)
                    wait = min(wait * 2, LONGEST_WAIT_SECONDS)
        finally:
            self.owner.end()
            with suppress(DatabaseError):
                transactions.write(lambda tx: drop_worker(tx, self.owner))
        return count

    def run_next(self) -> Ran | None:
        """Run the next job, and return what became of it; None where there is none to run now."""
        transactions = self._opened.transactions
        if not transactions.read(is_left):
            return None
        if (why := under_pressure(transactions.read(rules_of))) is not None:
            logger.log("INFO" if self._is_held_up else "WARNING", "no job begins: {}", why)
            self._is_held_up = True
            self._note(why)
            return None
        self._is_held_up = False
        run = Owner.of_new_run()
        try:
            claimed = transactions.write(lambda tx: claim_next(tx, run, self.name))
            return None if claimed is None else self._run(claimed)
        finally:
            run.end()

    def _run(self, claimed: Claimed) -> Ran:
        """Run a job, write how it ended, and settle it."""
        claim, transactions = claimed.claim, self._opened.transactions
        self._note("running", claim.job)
        watch, started = Watch(), time.perf_counter()
        ended = Ended()
        with beating(self._opened, claim, self.owner):
            try:
                report = _RUNS[claimed.kind](self, claimed)
                status = report.status
                if status not in OK:
                    ended = Ended(error="; ".join(report.notes)[:ERROR_CHARS] or status)
            except Interrupted:
                status, ended = JobStatus.INTERRUPTED.value, Ended(is_given_back=True)
            except KeyboardInterrupt:
                status, ended = JobStatus.INTERRUPTED.value, Ended(is_given_back=True)
                self.stop.want()
            except MemprocError as error:
                status, ended = JobStatus.FAILED.value, Ended(error=str(error)[:ERROR_CHARS])
            except Exception as error:  # noqa: BLE001 - of a reader or a transform: the job has failed, and the worker goes on
                logger.opt(exception=True).warning("job {} failed", claim.job)
                status, ended = JobStatus.FAILED.value, Ended(error=f"{type(error).__name__}: {error}"[:ERROR_CHARS])
        self._finish(claimed, status)
        ended = ended._replace(used=_used(watch))
        transactions.write(lambda tx: settle(tx, claim.job, claimed.attempt, ended, by=self.name))
        self._note("idle")
        logger.info("job {}: {} after {:.3f} s", claim.job, status, time.perf_counter() - started)
        return Ran(claim.job, status, ended.error)

    def _finish(self, claimed: Claimed, status: str) -> None:
        """Write how a run ended that never came to write it itself."""
        known = {one.value for one in JobStatus} - {JobStatus.RUNNING.value}
        writer_of(self.store).finish_job(claimed.claim, status if status in known else JobStatus.FAILED.value)

    def ingest(self, claimed: Claimed) -> Report:
        """Ingest what a job names."""
        work = claimed.work
        settings = replace(self.store.settings, **work["settings"])
        if claimed.memory_share is not None and settings.max_memory is None:
            settings = replace(settings, max_memory=max(1, int(allowed_bytes() * claimed.memory_share)))
        return ingest_claimed(
            claimed.claim,
            sources_of(work),
            self.store,
            namespace=work["namespace"],
            source=work["source"],
            format=work["format"],
            settings=settings,
            on_event=self._hear,
            **options_of(work, self.store.schema),
        )

    def _hear(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)
        if isinstance(event, BatchLanded) and self.stop.is_wanted:
            raise KeyboardInterrupt

    def _note(self, state: str, job: int | None = None) -> None:
        """Write what this worker does, if the database lets it: nothing depends on it."""
        self._opened.transactions.write_if_free(lambda tx: note_worker(tx, self.owner, state, job))


def _used(watch: Watch) -> Mapping[str, Any]:
    watch.look()
    told = watch.told()
    return {"cpu_seconds": float(told["cpu_seconds"]), "peak_bytes": int((told["peak_rss_mb"] or 0) * MEBIBYTE)}


_RUNS: Mapping[str, Callable[[Worker, Claimed], Report]] = {"ingest": Worker.ingest}
