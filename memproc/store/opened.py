"""`OpenStore`: the database, index and settings of an open store, for the code that reads or changes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import orjson

from memproc.config import Policy, Settings
from memproc.errors import DatabaseError, StoreError
from memproc.masking import url_shown
from memproc.store.index.catching_up import SearchIndex
from memproc.store.index.merging import Merger
from memproc.store.index.segments import Segments
from memproc.store.sql.database import BRIEFLY_SECONDS, Database
from memproc.store.sql.opening import open_policy
from memproc.store.sql.transactions import Transactions

GAP_EVERY_SECONDS = 0.1


class OpenStore:
    """An open store. `policy` holds the settings it was built with."""

    def __init__(self, where: str | Path, settings: Settings, *, for_rebuild: bool = False) -> None:
        """Open or create the store. Raises StoreError or UsageError as `memproc.open` does."""
        self.settings = settings
        self.database = Database(where, settings)
        self.url = url_shown(self.database.url)
        self.segments = Segments()
        self.transactions = Transactions(
            self.database, on_end=self.segments.leave, on_rollback=self.segments.forget_cached, retries=settings.retries
        )
        self.merger = Merger(self.transactions, self.segments)
        self.search_index = SearchIndex(self.transactions, is_read_only=self.database.is_read_only)
        self._gave_way_at = perf_counter()
        try:
            self.policy: Policy = open_policy(self.database, settings, for_rebuild=for_rebuild)
        except BaseException as error:
            self.database.close()
            if not isinstance(error, DatabaseError):
                raise
            raise StoreError(f"{self.database} cannot be opened as a store: {error}") from error

    @property
    def settings_as_json(self) -> str:
        """The settings as a job stores them."""
        return orjson.dumps(self.settings, option=orjson.OPT_SORT_KEYS).decode()

    def begin_afresh(self) -> None:
        """Replace locks and the cached index in a process that was just forked."""
        self.transactions.begin_afresh()
        self.merger.begin_afresh()
        self.search_index.begin_afresh()
        self.segments.leave()
        self.segments.forget_cached()

    def close(self) -> None:
        """Wait for a running merge of the index, and close all connections."""
        self.search_index.stop()
        self.merger.wait()
        self.transactions.is_closed = True
        self.database.wipe()
        self.database.close()

    def wipe(self) -> None:
        """Overwrite deleted data in the files, waiting briefly for readers; do nothing in a rehearsal."""
        if not self.transactions.is_rehearsal:
            self.database.wipe(BRIEFLY_SECONDS)

    def let_others_write(self) -> None:
        """Pause ten times a second: a writer that takes the lock again at once starves the others."""
        gap = self.database.backend.gap_seconds
        if gap and not self.transactions.is_rehearsal and perf_counter() - self._gave_way_at > GAP_EVERY_SECONDS:
            time.sleep(gap)
            self._gave_way_at = perf_counter()

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Roll back all changes at the end of the block. Other threads do not see them, and writers wait."""
        with self.transactions.rehearsal():
            yield
