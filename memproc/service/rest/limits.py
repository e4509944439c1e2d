"""How many calls a caller may make: by the minute and by the day, as the headers of each answer tell."""

from __future__ import annotations

import time
from math import ceil

from memproc.service.rest.callers import Caller
from memproc.service.rest.problems import ProblemError
from memproc.service.rest.served import Served
from memproc.service.serving import DAY_SECONDS, MINUTE_SECONDS


async def admit(served: Served, caller: Caller) -> dict[str, str]:
    """Count a call, and return the headers that tell how many are left. Raises a problem where there are none."""
    now = time.time()
    windows = caller.windows(now)
    await served.learn(windows)
    limits = (caller.per_minute, caller.per_day)
    left = [limit - served.books.count(window) for window, limit in zip(windows, limits, strict=True)]
    at = min((0, 1), key=left.__getitem__)
    resets = max(1, ceil(windows[at].until - now))
    if left[at] <= 0:
        told = _headers(limits, 0, limits[at], resets)
        span = "minute" if at == 0 else "day"
        detail = f"this token may make {limits[at]:,} calls a {span}, and has made them: wait {resets:,} seconds"
        raise ProblemError(429, "too-many-calls", detail, headers={**told, "Retry-After": str(resets)})
    for window in windows:
        served.books.add(window)
    return _headers(limits, left[at] - 1, limits[at], resets)


def _headers(limits: tuple[int, int], left: int, limit: int, resets: int) -> dict[str, str]:
    policy = f"{limits[0]};w={MINUTE_SECONDS}, {limits[1]};w={DAY_SECONDS}"
    told = {"RateLimit-Limit": limit, "RateLimit-Remaining": left, "RateLimit-Reset": resets}
    return {**{name: str(value) for name, value in told.items()}, "RateLimit-Policy": policy}
