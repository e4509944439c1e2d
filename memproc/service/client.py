"""A client of the service: `Client(url, token)` has its calls as methods, typed, with the answers as models.

Rules: what fails for a reason that passes is sent again, at most some times: a connection that breaks, a server that is busy or
counts too many calls. What changes something is sent under a key, so that it is done once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memproc.config import Verdict
from memproc.service.asking import ProblemError, checked, given, part_of
from memproc.service.job_calls import JobCalls
from memproc.service.told import (
    AddedTold,
    DecisionTold,
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

_CHUNK_BYTES = 256 * 1024
__all__ = ["Client", "ProblemError"]


class Client(JobCalls):
    """The service at a URL, for whom a token is. Use it in a `with` block, or close it. Safe to use from several threads."""

    def health(self) -> HealthTold:
        """Tell that the server answers."""
        return self._get(HealthTold, "/api/health")

    def add(self, record: Mapping[str, Any]) -> AddedTold:
        """Add one memory. Raises ProblemError with every fault where it is none."""
        return self._post(AddedTold, "/api/v1/memories", dict(record))

    def get(self, memory: str) -> MemoryTold:
        """Return a memory by its id."""
        return self._get(MemoryTold, f"/api/v1/memories/{part_of(memory)}")

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
        return self._post(MemoryPage, "/api/v1/memories/search", given(which), is_keyed=False)

    def update(self, memory: str, changes: Mapping[str, Any], *, note: str = "", only_if: MemoryTold | None = None) -> UpdatedTold:
        """Change fields of a memory; with `only_if` only where it is still what was read, else raise ProblemError (412)."""
        headers = {} if only_if is None else {"If-Match": self.version(only_if)}
        path = f"/api/v1/memories/{part_of(memory)}"
        return self._ask(UpdatedTold, "PATCH", path, json=dict(changes), params=given({"note": note}), headers=headers)

    def version(self, memory: MemoryTold) -> str:
        """Return the ETag of a memory as it was read. Raises ProblemError with status 412 if it is another one by now."""
        answer = self._send("GET", f"/api/v1/memories/{part_of(memory.id)}")
        if MemoryTold.model_validate_json(answer.content) != memory:
            raise ProblemError(412, {"code": "changed-meanwhile", "detail": "the memory was changed since: read it again"})
        return str(answer.headers["etag"])

    def revert(self, memory: str, *, note: str = "") -> UpdatedTold:
        """Let a memory say again what it said before it was changed last."""
        return self._post(UpdatedTold, f"/api/v1/memories/{part_of(memory)}/revert", {"note": note})

    def history(self, memory: str) -> HistoryTold:
        """Return what a memory said over time, and what it is made of."""
        return self._get(HistoryTold, f"/api/v1/memories/{part_of(memory)}/history")

    def unmerge(self, memory: str, *, undo: bool = False, note: str = "") -> DecisionTold:
        """Separate a record from its memory, or take that back."""
        return self._post(DecisionTold, f"/api/v1/memories/{part_of(memory)}/unmerge", {"undo": undo, "note": note})

    def forget(self, memory: str, *, note: str = "") -> ForgottenTold:
        """Remove a memory for good."""
        return self._ask(ForgottenTold, "DELETE", f"/api/v1/memories/{part_of(memory)}", params=given({"note": note}))

    def forget_all(
        self, *, namespace: str | None = None, subject: str | None = None, confirm: bool = False, note: str = ""
    ) -> ForgottenTold:
        """Remove all of a namespace or a subject for good; without `confirm`, tell what that would be."""
        asked = given({"namespace": namespace, "subject": subject, "note": note})
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

    def decide(self, number: int, verdict: Verdict, *, note: str = "") -> DecisionTold:
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
        return self._post(ReplayTold, f"/api/v1/quarantine/{number}/replay", given({"record": record}))

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

        params = given({"name": file.name, "namespace": namespace})
        headers = {"Content-Type": "application/octet-stream"}
        answer = self._http.post("/api/v1/uploads", params=params, content=chunks(), headers=headers)
        return UploadTold.model_validate_json(checked(answer).content)

    def uploads(self) -> UploadsTold:
        """Return the files that were sent."""
        return self._get(UploadsTold, "/api/v1/uploads")

    def delete_upload(self, number: int) -> UploadTold:
        """Delete a file that was sent."""
        return self._ask(UploadTold, "DELETE", f"/api/v1/uploads/{number}")
