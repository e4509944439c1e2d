"""How long an API is waited for, and how often it is asked: the bounds, the pace of all requests, and the attempts at one.

Rules: what may pass is tried again until the time or the number for that is over. A server that has never answered is more likely
not there, and is given up soon. No wait is begun for which the job has no time: it stops at once, and can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

from loguru import logger

from memproc.errors import SourceEndedError
from memproc.sources.remote import LateError, without_end
from memproc.sources.rest.gate import Outside
from memproc.sources.rest.retrying import FIRST_ATTEMPTS, FIRST_SECONDS, PassingError, UnreachableError, wait_seconds
from memproc.sources.rest.secrecy import Secrets
from memproc.telling import Retrying, tell
from memproc.waiting import waiting


class Bounds(NamedTuple):
    """The hosts (name, port) that requests may go to, and whether to addresses that are not public; how long a connection or one
    read may take, a whole answer, and all attempts, in seconds; how large an answer may be, in bytes; how many requests a second;
    how often one is made again, None for as long as there is time; and what tells how many seconds are left for the job.
    """

    hosts: Sequence[tuple[str, int]]
    allow_private: bool
    timeout_seconds: float
    response_seconds: float
    retry_seconds: float
    most_bytes: int
    requests_per_second: float | None
    retries: int | None = None
    seconds_left: Callable[[], float] = without_end


class Pace:
    """When the next request may begin, for all clients of a source, and whether its server has ever answered."""

    def __init__(self) -> None:
        self._ready_at = float("-inf")
        self._lock = Lock()  # clients in several threads begin one after the other
        self.is_answered = False

    def wait(self, outside: Outside, bounds: Bounds) -> None:
        """Sleep until a request may begin. Raises SourceEndedError if that is too long."""
        with self._lock:
            self._wait(outside, bounds)

    def _wait(self, outside: Outside, bounds: Bounds) -> None:
        left = self._ready_at - outside.monotonic()
        if left > max(bounds.retry_seconds, 1 / (bounds.requests_per_second or 1)):
            raise SourceEndedError(
                f"the server takes no request for {left:,.0f} s, by its own rate limit: resume then, or allow as much by "
                "retry_seconds (--retry-seconds)"
            )
        if left > 0:
            sleep_within(left, outside, bounds, "by a rate limit")
        if bounds.requests_per_second:
            self._ready_at = outside.monotonic() + 1 / bounds.requests_per_second

    def hold(self, until: float) -> None:
        """Let no request begin before."""
        self._ready_at = max(self._ready_at, until)


def sleep_within(seconds: float, outside: Outside, bounds: Bounds, why: str) -> None:
    """Sleep, or raise LateError at once if the job has not so much time."""
    if seconds >= bounds.seconds_left():
        raise LateError(f"the next request is {max(seconds, 0.0):,.0f} s away, {why}")
    with waiting():
        outside.sleep(seconds)


class Attempts:
    """How often and since when something is tried."""

    def __init__(self, bounds: Bounds, pace: Pace, outside: Outside, secrets: Secrets) -> None:
        self._bounds, self._pace, self._outside, self._secrets = bounds, pace, outside, secrets
        self._began, self._count = self._outside.monotonic(), 0

    def wait(self, failure: PassingError) -> None:
        """Wait until the next attempt. Raises SourceEndedError if there is none, LateError if the job has no time for it."""
        bounds = self._bounds
        told = self._secrets.hidden(str(failure))
        seconds = wait_seconds(self._count, self._outside.chance(), failure.at_least)
        self._count += 1
        over = self._limit(failure, self._outside.monotonic() - self._began + seconds)
        if over:
            asks = f"; the server asks to wait {failure.at_least:,.0f} s" if failure.at_least else ""
            attempts = "1 attempt" if self._count == 1 else f"{self._count} attempts"
            raise SourceEndedError(f"{told}{asks}: given up after {attempts}, as {over}") from None
        tell(Retrying(told, self._count, seconds))
        sleep_within(seconds, self._outside, bounds, f"as {told}")
        logger.warning("{}: asked again after {:.0f} s", told, seconds)

    def _limit(self, failure: PassingError, seconds: float) -> str:
        """Return what ends the attempts before another one, which would come after so many seconds; "" if nothing does."""
        bounds = self._bounds
        if bounds.retries is not None and self._count > bounds.retries:
            return f"retries={bounds.retries} (--retries) is the limit; resume goes on there"
        if isinstance(failure, UnreachableError) and not self._pace.is_answered and bounds.retries is None:
            if failure.is_unknown:
                return "no such name is known: mind the URL, and whether this machine is online"
            if self._count >= FIRST_ATTEMPTS or seconds > FIRST_SECONDS:
                return "it has not answered once: mind the URL, and whether the server runs"
        if seconds > bounds.retry_seconds:
            return f"retry_seconds={bounds.retry_seconds:g} (--retry-seconds) is the limit; resume goes on there"
        return ""
