"""The part of a page that changes while it is looked at: sent again whenever it has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import orjson
from fastapi import Request
from fastapi.sse import format_sse_event
from starlette.responses import Response, StreamingResponse

from memproc.errors import MemprocError
from memproc.service.dashboard.rendering import HEADERS
from memproc.service.dashboard.sessions import maybe_session
from memproc.service.rest.following import (
    AGAIN_MILLISECONDS,
    ALIVE_SECONDS,
    EVERY_SECONDS,
    LONGEST_SECONDS,
    check_has_room,
    counted,
)
from memproc.service.rest.problems import ProblemError
from memproc.service.rest.served import served_of

Part = Callable[[Request], Awaitable[str]]


async def streamed(request: Request, part: Part) -> Response:
    """Return an answer that goes on: an event `part`, as HTML, whenever the part has changed; `over` when the session has ended."""
    check_has_room(request)
    first = await part(request)
    headers = {**HEADERS, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, part, first), headers=headers, media_type="text/event-stream")


async def _events(request: Request, part: Part, now: str) -> AsyncIterator[bytes]:
    with counted(request):
        told, began = "", time.monotonic()
        spoke = began
        yield format_sse_event(retry=AGAIN_MILLISECONDS)
        while True:
            if now != told:
                told, spoke = now, time.monotonic()
                yield format_sse_event(event="part", data_str=orjson.dumps(now).decode())
            elif time.monotonic() - spoke > ALIVE_SECONDS:
                spoke = time.monotonic()
                yield format_sse_event(comment="alive")
            if served_of(request).is_ending or time.monotonic() - began > LONGEST_SECONDS:
                return
            await asyncio.sleep(EVERY_SECONDS)
            try:
                if await maybe_session(request) is None:
                    yield format_sse_event(event="over", data_str="0")
                    return
                now = await part(request)
            except (MemprocError, ProblemError):
                return
