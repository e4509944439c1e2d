"""How a worker is told to end: by a signal, or by the program that runs it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from memproc.waiting import is_waiting


class Stop:
    """Whether a worker is to end; it may wait for that, for a while."""

    def __init__(self) -> None:
        self._wanted = threading.Event()

    @property
    def is_wanted(self) -> bool:
        """Whether it is to end."""
        return self._wanted.is_set()

    def want(self) -> None:
        """Let it end behind the batch that it writes."""
        self._wanted.set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until it is to end; return whether it is."""
        return self._wanted.wait(seconds)


@contextmanager
def on_signals(stop: Stop) -> Iterator[Stop]:
    """Let SIGINT and SIGTERM want the stop; a second one, or one while another machine is waited for, ends the run at once."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_wanted or is_waiting():
            stop.want()
            raise KeyboardInterrupt
        stop.want()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
