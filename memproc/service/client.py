"""A client of the service: `Client(url, token)` has its calls as methods, typed, with the answers as models.

Rules: what fails for a reason that passes is sent again, at most some times: a connection that breaks, a server that is busy or
counts too many calls. What changes something is sent under a key, so that it is done once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx2
from pydantic import BaseModel

from memproc.errors import MemprocError
from memproc.service.told import (
    AddedTold,
    DecisionTold,
    FaultShown,
    ForgottenTold,
    HealthTold,
    HistoryTold,
    LogPage,
    MemoryPage,
    MemoryTold,
    QuarantinedTold,
    QuarantinePage,
    ReplayTold,
    ReportTold,
    ReviewPage,
    ReviewTold,
    UpdatedTold,
    UploadsTold,
    UploadTold,
    VerdictTold,
)

TIMEOUT_SECONDS, LONGEST_WAIT_SECONDS, ATTEMPTS = 30.0, 60.0, 4
_AGAIN = (409, 429, 503)
_CHUNK_BYTES = 256 * 1024
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


class Client:
    """The service at a URL, for whom a token is. Use it in a `with` block, or close it. Safe to use from several threads."""

    def __init__(self, url: str, token: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=timeout_seconds)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close its connections."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def health(self) -> HealthTold:
        """Tell that the server answers."""
        return self._get(HealthTold, "/api/health")

    def add(self, record: Mapping[str, Any]) -> AddedTold:
        """Add one memory. Raises ProblemError with every fault where it is none."""
        return self._post(AddedTold, "/api/v1/memories", dict(record))

    def get(self, memory: str) -> MemoryTold:
        """Return a memory by its id."""
        return self._get(MemoryTold, f"/api/v1/memories/{_part(memory)}")

    def record(self, own_id: str, source: str, *, namespace: str | None = None) -> MemoryTold:
        """Return the memory of a record by the id that it has in its source."""
        return self._get(MemoryTold, "/api/v1/record", id=own_id, source=source, namespace=namespace)

    def find(self, **which: Any) -> Iterator[MemoryTold]:
        """Give all memories that match, the newest first, page by page; which ones as of `Store.find`."""
        cursor: str | None = None
        while True:
            page = self.page(**{**which, "cursor": cursor})
            yield from page.memories
            if (cursor := page.cursor) is None:
                return

    def page(self, **which: Any) -> MemoryPage:
        """Return a page of memories that match; `cursor` is that of the page before, `limit` how many at most."""
        return self._post(MemoryPage, "/api/v1/memories/search", _given(which), is_keyed=False)

    def update(self, memory: str, changes: Mapping[str, Any], *, note: str = "", only_if: MemoryTold | None = None) -> UpdatedTold:
        """Change fields of a memory; with `only_if` only where it is still what was read, else raise ProblemError (412)."""
        headers = {} if only_if is None else {"If-Match": self.version(only_if)}
        path = f"/api/v1/memories/{_part(memory)}"
        return self._ask(UpdatedTold, "PATCH", path, json=dict(changes), params=_given({"note": note}), headers=headers)

    def version(self, memory: MemoryTold) -> str:
        """Return the ETag of a memory as it was read. Raises ProblemError with status 412 if it is another one by now."""
        answer = self._send("GET", f"/api/v1/memories/{_part(memory.id)}")
        if MemoryTold.model_validate_json(answer.content) != memory:
            raise ProblemError(412, {"code": "changed-meanwhile", "detail": "the memory was changed since: read it again"})
        return str(answer.headers["etag"])

    def revert(self, memory: str, *, note: str = "") -> UpdatedTold:
        """Let a memory say again what it said before it was changed last."""
        return self._post(UpdatedTold, f"/api/v1/memories/{_part(memory)}/revert", {"note": note})

    def history(self, memory: str) -> HistoryTold:
        """Return what a memory said over time, and what it is made of."""
        return self._get(HistoryTold, f"/api/v1/memories/{_part(memory)}/history")

    def unmerge(self, memory: str, *, undo: bool = False, note: str = "") -> DecisionTold:
        """Separate a record from its memory, or take that back."""
        return self._post(DecisionTold, f"/api/v1/memories/{_part(memory)}/unmerge", {"undo": undo, "note": note})

    def forget(self, memory: str, *, note: str = "") -> ForgottenTold:
        """Remove a memory for good."""
        return self._ask(ForgottenTold, "DELETE", f"/api/v1/memories/{_part(memory)}", params=_given({"note": note}))

    def forget_all(
        self, *, namespace: str | None = None, subject: str | None = None, confirm: bool = False, note: str = ""
    ) -> ForgottenTold:
        """Remove all of a namespace or a subject for good; without `confirm`, tell what that would be."""
        asked = _given({"namespace": namespace, "subject": subject, "note": note})
        return self._post(ForgottenTold, "/api/v1/forget", {**asked, "confirm": confirm})

    def validate(self, record: object) -> VerdictTold:
        """Check a record, and keep nothing of it."""
        return self._post(VerdictTold, "/api/v1/validate", {"record": record}, is_keyed=False)

    def reviews(self, *, limit: int = 50, cursor: str | None = None) -> ReviewPage:
        """Return a page of pairs that wait for a decision."""
        return self._get(ReviewPage, "/api/v1/reviews", limit=limit, cursor=cursor)

    def review(self, number: int) -> ReviewTold:
        """Return one pair that waits."""
        return self._get(ReviewTold, f"/api/v1/reviews/{number}")

    def decide(self, number: int, verdict: Literal["merge", "distinct", "supersedes"], *, note: str = "") -> DecisionTold:
        """Decide a pair."""
        return self._post(DecisionTold, f"/api/v1/reviews/{number}/decision", {"verdict": verdict, "note": note})

    def quarantine(self, *, limit: int = 50, cursor: str | None = None, **which: Any) -> QuarantinePage:
        """Return a page of rejected records."""
        return self._get(QuarantinePage, "/api/v1/quarantine", limit=limit, cursor=cursor, **which)

    def quarantined(self, number: int) -> QuarantinedTold:
        """Return one rejected record."""
        return self._get(QuarantinedTold, f"/api/v1/quarantine/{number}")

    def replay(self, number: int, record: Mapping[str, Any] | None = None) -> ReplayTold:
        """Read a rejected record again, as it is or as it was mended."""
        return self._post(ReplayTold, f"/api/v1/quarantine/{number}/replay", _given({"record": record}))

    def discard(self, number: int, *, note: str = "") -> QuarantinedTold:
        """Close a rejected record."""
        return self._post(QuarantinedTold, f"/api/v1/quarantine/{number}/discard", {"note": note})

    def report(self) -> ReportTold:
        """Return what the store holds."""
        return self._get(ReportTold, "/api/v1/report")

    def log(self, *, limit: int = 100, cursor: str | None = None) -> LogPage:
        """Return a page of the log, the newest lines first."""
        return self._get(LogPage, "/api/v1/log", limit=limit, cursor=cursor)

    def upload(self, path: str | Path, *, namespace: str | None = None) -> UploadTold:
        """Send a file to be read by jobs, some of it at a time. It is not sent again where that fails."""
        file = Path(path)

        def chunks() -> Iterator[bytes]:
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    yield chunk

        params = _given({"name": file.name, "namespace": namespace})
        headers = {"Content-Type": "application/octet-stream"}
        answer = self._http.post("/api/v1/uploads", params=params, content=chunks(), headers=headers)
        return UploadTold.model_validate_json(_checked(answer).content)

    def uploads(self) -> UploadsTold:
        """Return the files that were sent."""
        return self._get(UploadsTold, "/api/v1/uploads")

    def delete_upload(self, number: int) -> UploadTold:
        """Delete a file that was sent."""
        return self._ask(UploadTold, "DELETE", f"/api/v1/uploads/{number}")

    def _get(self, kind: type[A], path: str, **params: Any) -> A:
        return self._ask(kind, "GET", path, params=_given(params))

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
                return _checked(answer)
            time.sleep(int(wait))
        raise AssertionError


def _checked(answer: httpx2.Response) -> httpx2.Response:
    """Return an answer. Raises ProblemError where it is a problem."""
    if answer.is_success:
        return answer
    try:
        told = answer.json()
    except ValueError:
        told = {"detail": f"what answers is no memproc: {answer.text[:100]!r}"}
    raise ProblemError(answer.status_code, told if isinstance(told, dict) else {})


def _part(given: str) -> str:
    """Return a text as a part of a path."""
    return quote(given, safe="")


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the arguments was given."""
    return {name: value for name, value in values.items() if value is not None and value != ""}
