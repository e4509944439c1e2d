"""Workers on Ray: the cluster at an address, the one this process is connected to, or a local one that memproc starts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from time import monotonic
from typing import Any

import psutil
import ray
from ray.exceptions import LocalRayletDiedError, NodeDiedError, OutOfMemoryError, WorkerCrashedError

from memproc.errors import EngineError
from memproc.ingestion.engines.pools import Pool, patience_of
from memproc.ingestion.engines.waiting import Patience, PoolDiedError, answered, end_or_kill, is_there

AUTO = "ray://auto"
SECONDS_WITHOUT_NODES = 60.0
SECONDS_TO_END = 20.0  # Ray ends this process when it misses its servers for a minute
SERVERS = ("gcs_server", "raylet")


def ray_pool(address: str | None, workers: int) -> Pool:
    """Return the pool of the Ray cluster at an address, or of a local one with this many processors that lasts as long as the pool.

    A local cluster is replaced if none of its nodes is alive.
    """
    began = monotonic()
    connection = None if ray.is_initialized() else _Connection(address, workers)
    executor = _RayExecutor(connection.check_servers) if connection is not None else _RayExecutor()
    pool = Pool("ray", executor, max(1, int(ray.cluster_resources().get("CPU", workers))))
    pool.deaths, pool.reopen = (WorkerCrashedError, OutOfMemoryError, NodeDiedError), lambda: pool.executor
    pool.endings = (LocalRayletDiedError,)
    pool.is_alive, pool.patience = _has_nodes, Patience(SECONDS_WITHOUT_NODES)
    if connection is not None:
        pool.end = connection.end
        if address is None:
            pool.is_alive, pool.replace = connection.is_alive, connection.replace
            pool.patience = patience_of(monotonic() - began)
    return pool


def _has_nodes() -> bool:
    return answered(lambda: ray.is_initialized() and any(node["Alive"] for node in ray.nodes()))


class _Connection:
    """A connection to Ray that memproc opened, with the local cluster if it started one."""

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
        self._servers = [one for one in map(psutil.Process, self._processes) if one.name() in SERVERS]

    def is_alive(self) -> bool:
        """Tell whether a node lives. Raises PoolDiedError if a server of the cluster has ended."""
        self.check_servers()
        return _has_nodes()

    def check_servers(self) -> None:
        """Raise PoolDiedError if the GCS server or the raylet has ended."""
        if not all(map(is_there, self._servers)):
            raise PoolDiedError("a server of Ray ended")

    def replace(self) -> Executor:
        """Start another cluster in place of this one; return its executor."""
        self.end()
        self._begin()
        return _RayExecutor(self.check_servers)

    def end(self) -> None:
        """End the connection or cluster, by force if necessary."""
        end_or_kill(ray.shutdown, self._processes, SECONDS_TO_END)


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


class _RayExecutor(Executor):
    """Ray as an executor: each call is a task that runs once."""

    def __init__(self, check: Callable[[], object] = bool) -> None:
        """`check` raises if Ray is gone, when starting a task could block forever."""
        self._check = check

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Start a task."""
        self._check()
        task = ray.remote(max_retries=0)(work)
        future: Future[Any] = task.remote(*arguments, **named).future()
        return future
