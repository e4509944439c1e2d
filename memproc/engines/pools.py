"""Pools of workers by name, or as they are handed over. Each is an executor of `concurrent.futures`, so one loop serves all.

Processes are begun afresh (`spawn`), or forked from a server that has no threads (`forkserver`), never forked from the caller's,
which may hold locks. What memproc begins it ends; what was handed over stays as it is.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from memproc.errors import EngineError, UsageError

ENGINES = ("sequential", "threads", "processes", "forkserver", "dask", "ray")


def _nothing() -> None:
    """Leave what was handed over as it is."""


@dataclass(slots=True)
class Pool:
    """Workers: `executor` takes calls, `deaths` are the errors that tell of a worker that died, `reopen` gives the executor to go
    on with after that (None: there is none), and `close` ends what memproc began.
    """

    name: str
    executor: Executor
    workers: int
    deaths: tuple[type[BaseException], ...] = ()
    reopen: Callable[[], Executor] | None = None
    close: Callable[[], None] = _nothing

    def restart(self) -> None:
        """Go on with workers that live. Raises EngineError where the pool is not memproc's to begin anew."""
        if self.reopen is None:
            raise EngineError(
                "the executor that was handed over broke: give a fresh one; what has landed stays, and resume goes on"
            )
        self.executor = self.reopen()


def pool_of(engine: object, workers: int) -> Pool | None:
    """Return the pool of an engine, None for "sequential". `engine` is one of `ENGINES`, an executor of `concurrent.futures`, a
    Dask `Client`, or the address of a Ray cluster (`ray://host:port`, or `ray://auto` for the one of this machine).

    Raises UsageError where it is none of these, or where its package is not installed.
    """
    if isinstance(engine, Executor):
        deaths = (BrokenExecutor,)
        return Pool(type(engine).__name__, engine, getattr(engine, "_max_workers", None) or workers, deaths)
    if not isinstance(engine, str):
        if type(engine).__module__.partition(".")[0] == "distributed":
            return _of_package("dask", lambda: _dask(engine, workers))
        raise UsageError(f"engine={engine!r}: {_ADVICE}")
    if engine.startswith("ray://"):
        return _of_package("ray", lambda: _ray(engine, workers))
    if engine not in ENGINES:
        raise UsageError(f"engine={engine!r}: {_ADVICE}")
    return _BY_NAME[engine](workers)


_ADVICE = f"give one of {', '.join(ENGINES)}, an executor of concurrent.futures, a Dask Client or ray://host:port"


def _threads(workers: int) -> Pool:
    executor = ThreadPoolExecutor(workers, thread_name_prefix="memproc")
    return Pool("threads", executor, workers, close=partial(_shut_down, executor))


def _processes(name: str, method: str, workers: int) -> Pool:
    if method not in multiprocessing.get_all_start_methods():
        raise UsageError(f"engine={name!r} is not served by this system: give engine='processes'")

    def opened() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, multiprocessing.get_context(method), _warm)

    def reopened() -> ProcessPoolExecutor:
        _shut_down(pool.executor)
        return opened()

    pool = Pool(name, opened(), workers, (BrokenExecutor,), reopened)
    pool.close = lambda: _shut_down(pool.executor)
    return pool


def _shut_down(executor: Executor) -> None:
    executor.shutdown(wait=True, cancel_futures=True)


def _warm() -> None:
    """Load what a worker needs, and let its search for cycles pass over it from then on."""
    from memproc.engines.warming import warm  # noqa: PLC0415 - in the worker, not in the caller's process

    warm()
    gc.freeze()  # this process is memproc's own


def _dask(client: object, workers: int) -> Pool:
    from memproc.engines.on_dask import dask_pool  # noqa: PLC0415 - an extra

    return dask_pool(client, workers)


def _ray(address: str | None, workers: int) -> Pool:
    from memproc.engines.on_ray import ray_pool  # noqa: PLC0415 - an extra

    return ray_pool(address, workers)


def _of_package(extra: str, make: Callable[[], Pool]) -> Pool:
    try:
        return make()
    except ModuleNotFoundError as error:
        raise UsageError(f"engine {extra!r} needs its package: pip install 'memproc-sdk[{extra}]'") from error


_BY_NAME: dict[str, Callable[[int], Pool | None]] = {
    "sequential": lambda _workers: None,
    "threads": _threads,
    "processes": partial(_processes, "processes", "spawn"),
    "forkserver": partial(_processes, "forkserver", "forkserver"),
    "dask": lambda workers: _of_package("dask", lambda: _dask(None, workers)),
    "ray": lambda workers: _of_package("ray", lambda: _ray(None, workers)),
}
