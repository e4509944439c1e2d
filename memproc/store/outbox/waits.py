"""When something is sent again. Pure.

Rules: waits double and are random up to that ("full jitter": Brooker, "Exponential Backoff and Jitter", 2015), and at least as long
as the receiver asks for. An endpoint that fails often in a row is left alone as a whole, so that a receiver that is down is not
asked by each line anew; one that has failed for days is disabled, as Standard Webhooks advises.
"""

from __future__ import annotations

from dataclasses import dataclass

MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long is waited after failures, in seconds, and when something is given up. With these numbers an event is tried for some
    two days.
    """

    first_seconds: float = 1.0
    longest_seconds: float = 4 * 3600.0
    most_attempts: int = 30
    failures_to_hold: int = 5
    longest_hold_seconds: float = 300.0
    disabled_after_seconds: float = 5 * 86_400.0

    def after(self, attempts: int, chance: float, asked_seconds: float = 0.0) -> int:
        """Return how many microseconds to wait after so many attempts; `chance` is a random number 0 to 1.

        >>> [Waits().after(attempts, 1.0) // MICROS for attempts in (1, 2, 3, 30)], Waits().after(1, 0.5, 10) / MICROS
        ([1, 2, 4, 14400], 10.5)
        """
        grown = min(self.first_seconds * 2 ** min(attempts - 1, 40), self.longest_seconds)
        return int((asked_seconds + grown * chance) * MICROS)

    def hold(self, failures: int, chance: float, asked_seconds: float = 0.0) -> int:
        """Return for how many microseconds an endpoint is left alone after so many failures in a row; 0 for not at all.

        >>> [Waits().hold(failures, 1.0) // MICROS for failures in (1, 4, 5, 6, 50)], Waits().hold(1, 1.0, 30) // MICROS
        ([0, 0, 1, 2, 300], 30)
        """
        beyond = failures - self.failures_to_hold
        grown = 0.0 if beyond < 0 else min(self.first_seconds * 2 ** min(beyond, 40), self.longest_hold_seconds)
        return int((asked_seconds + grown * chance) * MICROS)
