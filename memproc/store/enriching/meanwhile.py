"""What a job lets an enrichment know while it waits for others."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import NamedTuple

from memproc.sources.remote import without_end
from memproc.waiting import waiting

LOOK_SECONDS = 0.5


class StoppedError(Exception):
    """The job ends here, and goes on here when it is resumed: what was asked for so far is kept. `request` is what was asked of it
    from outside, None where it has no more time or quota.
    """

    def __init__(self, why: str, request: str | None = None) -> None:
        super().__init__(why)
        self.request = request


def nothing_asked() -> None:
    """Ask nothing of who waits."""


class Meanwhile(NamedTuple):
    """`look` renews the lease of the job and raises StoppedError if it is to pause; `seconds_left` tells how much time it has.
    `can_stop`: it may end in the middle, else what is not answered in time has failed. `asks`: it may ask anybody at all.
    """

    look: Callable[[], None] = nothing_asked
    seconds_left: Callable[[], float] = without_end
    can_stop: bool = False
    asks: bool = True

    def wait(self, seconds: float, why: str) -> None:
        """Wait, looking at what is asked of the job. Raises StoppedError if it has no more time."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            if self.seconds_left() <= 0:
                raise StoppedError(f"max_seconds are over while {why}")
            with waiting():
                sleep(min(left, LOOK_SECONDS))
            self.look()
