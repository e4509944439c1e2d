"""What stands before each route: who calls, whether they may, how often they called, and whether they asked this before.

Rules: a route is made with the scope that it needs, and there is none without. Nothing of a request is read before it is known
whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from memproc.service.rest.callers import Caller
from memproc.service.rest.limits import admit
from memproc.service.rest.problems import ProblemError
from memproc.service.rest.served import Served, served_of
from memproc.service.scopes import Scope
from memproc.store.access.replies import Asked, Reply, Standing

SCHEME = "token"
IDEMPOTENCY_KEY = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_LARGEST_KEPT_BYTES = 1024 * 1024
_KEPT_HEADERS = ("content-type", "etag", "location")
_SUCCESS = range(200, 300)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def needs(scope: Scope, **more: Any) -> dict[str, Any]:
    """Return what a route is made with that needs a scope."""
    return {"openapi_extra": {"security": [{SCHEME: [str(scope)]}], **more}}


async def let_in(request: Request, caller: Caller, scope: Scope | None) -> None:
    """Count a call of somebody, and let them ask a route that needs a scope. Raises a problem where they may not."""
    request.scope["memproc.caller"] = caller
    request.scope["memproc.headers"] = await admit(served_of(request), caller)
    if scope is not None:
        caller.check_may(scope)


class Guarded(APIRoute):
    """A route that is asked only by who may."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        extra = self.openapi_extra or {}
        if "security" not in extra:
            raise TypeError(f"{self.path}: say which scope it needs")
        scope = Scope(extra["security"][0][SCHEME][0])
        answer = super().get_route_handler()
        takes_keys = "POST" in (self.methods or ()) and not extra.get("x-takes-no-key")

        async def guarded(request: Request) -> Response:
            served = served_of(request)
            caller = await served.caller(request)
            await let_in(request, caller, scope)
            key = request.headers.get(IDEMPOTENCY_KEY)
            if key is None:
                return await answer(request)
            if not takes_keys or not _KEY.fullmatch(key):
                raise ProblemError(422, "key-refused", _refused(request.method, takes_keys=takes_keys))
            return await _once(served, caller, request, answer)

        return guarded


def _refused(method: str, *, takes_keys: bool) -> str:
    if takes_keys:
        return f"{IDEMPOTENCY_KEY}: give 1 to 255 printable ASCII characters without blanks, such as a UUID"
    return f"{IDEMPOTENCY_KEY}: this {method} takes none: leave it out"


async def _once(served: Served, caller: Caller, request: Request, answer: Handler) -> Response:
    """Answer a request, or as it was answered when it was first sent under its key."""
    url, key = request.url, request.headers[IDEMPOTENCY_KEY]
    whose = (caller.who, orjson.dumps(caller.namespaces).decode(), request.method, url.path, key)
    asked = Asked.of(whose, url.query.encode() + b"\n" + await request.body())
    threads = served.store.threads
    standing, reply = await threads.call(partial(served.access.begin_reply, asked, served.owner))
    if reply is not None:
        return Response(reply.body, reply.status, {**reply.headers, "Idempotency-Replayed": "true"})
    if standing is not Standing.NEW:
        raise _not_answered(standing)
    kept = None
    try:
        response = await answer(request)
        body = getattr(response, "body", None)
        if response.status_code in _SUCCESS and isinstance(body, bytes) and len(body) <= _LARGEST_KEPT_BYTES:
            headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
            kept = Reply(response.status_code, headers, body)
        return response
    finally:
        await threads.call(partial(served.access.keep_reply, asked, kept))


def _not_answered(standing: Standing) -> ProblemError:
    if standing is Standing.OTHER:
        return ProblemError(422, "key-reused", f"another request was sent under this {IDEMPOTENCY_KEY}: give each its own")
    if standing is Standing.TAKEN_OUT:
        detail = "this was done, and something was forgotten since, so the answer is not kept: look it up"
        return ProblemError(410, "reply-gone", detail)
    wait = {"Retry-After": "1"}
    return ProblemError(409, "key-busy", "the same request is being answered: send it again in a second", headers=wait)


def router() -> APIRouter:
    """Return a router whose routes are guarded."""
    return APIRouter(route_class=Guarded)
