"""What is followed: events whenever it has changed, until it has ended; such as a job.

Rules: whose token is over or revoked meanwhile is told nothing more. One caller has a share of the streams, so that some are left
for others.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from fastapi import Request
from fastapi.sse import format_sse_event

from memproc.errors import MemprocError
from memproc.service.jobs_told import JobWhole
from memproc.service.rest.jobs_of import job_told
from memproc.service.rest.problems import ProblemError
from memproc.service.rest.served import caller_of, served_of

MOST_STREAMS, MOST_OF_ONE = 100, 20  # at once, of one process, and of one caller there
EVERY_SECONDS, ALIVE_SECONDS, LONGEST_SECONDS = 1.0, 15.0, 3_600.0
AGAIN_MILLISECONDS = 2_000
ENDED = ("done", "failed", "cancelled", "skipped")
_AT_ONCE = ("seconds_left",)  # it changes as time goes, and is no news by itself


class Told(NamedTuple):
    """An event: its name, its data as JSON, what of that is news where it has changed, and whether it is the last."""

    event: str
    data: str
    news: object
    is_last: bool = False


async def follow(request: Request, first: JobWhole) -> AsyncIterator[bytes]:
    """Give the events of a job, at most for an hour: a client that wants more asks again."""
    served = served_of(request)

    async def again() -> Told:
        caller = await served.caller(request)
        return _of_job(await served.call(job_told, served.serving, caller, first.number))

    async for event in changes(request, _of_job(first), again):
        yield event


def _of_job(job: JobWhole) -> Told:
    kind = "end" if job.state in ENDED else "progress"
    return Told(kind, job.model_dump_json(), job.model_dump(exclude={*_AT_ONCE}), is_last=kind == "end")


async def changes(request: Request, now: Told, again: Callable[[], Awaitable[Told]]) -> AsyncIterator[bytes]:
    """Give what is told whenever it has changed, looking once a second: to the last, for an hour, or until asking is refused."""
    served = served_of(request)
    with _counted(request):
        told: object = None
        began = spoke = time.monotonic()
        yield format_sse_event(retry=AGAIN_MILLISECONDS)
        while True:
            if now.news != told:
                told, spoke = now.news, time.monotonic()
                yield format_sse_event(event=now.event, data_str=now.data)
            elif time.monotonic() - spoke > ALIVE_SECONDS:
                spoke = time.monotonic()
                yield format_sse_event(comment="alive")
            if now.is_last or time.monotonic() - began > LONGEST_SECONDS or served.is_ending:
                return
            await asyncio.sleep(EVERY_SECONDS)
            try:
                now = await again()
            except (MemprocError, ProblemError):
                return


@contextmanager
def _counted(request: Request) -> Iterator[None]:
    """Count for the block that whoever asks follows something."""
    served, who = served_of(request), caller_of(request).who
    served.streams[who] += 1
    try:
        yield
    finally:
        served.streams[who] -= 1
        served.streams += Counter()  # which leaves out those of whom there are none


def check_has_room(request: Request) -> None:
    """Raise a problem where too many jobs are followed."""
    streams, who = served_of(request).streams, caller_of(request).who
    if streams.total() >= MOST_STREAMS or streams[who] >= MOST_OF_ONE:
        again = {"Retry-After": "5"}
        detail = "too many jobs are followed at once: ask for the job itself, or later"
        raise ProblemError(503, "streams-full", detail, headers=again)
