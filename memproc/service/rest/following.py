"""A job that is followed: events whenever it has changed, until it has ended.

Rules: whose token is over or revoked meanwhile is told nothing more. One caller has a share of the streams, so that some are left
for others.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi import Request
from fastapi.sse import format_sse_event

from memproc.errors import MemprocError
from memproc.service.jobs_told import JobWhole
from memproc.service.rest.jobs_of import job_told
from memproc.service.rest.problems import ProblemError
from memproc.service.rest.served import Served, caller_of, served_of

MOST_STREAMS, MOST_OF_ONE = 100, 20  # at once, of one process, and of one caller there
EVERY_SECONDS, ALIVE_SECONDS, LONGEST_SECONDS = 1.0, 15.0, 3_600.0
AGAIN_MILLISECONDS = 2_000
ENDED = ("done", "failed", "cancelled", "skipped")
_AT_ONCE = ("seconds_left",)  # it changes as time goes, and is no news by itself


async def follow(request: Request, first: JobWhole) -> AsyncIterator[bytes]:
    """Give the events of a job, at most for an hour: a client that wants more asks again."""
    with counted(request):
        async for event in _events(request, served_of(request), first):
            yield event


@contextmanager
def counted(request: Request) -> Iterator[None]:
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


async def _events(request: Request, served: Served, first: JobWhole) -> AsyncIterator[bytes]:
    told, now = None, first
    began = spoke = time.monotonic()
    yield format_sse_event(retry=AGAIN_MILLISECONDS)
    while True:
        news = now.model_dump(exclude={*_AT_ONCE})
        if news != told:
            told, spoke = news, time.monotonic()
            kind = "end" if now.state in ENDED else "progress"
            yield format_sse_event(event=kind, data_str=now.model_dump_json())
        elif time.monotonic() - spoke > ALIVE_SECONDS:
            spoke = time.monotonic()
            yield format_sse_event(comment="alive")
        if now.state in ENDED or time.monotonic() - began > LONGEST_SECONDS or served.is_ending:
            return
        await asyncio.sleep(EVERY_SECONDS)
        try:
            caller = await served.caller(request)
            now = await served.call(job_told, served.serving, caller, first.number)
        except (MemprocError, ProblemError):
            return
