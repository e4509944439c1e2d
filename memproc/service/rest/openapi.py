"""The OpenAPI document: what FastAPI makes of the routes, with the problems that each may answer and the fields of a memory.

Rules: it tells every status that a route answers with, and of each problem that it is one; nothing is told that is not so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from memproc import __version__
from memproc.records import Memory
from memproc.service.rest.guard import IDEMPOTENCY_KEY, SCHEME
from memproc.service.rest.problems import MEDIA_TYPE, Problem
from memproc.validation.json_schema import json_schema

_REF = "#/components/schemas/"
_NEVER = ("HTTPValidationError", "ValidationError")
_PROBLEMS = {
    400: "The request cannot be read.",
    401: "No token was given, or one that is not known, is over or was revoked.",
    403: "The token may not do this.",
    404: "There is nothing of that id here.",
    409: "The same request is being answered, or it does not fit what is there.",
    410: "This was done; the answer is not kept any more.",
    412: "It was changed since that version.",
    408: "The body came too slowly.",
    413: "Too much was sent.",
    422: "A value is wrong; `errors` tell which.",
    429: "Too many calls: Retry-After says how long to wait.",
    500: "The server failed.",
    503: "The store cannot be used now: Retry-After says when to try again.",
    507: "There is no room for files.",
}
_ALWAYS = (401, 403, 422, 429, 500, 503)
_LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")


def openapi_of(app: FastAPI, schema: type[Memory]) -> Callable[[], dict[str, Any]]:
    """Return the function that makes the document of an application, once."""
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            made.update(_document(app, schema))
        return made

    return document


def _document(app: FastAPI, schema: type[Memory]) -> dict[str, Any]:
    found = get_openapi(
        title="memproc", version=__version__, summary="Memories in a store, over HTTP", routes=app.routes, openapi_version="3.1.0"
    )
    parts = found.setdefault("components", {}).setdefault("schemas", {})
    for name in _NEVER:
        parts.pop(name, None)
    problem = _moved(Problem.model_json_schema())
    parts |= {**problem.pop("$defs", {}), "Problem": problem, **_memories(schema)}
    scheme = {"type": "http", "scheme": "bearer", "description": "A token of `memproc token create`, or of the OpenID provider."}
    found["components"]["securitySchemes"] = {SCHEME: scheme}
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            if "security" in operation:
                _complete(path, method, operation)
    return found


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Tell the problems of an operation, its headers, and whether it takes a key."""
    takes_key = method == "post" and not operation.pop("x-takes-no-key", False)
    has_body = "requestBody" in operation
    statuses = {*_ALWAYS} | ({404} if "{" in path or path.endswith("/record") else set()) | ({400, 408, 413} if has_body else set())
    statuses |= ({409, 410} if takes_key else set()) | ({412} if method == "patch" else set())
    statuses |= {404, 507} if path.endswith("/uploads") and method == "post" else set()
    statuses |= {404, 409} if path.startswith("/api/batch") else set()
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}Problem"}}}
    told = {str(status): {"description": _PROBLEMS[status], "content": content} for status in sorted(statuses)}
    answers = {status: one for status, one in operation["responses"].items() if status not in told}
    for one in answers.values():
        one.setdefault("headers", {}).update({name: {"schema": {"type": "string"}} for name in _LIMITS})
    operation["responses"] = {**answers, **told}
    if takes_key:
        about = "A name of this request, such as a UUID: sent again under it, it is answered as at first, and done once."
        pattern = {"type": "string", "pattern": "^[!-~]{1,255}$"}
        key = {"name": IDEMPOTENCY_KEY, "in": "header", "required": False, "description": about, "schema": pattern}
        operation.setdefault("parameters", []).append(key)


def _memories(schema: type[Memory]) -> dict[str, Any]:
    """Return the schemas of the fields of a memory that is added, and of those that are changed."""
    whole = _moved(json_schema(schema), "Given")
    parts = {f"Given{name}": part for name, part in whole.pop("$defs", {}).items()}
    whole.pop("$schema", None)
    names = [name for name in whole["properties"] if name not in ("id", "namespace", "source")]
    fields = {name: {"anyOf": [whole["properties"][name], {"type": "null"}]} for name in names}
    changes = {"type": "object", "properties": fields, "additionalProperties": False, "title": "MemoryChanges"}
    return {**parts, "NewMemory": {**whole, "title": "NewMemory"}, "MemoryChanges": changes}


def _moved(given: Any, prefix: str = "") -> Any:
    """Return a JSON Schema whose parts are named where a document has them."""
    if isinstance(given, dict):
        moved = {name: _moved(value, prefix) for name, value in given.items()}
        return moved | ({"$ref": given["$ref"].replace("#/$defs/", _REF + prefix)} if "$ref" in given else {})
    return [_moved(one, prefix) for one in given] if isinstance(given, list) else given
