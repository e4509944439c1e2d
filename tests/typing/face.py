"""The public face as a type checker sees it. mypy (strict) and pyright check this file; nobody runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type

import memproc
from memproc import Added, AsyncStore, Decision, History, Memory, Outcome, Rejected, Report, Review, Settings, Store, Trace, Verdict


class Mine(Memory):
    """A memory with a field of its own."""

    mood: str = "calm"


def own_schema() -> None:
    """Open a store with a class: it gives memories of it everywhere."""
    with memproc.open("memories.db", schema=Mine) as store:
        assert_type(store, Store[Mine])
        for memory in store:
            assert_type(memory, Mine)
            assert_type(memory.mood, str)
        assert_type(iter(store), Iterator[Mine])
        assert_type(store.get("id"), Mine | None)
        assert_type(store.find(namespace="ann", limit=10), list[Mine])
        added = store.add({"content": "Prefers tea"})
        assert_type(added, Added[Mine])
        assert_type(added.memory, Mine | None)
        assert_type(added.outcome, Outcome)
        assert_type(store.trace("id"), Trace[Mine])
        assert_type(store.history("id"), History[Mine])
        for review in store.reviews():
            assert_type(review, Review[Mine])
            assert_type(review.one, Mine)
            assert_type(store.resolve(review, "merge"), Decision)
        assert_type(store.unmerge("id"), tuple[Decision, ...])


def usual_schema() -> None:
    """Open a store without a class: it gives memories, and the plain name of the store means that."""
    store = memproc.open("memories.db", settings=Settings(batch_size=10))
    assert_type(store, Store[Memory])
    plain: Store = store
    assert_type(list(plain), list[Memory])
    assert_type(memproc.ingest([{"content": "x"}], into=store), Report)
    pages = memproc.RestPages("https://api.example.org/v1", "data", paging="link", headers={"Authorization": "ENV:TOKEN"})
    assert_type(memproc.ingest(pages, into=store), Report)
    store.close()


def records() -> None:
    """Check and transform single records into the class that is asked for."""
    verdict = memproc.validate({"content": "x"}, schema=Mine)
    assert_type(verdict, Verdict[Mine])
    assert_type(verdict.memory, Mine | None)
    assert_type(memproc.validate({"content": "x"}), Verdict[Memory])
    assert_type(memproc.transform({"memory": "x"}, format="mem0"), list[Memory | Rejected])
    assert_type(memproc.transform({"memory": "x"}, format="mem0", schema=Mine), list[Mine | Rejected])


async def asynchronous() -> None:
    """Await the same of a store for a loop, of the class it was opened with."""
    async with memproc.aopen("memories.db", schema=Mine) as store:
        assert_type(store, AsyncStore[Mine])
        assert_type(await store.add({"content": "Prefers tea"}), Added[Mine])
        assert_type(await store.get("id"), Mine | None)
        assert_type(await store.find(namespace="ann"), list[Mine])
        async for memory in store.find(limit=None):
            assert_type(memory, Mine)
        assert_type(await store.forget("id"), int)
        assert_type(await store.forget(namespace="ann"), memproc.Forgotten)
        assert_type(await store.ingest("memories.json", namespace="ann"), Report)
    plain = await memproc.aopen("memories.db")
    assert_type(plain, AsyncStore[Memory])
    assert_type(await memproc.aingest([], "memories.db", limit=2), Report)
