"""The one loop: chunks of items are prepared, several at a time where there is a pool, and given back in their order.

Facts: where a worker of a process pool dies, every call that was under way fails with it, and the pool takes no more. Dask and Ray
lose the one call. A pool may also be gone without any error: `waiting` tells.

Rules: never more chunks are under way than `IN_FLIGHT_A_WORKER` allows, so that memory stays bounded. What was under way when a
worker died is prepared again, one chunk at a time and with nothing beside it: whoever ends a worker then shows itself. It is
halved down to the one item, which is given up, so that its neighbours are not lost with it. What cannot travel to a worker is
prepared here.
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
ATTEMPTS_OF_ONE = 2  # before an item is given up: a worker may also have been killed by somebody else

Take = Callable[[Sequence[Piece]], Chunk]


class Done(NamedTuple):
    """A chunk that was prepared, and the number of the process that did it."""

    worker: int
    chunk: Chunk


class _Sent(NamedTuple):
    pieces: Sequence[Piece]
    executor: Executor  # that of the pool when it was sent: after a restart another
    future: Future[Done]


def prepared(
    pool: Pool | None, take: Callable[[], Take], chunks: Iterable[Sequence[Piece]], *, redacts: bool = False
) -> Generator[Done, None, None]:
    """Give what each chunk becomes, in order; without a pool in this process. `take` gives the function that makes it, when a chunk
    is sent. With `redacts` the log tells the kind of an
    error, and not its words, which may be those of a record.

    Raises EngineError where the workers cannot begin, or where a pool that is not memproc's broke or is gone.
    """
    if pool is None:
        for pieces in chunks:
            yield _run(take(), pieces)
    else:
        yield from _Loop(pool, take, redacts=redacts).through(iter(chunks))


def _run(take: Take, pieces: Sequence[Piece]) -> Done:
    return Done(os.getpid(), take(pieces))


def _own_number() -> int:
    return os.getpid()


class _Loop:
    """The chunks of one source on their way through a pool."""

    def __init__(self, pool: Pool, take: Callable[[], Take], *, redacts: bool) -> None:
        self._pool, self._take, self._redacts = pool, take, redacts
        self._under_way: deque[_Sent] = deque()
        self._deaths: tuple[type[BaseException], ...] = (*pool.deaths, PoolDiedError)
        self._has_worked = False

    def through(self, chunks: Iterator[Sequence[Piece]]) -> Iterator[Done]:
        most = IN_FLIGHT_A_WORKER * self._pool.workers
        try:
            while True:
                while len(self._under_way) < most and self._is_whole() and (pieces := next(chunks, None)) is not None:
                    self._under_way.append(self._sent(pieces))
                if not self._under_way:
                    return
                yield from self._received(self._under_way.popleft())
        finally:
            if self._under_way and self._pool.is_own:
                answered(lambda: [sent.future.cancel() for sent in self._under_way], END_SECONDS)

    def _is_whole(self) -> bool:
        """Tell whether nothing is under way that a worker's death may have ended: it must have nothing beside it."""
        return all(sent.executor is self._pool.executor for sent in self._under_way)

    def _sent(self, pieces: Sequence[Piece]) -> _Sent:
        try:
            return self._submitted(pieces)
        except self._deaths as death:  # an idle worker was killed
            self._restart(death)
            return self._submitted(pieces)

    def _submitted(self, pieces: Sequence[Piece]) -> _Sent:
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

    def _received(self, sent: _Sent) -> Iterator[Done]:
        try:
            done = self._result(sent)
        except self._deaths as death:
            logger.warning("a worker died: {}", self._told(death))
            if sent.executor is self._pool.executor:
                self._restart(death)
            yield from self._alone(sent.pieces)
        else:
            yield done

    def _result(self, sent: _Sent) -> Done:
        if sent.executor is not self._pool.executor and not sent.future.done():  # that one is gone, and will not answer
            raise PoolDiedError("it was replaced")
        try:
            self._pool.patience.wait(sent.future, self._pool.is_alive)
            done = sent.future.result()
        except self._deaths:
            raise
        except self._pool.endings as error:
            raise PoolDiedError(str(error).partition("\n")[0]) from error
        except CancelledError as error:  # the executor's owner ended it, or a cluster was closed
            if not self._pool.is_alive():
                raise PoolDiedError("what was under way was cancelled") from error
            return _run(self._take(), sent.pieces)
        except Exception as error:  # noqa: BLE001 - taking never raises: it is the way there or back that failed
            logger.warning("what cannot travel to a worker is prepared here: {}", self._told(error))
            return _run(self._take(), sent.pieces)
        self._has_worked = True
        return done

    def _told(self, error: BaseException) -> str:
        return type(error).__name__ if self._redacts else repr(error)

    def _restart(self, death: BaseException) -> None:
        """Go on with workers that live; where all were gone, with others that are seen to work."""
        is_gone = isinstance(death, PoolDiedError)
        self._pool.restart(is_gone=is_gone)
        if is_gone:
            logger.warning("the workers are gone, and were begun anew: {}", self._told(death))
            self._has_worked = False

    def _alone(self, pieces: Sequence[Piece]) -> Iterator[Done]:
        """Prepare items with nothing beside them; where they end their workers, by halves down to the one that does."""
        for _ in range(ATTEMPTS_OF_ONE if len(pieces) == 1 else 1):
            try:
                done = self._result(self._sent(pieces))
            except self._deaths as death:
                self._restart(death)
                self._check_workers()
            else:
                yield done
                return
        if len(pieces) == 1:
            yield Done(os.getpid(), given_up(pieces[0]))
            return
        middle = len(pieces) // 2
        yield from self._alone(pieces[:middle])
        yield from self._alone(pieces[middle:])

    def _check_workers(self) -> None:
        """Raise where workers die whatever they are given."""
        if self._has_worked:
            return
        try:
            number = self._pool.executor.submit(_own_number)
            self._pool.patience.wait(number, self._pool.is_alive)
            number.result()
        except self._deaths as death:
            raise EngineError(
                "the workers end before they begin: does the program call memproc under `if __name__ == '__main__':`, "
                "and is there memory for them?"
            ) from death
        self._has_worked = True
