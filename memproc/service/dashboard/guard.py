"""What stands before each page: who is signed in, whether they may, and whether a form is of this server.

Rules: as of the routes for programs, whose checks these are: a page is made with the scope that it needs. Who is not signed in is
led to where they can; what goes wrong is told on a page.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from loguru import logger
from starlette.exceptions import HTTPException

from memproc.errors import MemprocError
from memproc.service.dashboard.forms import form_of
from memproc.service.dashboard.rendering import page, to
from memproc.service.dashboard.sessions import FIELD, HEADER, Session, check_form, check_origin, maybe_session
from memproc.service.rest.guard import let_in
from memproc.service.rest.problems import ProblemError, problem_of
from memproc.service.scopes import Scope

_TOLD = (ProblemError, RequestValidationError, HTTPException, MemprocError)
_CHANGING = {"POST"}

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def shows(scope: Scope | None, *, takes_file: bool = False) -> dict[str, Any]:
    """Return what a page is made with that needs a scope, or with None somebody who is signed in."""
    return {"openapi_extra": {"x-scope": scope, "x-takes-file": takes_file}, "response_model": None}


OPEN: dict[str, Any] = {"openapi_extra": {"x-open": True}, "response_model": None}
"""What a page is made with that anybody may ask."""


class Shown(APIRoute):
    """A page that is shown only to who may see it."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        extra = self.openapi_extra or {}
        if "x-scope" not in extra and "x-open" not in extra:
            raise TypeError(f"{self.path}: say which scope it needs")
        answer = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                if request.method in _CHANGING:
                    check_origin(request)
                if "x-open" in extra:
                    return await answer(request)
                session = await maybe_session(request)
                if session is None:
                    return to(request, "/sign-in")
                request.scope["memproc.session"] = session
                await let_in(request, session.caller, extra["x-scope"])
                if request.method in _CHANGING:
                    await _check_form(request, session, takes_file=extra["x-takes-file"])
                return await answer(request)
            except _TOLD as error:
                return told(request, error)

        return shown


async def _check_form(request: Request, session: Session, *, takes_file: bool) -> None:
    """Raise a problem unless a form is of this server. With a file it says so in a header, as nothing of that is read before."""
    given = request.headers.get(HEADER) if takes_file else (await form_of(request)).get(FIELD)
    check_form(session, given)


def told(request: Request, error: Exception) -> Response:
    """Return a page that tells what went wrong."""
    problem, number = problem_of(error), request.scope.get("memproc.request", "")
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("request {}: {}: {}", number, type(error).__name__, error)
    title = HTTPStatus(problem.status).phrase
    response = page(request, "problem", status=problem.status, problem=problem, number=number, title=title)
    response.headers.update(problem.headers)
    return response


def session_of(request: Request) -> Session:
    """Return the session that a request belongs to, as was found out before its page was asked."""
    session: Session = request.scope["memproc.session"]
    return session


def pages() -> APIRouter:
    """Return a router whose routes are pages; programs are told nothing of them."""
    return APIRouter(route_class=Shown, include_in_schema=False)
