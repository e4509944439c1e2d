"""Tells how far the steps of a rebuild are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from time import perf_counter
from typing import TypeVar

from memproc.report.events import Rebuilding
from memproc.telling import tell

Part = TypeVar("Part", bound=Sized)


def told_step(step: str, parts: Iterable[Part], total: int) -> Iterator[Part]:
    """Yield the parts of a step, which together have `total` items, and tell before the first and after each how far it is.

    >>> from memproc.telling import listening
    >>> with listening(lambda event: print(event.step, event.done, event.total)):
    ...     for part in told_step("keys", [[1, 2], [3]], 3):
    ...         pass
    keys 0 3
    keys 2 3
    keys 3 3
    """
    started, done = perf_counter(), 0
    tell(Rebuilding(step, done, total, 0.0))
    for part in parts:
        yield part
        done += len(part)
        tell(Rebuilding(step, done, total, round(perf_counter() - started, 6)))
