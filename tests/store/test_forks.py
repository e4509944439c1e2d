"""A store that was opened before its process forked: the child has its own connections, locks and job, and the parent's stay."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import traceback
from itertools import count
from pathlib import Path

import pytest

import memproc
from memproc.store.jobs.jobs import FINISHED
from tests.events import batches
from tests.waiting import LIMIT_SECONDS, ended, forked, until

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),  # later Pythons warn of forks beside threads
]
EACH = 40


def add(store, name, number=EACH):
    """Add facts of which none is near another."""
    for at in range(number):
        assert store.add({"content": f"{name} {at} saw kestrel {name[::-1]}{at}"}).outcome == "stored"


def assert_whole(store, memories):
    """Check that all is there and that nothing is wrong."""
    assert store.count() == memories
    assert store.recount().is_whole
    assert store.doctor() == ()


@pytest.mark.costly
def test_four_children_and_the_parent_add_to_one_store(fresh):
    """All is there, each in a job of its own, and none is left as if it ran."""
    with fresh() as store:
        add(store, "before", 3)

        def child(name):
            add(store, name)
            store.close()

        children = [forked(lambda name=name: child(name)) for name in ("ann", "bob", "cyd", "dan")]
        add(store, "parent")
        assert ended(*children)
        assert_whole(store, 5 * EACH + 3)
        own, *others = store.jobs()
        assert (own.status, own.read) == ("running", EACH + 3)
        assert [(job.status, job.read) for job in others] == [("done", EACH)] * 4


@pytest.mark.costly
def test_a_store_that_only_the_parent_closes(fresh):
    """What its children wrote stays, though the parent was the last to have opened the file before them."""
    with fresh() as store:
        store.count()
        url = store.url
        reading, writing = os.pipe()
        child = forked(lambda: (add(store, "first", 1), os.read(reading, 1), add(store, "then", 5)))
        until(store.count)
        memproc.Store.close(store)
        os.write(writing, b"x")
        assert ended(child)
        os.close(reading)
        os.close(writing)
        with memproc.open(url) as again:
            assert_whole(again, 6)


@pytest.mark.costly
def test_a_grandchild_and_a_child_of_a_thread_add_too(fresh):
    """Each generation begins afresh."""
    with fresh() as store:
        add(store, "before", 1)

        def child():
            add(store, "child", 2)
            assert ended(forked(lambda: add(store, "grandchild", 3)))
            add(store, "child again", 2)

        results = []
        thread = threading.Thread(target=lambda: results.append(ended(forked(child))))
        thread.start()
        thread.join(LIMIT_SECONDS)
        assert results == [True]
        add(store, "parent", 2)
        assert store.count() == 10
        assert store.recount().is_whole


@pytest.mark.costly
def test_a_lock_that_a_thread_of_the_parent_holds_does_not_stop_the_child(fresh):
    """Whatever its threads do as it forks, time after time."""
    with fresh() as store:
        is_over = threading.Event()
        added = count()

        def busy(name):
            while not is_over.is_set():
                store.add({"content": f"{name} saw heron {next(added)}"})
                store.find(text="heron", limit=3)

        threads = [threading.Thread(target=busy, args=(name,)) for name in ("ann", "bob", "cyd")]
        for thread in threads:
            thread.start()
        try:
            for at in range(8):
                assert ended(forked(lambda at=at: add(store, f"child{at}", 3)))
        finally:
            is_over.set()
            for thread in threads:
                thread.join(LIMIT_SECONDS)
        assert_whole(store, next(added) + 24)


class UnwoundError(BaseException):
    """Ends a child behind all that it was forked within."""


def within(block, act):
    """Fork within a block of the parent's; the child acts, leaves the block by an exception, and ends. Return its number."""
    parent, number = os.getpid(), 0
    status = 1
    try:
        with block:
            number = os.fork()
            if not number:
                act()
                raise UnwoundError  # noqa: TRY301 - it shall unwind
    except UnwoundError:
        status = 0
    except BaseException:
        if os.getpid() == parent:
            raise
        traceback.print_exc()
    finally:
        if os.getpid() != parent:
            sys.stderr.flush()
            os._exit(status)
    return number


