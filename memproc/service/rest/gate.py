"""What each request goes through, whoever sent it: it gets an id, its answer gets headers, and the log gets a line.

Rules: whatever fails behind it is a problem and no stack trace. A body has a minute, and longer only as far as it comes at a pace:
nobody holds a connection open by sending nothing. The line of what changes something is written before its answer
leaves; of what streams, when it begins.
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from loguru import logger
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memproc.service.rest.books import Books
from memproc.service.rest.callers import Caller
from memproc.service.rest.problems import problem_of, response_of
from memproc.store.access.audit import Line
from memproc.times import to_text

_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
TAKES_FILES = {("POST", "/api/v1/uploads"), ("POST", "/files")}
_READING = ("GET", "HEAD", "OPTIONS")
NOTED = "memproc.noted"  # in the scope of a request that the log is to tell of although nobody is known
_UNLOGGED = ("/api/health", "/api/openapi.json")
_LONGEST = 200
BODY_SECONDS, LEAST_BYTES_PER_SECOND = 60.0, 1_024
_ID = re.compile(r"[0-9]{1,18}|[0-9a-f]{32}")


class Gate:
    """The outermost part of the application that is memproc's own."""

    def __init__(self, app: ASGIApp, *, most_bytes: int) -> None:
        self._app, self._most_bytes = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = scope["memproc.request"] = uuid4().hex
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in {**_HEADERS, **scope.get("memproc.headers", {})}.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                headers["X-Request-Id"] = number
                await _note(scope, message["status"])
            await send(message)

        try:
            await self._app(scope, self._bounded(scope, receive), send_noted)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            logger.error("request {}: {}: {}", number, type(error).__name__, error)
            if has_begun:
                raise
            await response_of(problem_of(error), number)(scope, receive, send_noted)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """Return what gives a body, up to what is taken and as long as it comes; what takes files bounds their size by itself."""
        most = None if (scope["method"], _path_of(scope)) in TAKES_FILES else self._most_bytes
        size, is_whole, began = 0, False, None

        async def received() -> Message:
            nonlocal size, is_whole, began
            if is_whole:  # what comes now is that the client has gone
                return await receive()
            began = time.monotonic() if began is None else began
            left = began + BODY_SECONDS + size / LEAST_BYTES_PER_SECOND - time.monotonic()
            try:
                async with asyncio.timeout(left):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            is_whole = not message.get("more_body", False)
            size += len(message.get("body", b""))
            if most is not None and size > most:
                raise HTTPException(413)
            return message

        return received


def _path_of(scope: Scope) -> str:
    """Return the path of a request within this application, which may be mounted in another."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


async def _note(scope: Scope, status: int) -> None:
    """Write the line of a request, or have it written."""
    path = _path_of(scope)
    books: Books = scope["app"].state.served.books
    if path in _UNLOGGED or not (path.startswith("/api/") or "memproc.caller" in scope or NOTED in scope):
        return
    line = _line(scope, status)
    if line.who and line.method not in _READING:
        await books.write(line)
    else:
        books.note(line)


def _line(scope: Scope, status: int) -> Line:
    caller: Caller | None = scope.get("memproc.caller")
    route: Any = scope.get("route")
    ids = (str(value) for value in scope.get("path_params", {}).values())
    namespaces = () if caller is None else caller.namespaces or ("*",)
    return Line(
        made_at=to_text(datetime.now(UTC)),
        who="" if caller is None else caller.who,
        method=scope["method"][:_LONGEST],
        route=getattr(route, "path", ""),
        target=" ".join(one for one in ids if _ID.fullmatch(one)),  # anything else may be a text
        namespace=scope.get("memproc.namespace") or (namespaces[0] if len(namespaces) == 1 else ""),
        status=status,
        request=scope["memproc.request"],
        address=(scope.get("client") or ("",))[0],
    )
