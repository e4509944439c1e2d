"""A job that is followed: events whenever it has changed, until it has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi.sse import format_sse_event

from memproc.errors import MemprocError
from memproc.service.jobs_told import JobWhole
from memproc.service.rest.callers import Caller
from memproc.service.rest.jobs_of import job_told
from memproc.service.rest.served import Served

MOST_STREAMS = 100  # at once, of one process
EVERY_SECONDS, ALIVE_SECONDS, LONGEST_SECONDS = 1.0, 15.0, 3_600.0
AGAIN_MILLISECONDS = 2_000
ENDED = ("done", "failed", "cancelled", "skipped")
_AT_ONCE = ("seconds_left",)  # it changes as time goes, and is no news by itself


async def follow(served: Served, caller: Caller, first: JobWhole) -> AsyncIterator[bytes]:
    """Give the events of a job, at most for an hour: a client that wants more asks again."""
    served.streams += 1
    try:
        async for event in _events(served, caller, first):
            yield event
    finally:
        served.streams -= 1


async def _events(served: Served, caller: Caller, first: JobWhole) -> AsyncIterator[bytes]:
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
            now = await served.call(job_told, served.serving, caller, first.number)
        except MemprocError:
            return
