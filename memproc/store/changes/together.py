"""Writing together what several threads want to write at once: who has the lock first writes for all that wait.

Rules: each gets what it would get if they came one after the other. Where writing together fails, each is written by itself, so
that a failure is told to the one that it belongs to. Who was not served, as another was interrupted while it served, serves itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from loguru import logger

from memproc.errors import DatabaseError
from memproc.failures import Kind

MOST_TOGETHER = 100  # so that nobody holds the database for long

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")


class _Waiting(Generic[Wish, Answer]):
    """What one thread waits for."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.answers: Sequence[Answer] = ()
        self.error: Exception | None = None
        self.is_over = False  # there is an answer or an error, or nobody waits any more


class Together(Generic[Wish, Answer]):
    """Those who wait to write. Safe to use from several threads."""

    def __init__(self, write: Callable[[Sequence[Wish]], Sequence[Answer]]) -> None:
        """Know what writes wishes and returns their answers in the same order: all of them, or it raises and none is written."""
        self._write = write
        self._queue: deque[_Waiting[Wish, Answer]] = deque()

    def begin_afresh(self) -> None:
        """Know of nobody who waits, in a process that was just forked."""
        self._queue = deque()

    def served(self, wish: Wish, lock: AbstractContextManager[object], *, is_alone: Callable[[], bool]) -> Answer:
        """Return the answer to a wish, by this thread under the lock or by another that has it; raise what it failed with.

        Asked under the lock, `is_alone` tells whether this thread must not serve others.
        """
        own = _Waiting[Wish, Answer](wish)
        self._queue.append(own)
        try:
            with lock:
                if not own.is_over:
                    self._serve([own] if is_alone() else self._with_others(own))
        finally:
            own.is_over = True
        if own.error is not None:
            raise own.error
        return own.answers[0]

    def _with_others(self, own: _Waiting[Wish, Answer]) -> list[_Waiting[Wish, Answer]]:
        group = [own]
        while self._queue and len(group) < MOST_TOGETHER:
            other = self._queue.popleft()
            if other is not own and not other.is_over:
                group.append(other)
        return group

    def _serve(self, group: Sequence[_Waiting[Wish, Answer]]) -> None:
        try:
            answers = self._write([waiting.wish for waiting in group])
        except Exception as error:  # noqa: BLE001 - it is raised in the threads that it belongs to
            is_of_all = isinstance(error, DatabaseError) and error.failure.kind is Kind.TRANSIENT  # and was waited for already
            if len(group) > 1 and not is_of_all:
                logger.warning("{} records are written one by one: {}", len(group), type(error).__name__)  # its words may be theirs
                for waiting in group:
                    self._serve([waiting])
                return
            for waiting in group:
                waiting.error, waiting.is_over = error, True
            return
        for waiting, answer in zip(group, answers, strict=True):
            waiting.answers, waiting.is_over = (answer,), True
