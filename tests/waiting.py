"""What tests wait for: processes, their ends and other things that come to be, none of them without a limit."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from contextlib import contextmanager

LIMIT_SECONDS = 120  # within that of a whole test, which `pyproject.toml` sets, and long enough for a machine with much to do


def until(is_so):
    """Wait until something is so."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it is not so after a long time"
        time.sleep(0.005)


@contextmanager
def bounded(process):
    """Kill a process that does not end within the limit, so that who reads what it prints comes to an end."""
    killing = threading.Timer(LIMIT_SECONDS, process.kill)
    killing.daemon = True
    killing.start()
    try:
        yield process
    finally:
        killing.cancel()


def forked(work):
    """Begin a process that does some work and ends at once; return its number."""
    number = os.fork()
    if number:
        return number
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - nothing of the test may go on in the child
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def ended(*numbers):
    """Wait for processes, which end within the limit or are killed; tell whether all did what they should."""
    statuses = []
    deadline = time.monotonic() + LIMIT_SECONDS
    for number in numbers:
        while (found := os.waitpid(number, os.WNOHANG)) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(number, signal.SIGKILL)
                found = os.waitpid(number, 0)
                break
            time.sleep(0.01)
        statuses.append(found[1])
    return not any(statuses)
