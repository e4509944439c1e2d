"""When a request is tried again, and how long to wait before the next one. Pure.

Facts: `Retry-After` holds seconds or a date (RFC 9110, 10.2.3). What is left of a server's own rate limit stands in headers of no
common form: `RateLimit-Remaining` and `RateLimit-Reset` (seconds), `X-RateLimit-*` (seconds, or an epoch number as GitHub has it),
`RateLimit: "default";r=0;t=5` (the draft of 2025). An API may refuse with 403 what is beyond its rate, and answer 202 while what
is asked for is being made.

Rules: waits grow exponentially and are random up to that ("full jitter": Brooker, "Exponential Backoff and Jitter", 2015), and are
at least as long as the server asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 60.0
RETRIED = frozenset((202, 408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524))
FORBIDDEN = 403
FIRST_ATTEMPTS, FIRST_SECONDS = 4, 10.0  # for a server that has not answered yet: more likely it is not there
_EPOCH_FROM = 1_000_000_000  # a reset so large is a point in time, not a wait
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?", re.ASCII)
_DRAFT_LEFT, _DRAFT_WAIT = re.compile(r"\b(?:r|remaining)=(\d{1,12})"), re.compile(r"\b(?:t|reset)=(\d{1,12})")


class PassingError(Exception):
    """A request failed and may succeed later, at the earliest after so many seconds."""

    def __init__(self, message: str, at_least: float = 0.0) -> None:
        super().__init__(message)
        self.at_least = at_least


class UnreachableError(PassingError):
    """A server took no connection. `is_unknown`: its name leads to no address."""

    def __init__(self, message: str, *, is_unknown: bool = False) -> None:
        super().__init__(message)
        self.is_unknown = is_unknown


def wait_seconds(attempt: int, chance: float, at_least: float = 0.0) -> float:
    """Return how long to wait before the next attempt; `attempt` counts from 0, `chance` is a random number 0 to 1.

    >>> [wait_seconds(attempt, 1.0) for attempt in (0, 1, 2, 20)], wait_seconds(0, 0.5, 10)
    ([0.5, 1.0, 2.0, 60.0], 10.25)
    """
    return at_least + float(min(FIRST_WAIT_SECONDS * 2 ** min(attempt, 20), LONGEST_WAIT_SECONDS)) * chance


def asked_wait(headers: Mapping[str, str], now: float) -> float:
    """Return the seconds that `Retry-After` asks for, 0 without one; `now` is the epoch time in seconds.

    >>> asked_wait({"retry-after": "7"}, 0), asked_wait({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 50.0)
    (7.0, 10.0)
    """
    text = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    except (ValueError, OverflowError, TypeError):
        return 0.0


def limit_wait(headers: Mapping[str, str], now: float) -> float:
    """Return for how many seconds the server takes no more requests, by what it says of its own rate limit.

    >>> limit_wait({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000007"}, 1_800_000_000)
    7.0
    >>> limit_wait({"ratelimit": '"default";r=0;t=5'}, 0), limit_wait({"ratelimit-remaining": "3", "ratelimit-reset": "9"}, 0)
    (5.0, 0.0)
    """
    for prefix in ("ratelimit-", "x-ratelimit-", "x-rate-limit-"):
        left, reset = headers.get(f"{prefix}remaining", "").strip(), headers.get(f"{prefix}reset", "").strip()
        if _NUMBER.fullmatch(left) and float(left) < 1 and _NUMBER.fullmatch(reset):
            return max(float(reset) - now, 0.0) if float(reset) >= _EPOCH_FROM else float(reset)
    draft = headers.get("ratelimit", "")
    left_told, wait_told = _DRAFT_LEFT.search(draft), _DRAFT_WAIT.search(draft)
    return float(wait_told[1]) if left_told and wait_told and int(left_told[1]) == 0 else 0.0


def is_passing(status: int, headers: Mapping[str, str], now: float) -> bool:
    """Return whether a request that was answered so may succeed later."""
    return status in RETRIED or (status == FORBIDDEN and (limit_wait(headers, now) > 0 or asked_wait(headers, now) > 0))
