"""The store for `asyncio`: it holds up no loop, loses nothing of what is cancelled, and is the store of `Store`."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import threading

import pytest

import memproc
from memproc.asynchronous import wrapping
from memproc.asynchronous.threads import Threads
from tests.waiting import LIMIT_SECONDS, ended, forked, until


def run(coroutine):
    """Run a coroutine in a loop of its own, for no longer than a test may wait."""

    async def limited():
        return await asyncio.wait_for(coroutine, LIMIT_SECONDS)

    return asyncio.run(limited())


def records(count):
    """Return so many records that differ."""
    return [{"content": f"Likes the number {number}", "id": str(number), "source": "app"} for number in range(count)]


def test_the_loop_goes_on_while_a_long_ingestion_reads(tmp_path):
    """The source waits at each record for two beats of the loop, which would never come if the loop waited for the source."""
    beats = 0

    def slow():
        for record in records(5):
            before = beats
            until(lambda before=before: beats >= before + 2)
            yield record

    async def both():
        nonlocal beats

        async def beat():
            nonlocal beats
            while True:
                beats += 1
                await asyncio.sleep(0)

        async with memproc.aopen(tmp_path / "m.db") as store:
            beating = asyncio.create_task(beat())
            report = await store.ingest(slow())
            beating.cancel()
            return report, await store.count(), await memproc.aingest(records(7), tmp_path / "m.db")

    report, count, again = run(both())
    assert (report.stored, count, again.stored, again.duplicate) == (5, 5, 2, 5)


def test_many_adds_at_once_are_all_there(tmp_path):
    """More than there are threads wait for their turn; each gets its own result, and errors reach who asked."""

    async def added():
        async with memproc.aopen(tmp_path / "m.db") as store:
            results = await asyncio.gather(*(store.add(record) for record in records(60)))
            with pytest.raises(memproc.UsageError, match="is unknown"):
                await store.add({"content": "x"}, format="none")
            with pytest.raises(memproc.NotFoundError):
                await store.update("00", {"content": "x"})
            found = await store.find(limit=None)
            return results, found, (await store.recount()).is_whole

    results, found, is_whole = run(added())
    assert [result.memory.content for result in results] == [record["content"] for record in records(60)]
    assert len(found) == 60
    assert is_whole


def test_find_is_awaited_or_walked(tmp_path, monkeypatch):
    """A walk gives what a list gives, over several pages and behind a cursor, and ends at the limit."""
    monkeypatch.setattr(wrapping, "AT_ONCE", 4)

    async def found():
        async with memproc.aopen(tmp_path / "m.db") as store:
            await store.ingest([{**one, "created_at": f"20{at % 20:02}-01-01"} for at, one in enumerate(records(11))])
            whole = await store.find(limit=None)
            assert [one async for one in store.find(limit=None)] == whole
            assert [one async for one in store.find(after=whole[3], limit=6)] == whole[4:10]
            assert [one async for one in store.find()] == await store.find() == whole
            assert await store.find(after=store.cursor(whole[0]), limit=1) == whole[1:2]
            return len(whole)

    assert run(found()) == 11


def test_a_cancelled_add_is_there_whole_or_not_at_all(tmp_path):
    """One that a thread has begun lands; those that waited for a thread never do; nothing is half there."""

    async def cancelled():
        settings = memproc.Settings(pool_size=1, pool_overflow=0)
        async with memproc.aopen(tmp_path / "m.db", settings=settings) as store:
            free = threading.Event()
            held = store.opened._opened.transactions.lock
            holding, is_held = threading.Thread(target=lambda: hold(held, is_held, free)), threading.Event()
            holding.start()
            assert is_held.wait(LIMIT_SECONDS)
            adding = [asyncio.create_task(store.add(record)) for record in records(4)]
            await asyncio.sleep(0.05)
            for task in adding:
                task.cancel()
            done = await asyncio.gather(*adding, return_exceptions=True)
            assert all(isinstance(one, asyncio.CancelledError) for one in done)
            free.set()
            holding.join(LIMIT_SECONDS)
        return [memory.content for memory in memproc.open(tmp_path / "m.db")]

    assert run(cancelled()) == ["Likes the number 0"]
    with memproc.open(tmp_path / "m.db") as store:
        assert store.recount().is_whole
        assert store.doctor() == ()


def hold(lock, is_held, free):
    """Hold a lock until it may be let go."""
    with lock:
        is_held.set()
        assert free.wait(LIMIT_SECONDS)


def test_a_cancelled_ingestion_ends_after_its_batch_and_goes_on_later(tmp_path):
    """Who cancels it is told when it has ended; what was written stays, and the same call with `resume` reads the rest."""
    path, seen = tmp_path / "many.jsonl", []
    path.write_text("".join(f'{{"content": "Likes the number {number}"}}\n' for number in range(40)))
    settings = memproc.Settings(batch_size=10)

    async def cancelled():
        async with memproc.aopen(tmp_path / "m.db") as store:
            loop, ingesting = asyncio.get_running_loop(), None

            def cancel(event):
                if not isinstance(event, memproc.BatchLanded):
                    return
                seen.append(event.progress.read)
                loop.call_soon_threadsafe(ingesting.cancel)
                asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01), loop).result(LIMIT_SECONDS)  # it has been told by then

            ingesting = asyncio.create_task(store.ingest(path, settings=settings, on_event=cancel))
            with pytest.raises(asyncio.CancelledError):
                await ingesting
            assert [job.status for job in await store.jobs()] == ["interrupted"]
            before = await store.count()
            report = await store.ingest(path, settings=settings, resume=True)
            return before, report.read, await store.count()

    before, read, after = run(cancelled())
    assert before == seen[-1] < 40
    assert (read, after) == (40, 40)


def test_closing_waits_for_what_has_begun(tmp_path):
    """And refuses what comes later; done twice it does nothing."""

    async def closed():
        store = await memproc.aopen(tmp_path / "m.db")
        adding = [asyncio.create_task(store.add(record)) for record in records(3)]
        await asyncio.sleep(0)
        await asyncio.gather(store.close(), store.close())
        assert all(task.done() for task in adding)
        with pytest.raises(memproc.StoreError, match="closed"):
            await store.add({"content": "x"})
        return len(adding)

    assert run(closed()) == 3
    with memproc.open(tmp_path / "m.db") as store:
        assert store.count() == 3


def test_what_cannot_be_opened_says_so(tmp_path):
    """As `open` does, and a store that was opened for nobody is closed."""
    (tmp_path / "text.db").write_text("no database")

    async def opened():
        with pytest.raises(memproc.UsageError, match="no SQLite database"):
            await memproc.aopen(tmp_path / "text.db")
        opening = asyncio.ensure_future(_opened(tmp_path / "m.db"))
        await asyncio.sleep(0)
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await opening

    run(opened())
    until(lambda: not [one for one in threading.enumerate() if one.name.startswith("memproc")])


async def _opened(where):
    return await memproc.aopen(where)


def test_threads_are_bounded():
    """However many calls there are at once."""
    most, running, lock = 0, 0, threading.Lock()

    def work():
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.001)
        with lock:
            running -= 1

    async def called():
        threads = Threads(3)
        await asyncio.gather(*(threads.call(work) for _ in range(30)))
        await threads.close(lambda: None)

    run(called())
    assert 1 <= most <= 3


def test_no_method_of_the_store_is_missing():
    """Nor its docstring; a rehearsal is of one thread, so it stays with `Store`, and so does its loop over all memories."""
    public = {name for name, _ in inspect.getmembers(memproc.Store, inspect.isfunction) if not name.startswith("_")}
    public -= {"rehearsal", "before_fork", "after_fork"}
    assert public - set(dir(memproc.AsyncStore)) == set()
    for name in public - {"close", "cursor", "forget"}:
        assert inspect.getattr_static(memproc.AsyncStore, name).__doc__ == getattr(memproc.Store, name).__doc__


def test_a_store_serves_one_loop_at_a_time(tmp_path):
    """One after the other they may use it; a second one at once, and a forked process, are told to open their own."""

    async def opened():
        return await memproc.aopen(tmp_path / "m.db")

    async def add(store, text):
        await asyncio.gather(*(store.add({"content": f"{text} {number}"}) for number in range(40)))

    async def with_another(store):
        await add(store, "Has hens")
        raised = []

        def elsewhere():
            try:
                asyncio.run(add(store, "Has ducks"))
            except memproc.StoreError as error:
                raised.append(str(error))

        other = threading.Thread(target=elsewhere)
        other.start()
        await asyncio.to_thread(other.join, LIMIT_SECONDS)
        assert "belongs to another event loop" in raised[0]
        return await store.count()

    store = asyncio.run(opened())
    asyncio.run(add(store, "Has cats"))
    assert asyncio.run(with_another(store)) == 80
    asyncio.run(store.close())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_does_not_wait_for_threads_that_it_has_not(tmp_path):
    """Threads stay in the parent."""

    async def opened():
        store = await memproc.aopen(tmp_path / "m.db")
        await store.add({"content": "Has a cat"})
        return store

    store = asyncio.run(opened())

    def child():
        with pytest.raises(memproc.StoreError, match="forked"):
            asyncio.run(store.count())

    assert ended(forked(child))
    asyncio.run(store.close())
