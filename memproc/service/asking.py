"""How the client asks the service: what is sent again, under which key, and what a refusal is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx2
from pydantic import BaseModel

from memproc.errors import MemprocError
from memproc.service.told import FaultShown

TIMEOUT_SECONDS, LONGEST_WAIT_SECONDS, ATTEMPTS = 30.0, 60.0, 4
_AGAIN = (409, 429, 503)
A = TypeVar("A", bound=BaseModel)


class ProblemError(MemprocError):
    """The service refused a call: its status, the code of the problem, what is wrong with which value and how to mend it, the
    faults of a record, and the id of the request, by which the server's log tells more.
    """

    def __init__(self, status: int, told: Mapping[str, Any]) -> None:
        self.status = status
        self.code: str = str(told.get("code", ""))
        self.detail: str = str(told.get("detail", ""))
        self.request: str = str(told.get("request", ""))
        self.errors = tuple(FaultShown(**one) for one in told.get("errors", ()))
        super().__init__(f"{status} {self.code}: {self.detail}")


class Asking:
    """A connection to the service at a URL, for whom a token is."""

    def __init__(
        self, url: str, token: str, *, timeout_seconds: float = TIMEOUT_SECONDS, http: httpx2.Client | None = None
    ) -> None:
        """Connect to a URL; `http` is a client of one's own to do it with, such as that of a test."""
        self._http = http or httpx2.Client(timeout=timeout_seconds)
        self._http.base_url = httpx2.URL(url)
        self._http.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close its connections."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def _get(self, kind: type[A], path: str, **params: Any) -> A:
        return self._ask(kind, "GET", path, params=given(params))

    def _post(self, kind: type[A], path: str, given: Mapping[str, Any], *, is_keyed: bool = True) -> A:
        headers = {"Idempotency-Key": str(uuid4())} if is_keyed else {}
        return self._ask(kind, "POST", path, json=given, headers=headers)

    def _ask(self, kind: type[A], method: str, path: str, **more: Any) -> A:
        return kind.model_validate_json(self._send(method, path, **more).content)

    def _send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send a request, again where it may help. A connection that breaks is no reason to send a PATCH or a DELETE again."""
        is_safe = method == "GET" or "Idempotency-Key" in more.get("headers", {})
        for attempt in range(ATTEMPTS):
            is_last = attempt == ATTEMPTS - 1
            try:
                answer = self._http.request(method, path, **more)
            except httpx2.TransportError:
                if is_last or not is_safe:
                    raise
                time.sleep(2**attempt / 4)
                continue
            wait = answer.headers.get("retry-after", "")
            if is_last or answer.status_code not in _AGAIN or not wait.isdigit() or int(wait) > LONGEST_WAIT_SECONDS:
                return checked(answer)
            time.sleep(int(wait))
        raise AssertionError


def checked(answer: httpx2.Response) -> httpx2.Response:
    """Return an answer. Raises ProblemError where it is a problem."""
    if answer.is_success:
        return answer
    try:
        told = answer.json()
    except ValueError:
        told = {"detail": f"what answers is no memproc: {answer.text[:100]!r}"}
    raise ProblemError(answer.status_code, told if isinstance(told, dict) else {})


def part_of(given: str) -> str:
    """Return a text as a part of a path."""
    return quote(given, safe="")


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the arguments was given."""
    return {name: value for name, value in values.items() if value is not None and value != ""}
