"""Threads in which a loop has work done: a bounded number of them.

Rules: who comes while all are busy waits, on the loop, and is served first who came first; cancelled meanwhile, he has done
nothing. What a thread has begun it ends, whether anybody waits for it or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from memproc.errors import StoreError

Result = TypeVar("Result")


class Threads:
    """A bounded number of threads for calls of one loop."""

    def __init__(self, count: int) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="memproc")
        self._free = asyncio.Semaphore(count)
        self._running: set[asyncio.Future[Any]] = set()
        self._is_closed = False

    async def call(self, work: Callable[[], Result]) -> Result:
        """Do work in a thread, when one is free, and return what it gives or raise what it raises."""
        future = await self.begin(work)
        await asyncio.wait({future})  # which lets the thread end its work if it is cancelled here
        return future.result()

    async def begin(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        """Begin work in a thread, when one is free. Raises StoreError where they are closed."""
        await self._free.acquire()
        if self._is_closed:
            self._free.release()
            raise StoreError("the store is closed")
        future = asyncio.get_running_loop().run_in_executor(self._executor, copy_context().run, work)
        self._running.add(future)
        future.add_done_callback(self._ended)
        return future

    def _ended(self, future: asyncio.Future[Any]) -> None:
        self._running.discard(future)
        self._free.release()
        if not future.cancelled():
            future.exception()  # of one who was cancelled nobody asks for it

    async def close(self, last: Callable[[], None]) -> None:
        """Begin nothing more, wait for what was begun, then do the last work."""
        self._is_closed = True
        while self._running:
            await asyncio.wait({*self._running})
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, last)
        finally:
            self.end()

    def end(self) -> None:
        """Let the threads end when they have done what they have begun."""
        self._is_closed = True
        self._executor.shutdown(wait=False)
