"""Workers on Dask: a local cluster that memproc starts, or the cluster of the caller's client.

Facts: a nanny restarts a worker that died, unless it died before it reported its start, and a worker may get work before that. A
cluster ends the nanny of a worker that it misses for 15 seconds, less than a worker needs to start on a busy machine. In a cluster
without nannies nothing reports a lost worker to the client.
"""

from __future__ import annotations

from concurrent.futures import Executor
from time import monotonic, sleep
from typing import Any, cast

import dask
from distributed import Client, KilledWorker, LocalCluster, Status

from memproc.errors import EngineError
from memproc.ingestion.engines.pools import Pool, patience_of
from memproc.ingestion.engines.waiting import Patience, PoolDiedError, answered, end_or_kill

SECONDS_TO_BEGIN_A_WORKER = 300  # then its nanny gives up
SECONDS_TO_SETTLE = 60.0
SECONDS_TO_END = 60.0
SECONDS_WITHOUT_WORKERS = 60.0
SECONDS_UNTIL_THE_FIRST = 600.0  # for a cluster that starts workers only when it has work


def dask_pool(handed_over: object, workers: int) -> Pool:
    """Return the pool of a client, or of a new local cluster with this many workers of one thread each.

    A nanny restarts a worker that dies. In a local cluster its call fails at once; the caller's cluster may first retry it on other
    workers. A local cluster is replaced if a nanny cannot restart its worker or the scheduler is gone.
    """
    if handed_over is not None:
        client = cast("Client", handed_over)
        threads: list[int] = []
        if not answered(lambda: threads.append(sum(client.nthreads().values())) or True):  # type: ignore[func-returns-value]
            raise EngineError(
                "the Dask client that was handed over has no scheduler that answers: give one of a cluster that lives"
            )
        executor = _executor_of(client)
        pool = Pool("dask", executor, max(1, *threads), (KilledWorker,), lambda: _settled(client, executor))
        pool.is_alive = lambda: _has_workers(client)
        pool.patience = Patience(SECONDS_WITHOUT_WORKERS if threads[0] else SECONDS_UNTIL_THE_FIRST)
        return pool
    began, cluster = monotonic(), _OwnCluster(workers)
    pool = Pool("dask", cluster.executor, workers, (KilledWorker,), cluster.reopen)
    pool.is_alive, pool.replace, pool.end = cluster.is_alive, cluster.replace, cluster.end
    pool.patience = patience_of(monotonic() - began)
    return pool


def _executor_of(client: Client) -> Executor:
    executor: Any = client.get_executor(pure=False)  # by default equal calls would be made once
    return cast("Executor", executor)


def _has_workers(client: Client) -> bool:
    return answered(lambda: client.status == "running" and client.nthreads())


def _settled(client: Client, executor: Executor) -> Executor:
    """Wait until restarted workers are running, as far as this process can tell; return the executor."""
    deadline = monotonic() + SECONDS_TO_SETTLE
    while monotonic() < deadline and not answered(lambda: _is_settled(client)):
        sleep(0.05)
    return executor


def _is_settled(client: Client) -> bool:
    nannies = [*getattr(client.cluster, "workers", {}).values()]
    processes = [getattr(nanny, "process", None) for nanny in nannies if hasattr(nanny, "process")]
    have_begun = all(one is not None and one.is_alive() and one.status is Status.running for one in processes)
    return have_begun and len(client.nthreads()) >= len(processes)


class _SlowStartCluster(LocalCluster):
    """A cluster that does not end the nanny of a worker that starts slowly."""

    def _update_worker_status(self, op: str, msg: Any) -> None:
        with dask.config.set({"distributed.deploy.lost-worker-timeout": SECONDS_TO_BEGIN_A_WORKER}):
            super()._update_worker_status(op, msg)


class _OwnCluster:
    """A local cluster that memproc started, or its replacement."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._begin()

    def _begin(self) -> None:
        try:
            with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
                self._cluster = _SlowStartCluster(
                    n_workers=self._workers,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=":0",  # a free port: another cluster may use the default
                    death_timeout=SECONDS_TO_BEGIN_A_WORKER,
                )
            self._client = Client(self._cluster)
        except (RuntimeError, OSError, TimeoutError) as error:
            raise EngineError(f"a Dask cluster cannot be begun on this machine: {error}") from error
        self.executor = _executor_of(self._client)

    def is_alive(self) -> bool:
        """Tell whether a worker lives. Raises PoolDiedError if no nanny is left to start one."""
        if not self._cluster.workers:
            raise PoolDiedError("the workers of the Dask cluster ended, and could not be begun again")
        return _has_workers(self._client)

    def reopen(self) -> Executor:
        """Return the executor after dead workers have been restarted."""
        return _settled(self._client, self.executor)

    def replace(self) -> Executor:
        """Start another cluster in place of this one; return its executor."""
        self.end()
        self._begin()
        return self.executor

    def end(self) -> None:
        """End the cluster, by force if necessary."""
        client, cluster = self._client, self._cluster
        processes = [nanny.pid for nanny in [*cluster.workers.values()] if getattr(nanny, "pid", None)]

        def close() -> None:
            client.close()
            cluster.close()

        end_or_kill(close, processes, SECONDS_TO_END)