@pytest.mark.costly
def test_a_child_of_a_rehearsal_undoes_nothing_and_writes_nothing(fresh):
    """It is told so at once; the parent's rehearsal goes on, and ends as one does."""
    with fresh() as store:
        add(store, "before", 2)

        def act():
            with pytest.raises(memproc.StoreError, match="forked"):
                add(store, "child", 1)

        with store.rehearsal():
            add(store, "rehearsed", 2)
            assert ended(forked(act))
            assert store.count() == 4
            add(store, "rehearsed too", 1)
            assert store.count() == 5
        assert store.count() == 2
        assert ended(within(store.rehearsal(), act))
        add(store, "after", 1)
        assert_whole(store, 3)


@pytest.mark.costly
def test_a_rehearsal_of_another_thread_is_not_the_childs(fresh):
    """It reads and, once that thread is done, writes."""
    with fresh() as store:
        add(store, "before", 2)
        is_rehearsing, may_end = threading.Event(), threading.Event()

        def rehearse():
            with store.rehearsal():
                add(store, "rehearsed", 1)
                is_rehearsing.set()
                may_end.wait(LIMIT_SECONDS)

        thread = threading.Thread(target=rehearse)
        thread.start()
        assert is_rehearsing.wait(LIMIT_SECONDS)
        threading.Timer(0.3, may_end.set).start()
        child = forked(lambda: add(store, "child", 3))
        assert ended(child)
        thread.join(LIMIT_SECONDS)
        assert_whole(store, 5)


def test_a_child_of_a_loop_over_a_store_leaves_the_parents_loop_alone(fresh):
    """It cannot go on with the loop, and ends without a word to the database."""
    with fresh() as store:
        add(store, "before", 5)
        seen, children = [], []
        parent = os.getpid()
        try:
            for memory in store:
                seen.append(memory)
                if len(seen) == 2:
                    children.append(os.fork())
        except memproc.StoreError as error:
            assert os.getpid() != parent
            os._exit(0 if "forked" in str(error) else 1)
        finally:
            if os.getpid() != parent:
                os._exit(2)
        assert ended(*children)
        assert len(seen) == 5
        add(store, "after", 1)
        assert_whole(store, 6)


@pytest.mark.costly
def test_a_job_is_not_the_childs_to_land_in_or_to_end(fresh):
    """A child that goes on with the parent's ingestion is refused, and leaves the parent's job as it is."""
    records = [{"content": f"kestrel {number} saw {number + 1}"} for number in range(20)]
    parent, children = os.getpid(), []

    def fork_once(progress):
        if progress.read == 5:
            children.append(os.fork())

    with fresh() as store:
        status = 1
        try:
            report = memproc.ingest(records, store, settings=memproc.Settings(batch_size=5), on_event=batches(fork_once))
        except memproc.StoreError as error:
            status = 0 if "forked" in str(error) else 1
        finally:
            if os.getpid() != parent:
                os._exit(status)
        assert ended(*children)
        assert (report.status, report.read) == ("done", 20)
        assert_whole(store, 20)


def test_a_temporary_store_outlives_the_children_of_its_process():
    """They may use it, and end as programs do; it goes with the process that made it."""
    with memproc.open("sqlite://") as store:
        folder = Path(store._opened.database.url.database).parent
        add(store, "before", 1)

        def child():
            add(store, "child", 1)
            store.close()

        assert ended(forked(child))
        assert folder.is_dir()
        assert store.count() == 2
    assert not folder.exists()


@pytest.mark.slow
def test_a_child_that_ends_as_a_program_does_removes_nothing():
    """Also what Python does at its exit is the parent's to do."""
    program = """
import os, sys, memproc
store = memproc.open("sqlite://")
store.add({"content": "She likes tea"})
child = os.fork()
if not child:
    store.add({"content": "She has a dog"})
    del store
    sys.exit(0)
os.waitpid(child, 0)
print(store.count(), store.recount().is_whole, [job.status for job in store.jobs()][0])
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["2", "True", "running"], "")


def test_runs_of_the_parent_go_on_in_the_eyes_of_the_child(fresh):
    """And a job of the child is told from one of the parent."""
    with fresh() as store:
        add(store, "before", 1)

        def child():
            (job,) = store.jobs()
            assert job.is_alive
            add(store, "child", 1)
            assert [job.is_alive for job in store.jobs()] == [True, True]

        assert ended(forked(child))
        assert [job.is_alive for job in store.jobs()] == [True, False]
        assert store.jobs()[0].status not in FINISHED
