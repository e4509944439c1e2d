"""Whether a thread waits for another machine, where an interrupt may end it at once: what it does then can be asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_waiting: ContextVar[bool] = ContextVar("is_waiting", default=False)


@contextmanager
def waiting() -> Iterator[None]:
    """Let whoever handles a signal inside the block know that this thread waits."""
    token = _is_waiting.set(True)
    try:
        yield
    finally:
        _is_waiting.reset(token)


def is_waiting() -> bool:
    """Return whether this thread waits.

    >>> with waiting():
    ...     is_waiting()
    True
    >>> is_waiting()
    False
    """
    return _is_waiting.get()
