"""Merging the segments of the index: between the batches of an ingestion, and beside those who add single records.

Rules: a segment is never changed, so the new one is made without the store's lock, and written in a transaction of its own if those
it is made of are still there; another process or a `forget` may have replaced them. This changes no answer. Who adds one record
waits for no merge but the writing of one that is under way.
"""

from __future__ import annotations

import threading

from loguru import logger

from memproc.dedup import index
from memproc.errors import MemprocError
from memproc.store.segments import Segments
from memproc.store.transactions import Transactions


class Merger:
    """Merges what is worth it in one store. Safe to use from several threads."""

    def __init__(self, transactions: Transactions, segments: Segments) -> None:
        """Know the store; nothing is merged yet."""
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
        numbers, entries = list(alike), index.merged(alike.values())
        return self._transactions.write_again(lambda connection: self._segments.replace(connection, numbers, entries))
