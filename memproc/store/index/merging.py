"""Merges segments of the index: between the batches of an ingestion, and in a thread while single records are added.

Rules: a merge is a transaction of its own, and happens only if its segments still exist; another process or a `forget` may have
replaced them. It changes no result. Segments are read part by part. `add` waits for a running merge but does not run one itself.
"""

from __future__ import annotations

import threading

from loguru import logger

from memproc.errors import MemprocError
from memproc.store.index.segments import Segments
from memproc.store.sql.transactions import Transactions


class Merger:
    """Merges the segments of one store. Thread-safe."""

    def __init__(self, transactions: Transactions, segments: Segments) -> None:
        self._transactions, self._segments = transactions, segments
        self._thread: threading.Thread | None = None

    def merge(self) -> None:
        """Merge segments of similar size until there are too few of them."""
        while self._merge_once():
            pass

    def merge_aside(self) -> None:
        """Merge in a background thread, if there is something to merge and no other thread does."""
        if self._transactions.is_rehearsal or (self._thread is not None and self._thread.is_alive()):
            return
        if self._segments.newest_alike():
            self._thread = threading.Thread(target=self._merge_quietly, name="memproc-merge", daemon=True)
            self._thread.start()

    def begin_afresh(self) -> None:
        """Drop the thread in a process that was just forked."""
        self._thread = None

    def wait(self) -> None:
        """Wait for the thread, if there is one."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _merge_quietly(self) -> None:
        try:
            self.merge()
        except MemprocError as error:  # harmless: searches read more segments until the next merge
            logger.warning("segments were not merged: {}", error)

    def _merge_once(self) -> bool:
        with self._transactions.lock:
            alike = self._segments.newest_alike()
        if not alike:
            return False
        return self._transactions.write_again(lambda tx: self._segments.unite(tx, alike))
