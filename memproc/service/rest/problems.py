"""What goes wrong, as problem details (RFC 9457): a kind, a status, what is wrong with which value, and how to mend it.

Rules: no stack trace and no text of the machine's own leaves the server; the id of the request finds it in the log. What belongs to
another namespace is told as what is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from loguru import logger
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from memproc.errors import ChangedError, DatabaseError, MemprocError, NotFoundError, StoreError, UsageError
from memproc.failures import Kind
from memproc.records import Fault
from memproc.validation.advice import GENERAL_HINT, HINTS

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 50
_RETRY_SECONDS = 2
_ADVICE = {
    404: "there is nothing at this path: GET /api/openapi.json lists what there is",
    405: "this path is not asked in this way: the header Allow says in which",
    408: "the body came too slowly, or never to its end: send it again over a connection that is faster",
    413: "what was sent is too large: send less at once, or a file to /api/v1/uploads",
    400: "the request cannot be read: send JSON in UTF-8, with its length",
}

_CODES = {400: "unreadable", 404: "not-found", 405: "method-not-allowed", 408: "too-slow", 413: "too-large"}


class FaultTold(BaseModel):
    """What is wrong at one place of what was sent, and what to do."""

    path: str = Field(description="The place, as in `tags.0`; empty for the whole.")
    code: str
    message: str
    hint: str


class Problem(BaseModel):
    """What is wrong with a request, by RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="urn:memproc:problem: and the code.")
    title: str
    status: int
    detail: str = Field(description="What is wrong, and how to mend it.")
    code: str
    request: str = Field(description="The id of the request: the log of the server has it.")
    errors: list[FaultTold] = []


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, status: int, code: str, detail: str, *, errors: Sequence[FaultTold] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.errors, self.headers = status, code, detail, errors, dict(headers or {})


def told(fault: Fault) -> FaultTold:
    """Return a fault of a record as it is told."""
    return FaultTold(path=fault.path, code=fault.code, message=fault.message, hint=fault.hint.partition(": --")[0])


def rejected(faults: Sequence[Fault]) -> ProblemError:
    """Return the problem of a record that is no valid memory."""
    shown = [*map(told, faults[:MOST_FAULTS])]
    first = shown[0]
    return ProblemError(422, "invalid-memory", f"{first.path or 'the memory'}: {first.message} - {first.hint}", errors=shown)


def problem_of(error: Exception) -> ProblemError:
    """Return the problem that an exception is."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, RequestValidationError):
        found = error.errors()[:MOST_FAULTS]
        if found[0]["type"] == "json_invalid":
            return ProblemError(400, "unreadable", f"the body is no JSON ({found[0]['ctx']['error']}): {_ADVICE[400]}")
        shown = [*map(_of_pydantic, found)]
        first = shown[0]
        return ProblemError(422, "invalid-request", f"{first.path or 'the request'}: {first.message}", errors=shown)
    if isinstance(error, HTTPException):
        detail = _ADVICE.get(error.status_code, str(error.detail))
        code = _CODES.get(error.status_code, "refused")
        return ProblemError(error.status_code, code, detail, headers=error.headers)
    if isinstance(error, MemprocError):
        return _of_memproc(error)
    return ProblemError(500, "internal-error", "the server failed: send it again, and tell who runs it the id of this request")


def _of_memproc(error: MemprocError) -> ProblemError:
    if isinstance(error, NotFoundError):
        return ProblemError(404, "not-found", str(error))
    if isinstance(error, ChangedError):
        return ProblemError(412, "changed-meanwhile", str(error))
    if isinstance(error, UsageError):
        return ProblemError(422, "unprocessable", str(error))
    if isinstance(error, DatabaseError) and error.failure.kind is Kind.DATA:
        return ProblemError(422, "cannot-be-kept", "the database refuses a value of this request: leave out what is no plain text")
    if isinstance(error, StoreError):
        again = {"Retry-After": str(_RETRY_SECONDS)}
        return ProblemError(503, "store-unavailable", "the store cannot be used now: send it again in a moment", headers=again)
    return ProblemError(500, "internal-error", "the server failed: tell who runs it the id of this request")


def _of_pydantic(error: Mapping[str, Any]) -> FaultTold:
    """Return a fault of an argument, without its value."""
    place = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")]
    message = str(error["msg"]).removeprefix("Value error, ")
    return FaultTold(path=".".join(place)[:200], code=error["type"], message=message, hint=HINTS.get(error["type"], GENERAL_HINT))


def response_of(problem: ProblemError, request: str) -> Response:
    """Return a problem as an answer; whatever its texts hold, it is ASCII."""
    title = HTTPStatus(problem.status).phrase
    body: dict[str, Any] = {"type": f"urn:memproc:problem:{problem.code}", "title": title, "status": problem.status}
    body |= {"detail": problem.detail, "code": problem.code, "request": request}
    if problem.errors:
        body["errors"] = [one.model_dump() for one in problem.errors]
    return Response(json.dumps(body), problem.status, problem.headers, MEDIA_TYPE)


def tell_problems(app: FastAPI) -> None:
    """Let an application answer whatever is raised with a problem."""

    async def handle(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        number = request.scope.get("memproc.request", "")
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("request {}: {}: {}", number, type(error).__name__, error)
        return response_of(problem, number)

    for kind in (ProblemError, RequestValidationError, HTTPException, MemprocError):
        app.add_exception_handler(kind, handle)
