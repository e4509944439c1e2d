"""The transactions of an open store: one at a time among its threads where it writes, and begun again where a failure may pass.

Rules: what reads or writes is a function of a transaction, so that it can be run anew. A commit may come through though the
answer to it is lost; so each writing transaction leaves its mark in the store's row, and who finds it there does nothing twice. A
long read goes on behind the last value it gave, as long as nothing was written meanwhile: what it gives is of one moment. No
writer waits for a reader, however slowly what it gives is taken.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count, islice
from time import perf_counter
from typing import TypeVar
from uuid import uuid4

from loguru import logger
from sqlalchemy import select, update

from memproc.errors import DatabaseError, StoreError
from memproc.failures import MOST_RETRIES, Kind, wait_seconds
from memproc.store.sql import tables
from memproc.store.sql.database import BRIEFLY_SECONDS, Database
from memproc.store.sql.tx import Tx
from memproc.telling import Retrying, tell

Answer = TypeVar("Answer")

MARKS_KEPT = 16  # more transactions of others are not committed in the seconds that an attempt waits; those of batches leave none
ATTEMPTS_IF_FREE, BETWEEN_ATTEMPTS_SECONDS = 10, 0.05

_store = tables.store.c


class Transactions:
    """Runs reading and writing work on a store. Safe to use from several threads."""

    def __init__(
        self, database: Database, *, on_end: Callable[[], None], on_rollback: Callable[[], None], retries: int = MOST_RETRIES
    ) -> None:
        """Know the database, and what is to be called when a writing transaction ends, and before that when it was rolled back;
        and how often one that failed is begun again.
        """
        self._database, self._on_end, self._on_rollback, self._retries = database, on_end, on_rollback, retries
        self.lock = threading.RLock()  # of its threads; who holds it may write several times without another in between
        self._rehearsal: Tx | None = None
        self._rehearsing_thread = 0
        self._is_forked_off = False  # this process was forked within a rehearsal
        self.is_closed = False

    def begin_afresh(self) -> None:
        """Hold no lock and no rehearsal, in a process that was just forked."""
        self.lock = threading.RLock()
        self._is_forked_off, self._rehearsal = self.is_rehearsal, None

    @property
    def is_rehearsal(self) -> bool:
        """Whether what this thread writes now will be undone; other threads wait until that is over."""
        return self._rehearsal is not None and self._rehearsing_thread == threading.get_ident()

    def check_open(self) -> None:
        """Raise StoreError where the store is closed."""
        if self.is_closed:
            raise StoreError("the store is closed")
        if self._is_forked_off:
            raise StoreError("this process was forked within a rehearsal, which is its parent's: fork outside of it")

    def read(self, work: Callable[[Tx], Answer]) -> Answer:
        """Return what work gives that reads only."""
        for attempt in self._attempts():
            with attempt, self.reading() as tx:
                return work(tx)
        raise AssertionError

    def stream(self, work: Callable[[Tx], Iterator[Answer]]) -> Iterator[Answer]:
        """Give one by one what work gives that reads only, always in the same order.

        Raises DatabaseError also where a failure might pass and the store has changed: the rest would be of another moment.
        """
        given, epoch = 0, None
        lost: DatabaseError | None = None
        given_up: list[DatabaseError] = []
        for attempt in self._attempts(lambda: bool(given_up)):
            with attempt:
                try:
                    with self.reading() as tx:
                        before, epoch = epoch, tx.execute(select(_store.epoch)).scalar()
                        if lost is not None and given and before != epoch:
                            given_up.append(lost)
                            raise lost
                        answers: Iterator[Answer] = islice(work(tx), given, None)
                        if self.is_rehearsal:  # what is written meanwhile would be seen, as it is one transaction
                            answers = iter([*answers])
                        for answer in answers:
                            given += 1
                            process = os.getpid()
                            yield answer
                            if os.getpid() != process:
                                raise StoreError("this process was forked within a loop over the store: begin the loop anew in it")
                        return
                except DatabaseError as error:
                    lost = error
                    raise

    def write(self, work: Callable[[Tx], Answer]) -> Answer:
        """Return what work gives in one writing transaction, which is committed once, however many attempts that takes."""
        mark = uuid4().hex
        answers: list[Answer] = []

        def marked(tx: Tx) -> Answer:
            marks = tx.execute(select(_store.marks)).scalar() or ""
            if answers and mark in marks:  # the commit came through, and the answer to it was lost
                return answers[-1]
            answers.append(work(tx))
            tx.execute(update(tables.store).values(marks=(mark + marks)[: MARKS_KEPT * len(mark)]))
            return answers[-1]

        return self.write_again(marked)

    def write_again(self, work: Callable[[Tx], Answer]) -> Answer:
        """Return what work gives that sees by itself whether it was done already."""
        for attempt in self._attempts():
            with attempt, self._writing() as tx:
                return work(tx)
        raise AssertionError

    def write_if_free(self, work: Callable[[Tx], object]) -> bool:
        """Do what can as well be done another time, and may be done twice; return whether it was, as the database let it."""
        for _ in range(ATTEMPTS_IF_FREE):
            if not self.lock.acquire(timeout=BETWEEN_ATTEMPTS_SECONDS):
                continue
            try:
                with self._database.write_if_free() as tx:
                    work(tx)
                    return True
            except DatabaseError as error:
                if error.failure.kind is not Kind.TRANSIENT:
                    break
            finally:
                self.lock.release()
            time.sleep(BETWEEN_ATTEMPTS_SECONDS)
        return False

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """Give one reading transaction, in a rehearsal that of the rehearsal; it is not begun again.

        Who read for longer than one who deletes waits for readers does for it what it could not do meanwhile.
        """
        self.check_open()
        if self._rehearsal is not None and self.is_rehearsal:
            yield self._rehearsal.nested()
            return
        started = perf_counter()
        try:
            with self._database.read() as tx:
                yield tx
        finally:
            if self._database.is_unwiped or perf_counter() - started > BRIEFLY_SECONDS:
                self._database.wipe()

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Let everything be done inside the block and undo it at its end. Other threads see nothing of it; writers wait."""
        self.check_open()
        if self._rehearsal is not None and self.is_rehearsal:
            within = self._rehearsal.savepoint()
            try:
                yield
            finally:
                within.rollback()
                self._on_rollback()
            return
        with self.lock, self._database.write() as tx:
            self._rehearsing_thread = threading.get_ident()
            self._rehearsal = tx
            process = os.getpid()
            try:
                yield
            finally:
                self._rehearsal, self._is_forked_off = None, False
                if os.getpid() == process:
                    tx.connection.rollback()
                self._on_rollback()

    @contextmanager
    def _writing(self) -> Iterator[Tx]:
        self.check_open()
        with self.lock:
            try:
                if self._rehearsal is not None:
                    with self._rehearsal.savepoint():
                        yield self._rehearsal.nested()
                else:
                    with self._database.write() as tx:
                        yield tx
            except BaseException:
                self._on_rollback()
                raise
            finally:
                self._on_end()

    def _attempts(self, is_in_vain: Callable[[], bool] = lambda: False) -> Iterator[AbstractContextManager[None]]:
        """Give attempts, one after the other, until in one of them nothing goes wrong that may pass, or another one is in vain."""

        @contextmanager
        def attempt(number: int) -> Iterator[None]:
            try:
                yield
            except DatabaseError as error:
                is_last = number >= self._retries or self.is_rehearsal or is_in_vain()
                if is_last or error.failure.kind is not Kind.TRANSIENT:
                    raise
                logger.warning("attempt {}: {}", number + 1, error)
                wait = wait_seconds(number, random.random())  # noqa: S311 - no secret
                tell(Retrying(str(error), number + 1, wait))
                time.sleep(wait)

        return map(attempt, count())
