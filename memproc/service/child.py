"""A worker in a process of its own, as the supervisor begins it: told on standard input what to work
on, it tells each run in a line.
"""

from __future__ import annotations

import os
import sys
import threading

import orjson

from memproc.config import Settings
from memproc.service.stopping import Stop, on_signals
from memproc.service.worker import Ran, Worker
from memproc.store.store import Store

STDIN = 0


def main() -> None:
    """Work until it is told to stop, or until who began this is gone."""
    given = orjson.loads(_first_line())
    with on_signals(Stop()) as stop, Store(given["where"], settings=Settings(**given["settings"])) as store:
        threading.Thread(target=_until_alone, args=(stop,), daemon=True).start()
        Worker(store, stop=stop).work(on_run=_tell)


def _tell(ran: Ran) -> None:
    sys.stdout.buffer.write(orjson.dumps({"job": ran.job, "status": ran.status, "error": ran.error}) + b"\n")
    sys.stdout.buffer.flush()


def _until_alone(stop: Stop) -> None:
    while os.read(STDIN, 1):  # not by Python's stream, whose lock a thread must not hold when the process ends
        pass
    stop.want()


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        if not (more := os.read(STDIN, 1)):
            break
        line += more
    return line


if __name__ == "__main__":
    main()
