"""A circuit breaker: when a service has failed so often that it is not asked for a while (Nygard, "Release It!", 2007). Pure.

Closed, each call is made. After some failures in a row it opens, and none is. When its time is over one call is let through: if
that succeeds it closes, else it stays open as long again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Circuit:
    """A breaker that opens after so many failures in a row, None for never, for so many seconds.

    >>> circuit = Circuit(2, 10.0)
    >>> [circuit.note(is_success=False, now=now) for now in (0.0, 1.0)], circuit.may_call(5.0), circuit.opened
    ([None, None], False, 1)
    >>> circuit.may_call(11.0), circuit.may_call(11.0)
    (True, False)
    >>> circuit.note(is_success=True, now=12.0), circuit.may_call(12.0)
    (None, True)
    """

    failures_to_open: int | None
    open_seconds: float
    opened: int = 0  # how often
    _failures: int = 0
    _open_until: float | None = None
    _is_trying: bool = False

    def may_call(self, now: float) -> bool:
        """Tell whether a call may be made, by a clock in seconds; of an open one, whether this is the call that tries."""
        if self._open_until is None:
            return True
        if now < self._open_until or self._is_trying:
            return False
        self._is_trying = True
        return True

    def note(self, *, is_success: bool, now: float) -> None:
        """Note how a call ended."""
        was_trying, self._is_trying = self._is_trying, False
        if is_success:
            self._failures, self._open_until = 0, None
            return
        self._failures += 1
        if was_trying or (self._open_until is None and self._failures == self.failures_to_open):
            self._open_until = now + self.open_seconds
            self.opened += not was_trying
