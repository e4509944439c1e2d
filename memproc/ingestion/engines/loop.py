"""Prepares chunks of items, several at a time if there is a pool, and yields the results in order.

Facts: if a worker of a process pool dies, every pending call fails, and the pool accepts no more. Dask and Ray lose only the one
call. A pool may also be gone without any error (see `waiting`).

Rules: at most `IN_FLIGHT_A_WORKER` chunks per worker are pending, so memory stays bounded. Chunks that were pending when a worker
died are prepared again one by one, so the chunk that kills workers is found. It is halved down to one item, which is given up and
rejected; its neighbours are kept. Chunks that cannot be sent to a worker are prepared in this process.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from typing import NamedTuple

from loguru import logger

from memproc.errors import EngineError
from memproc.ingestion.engines.pools import Pool
from memproc.ingestion.engines.waiting import END_SECONDS, PoolDiedError, answered
from memproc.intake import Chunk, given_up
from memproc.sources.items import Piece

IN_FLIGHT_A_WORKER = 2
ATTEMPTS_OF_ONE = 2  # before an item is given up: something else may have killed the worker

Take = Callable[[Sequence[Piece]], Chunk]
GiveUp = Callable[[Piece], Chunk]


class Done(NamedTuple):
    """A prepared chunk, and the id of the process that prepared it."""

    worker: int
    chunk: Chunk


class _Sent(NamedTuple):
    pieces: Sequence[Piece]
    executor: Executor  # the pool's when the call was sent; a restart replaces it
    future: Future[Done]


def prepare_chunks(
    pool: Pool | None,
    take: Callable[[], Take],
    chunks: Iterable[Sequence[Piece]],
    *,
    give_up: GiveUp = given_up,
    redacts: bool = False,
) -> Generator[Done, None, None]:
    """Yield each prepared chunk in order; without a pool, prepare them in this process. `take` returns the function that prepares
    the next chunk, `give_up` what becomes of an item that ends workers. With `redacts` the log shows the type of an error but not
    its message, which may quote a record.

    Raises EngineError if the workers cannot start, or if a pool of the caller broke or is gone.
    """
    if pool is None:
        for pieces in chunks:
            yield _run(take(), pieces)
    else:
        yield from _Loop(pool, take, give_up, redacts=redacts).run(iter(chunks))


def _run(take: Take, pieces: Sequence[Piece]) -> Done:
    return Done(os.getpid(), take(pieces))


def _process_id() -> int:
    return os.getpid()


class _Loop:
    """Prepares the chunks of one source in a pool."""

    def __init__(self, pool: Pool, take: Callable[[], Take], give_up: GiveUp, *, redacts: bool) -> None:
        self._pool, self._take, self._give_up, self._redacts = pool, take, give_up, redacts
        self._pending: deque[_Sent] = deque()
        self._deaths: tuple[type[BaseException], ...] = (*pool.deaths, PoolDiedError)
        self._workers_have_started = False

    def run(self, chunks: Iterator[Sequence[Piece]]) -> Iterator[Done]:
        limit = IN_FLIGHT_A_WORKER * self._pool.workers
        try:
            while True:
                while len(self._pending) < limit and self._is_undisturbed() and (pieces := next(chunks, None)) is not None:
                    self._pending.append(self._send(pieces))
                if not self._pending:
                    return
                yield from self._receive(self._pending.popleft())
        finally:
            if self._pending and self._pool.is_own:
                answered(lambda: [sent.future.cancel() for sent in self._pending], END_SECONDS)

    def _is_undisturbed(self) -> bool:
        """Tell whether no pending call was sent to an executor that was replaced: those are prepared again one by one."""
        return all(sent.executor is self._pool.executor for sent in self._pending)

    def _send(self, pieces: Sequence[Piece]) -> _Sent:
        try:
            return self._submit(pieces)
        except self._deaths as death:  # an idle worker was killed
            self._restart(death)
            return self._submit(pieces)

    def _submit(self, pieces: Sequence[Piece]) -> _Sent:
        executor = self._pool.executor
        try:
            return _Sent(pieces, executor, executor.submit(_run, self._take(), pieces))
        except self._deaths:
            raise
        except Exception as error:
            if not self._pool.is_alive():
                raise PoolDiedError(f"it takes no more: {error!r}") from error
            failed: Future[Done] = Future()
            failed.set_exception(error)
            return _Sent(pieces, executor, failed)

    def _receive(self, sent: _Sent) -> Iterator[Done]:
        try:
            done = self._result(sent)
        except self._deaths as death:
            logger.warning("a worker died: {}", self._describe(death))
            if sent.executor is self._pool.executor:
                self._restart(death)
            yield from self._prepare_alone(sent.pieces)
        else:
            yield done

    def _result(self, sent: _Sent) -> Done:
        if sent.executor is not self._pool.executor and not sent.future.done():  # its executor is gone and will not answer
            raise PoolDiedError("it was replaced")
        try:
            self._pool.patience.wait(sent.future, self._pool.is_alive)
            done = sent.future.result()
        except self._deaths:
            raise
        except self._pool.endings as error:
            raise PoolDiedError(str(error).partition("\n")[0]) from error
        except CancelledError as error:  # the owner shut the executor down, or a cluster was closed
            if not self._pool.is_alive():
                raise PoolDiedError("what was under way was cancelled") from error
            return _run(self._take(), sent.pieces)
        except Exception as error:  # noqa: BLE001 - preparing never raises, so sending or returning failed
            logger.warning("what cannot travel to a worker is prepared here: {}", self._describe(error))
            return _run(self._take(), sent.pieces)
        self._workers_have_started = True
        return done

    def _describe(self, error: BaseException) -> str:
        return type(error).__name__ if self._redacts else repr(error)

    def _restart(self, death: BaseException) -> None:
        """Continue with living workers; if all were gone, with a new pool whose workers are not known to start."""
        is_gone = isinstance(death, PoolDiedError)
        self._pool.restart(is_gone=is_gone)
        if is_gone:
            logger.warning("the workers are gone, and were begun anew: {}", self._describe(death))
            self._workers_have_started = False

    def _prepare_alone(self, pieces: Sequence[Piece]) -> Iterator[Done]:
        """Prepare items while nothing else is pending; if they kill their worker, halve them to find the item that does."""
        for _ in range(ATTEMPTS_OF_ONE if len(pieces) == 1 else 1):
            try:
                done = self._result(self._send(pieces))
            except self._deaths as death:
                self._restart(death)
                self._check_workers()
            else:
                yield done
                return
        if len(pieces) == 1:
            yield Done(os.getpid(), self._give_up(pieces[0]))
            return
        middle = len(pieces) // 2
        yield from self._prepare_alone(pieces[:middle])
        yield from self._prepare_alone(pieces[middle:])

    def _check_workers(self) -> None:
        """Raise EngineError if workers die before they have done anything."""
        if self._workers_have_started:
            return
        try:
            number = self._pool.executor.submit(_process_id)
            self._pool.patience.wait(number, self._pool.is_alive)
            number.result()
        except self._deaths as death:
            raise EngineError(
                "the workers end before they begin: does the program call memproc under `if __name__ == '__main__':`, "
                "and is there memory for them?"
            ) from death
        self._workers_have_started = True
