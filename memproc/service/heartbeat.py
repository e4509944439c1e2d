"""The heartbeat of a run: it keeps its job though no batch lands for a while, and tells that its worker lives.

Facts: a batch renews the lease of its job. A slow source may give none for longer than a lease, and on another machine the job
would be taken for lost then. A worker that was taken for lost writes nothing more: its fence is old.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from memproc.errors import MemprocError
from memproc.store.jobs.jobs import LEASE_MICROS, Claim
from memproc.store.jobs.owners import Owner
from memproc.store.jobs.waiting import renew
from memproc.store.opened import OpenStore
from memproc.store.queue.workers import note_worker
from memproc.store.sql.tx import Tx

EVERY_SECONDS = LEASE_MICROS / 1e6 / 3
JOINED_SECONDS = 30.0


@contextmanager
def beating(store: OpenStore, claim: Claim, worker: Owner) -> Iterator[None]:
    """Renew the lease of a job three times in its length, as long as the block lasts."""
    ended = threading.Event()

    def beat(tx: Tx) -> None:
        renew(tx, claim)
        note_worker(tx, worker, "running", claim.job)

    def go_on() -> None:
        while not ended.wait(EVERY_SECONDS):
            with suppress(MemprocError):  # the next beat may come through
                store.transactions.write_if_free(beat)

    thread = threading.Thread(target=go_on, name=f"heartbeat of job {claim.job}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(JOINED_SECONDS)
