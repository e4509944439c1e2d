"""Ctrl-C: once, an ingestion ends after its batch, or at once where it waits for another machine; twice, at once. Nothing is lost
either way: a batch is committed whole or not.

Facts: a terminal sends the signal to all processes in front, workers too, which ignore it. A handler runs between two instructions
of the main thread, in the middle of a `write` too, so it writes to no stream of Python's.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from memproc.cli.progress import Shown
from memproc.waiting import is_waiting

if TYPE_CHECKING:
    from memproc.report.events import Progress


@contextmanager
def interruptible(shown: Shown) -> Iterator[Shown]:
    """Yield what shows an ingestion, and raises KeyboardInterrupt after a batch if one was asked for meanwhile.

    Whoever pressed the keys twice, the second time when it was ending already, still gets the report: that signal is passed over.
    Whoever handles the signal in another way, or ignores it, as a shell does for what runs in the background, goes on doing so.
    """
    is_wanted = is_ended = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_wanted
        if is_wanted or is_waiting():
            raise KeyboardInterrupt
        is_wanted = True
        shown.tell_ending()

    def show(progress: Progress) -> None:
        nonlocal is_wanted, is_ended
        shown.show(progress)
        if is_wanted:
            is_wanted, is_ended = False, True
            signal.signal(signal.SIGINT, _pass_over_one)
            raise KeyboardInterrupt

    is_usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_usual or threading.current_thread() is not threading.main_thread():
        yield shown
        return
    signal.signal(signal.SIGINT, handle)
    try:
        yield shown._replace(show=show)
    finally:
        if not is_ended:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _pass_over_one(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
