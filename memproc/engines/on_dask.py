"""Workers on Dask: a cluster of this machine that memproc begins, or the one of a client that was handed over."""

from __future__ import annotations

from typing import Any, cast

import dask
from distributed import Client, KilledWorker, LocalCluster

from memproc.engines.pools import Pool


def dask_pool(given: object, workers: int) -> Pool:
    """Return the pool of a client, or of a cluster with so many workers of one thread each.

    A worker that dies is begun again by its nanny. On a cluster of memproc's own its call is told at once; on another it goes to
    other workers first, as that cluster is set up to do.
    """
    if given is not None:
        client = cast("Client", given)
        return _pool(client, max(1, sum(client.nthreads().values())))
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        cluster = LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)
    client = Client(cluster)

    def close() -> None:
        client.close()
        cluster.close()

    pool = _pool(client, workers)
    pool.close = close
    return pool


def _pool(client: Client, workers: int) -> Pool:
    executor: Any = client.get_executor(pure=False)  # by default equal calls would be made once
    return Pool("dask", executor, workers, (KilledWorker,), lambda: executor)
