"""Pools of workers by name, or as they are handed over. Each is an executor of `concurrent.futures`, so one loop serves all.

Processes are begun afresh (`spawn`), or forked from a server that has no threads (`forkserver`), never forked from the caller's,
which may hold locks. What memproc begins it ends, by force where it does not end by itself; what was handed over stays as it is.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Collection
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, get_args

from memproc.config import PythonEngine
from memproc.errors import EngineError, UsageError
from memproc.ingestion.engines.waiting import Patience, ended

SECONDS_TO_BEGIN_ANEW = 10.0
TIMES_THE_BEGINNING = 5.0  # who needs long to begin needs long to begin anew
SECONDS_WITHOUT_A_WORD = 600.0  # of an executor that cannot be asked whether it lives

ENGINES = get_args(PythonEngine)


@dataclass(slots=True)
class Pool:
    """Workers: `executor` takes calls, `deaths` are the errors that tell of a worker that died, `reopen` gives the executor to go
    on with after that (None: there is none). `endings` tell that all are gone. `is_alive` tells whether anybody is there to do what
    was sent, or raises PoolDiedError where nobody will be; `patience` says for how long nobody may be there, and `replace` gives
    another executor then (None: there is none). `end` ends what memproc began.
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
    end: Callable[[], None] = lambda: None  # what was handed over stays as it is
    process: int = field(default_factory=os.getpid)  # the one that began it

    def restart(self, *, is_gone: bool = False) -> None:
        """Go on with workers that live, after one died or where all are gone.

        Raises EngineError where the pool is not memproc's to begin anew.
        """
        begin_anew = self.replace if is_gone else self.reopen
        if begin_anew is None:
            how = "is gone" if is_gone else "broke"
            raise EngineError(
                f"the executor that was handed over {how}: give a fresh one; what has landed stays, and resume goes on"
            )
        self.executor = begin_anew()

    @property
    def is_own(self) -> bool:
        """Whether it was begun in this process, and not in one that this was forked from."""
        return self.process == os.getpid()

    def close(self) -> None:
        """End what memproc began, in the process that began it."""
        if self.is_own:
            self.end()


def patience_of(began_seconds: float) -> Patience:
    """Return how long is waited for a cluster that took so long to begin."""
    return Patience(max(SECONDS_TO_BEGIN_ANEW, TIMES_THE_BEGINNING * began_seconds))


def pool_of(engine: object, workers: int) -> Pool | None:
    """Return the pool of an engine, None for "sequential". `engine` is one of `ENGINES`, an executor of `concurrent.futures`, a
    Dask `Client`, or the address of a Ray cluster (`ray://host:port`, or `ray://auto` for the one of this machine).

    Raises UsageError where it is none of these, or where its package is not installed.
    """
    if isinstance(engine, Executor):
        pool = Pool(type(engine).__name__, engine, getattr(engine, "_max_workers", None) or workers, (BrokenExecutor,))
        if _crew(engine) is None:
            pool.patience = Patience(SECONDS_WITHOUT_A_WORD)
        pool.is_alive = lambda: has_crew(engine)
        return pool
    if not isinstance(engine, str):
        if type(engine).__module__.partition(".")[0] == "distributed":
            return _on_package("dask", engine, workers)
        raise UsageError(f"engine={engine!r}: {_ADVICE}")
    if engine.startswith("ray://"):
        return _on_package("ray", engine, workers)
    if engine not in ENGINES:
        raise UsageError(f"engine={engine!r}: {_ADVICE}")
    return _BY_NAME[engine](workers)


_ADVICE = f"give one of {', '.join(ENGINES)}, an executor of concurrent.futures, a Dask Client or ray://host:port"


def _threads(workers: int) -> Pool:
    executor = ThreadPoolExecutor(workers, thread_name_prefix="memproc")
    return Pool("threads", executor, workers, is_alive=lambda: has_crew(executor), end=partial(_shut_down, executor))


def _processes(name: str, method: str, workers: int) -> Pool:
    if method not in multiprocessing.get_all_start_methods():
        raise UsageError(f"engine={name!r} is not served by this system: give engine='processes'")

    def opened() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, multiprocessing.get_context(method), _warm)

    def reopened() -> ProcessPoolExecutor:
        _shut_down(pool.executor)
        return opened()

    pool = Pool(name, opened(), workers, (BrokenExecutor,), reopened, replace=reopened)
    pool.is_alive = lambda: has_crew(pool.executor)
    pool.end = lambda: _shut_down(pool.executor)
    return pool


def _crew(executor: Executor) -> Collection[Any] | None:
    """Return the processes or threads of an executor, which have no public name; None where they cannot be told."""
    processes, threads = getattr(executor, "_processes", None), getattr(executor, "_threads", None)
    if isinstance(processes, dict):
        return list(processes.values())
    if isinstance(threads, set):
        return list(threads)
    return [] if isinstance(executor, ProcessPoolExecutor) else None  # one that broke has let go of them


def has_crew(executor: Executor) -> bool:
    """Tell whether any process or thread of an executor lives; not where they cannot be told."""
    return any(worker.is_alive() for worker in _crew(executor) or ())


def _shut_down(executor: Executor) -> None:
    """Let workers end what they are at, and kill the processes that do not: nobody waits for what they would give."""
    processes = [worker.pid for worker in _crew(executor) or () if hasattr(worker, "pid")]
    ended(lambda: executor.shutdown(wait=True, cancel_futures=True), processes)


def _warm() -> None:
    """Load what a worker needs, and let its search for cycles pass over it from then on."""
    from memproc.ingestion.engines.warming import warm  # noqa: PLC0415 - in the worker, not in the caller's process

    warm()
    gc.freeze()  # this process is memproc's own


def _on_package(extra: str, given: object, workers: int) -> Pool:
    """Return the pool of an engine whose package is an extra: on what was given, or on what memproc begins."""
    try:
        pool: Pool = getattr(import_module(f"memproc.ingestion.engines.on_{extra}"), f"{extra}_pool")(given, workers)
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
