"""Methods of `Store` as methods that are awaited: the same parameters, results and docstrings, called in threads.

Rules: nothing is written twice. A type checker takes the parameters and the result from the method that is wrapped.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from memproc.arguments import limit_of
from memproc.asynchronous.threads import Threads
from memproc.records import M
from memproc.report.ending import Interrupted
from memproc.report.report import Report
from memproc.store.face.reading import FOUND_BY_DEFAULT
from memproc.store.store import Store
from memproc.telling import Listener

AT_ONCE = 200  # memories that `async for` reads in one call

P = ParamSpec("P")
Result = TypeVar("Result")
Owner = TypeVar("Owner")
What = TypeVar("What")


class Asynchronous(Protocol):
    """What has such methods: the store they are called on, and the threads that they, and ingestions, are called in."""

    opened: Store[Any]
    threads: Threads
    ingestions: Threads


class InThread(Generic[Owner, P, Result]):
    """A method of an asynchronous store, which is one of `Store` in a thread."""

    def __init__(self, method: Callable[Concatenate[Owner, P], Result]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, at: None, owner: object) -> Self: ...

    @overload
    def __get__(self, at: Asynchronous, owner: object) -> Callable[P, Coroutine[Any, Any, Result]]: ...

    def __get__(self, at: Asynchronous | None, owner: object) -> Self | Callable[P, Coroutine[Any, Any, Result]]:
        """Return the method of a store."""
        if at is None:
            return self
        method: Callable[..., Result] = self._method

        async def called(*arguments: P.args, **named: P.kwargs) -> Result:
            return await at.threads.call(partial(method, at.opened, *arguments, **named))

        return called


class Found(Generic[M]):
    """What `find` is asked for: `await` gives a list of memories, `async for` one after the other, reading some at a time."""

    def __init__(self, store: Asynchronous, named: dict[str, Any]) -> None:
        self._store, self._named = store, named

    def __await__(self) -> Generator[Any, None, list[M]]:
        """Return the memories."""
        return self._page(self._named).__await__()

    async def __aiter__(self) -> AsyncIterator[M]:
        """Yield the memories, at most `limit`; what others write meanwhile shifts nothing."""
        left, after = limit_of(self._named.get("limit", FOUND_BY_DEFAULT)), self._named.get("after")
        while left is None or left > 0:
            size = AT_ONCE if left is None else min(AT_ONCE, left)
            page = await self._page({**self._named, "limit": size, "after": after})
            for memory in page:
                yield memory
            if len(page) < size:
                return
            after, left = page[-1], None if left is None else left - size

    async def _page(self, named: dict[str, Any]) -> list[M]:
        page: list[M] = await self._store.threads.call(partial(self._store.opened.find, **named))
        return page


class Finding(Generic[Owner, P, M]):
    """The method `find` of an asynchronous store."""

    def __init__(self, method: Callable[Concatenate[Owner, P], list[M]]) -> None:
        self.__doc__ = method.__doc__

    def __get__(self, at: Asynchronous, owner: object) -> Callable[P, Found[M]]:
        """Return the method of a store."""
        return lambda *_, **named: Found(at, named)


class Ingesting(Generic[What, P]):
    """The method `ingest` of an asynchronous store."""

    def __init__(self, function: Callable[Concatenate[What, Store[Any], P], Report]) -> None:
        self._function: Callable[..., Report] = function
        self.__doc__ = function.__doc__

    def __get__(self, at: Asynchronous, owner: object) -> Callable[Concatenate[What, P], Coroutine[Any, Any, Report]]:
        """Return the method of a store."""

        def called(what: What, /, *_: P.args, **named: P.kwargs) -> Coroutine[Any, Any, Report]:
            return until_it_ends(at.ingestions, partial(self._function, what, at.opened), named)

        return called


async def until_it_ends(threads: Threads, function: Callable[..., Report], named: dict[str, Any]) -> Report:
    """Ingest in a thread; where the caller is cancelled, end after the batch that is being written."""
    is_cancelled = threading.Event()

    def ingested() -> Report:
        try:
            return function(**{**named, "on_event": Listener(named.get("on_event"), is_cancelled.is_set)})
        except Interrupted as error:
            if not is_cancelled.is_set():
                raise
            return error.report

    future = await threads.begin(ingested)
    try:
        await asyncio.wait({future})
    except asyncio.CancelledError:
        is_cancelled.set()
        await asyncio.wait({future})
        raise
    return future.result()
