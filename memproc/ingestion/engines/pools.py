"""Pools of workers, by name or from the caller. Each is an executor of `concurrent.futures`, so one loop serves all.

Processes are spawned, or forked from a server without threads (`forkserver`), never forked from the caller's process, which may
hold locks. memproc ends the pools that it starts, by force if necessary, and leaves the caller's pools running.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Collection
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, get_args

from memproc.config import PythonEngine
from memproc.errors import EngineError, UsageError
from memproc.ingestion.engines.waiting import Patience, end_or_kill

SECONDS_TO_BEGIN_ANEW = 10.0
TIMES_THE_BEGINNING = 5.0  # a pool that starts slowly restarts slowly
SECONDS_WITHOUT_A_WORD = 600.0  # for an executor whose workers cannot be checked

ENGINES = get_args(PythonEngine)


@dataclass(slots=True)
class Pool:
    """Workers, and how to handle their failures. `executor` runs calls. `deaths` are the errors of a call whose worker died, and
    `reopen` returns the executor to continue with. `endings` are the errors of calls whose pool is gone. `is_alive` tells whether a
    worker lives, or raises PoolDiedError if none ever will; `patience` says how long to wait for one, and `replace` then returns a
    new executor. `reopen` and `replace` are None if memproc cannot do that. `end` ends a pool that memproc started.
    """

    name: str
    executor: Executor
    workers: int
    deaths: tuple[type[BaseException], ...] = ()
    reopen: Callable[[], Executor] | None = None
    endings: tuple[type[BaseException], ...] = ()
    is_alive: Callable[[], bool] = lambda: True
    patience: Patience = field(default_factory=lambda: Patience(SECONDS_TO_BEGIN_ANEW))
    replace: Callable[[], Executor] | None = None
    end: Callable[[], None] = lambda: None  # a pool of the caller keeps running
    process: int = field(default_factory=os.getpid)  # the one that started it

    def restart(self, *, is_gone: bool = False) -> None:
        """Replace the executor after a worker died or, with `is_gone`, all did. Raises EngineError for a pool of the caller."""
        begin_anew = self.replace if is_gone else self.reopen
        if begin_anew is None:
            how = "is gone" if is_gone else "broke"
            raise EngineError(
                f"the executor that was handed over {how}: give a fresh one; what has landed stays, and resume goes on"
            )
        self.executor = begin_anew()

    @property
    def is_own(self) -> bool:
        """Whether this process started the pool, rather than a process it was forked from."""
        return self.process == os.getpid()

    def close(self) -> None:
        """End the pool if memproc started it in this process."""
        if self.is_own:
            self.end()


def patience_of(began_seconds: float) -> Patience:
    """Return the patience with a cluster that took this long to start."""
    return Patience(max(SECONDS_TO_BEGIN_ANEW, TIMES_THE_BEGINNING * began_seconds))


def pool_of(engine: object, workers: int) -> Pool | None:
    """Return the pool of an engine, None for "sequential". `engine` is one of `ENGINES`, an executor of `concurrent.futures`, a
    Dask `Client`, or the address of a Ray cluster (`ray://host:port`, or `ray://auto` for the one of this machine).

    Raises UsageError if it is none of these, or if its package is not installed.
    """
    if isinstance(engine, Executor):
        pool = Pool(type(engine).__name__, engine, getattr(engine, "_max_workers", None) or workers, (BrokenExecutor,))
        if _workers_of(engine) is None:
            pool.patience = Patience(SECONDS_WITHOUT_A_WORD)
        pool.is_alive = lambda: has_live_workers(engine)
        return pool
    if not isinstance(engine, str):
        if type(engine).__module__.partition(".")[0] == "distributed":
            return _on_package("dask", engine, workers)
        raise UsageError(f"engine={engine!r}: {_ENGINE_ADVICE}")
    if engine.startswith("ray://"):
        return _on_package("ray", engine, workers)
    if engine not in ENGINES:
        raise UsageError(f"engine={engine!r}: {_ENGINE_ADVICE}")
    return _BY_NAME[engine](workers)


_ENGINE_ADVICE = f"give one of {', '.join(ENGINES)}, an executor of concurrent.futures, a Dask Client or ray://host:port"


def _threads(workers: int) -> Pool:
    executor = ThreadPoolExecutor(workers, thread_name_prefix="memproc")
    return Pool("threads", executor, workers, is_alive=lambda: has_live_workers(executor), end=partial(_shut_down, executor))


def _processes(name: str, method: str, workers: int) -> Pool:
    if method not in multiprocessing.get_all_start_methods():
        raise UsageError(f"engine={name!r} is not served by this system: give engine='processes'")

    def open_executor() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, multiprocessing.get_context(method), _warm)

    def reopen() -> ProcessPoolExecutor:
        _shut_down(pool.executor)
        return open_executor()

    pool = Pool(name, open_executor(), workers, (BrokenExecutor,), reopen, replace=reopen)
    pool.is_alive = lambda: has_live_workers(pool.executor)
    pool.end = lambda: _shut_down(pool.executor)
    return pool


def _workers_of(executor: Executor) -> Collection[Any] | None:
    """Return the processes or threads of an executor, from its private attributes; None if they are unknown."""
    processes, threads = getattr(executor, "_processes", None), getattr(executor, "_threads", None)
    if isinstance(processes, dict):
        return list(processes.values())
    if isinstance(threads, set):
        return list(threads)
    return [] if isinstance(executor, ProcessPoolExecutor) else None  # a broken one has dropped its processes


def has_live_workers(executor: Executor) -> bool:
    """Tell whether a process or thread of an executor lives; False if they are unknown."""
    return any(worker.is_alive() for worker in _workers_of(executor) or ())


def _shut_down(executor: Executor) -> None:
    """Shut an executor down, and kill its processes if that takes too long: nothing needs their results."""
    processes = [worker.pid for worker in _workers_of(executor) or () if hasattr(worker, "pid")]
    end_or_kill(lambda: executor.shutdown(wait=True, cancel_futures=True), processes)


def _warm() -> None:
    """Load what a worker needs, and exempt it from garbage collection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that reads: it ends its workers
    from memproc.ingestion.engines.warming import warm  # noqa: PLC0415 - in the worker, not in the caller's process

    warm()
    gc.freeze()  # safe: this process runs only memproc


def _on_package(extra: str, cluster: object, workers: int) -> Pool:
    """Return the pool of an engine whose package is an optional extra; `cluster` is a client, an address or None."""
    try:
        pool: Pool = getattr(import_module(f"memproc.ingestion.engines.on_{extra}"), f"{extra}_pool")(cluster, workers)
        return pool
    except ModuleNotFoundError as error:
        raise UsageError(f"engine {extra!r} needs its package: pip install 'memproc-sdk[{extra}]'") from error


_BY_NAME: dict[str, Callable[[int], Pool | None]] = {
    "sequential": lambda _workers: None,
    "threads": _threads,
    "processes": partial(_processes, "processes", "spawn"),
    "forkserver": partial(_processes, "forkserver", "forkserver"),
    "dask": partial(_on_package, "dask", None),
    "ray": partial(_on_package, "ray", None),
}
