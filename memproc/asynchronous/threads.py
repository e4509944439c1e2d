"""Threads in which a loop has work done: a bounded number of them.

Rules: who comes while all are busy waits, on the loop, and is served first who came first; cancelled meanwhile, he has done
nothing. What a thread has begun it ends, whether anybody waits for it or not.
"""

from __future__ import annotations

import asyncio
import os
import threading
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
        self._count, self._free = count, asyncio.Semaphore(count)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._binding, self._process = threading.Lock(), os.getpid()
        self._running: set[asyncio.Future[Any]] = set()
        self._is_closed = False

    async def call(self, work: Callable[[], Result]) -> Result:
        """Do work in a thread, when one is free, and return what it gives or raise what it raises."""
        future = await self.begin(work)
        await asyncio.wait({future})  # which lets the thread end its work if it is cancelled here
        return future.result()

    async def begin(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        """Begin work in a thread, when one is free. Raises StoreError where they are closed, and in another loop or process."""
        self._bind()
        await self._free.acquire()
        if self._is_closed:
            self._free.release()
            raise StoreError("the store is closed")
        future = asyncio.get_running_loop().run_in_executor(self._executor, copy_context().run, work)
        self._running.add(future)
        future.add_done_callback(self._ended)
        return future

    def _bind(self) -> None:
        """Belong to the loop that runs, if the one before has ended. Raises StoreError if it goes on, or is of another process."""
        if os.getpid() != self._process:
            raise StoreError("this process was forked from the one that opened the store: open it anew here, by memproc.aopen")
        loop = asyncio.get_running_loop()
        with self._binding:
            if self._loop is loop:
                return
            if self._loop is not None and not self._loop.is_closed():
                raise StoreError("the store belongs to another event loop, which goes on: open one for this loop, by memproc.aopen")
            self._loop, self._free = loop, asyncio.Semaphore(self._count)
            self._running.clear()

    def _ended(self, future: asyncio.Future[Any]) -> None:
        self._running.discard(future)
        self._free.release()
        if not future.cancelled():
            future.exception()  # of one who was cancelled nobody asks for it

    async def close(self, last: Callable[[], None]) -> None:
        """Begin nothing more, wait for what was begun, then do the last work."""
        self._bind()
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
