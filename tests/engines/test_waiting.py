"""No wait on a worker is for ever: pools that are gone are begun anew or told, those that are slow are waited for."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import psutil
import pytest

import memproc
from memproc.ingestion.engines import pools
from memproc.ingestion.engines.loop import prepare_chunks
from memproc.ingestion.engines.pools import pool_of
from memproc.ingestion.engines.waiting import Patience, PoolDiedError, answered, end_or_kill
from tests import waiting
from tests.engines import slow
from tests.waiting import LIMIT_SECONDS, until

LONG = (pytest.mark.slow, pytest.mark.long)

# What Dask and Ray leave open as they end is theirs.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def within_limit(call):
    """Return what a call gives or raises, which must not take for ever."""
    results = []

    def run():
        try:
            results.append((call(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            results.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT_SECONDS)
    assert results, "it waits for ever"
    ((given, error),) = results
    if error is not None:
        raise error
    return given


def through(pool, chunks, act_before=-1, act=lambda: None, take=slow.take):
    """Take chunks through a pool, something being done before one of them is given; return what came of them."""

    def given():
        for number in range(chunks):
            if number == act_before:
                act()
            yield [number]

    return within_limit(lambda: [done.chunk for done in prepare_chunks(pool, lambda: take, given())])


@pytest.fixture
def dask_cluster():
    """Give a Dask client with a cluster of one worker, begun by somebody else."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.engine
def test_a_dask_cluster_that_is_gone_is_begun_anew():
    """Where memproc began it: every chunk is done, in its order."""
    pytest.importorskip("distributed")
    pool = pool_of("dask", 1)
    try:
        first = pool.executor._client.cluster
        assert through(pool, 8, 4, lambda: first.scale(0)) == [[number] for number in range(8)]
        assert pool.executor._client.cluster is not first
    finally:
        within_limit(pool.close)


@pytest.mark.engine
@pytest.mark.parametrize("how", ["scale", pytest.param("close", marks=LONG)])
def test_a_dask_cluster_that_was_handed_over_and_is_gone_is_told(dask_cluster, monkeypatch, how):
    """Memproc does not begin what is not its own."""
    monkeypatch.setattr("memproc.ingestion.engines.on_dask.SECONDS_WITHOUT_WORKERS", 1.0)
    pool = pool_of(dask_cluster, 1)

    def end():
        cluster = dask_cluster.cluster
        if how == "scale":
            cluster.scale(0)
        else:
            cluster.close()

    with pytest.raises(memproc.EngineError, match="was handed over is gone"):
        through(pool, 8, 4, end)


@pytest.mark.engine
def test_a_ray_that_is_gone_is_begun_anew():
    """Its server on this machine was killed."""
    pytest.importorskip("ray")
    pool = pool_of("ray", 1)
    try:

        def kill():
            (server,) = (child for child in psutil.Process().children(recursive=True) if child.name() == "raylet")
            server.kill()
            server.wait(LIMIT_SECONDS)

        assert through(pool, 8, 4, kill) == [[number] for number in range(8)]
    finally:
        within_limit(pool.close)


@pytest.mark.slow
def test_an_executor_that_its_owner_ended_is_told():
    """While calls are under way."""
    for executor in (ThreadPoolExecutor(1), ProcessPoolExecutor(1, get_context("spawn"))):
        with pytest.raises(memproc.EngineError, match="was handed over"):
            through(pool_of(executor, 1), 8, 4, lambda executor=executor: executor.shutdown(wait=False, cancel_futures=True))


class Silent(Executor):
    """An executor of which nothing is ever heard."""

    def submit(self, *_arguments, **_named):
        """Promise something."""
        return Future()


@pytest.mark.slow
def test_an_executor_of_which_nothing_is_heard_is_told(monkeypatch):
    """It cannot be asked, so it is after a long time."""
    monkeypatch.setattr(pools, "SECONDS_WITHOUT_A_WORD", 0.5)
    with pytest.raises(memproc.EngineError, match="is gone"):
        through(pool_of(Silent(), 1), 3)


@pytest.mark.engine
@pytest.mark.parametrize("name", ["threads", "processes"])
def test_who_is_slow_is_waited_for(name):
    """However short the patience with those that are gone."""
    pool = pool_of(name, 1)
    pool.patience = Patience(0.0)
    pool.replace = None
    try:
        assert through(pool, 2, take=slow.take_slowly) == [[0], [1]]
    finally:
        within_limit(pool.close)


@pytest.mark.slow
def test_patience_grows_with_what_was_seen():
    """Who took long may be away for long."""
    patience = Patience(0.0)
    assert patience.seconds == 0.0
    late = Future()
    threading.Timer(0.2, late.set_result, [1]).start()
    patience.wait(late, lambda: True)
    assert patience.seconds > 2.0
    with pytest.raises(PoolDiedError):
        within_limit(lambda: Patience(0.0).wait(Future(), lambda: False))


@pytest.mark.engine
@pytest.mark.parametrize("name", ["processes", pytest.param("forkserver", marks=LONG)])
def test_workers_that_do_not_end_are_killed(name):
    """A pool is closed though its workers are stopped, or at work that never ends."""
    pool = pool_of(name, 2)
    busy = [pool.executor.submit(slow.sleep_for_ever, [1]) for _ in range(2)]
    until(lambda: all(future.running() for future in busy))
    workers = [psutil.Process(number) for number in pool.executor._processes]
    os.kill(workers[0].pid, signal.SIGSTOP)
    within_limit(pool.close)
    assert not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)


@pytest.mark.slow
def test_a_pool_is_not_closed_by_a_forked_child():
    """Its workers are the parent's."""
    pool = pool_of("processes", 1)
    try:
        assert through(pool, 2) == [[0], [1]]
        assert waiting.ended(waiting.forked(pool.close))
        assert through(pool, 2) == [[0], [1]]
    finally:
        within_limit(pool.close)


def test_a_question_that_is_never_answered_is_answered_by_no():
    """And so is one that raises."""
    never = threading.Event()
    assert not answered(never.wait, 0.1)
    assert not answered(lambda: 1 / 0)
    assert answered(lambda: [1])
    never.set()


def test_a_process_that_is_another_by_now_is_not_killed():
    """Only what was there before the end was begun."""
    end_or_kill(lambda: None, [2**22 + 1], 0.1)
    assert psutil.Process().is_running()
