"""Adds single records, each in its own transaction or together with records that other threads add at the same moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from memproc.errors import DatabaseError
from memproc.store.changes.group_commit import GroupCommit
from memproc.store.changes.landed import Arrived, Landed, Replaced
from memproc.store.changes.writer import Batch, Behind, Writer
from memproc.store.jobs.jobs import Claim
from memproc.store.jobs.telling import ADDED
from memproc.store.kinds import JobStatus
from memproc.store.opened import OpenStore
from memproc.store.quarantine.records import Origin
from memproc.store.rows.memories import memory_at
from memproc.store.rows.observations import records_of, require_row
from memproc.store.sql.tx import Tx
from memproc.taken import Taken


class Adder:
    """Adds single records to one open store, in a job that ends when the store is closed. Thread-safe."""

    def __init__(self, store: OpenStore, writer: Writer) -> None:
        self._store, self._writer = store, writer
        self._group_commit = GroupCommit(self._land)
        self._job: Claim | None = None
        self._added = 0
        self._has_caught_up = False

    def add(self, taken: Taken, origin: Origin) -> Landed:
        """Write one prepared record, and return the result."""
        transactions = self._store.transactions
        # In a rehearsal this thread must not write records of others: they would be rolled back.
        landed = self._group_commit.write((taken, origin), transactions.lock, is_alone=lambda: transactions.is_rehearsal)
        self._store.merger.merge_aside()
        return landed

    def put(self, make: Callable[[Tx], tuple[Taken, Replaced | None]], origin: Origin, behind: Behind) -> Landed:
        """Write the one record that `make` prepares from what the store holds at that moment, with what it is known to replace,
        followed by `behind` in the same transaction, and return the result.
        """
        with self._store.transactions.lock:
            job = self._begun(origin.format)

            def batches(tx: Tx) -> list[Batch]:
                taken, replaced = make(tx)
                return [Batch(Arrived(taken, self._added, None, replaced), origin, is_looked_at=True)]

            (landed,) = self._writer.land_each(job, batches, behind)
            self._added += 1
        self._store.merger.merge_aside()
        return landed

    def _begun(self, format: str) -> Claim:
        """Return the job, begun if it was not, after the reviews of others that were left are found."""
        if self._job is None:
            self._job = self._writer.begin_job(ADDED, format)
            self._has_caught_up = False
        if not self._has_caught_up:
            self._writer.catch_up(self._job)
            self._has_caught_up = True
        return self._job

    def _land(self, added: Sequence[tuple[Taken, Origin]]) -> list[Landed]:
        """Write records in one transaction, each as a batch of its own, so that its result is that of a record alone."""
        job = self._begun(added[0][1].format)
        batches = [Batch(Arrived(taken, at), origin, is_looked_at=True) for at, (taken, origin) in enumerate(added, self._added)]
        landed = self._writer.land_each(job, batches, _read_back)
        self._added += len(added)
        return landed

    def close(self) -> None:
        """End the job, if one was begun."""
        if self._job is not None:
            with suppress(DatabaseError):  # the records are committed; only the end of the job is not written
                self._writer.finish_job(self._job, JobStatus.DONE)
            self._job = None

    def begin_afresh(self) -> None:
        """Drop the job and the queue in a process that was just forked."""
        self._group_commit.begin_afresh()
        self._job, self._added = None, 0

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Restore the job after the block."""
        process = os.getpid()
        before = self._job and replace(self._job), self._added, self._has_caught_up
        try:
            yield
        finally:
            if os.getpid() == process:
                self._job, self._added, self._has_caught_up = before


def _read_back(tx: Tx, batch: Batch, landed: Landed) -> None:
    """Read what a single record is in now, and what it is similar to, before anybody else can change that."""
    if landed.rejected or landed.forgotten:
        return
    key = batch.arrived.records.accepted.at(0).key
    if not landed.new or landed.membership.get(key) is not None:
        landed.memory = memory_at(tx, require_row(tx, key.hex()))
    for anchor in (judged.anchor for judged in landed.similar if judged.anchor is not None):
        landed.anchor = records_of(tx, [anchor]).get(anchor)
