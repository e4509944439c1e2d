"""Brings the search index up to the observations that came since: in a thread when something was looked for, or on request.

Rules: what goes into a part is computed outside of any writing transaction, and written if the store still has these observations.
Whoever looks for something waits for none of it. Where the store cannot be written now the index stays as it is: what came since
is read one by one.
"""

from __future__ import annotations

import threading
from functools import partial
from time import monotonic

from loguru import logger

from memproc.errors import MemprocError
from memproc.store.rows.searched import Indexed, computed_part, next_part, write_part
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx

AGAIN_AFTER_SECONDS = 10.0


class SearchIndex:
    """The search index of one store. Thread-safe."""

    def __init__(self, transactions: Transactions, *, is_read_only: bool) -> None:
        self._transactions, self._is_read_only = transactions, is_read_only
        self._thread: threading.Thread | None = None
        self._is_stopping, self._not_before = False, 0.0

    def catch_up(self) -> int:
        """Index all of what came since, but for the last few, and return how many observations that were."""
        count = 0
        while (indexed := self._transactions.read(_computed_next)) is not None:
            if self._transactions.write(partial(write_part, indexed=indexed)):
                count += indexed.part.span
        return count

    def catch_up_aside(self) -> None:
        """Index in a background thread what came since, if no other does and the store could be written lately."""
        if self._is_read_only or self._transactions.is_rehearsal or monotonic() < self._not_before:
            return
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._catch_up_quietly, name="memproc-search-index", daemon=True)
            self._thread.start()

    def begin_afresh(self) -> None:
        """Drop the thread in a process that was just forked."""
        self._thread = None

    def stop(self) -> None:
        """End the thread after the part that it is at, if there is one."""
        self._is_stopping = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _catch_up_quietly(self) -> None:
        try:
            while not self._is_stopping and (indexed := self._transactions.read(_computed_next)) is not None:
                if not self._is_written_if_free(indexed):
                    self._not_before = monotonic() + AGAIN_AFTER_SECONDS
                    return
        except MemprocError as error:  # harmless: what is not in the index is read
            logger.warning("the search index was not brought up: {}", error)
            self._not_before = monotonic() + AGAIN_AFTER_SECONDS

    def _is_written_if_free(self, indexed: Indexed) -> bool:
        is_done: list[bool] = []
        return self._transactions.write_if_free(lambda tx: is_done.append(write_part(tx, indexed))) and is_done[-1]


def _computed_next(tx: Tx) -> Indexed | None:
    part = next_part(tx)
    return None if part is None else computed_part(tx, part)
