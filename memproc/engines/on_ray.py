"""Workers on Ray: the cluster at an address, the one this process is connected to, or one of this machine that memproc begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import ray
from ray.exceptions import OutOfMemoryError, WorkerCrashedError

from memproc.engines.pools import Pool

AUTO = "ray://auto"


def ray_pool(address: str | None, workers: int) -> Pool:
    """Return the pool of the Ray cluster at an address, or of one with so many processors that lasts as long as the pool."""
    is_begun = not ray.is_initialized()
    if is_begun:
        where: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False} if address is None else {"address": address}
        if address == AUTO:
            where = {"address": "auto"}
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **where)
    executor = _Executor()
    pool = Pool("ray", executor, max(1, int(ray.cluster_resources().get("CPU", workers))))
    pool.deaths, pool.reopen = (WorkerCrashedError, OutOfMemoryError), lambda: executor
    if is_begun:
        pool.close = ray.shutdown
    return pool


class _Executor(Executor):
    """Ray as an executor: each call is a task, made once, whose result is a future."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Begin a task."""
        task = ray.remote(max_retries=0)(work)
        future: Future[Any] = task.remote(*arguments, **named).future()
        return future
