"""Workers on Ray: the cluster at an address, the one this process is connected to, or one of this machine that memproc begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from time import monotonic
from typing import Any

import psutil
import ray
from ray.exceptions import LocalRayletDiedError, NodeDiedError, OutOfMemoryError, WorkerCrashedError

from memproc.engines.pools import SECONDS_TO_BEGIN_ANEW, Pool
from memproc.engines.waiting import Patience, answered, ended
from memproc.errors import EngineError

AUTO = "ray://auto"
SECONDS_WITHOUT_NODES = 60.0
SECONDS_TO_END = 60.0
TIMES_THE_BEGINNING = 5.0  # who needs long to begin needs long to begin anew


def ray_pool(address: str | None, workers: int) -> Pool:
    """Return the pool of the Ray cluster at an address, or of one with so many processors that lasts as long as the pool.

    A cluster of memproc's own is replaced where none of its nodes lives any more.
    """
    began, executor = monotonic(), _Executor()
    is_begun = not ray.is_initialized()
    own = _Own(address, workers) if is_begun else None
    pool = Pool("ray", executor, max(1, int(ray.cluster_resources().get("CPU", workers))))
    pool.deaths, pool.reopen = (WorkerCrashedError, OutOfMemoryError, NodeDiedError, LocalRayletDiedError), lambda: pool.executor
    pool.is_alive, pool.patience = _has_nodes, Patience(SECONDS_WITHOUT_NODES)
    if own is not None:
        pool.end = own.end
        if address is None:
            pool.replace = own.replaced
            pool.patience = Patience(max(SECONDS_TO_BEGIN_ANEW, TIMES_THE_BEGINNING * (monotonic() - began)))
    return pool


def _has_nodes() -> bool:
    return answered(lambda: ray.is_initialized() and any(node["Alive"] for node in ray.nodes()))


class _Own:
    """A connection to Ray that memproc began, and where there was none to connect to, the cluster."""

    def __init__(self, address: str | None, workers: int) -> None:
        self._where: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False} if address is None else {"address": address}
        if address == AUTO:
            self._where = {"address": "auto"}
        self._begin()

    def _begin(self) -> None:
        before = _children()
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **self._where)
        except (RuntimeError, OSError, TimeoutError) as error:
            raise EngineError(f"Ray cannot be begun or reached: {error}") from error
        self._processes = _children() - before

    def replaced(self) -> Executor:
        """Begin another cluster in place of this one."""
        self.end()
        self._begin()
        return _Executor()

    def end(self) -> None:
        """End it, by force where it does not end by itself."""
        ended(ray.shutdown, self._processes, SECONDS_TO_END)


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


class _Executor(Executor):
    """Ray as an executor: each call is a task, made once, whose result is a future."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Begin a task."""
        task = ray.remote(max_retries=0)(work)
        future: Future[Any] = task.remote(*arguments, **named).future()
        return future
