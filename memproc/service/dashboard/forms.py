"""What forms and addresses say, as the models of what the service is given. An empty field is one that was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from memproc.service.rest.problems import ProblemError

MOST_FIELDS = 50
A = TypeVar("A", bound=BaseModel)


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of the form that was sent. Raises a problem on what is none."""
    try:
        text = (await request.body()).decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise ProblemError(400, "unreadable", "what was sent is no form in UTF-8: send it from its page") from error


def made(kind: type[A], fields: Mapping[str, Any]) -> A:
    """Return a model of those of some fields that it has and that are not empty. Raises RequestValidationError."""
    names = {one.alias or name for name, one in kind.model_fields.items()}
    try:
        return kind.model_validate({name: value for name, value in fields.items() if name in names and value not in ("", None)})
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from error


def local(given: str) -> str:
    """Return a path of this application that was given, `/` where it is none.

    >>> local("/jobs/3"), local("//evil.example"), local("https://evil.example")
    ('/jobs/3', '/', '/')
    """
    is_path = given.startswith("/") and given.replace("/", "").replace("-", "").isalnum() and "//" not in given
    return given if is_path and given.isascii() else "/"
