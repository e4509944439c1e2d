"""The books of a server: the log of what was asked, and how often who called.

Strategy: what is noted is written together with what others note at that time. Of a call that changes something the line is written
before it is answered; of one that reads at most a second later. Calls are counted in this process, exactly; what other processes on
the same store counted is learnt with each write, so that several of them together may let through what they take within a second.

Rules: who cannot be written of is served all the same, and the log of the process tells it. Lines of callers that nobody knows are
written at most so many a second: nobody fills the store by guessing tokens.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from loguru import logger

from memproc.asynchronous.threads import Threads
from memproc.store.access.access import Access
from memproc.store.access.audit import Line
from memproc.store.access.calls import Window

EVERY_SECONDS = 1.0
MOST_UNKNOWN = 20  # lines in each write
MOST_LINES = 500  # in each write


@dataclass(slots=True)
class Count:
    """Calls in a window: of this process, how many of these are written, and of others as of the last write."""

    own: int = 0
    written: int = 0
    others: int = 0


class Books:
    """What is noted of calls. Used by one loop of events; what it writes it writes in threads."""

    def __init__(self, access: Access, threads: Threads) -> None:
        self._access, self._threads = access, threads
        self._lines: list[tuple[Line, asyncio.Future[None] | None]] = []
        self._counts: dict[Window, Count] = {}
        self._unknown = 0
        self._is_wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Write from now on what is noted."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def end(self) -> None:
        """Write what was noted, and no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        while self._lines or any(one.own > one.written for one in self._counts.values()):
            if not await self._write():
                return

    def knows(self, window: Window) -> bool:
        """Tell whether the count of a window has been read."""
        return window in self._counts

    def learn(self, counts: Mapping[Window, int]) -> None:
        """Take over the counts of windows that were not known."""
        for window, count in counts.items():
            self._counts.setdefault(window, Count(others=count))

    def count(self, window: Window) -> int:
        """Return how many calls a window has."""
        one = self._counts[window]
        return one.own + one.others

    def add(self, window: Window) -> None:
        """Count a call."""
        self._counts[window].own += 1

    def note(self, line: Line) -> None:
        """Write a line soon."""
        if not line.who:
            self._unknown += 1
            if self._unknown > MOST_UNKNOWN:
                return
        self._lines.append((line, None))

    async def write(self, line: Line) -> None:
        """Write a line, and return when that is done, or has failed."""
        if self._task is None or self._task.done():
            self._lines.append((line, None))
            await self._write()
            return
        written = asyncio.get_running_loop().create_future()
        self._lines.append((line, written))
        self._is_wanted.set()
        await written

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._is_wanted.wait()
            self._is_wanted.clear()
            while self._lines or any(one.own > one.written for one in self._counts.values()):
                if not await self._write() or len(self._lines) < MOST_LINES:
                    break

    async def _write(self) -> bool:
        """Write some of what was noted; return whether that could be done. What could not is not noted again."""
        some, self._lines, self._unknown = self._lines[:MOST_LINES], self._lines[MOST_LINES:], 0
        now = time.time()
        own = {window: one.own for window, one in self._counts.items() if one.own > one.written}
        more = {window: count - self._counts[window].written for window, count in own.items()}
        try:
            totals = await self._threads.call(lambda: self._access.note([line for line, _ in some], more, now))
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are to be answered
            logger.error("{} lines of the log could not be written: {}", len(some), error)
            return False
        else:
            for window, total in totals.items():
                self._counts[window].written = own[window]
                self._counts[window].others = total - own[window]
            self._counts = {window: one for window, one in self._counts.items() if window.until > now or one.own > one.written}
            return True
        finally:
            for _, written in some:
                if written is not None and not written.done():
                    written.set_result(None)
