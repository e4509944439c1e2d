"""Python's search for cycles, made rarer while a batch lies in memory.

Facts: a batch is some hundred thousand objects and no cycle. With CPython's usual threshold of 700 new objects the search
took 16 % of an ingestion's time, with 10,000 it took 6 %, with 100,000 it takes 2 %, and no more memory. It is never turned
off: an application's own cycles are still found.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS_BETWEEN_SEARCHES = 100_000

_lock = threading.Lock()
_usual: list[tuple[int, int, int]] = []  # the thresholds to restore, and one more for each block within the first


def _begin_afresh() -> None:
    global _lock  # noqa: PLW0603 - a thread that is not there any more may have held it as the process was forked
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_begin_afresh)


@contextmanager
def rarer_searches() -> Iterator[None]:
    """Search for cycles less often inside the block. Blocks may overlap, in one thread or in several."""
    with _lock:
        _usual.append(gc.get_threshold())
        if len(_usual) == 1 and 0 < _usual[0][0] < OBJECTS_BETWEEN_SEARCHES:
            gc.set_threshold(OBJECTS_BETWEEN_SEARCHES, *_usual[0][1:])
    try:
        yield
    finally:
        with _lock:
            first = _usual[0]
            _usual.pop()
            if not _usual:
                gc.set_threshold(*first)
