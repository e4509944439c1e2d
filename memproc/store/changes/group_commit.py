"""Combines writes of several threads (group commit): the thread that gets the lock writes for all that wait.

Rules: each caller gets the result of writing alone. If a combined write fails, the requests are written one by one, so that only
the caller of the failing one gets the error. If a thread is interrupted while it writes for others, these write for themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from loguru import logger

from memproc.errors import DatabaseError
from memproc.failures import Kind

MOST_IN_GROUP = 100  # so that no thread holds the database for long

Request = TypeVar("Request")
Result = TypeVar("Result")


class _Pending(Generic[Request, Result]):
    """The request of one thread, and its result."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.results: Sequence[Result] = ()
        self.error: Exception | None = None
        self.is_done = False  # it has a result or an error, or its thread has stopped waiting


class GroupCommit(Generic[Request, Result]):
    """A queue of requests to write. Thread-safe."""

    def __init__(self, write_all: Callable[[Sequence[Request]], Sequence[Result]]) -> None:
        """`write_all` writes requests and returns their results in the same order, or raises and writes none."""
        self._write_all = write_all
        self._queue: deque[_Pending[Request, Result]] = deque()

    def begin_afresh(self) -> None:
        """Empty the queue in a process that was just forked."""
        self._queue = deque()

    def write(self, request: Request, lock: AbstractContextManager[object], *, is_alone: Callable[[], bool]) -> Result:
        """Write a request, under the lock in this thread or in another that has it; return its result or raise its error.

        Called under the lock, `is_alone` tells whether this thread must not write for others.
        """
        pending = _Pending[Request, Result](request)
        self._queue.append(pending)
        try:
            with lock:
                if not pending.is_done:
                    self._write_group([pending] if is_alone() else self._group_with(pending))
        finally:
            pending.is_done = True
        if pending.error is not None:
            raise pending.error
        return pending.results[0]

    def _group_with(self, pending: _Pending[Request, Result]) -> list[_Pending[Request, Result]]:
        group = [pending]
        while self._queue and len(group) < MOST_IN_GROUP:
            other = self._queue.popleft()
            if other is not pending and not other.is_done:
                group.append(other)
        return group

    def _write_group(self, group: Sequence[_Pending[Request, Result]]) -> None:
        try:
            results = self._write_all([one.request for one in group])
        except Exception as error:  # noqa: BLE001 - it is raised in the threads of the callers
            is_of_all = isinstance(error, DatabaseError) and error.failure.kind is Kind.TRANSIENT  # has been retried already
            if len(group) > 1 and not is_of_all:
                logger.warning("{} records are written one by one: {}", len(group), type(error).__name__)  # its words may be theirs
                for one in group:
                    self._write_group([one])
                return
            for one in group:
                one.error, one.is_done = error, True
            return
        for one, result in zip(group, results, strict=True):
            one.results, one.is_done = (result,), True
