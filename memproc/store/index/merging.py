"""Merging the segments of the index: between the batches of an ingestion, and beside those who add single records.

Rules: a merge has a transaction of its own, and is done if the segments are still there; another process or a `forget` may have
replaced them. This changes no answer. Segments go through memory part by part. Who adds one record begins no merge, and waits
for one that is under way.
"""

from __future__ import annotations

import threading

from loguru import logger

from memproc.errors import MemprocError
from memproc.store.index.segments import Segments
from memproc.store.sql.transactions import Transactions


class Merger:
    """Merges what is worth it in one store. Safe to use from several threads."""

    def __init__(self, transactions: Transactions, segments: Segments) -> None:
        self._transactions, self._segments = transactions, segments
        self._thread: threading.Thread | None = None

    def merge(self) -> None:
        """Merge segments of like size until that is no more worth it."""
        while self._merge_once():
            pass

    def merge_aside(self) -> None:
        """Do the same in a thread of its own, if there is something to do and no other at work on it."""
        if self._transactions.is_rehearsal or (self._thread is not None and self._thread.is_alive()):
            return
        if self._segments.newest_alike():
            self._thread = threading.Thread(target=self._merge_quietly, name="memproc-merge", daemon=True)
            self._thread.start()

    def begin_afresh(self) -> None:
        """Know of no thread, in a process that was just forked."""
        self._thread = None

    def wait(self) -> None:
        """Wait for the thread, if there is one."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _merge_quietly(self) -> None:
        try:
            self.merge()
        except MemprocError as error:  # nothing is lost: who looks for something reads more segments, and the next merges them
            logger.warning("segments were not merged: {}", error)

    def _merge_once(self) -> bool:
        with self._transactions.lock:
            alike = self._segments.newest_alike()
        if not alike:
            return False
        return self._transactions.write_again(lambda tx: self._segments.unite(tx, alike))
