"""The batch API of OpenAI, which other providers and local servers speak too: a file of requests, a batch of it, a file of answers.

Facts: a line of the file is `{"custom_id", "method", "url", "body"}`, and a line of answers `{"custom_id", "response":
{"status_code", "body"}, "error"}`, in any order; requests that failed or expired are in a file of errors. A batch is `validating`,
`in_progress`, `finalizing`, then `completed`, `failed`, `expired` or `cancelled`; what of an expired one was done is there. A batch
takes 50,000 requests and 200 MB. Its `metadata` are texts of up to 512 characters, which is where its mark stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from memproc.enrichment.batches import BatchRequest, BatchResult, BatchState
from memproc.enrichment.http import json_of
from memproc.enrichment.terms import check_numbers
from memproc.errors import SourceEndedError, UsageError
from memproc.records import encode
from memproc.sources.remote import LateError, without_end
from memproc.sources.rest.asking import Asking

if TYPE_CHECKING:
    from memproc.sources.rest.client import Body, Client
    from memproc.sources.rest.gate import Outside

ENDED = frozenset(("completed", "failed", "expired", "cancelled"))
MARK = "memproc_order"  # in the metadata of a batch
LOOKED_AT = 100  # batches of a page, when one is looked for
MOST_PAGES = 50
ATTEMPTS = 3  # to begin a batch
_BOUNDARY = "memproc-8c1f0d7a4b9e45e2"
_JSON = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "memproc"}
_OK = 200
MILLION = 1_000_000


@dataclass(eq=False, repr=False)
class OpenAIBatches:
    """A service for `BatchEnrichment` that asks a model by the batch API of OpenAI.

    `prompt` says what the model shall answer for a record, which it is sent as JSON: an object of fields to set. `api_key` is a
    reference (`ENV:OPENAI_API_KEY`), `url` the root of another provider. `body` is added to each request (`{"temperature": 0}`).
    `input_cost` and `output_cost` are those of a million tokens. Raises UsageError if a value is not valid.
    """

    model: str
    prompt: str
    _: KW_ONLY
    api_key: str = "ENV:OPENAI_API_KEY"
    url: str = "https://api.openai.com/v1"
    endpoint: str = "/v1/chat/completions"
    body: Mapping[str, Any] = field(default_factory=dict)
    completion_window: str = "24h"
    input_cost: float = 0.0
    output_cost: float = 0.0
    allow_private: bool = False
    timeout_seconds: float = 60.0
    response_seconds: float = 600.0
    retry_seconds: float = 300.0
    max_response_bytes: int = 1 << 28
    retries: int | None = None
    _outside: Outside | None = None

    def __post_init__(self) -> None:
        """Check everything before any work."""
        for name in ("model", "prompt", "url", "endpoint", "api_key"):
            if not isinstance(value := getattr(self, name), str) or not value.strip():
                raise UsageError(f"{name}={value!r}: give some text")
        check_numbers(self, "input_cost", "output_cost", least=0.0)
        self.url = self.url.rstrip("/")
        self._asking.check()
        self._shared: dict[str, Any] = {}
        self._clients: dict[str, Client] = {}
        self._seconds_left: Callable[[], float] = without_end

    def __repr__(self) -> str:
        """Name it without its key."""
        return f"OpenAIBatches({self.model!r}, {self._asking.shown(self.url)!r})"

    @property
    def _asking(self) -> Asking:
        names = ("allow_private", "timeout_seconds", "response_seconds", "retry_seconds", "max_response_bytes", "retries")
        given: dict[str, Any] = {name: getattr(self, name) for name in names}
        headers = {"Authorization": f"Bearer {self.api_key}"}
        return Asking(self.url, "enrichment by a batch API", headers=headers, **given, outside=self._outside)

    def open(self, seconds_left: Callable[[], float]) -> None:
        """Begin to ask."""
        self._seconds_left = seconds_left

    def close(self) -> None:
        """Close all connections."""
        while self._clients:
            self._clients.popitem()[1].close()

    def submit(self, requests: Sequence[BatchRequest], mark: str) -> str:
        """Upload the requests and begin a batch of them; return its id."""
        lines = b"".join(encode(self._line(one)) + b"\n" for one in requests)
        file = self._post(
            "/files", _form({"purpose": "batch"}, f"{mark}.jsonl", lines), f"multipart/form-data; boundary={_BOUNDARY}"
        )
        window, metadata = self.completion_window, {MARK: mark}
        asked = {"input_file_id": _id_of(file), "endpoint": self.endpoint, "completion_window": window, "metadata": metadata}
        return self._begun(encode(asked), mark)

    def _begun(self, asked: bytes, mark: str) -> str:
        """Begin a batch. A request whose answer is lost may have begun it, so it is looked for before it is sent again."""
        failure = SourceEndedError("the batch was not begun")
        for _ in range(ATTEMPTS):
            try:
                return _id_of(self._post("/batches", asked, "application/json", retries=0))
            except SourceEndedError as error:
                if isinstance(error, LateError) or hasattr(error, "status"):  # there is no time, or it was refused
                    raise
                if (found := self.find(mark)) is not None:
                    return found
                failure = error
        raise failure

    def find(self, mark: str) -> str | None:
        """Return the id of the batch that bears a mark."""
        after = ""
        for _ in range(MOST_PAGES):
            page = self._get(f"/batches?limit={LOOKED_AT}{after}")
            found = page.get("data") or []
            for one in found:
                if (one.get("metadata") or {}).get(MARK) == mark:
                    return _id_of(one)
            if not page.get("has_more") or not found:
                return None
            after = f"&after={quote(_id_of(found[-1]), safe='')}"
        return None

    def poll(self, ticket: str) -> BatchState:
        """Return how far a batch is."""
        batch = self._get(f"/batches/{quote(ticket, safe='')}")
        status, counts = batch.get("status"), batch.get("request_counts") or {}
        if status == "failed":
            errors = [str(one.get("message", "")) for one in (batch.get("errors") or {}).get("data") or []]
            return BatchState(is_ended=True, failure="; ".join(errors)[:300] or "the service failed the batch")
        return BatchState(status in ENDED, int(counts.get("completed") or 0))

    def fetch(self, ticket: str) -> Iterator[BatchResult]:
        """Yield the answers of a batch, and what failed of it."""
        batch = self._get(f"/batches/{quote(ticket, safe='')}")
        for name in ("output_file_id", "error_file_id"):
            if file := batch.get(name):
                raw = self._client().get(f"{self.url}/files/{quote(file, safe='')}/content", _bytes_of)
                yield from (self._result(orjson.loads(line)) for line in raw.splitlines() if line.strip())

    def _line(self, one: BatchRequest) -> dict[str, Any]:
        messages = [{"role": "system", "content": self.prompt}, {"role": "user", "content": encode(one.record).decode()}]
        body = {"model": self.model, "messages": messages, "response_format": {"type": "json_object"}, **self.body}
        return {"custom_id": one.name, "method": "POST", "url": self.endpoint, "body": body}

    def _result(self, line: dict[str, Any]) -> BatchResult:
        name, response, error = str(line.get("custom_id")), line.get("response") or {}, line.get("error")
        body = response.get("body") or {}
        if error or response.get("status_code") != _OK:
            told = error or body.get("error") or {}
            message = told.get("message") if isinstance(told, dict) else told
            return BatchResult(name, None, str(message or f"it was answered {response.get('status_code')}")[:300])
        usage = body.get("usage") or {}
        cost = (usage.get("prompt_tokens", 0) * self.input_cost + usage.get("completion_tokens", 0) * self.output_cost) / MILLION
        text = ((body.get("choices") or [{}])[0].get("message") or {}).get("content") or ""
        return BatchResult(name, _value_in(text), cost=cost)

    def _client(self, kind: str = "application/json", *, retries: int | None = None) -> Client:
        name = f"{kind} {retries}"
        if name not in self._clients:
            asking = self._asking if retries is None else replace(self._asking, retries=retries)
            self._clients[name] = asking.client(self._shared, self._seconds_left, {**_JSON, "Content-Type": kind})
        return self._clients[name]

    def _get(self, path: str) -> dict[str, Any]:
        return _object(self._client().get(f"{self.url}{path}", json_of))

    def _post(self, path: str, content: bytes, kind: str, *, retries: int | None = None) -> dict[str, Any]:
        return _object(self._client(kind, retries=retries).get(f"{self.url}{path}", json_of, content))


def _bytes_of(body: Body) -> bytes:
    raw = body.whole()
    body.close()
    return raw


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceEndedError("the service answers something other than an object: mind its URL")
    return value


def _id_of(value: Mapping[str, Any]) -> str:
    if not isinstance(found := value.get("id"), str):
        raise SourceEndedError("the service answers an object without an id: mind its URL")
    return found


def _value_in(text: str) -> object:
    """Return the JSON value that a model answers, or its text, which is then told as what it is."""
    inner = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        return orjson.loads(inner)
    except orjson.JSONDecodeError:
        return text


def _form(fields: Mapping[str, str], name: str, content: bytes) -> bytes:
    """Return fields and a file as a form (RFC 7578). No JSON line holds its boundary, which begins a line of its own."""
    parts = [f'Content-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n' for field, value in fields.items()]
    kind = "Content-Type: application/jsonl\r\n\r\n"
    parts.append(f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n{kind}')
    head = "".join(f"--{_BOUNDARY}\r\n{part}" for part in parts)
    return head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
