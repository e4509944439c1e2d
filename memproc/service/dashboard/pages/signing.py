"""Signing in and out, and the files of the pages."""

from __future__ import annotations

from functools import partial

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from memproc.service.dashboard.forms import form_of
from memproc.service.dashboard.guard import OPEN, pages, session_of, shows
from memproc.service.dashboard.rendering import file_response, page, to
from memproc.service.dashboard.sessions import keep, maybe_session, sign_in
from memproc.service.rest.gate import NOTED
from memproc.service.rest.served import served_of

routes = pages()


@routes.get("/sign-in", **OPEN)
async def ask(request: Request) -> Response:
    """Show where a token is typed in."""
    return to(request, "/") if await maybe_session(request) is not None else page(request, "sign_in", wrong=False)


@routes.post("/sign-in", **OPEN)
async def begin(request: Request) -> Response:
    """Begin a session with a token that was typed in."""
    request.scope[NOTED] = True
    served = served_of(request)
    given = (await form_of(request)).get("token", "").strip()
    session = await sign_in(served, given)
    if session is None:
        return page(request, "sign_in", status=403, wrong=True)
    request.scope["memproc.caller"] = session.caller
    response = to(request, "/")
    keep(request, response, session.secret)
    return response


@routes.post("/sign-out", **shows(None))
async def end(request: Request) -> Response:
    """End the session."""
    served = served_of(request)
    await served.store.threads.call(partial(served.access.end_session, session_of(request).secret))
    response = to(request, "/sign-in")
    keep(request, response, None)
    return response


@routes.get("/static/{name}", **OPEN)
async def file(name: str) -> Response:
    """Return a file of the pages."""
    found = file_response(name)
    if found is None:
        raise HTTPException(404)
    return found
