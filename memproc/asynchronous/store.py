"""The store for `asyncio`: each method of `Store` in a thread, so that none holds up the loop.

Facts: a `Store` may be used by several threads, which take turns where they write; `add` of several is one transaction. A database
driver cannot be stopped in the middle of a statement.

Strategy: nothing is written twice. A method here is that of `Store` under the same name, with the same parameters and docstring,
called in one of a bounded number of threads.

Rules: who calls while all threads are busy waits, on the loop, and is first served who came first. Whoever is cancelled while he
waits has done nothing. What a thread has begun it ends: a cancelled `add` is in the store whole, or not at all. An ingestion that
is cancelled ends after the batch that it is writing, and its caller is told when it has. Closing waits for all that has begun.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from functools import partial, wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, overload

from memproc.asynchronous.threads import Threads
from memproc.asynchronous.wrapping import Finding, Ingesting, InThread, until_it_ends
from memproc.config import Settings
from memproc.ingestion.pipeline import ingest
from memproc.records import M, Memory
from memproc.report.report import Report
from memproc.store.changes.forgetting_people import Forgotten
from memproc.store.store import Store

MOST_THREADS = 16
MOST_INGESTIONS = 2  # of a store at once: they take turns at its lock anyway

P = ParamSpec("P")


class AsyncStore(Generic[M]):
    """A store whose methods are those of `Store`, to be awaited: `memproc.aopen` gives it. It belongs to one event loop.

    `opened` is the `Store` that it calls.
    """

    def __init__(self, opened: Store[M]) -> None:
        self.opened = opened
        settings = opened.settings
        self.threads = Threads(min(MOST_THREADS, settings.pool_size + settings.pool_overflow))
        self.ingestions = Threads(MOST_INGESTIONS)
        self._closing: asyncio.Future[None] | None = None

    add = InThread(Store[M].add)
    upsert = InThread(Store[M].upsert)
    update = InThread(Store[M].update)
    revert = InThread(Store[M].revert)

    get = InThread(Store[M].get)
    full_id = InThread(Store[M].full_id)
    find = Finding(Store[M].find)
    count = InThread(Store[M].count)
    trace = InThread(Store[M].trace)
    history = InThread(Store[M].history)
    related = InThread(Store[M].related)
    export = InThread(Store[M].export)
    export_as = InThread(Store[M].export_as)
    jobs = InThread(Store[M].jobs)
    submit = InThread(Store[M].submit)
    queue = InThread(Store[M].queue)
    queued = InThread(Store[M].queued)
    queue_stats = InThread(Store[M].queue_stats)
    pause_job = InThread(Store[M].pause_job)
    resume_job = InThread(Store[M].resume_job)
    cancel_job = InThread(Store[M].cancel_job)
    hold_job = InThread(Store[M].hold_job)
    release_job = InThread(Store[M].release_job)
    retry_job = InThread(Store[M].retry_job)
    schedules = InThread(Store[M].schedules)
    end_schedule = InThread(Store[M].end_schedule)
    queue_rules = InThread(Store[M].queue_rules)
    set_queue_rules = InThread(Store[M].set_queue_rules)
    namespaces = InThread(Store[M].namespaces)
    stats = InThread(Store[M].stats)
    report = InThread(Store[M].report)
    compare_jobs = InThread(Store[M].compare_jobs)
    recount = InThread(Store[M].recount)
    judge = InThread(Store[M].judge)
    index_recall = InThread(Store[M].index_recall)

    unmerge = InThread(Store[M].unmerge)
    unmerge_job = InThread(Store[M].unmerge_job)
    withdraw = InThread(Store[M].withdraw)
    decisions = InThread(Store[M].decisions)
    decide_all = InThread(Store[M].decide_all)
    withdraw_policy = InThread(Store[M].withdraw_policy)
    policies = InThread(Store[M].policies)
    reviews = InThread(Store[M].reviews)
    settled_reviews = InThread(Store[M].settled_reviews)
    resolve = InThread(Store[M].resolve)
    propose = InThread(Store[M].propose)

    quarantine = InThread(Store[M].quarantine)
    quarantined = InThread(Store[M].quarantined)
    patterns = InThread(Store[M].patterns)
    export_quarantine = InThread(Store[M].export_quarantine)
    discard = InThread(Store[M].discard)
    replay = InThread(Store[M].replay)

    expire = InThread(Store[M].expire)
    restore_expired = InThread(Store[M].restore_expired)
    purge_expired = InThread(Store[M].purge_expired)
    expired = InThread(Store[M].expired)
    set_retention = InThread(Store[M].set_retention)
    retention = InThread(Store[M].retention)
    calibrate = InThread(Store[M].calibrate)
    rebuild = InThread(Store[M].rebuild)
    index = InThread(Store[M].index)
    backup = InThread(Store[M].backup)
    doctor = InThread(Store[M].doctor)

    ingest = Ingesting(ingest)

    @overload
    async def forget(self, identifier: str, *, note: str = "") -> int: ...

    @overload
    async def forget(
        self, *, namespace: str | None = None, subject: str | None = None, note: str = "", dry_run: bool = False
    ) -> Forgotten: ...

    @wraps(Store.forget)
    async def forget(self, *arguments: Any, **named: Any) -> int | Forgotten:
        """Remove what it is told to: see `Store.forget`."""
        return await self.threads.call(partial(self.opened.forget, *arguments, **named))

    def cursor(self, memory: Memory) -> str:
        """Return the place of a memory that `find` gave, as text: see `Store.cursor`."""
        return self.opened.cursor(memory)

    @property
    def url(self) -> str:
        """Where the store is, without passwords."""
        return self.opened.url

    def __repr__(self) -> str:
        """Show the URL, without passwords."""
        return f"<AsyncStore {self.url}>"

    async def __aenter__(self) -> Self:
        """Return the store itself."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the store."""
        await self.close()

    async def close(self) -> None:
        """Wait for all that has begun, then close the store; done again, this does nothing. Cancelled, it goes on by itself."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.wait({self._closing})
        self._closing.result()

    async def _close(self) -> None:
        await self.ingestions.close(lambda: None)
        await self.threads.close(self.opened.close)


class Opening(Generic[M]):
    """A store that is about to be opened: `async with` gives it and closes it, `await` only gives it."""

    def __init__(self, opened: Callable[[], Store[M]]) -> None:
        self._open = opened
        self._store: AsyncStore[M] | None = None

    def __await__(self) -> Generator[Any, None, AsyncStore[M]]:
        """Return the store; close it when you are done."""
        return self._opened().__await__()

    async def __aenter__(self) -> AsyncStore[M]:
        """Return the store."""
        self._store = await self._opened()
        return self._store

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the store."""
        if self._store is not None:
            await self._store.close()

    async def _opened(self) -> AsyncStore[M]:
        threads = Threads(1)
        future = await threads.begin(self._open)
        try:
            await asyncio.wait({future})
            return AsyncStore(future.result())
        except asyncio.CancelledError:
            future.add_done_callback(_close_unasked)
            raise
        finally:
            threads.end()


def _close_unasked(future: asyncio.Future[Store[Any]]) -> None:
    """Close a store that was opened for somebody who was cancelled meanwhile."""
    if not future.cancelled() and future.exception() is None:
        threading.Thread(target=future.result().close).start()


def aopen(where: str | Path, *, settings: Settings | None = None, schema: type[M] = Memory) -> Opening[M]:  # type: ignore[assignment]
    """Open or make a store for `asyncio`: `async with memproc.aopen(where) as store`. Arguments and errors as of `memproc.open`."""
    return Opening(partial(Store[M], where, settings=settings, schema=schema))


def _in_thread(function: Callable[P, Report]) -> Callable[P, Coroutine[Any, Any, Report]]:
    @wraps(function)
    async def aingest(*arguments: P.args, **named: P.kwargs) -> Report:
        """Ingest in a thread of its own: see `memproc.ingest`. Cancelled, it ends after the batch that it is writing."""
        threads = Threads(1)
        try:
            return await until_it_ends(threads, partial(function, *arguments), named)
        finally:
            threads.end()

    return aingest


aingest = _in_thread(ingest)
