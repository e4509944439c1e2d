"""The part of a page that changes while it is looked at: sent again whenever it has changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from fastapi import Request
from starlette.responses import Response, StreamingResponse

from memproc.service.dashboard.rendering import HEADERS
from memproc.service.dashboard.sessions import maybe_session
from memproc.service.rest.following import Told, changes, check_has_room

Part = Callable[[Request], Awaitable[str]]


async def streamed(request: Request, part: Part) -> Response:
    """Return an answer that goes on: an event `part`, as HTML, whenever the part has changed; `over` when the session has ended."""
    check_has_room(request)

    async def now() -> Told:
        html = await part(request)
        return Told("part", orjson.dumps(html).decode(), html)

    async def again() -> Told:
        return Told("over", "0", None, is_last=True) if await maybe_session(request) is None else await now()

    headers = {**HEADERS, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(changes(request, await now(), again), headers=headers, media_type="text/event-stream")
