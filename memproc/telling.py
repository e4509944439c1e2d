"""Tells whoever listens what happens, from any depth: the events of `memproc.report.events`.

Rules: a listener belongs to the call that it was given to, and hears in the thread that made the call, one event at a time. What it
raises is no failure of the work: it is logged once, and the listener is called no more. Only what is no `Exception`, such as a
KeyboardInterrupt, goes through: it ends the work as it would anywhere. While a listener is called, nothing more is told to it, so
that one which uses the store does not hear itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from loguru import logger


@dataclass(frozen=True, slots=True)
class Retrying:
    """Something failed for a reason that may pass, and is tried again: what it said, how many attempts there were, and how many
    seconds are waited before the next one.
    """

    what: str
    attempts: int
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """The work waits for something else, for as long as that takes; `what` says for what."""

    what: str


class Listener:
    """A callback that is told events until it raises; `failure` is then the name of what it raised. Once `is_ended` holds, the work
    ends behind an event as by Ctrl-C, also if the callback had raised. It may be given where a callback is.
    """

    def __init__(self, call: Callable[[Any], object] | None, is_ended: Callable[[], bool] | None = None) -> None:
        self._call, self._is_ended = call, is_ended
        self._is_called = False
        self.failure: str | None = None

    def __call__(self, event: object) -> None:
        """Tell an event."""
        self.tell(event)

    def tell(self, event: object) -> None:
        """Tell an event, if there is anybody to hear it. Raises KeyboardInterrupt where the work is to end."""
        self._tell(event)
        if self._is_ended is not None and self._is_ended():
            raise KeyboardInterrupt

    def _tell(self, event: object) -> None:
        if self._call is None or self.failure is not None or self._is_called:
            return
        self._is_called = True
        try:
            self._call(event)
        except Exception as error:  # noqa: BLE001 - the callback is the caller's and may raise anything
            self.failure = type(error).__name__
            logger.opt(exception=error).warning("on_event raised {}: it is called no more", self.failure)
        finally:
            self._is_called = False

    @property
    def is_deaf(self) -> bool:
        """Whether nobody would hear an event."""
        return self._is_ended is None and (self._call is None or self.failure is not None)


_listener: ContextVar[Listener] = ContextVar("listener", default=Listener(None))  # noqa: B039 - it hears nothing


@contextmanager
def listening(call: Callable[[Any], object] | None) -> Iterator[Listener]:
    """Tell a callback what happens inside the block; None hears nothing, not even if the block is inside another one."""
    listener = call if isinstance(call, Listener) else Listener(call)
    token = _listener.set(listener)
    try:
        yield listener
    finally:
        _listener.reset(token)


def tell(event: object) -> None:
    """Tell an event to the callback of the call at hand, if it has one."""
    _listener.get().tell(event)


def is_anybody_listening() -> bool:
    """Tell whether an event that costs something to make is worth it."""
    return not _listener.get().is_deaf
