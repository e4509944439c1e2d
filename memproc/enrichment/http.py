"""Enrichment by an endpoint on the web, of one's own or another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from memproc.arguments import whole_number
from memproc.enrichment.calling import Answer, Asked, NoAnswerError, result_of
from memproc.enrichment.terms import Terms, check_numbers
from memproc.errors import SourceEndedError, UsageError
from memproc.records import Memory, Plain, encode
from memproc.sources.remote import LateError
from memproc.sources.rest.asking import Asking

if TYPE_CHECKING:
    from memproc.sources.rest.client import Body, Client
    from memproc.sources.rest.gate import Outside

OF_RECORDS = frozenset((400, 413, 422))  # what is refused so may be accepted with fewer records
ASKED_FOR = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "memproc"}


@dataclass(frozen=True, eq=False, repr=False)
class HttpEnrichment(Terms):
    """Enrichment by an endpoint: give it to `ingest` or `add` as `enrich`.

    It is sent `{"name", "version", "keys": [...], "records": [...]}` by POST, and answers a list as long as `records`, of objects
    of fields or null, by position; or an object with that list under `results`, which may name a `cost` of the call. A key is the
    same whenever the same record is asked for, so an endpoint can tell what it answered before. `reads` are the fields that are
    sent, by default all. `name` is the host of the URL if none is given.

    `headers`, `allow_private`, `requests_per_second`, the seconds and `retries` are those of `RestPages`: keys by `ENV:NAME`, https
    alone, no private addresses unless allowed, waits as `Retry-After` asks for. So many calls as `concurrency` are under way at
    once.
    """

    url: str
    reads: Sequence[str] | None = field(default=None, kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    allow_private: bool = field(default=False, kw_only=True)
    concurrency: int = field(default=4, kw_only=True)
    requests_per_second: float | None = field(default=None, kw_only=True)
    timeout_seconds: float = field(default=30.0, kw_only=True)
    response_seconds: float = field(default=120.0, kw_only=True)
    retry_seconds: float = field(default=120.0, kw_only=True)
    max_response_bytes: int = field(default=1 << 26, kw_only=True)
    retries: int | None = field(default=None, kw_only=True)
    _outside: Outside | None = field(default=None, kw_only=True)
    shared: dict[str, Any] = field(default_factory=dict, init=False)  # by all its callers: their pace

    def __post_init__(self) -> None:
        """Check everything before any work."""
        self.asking.check()
        self.asking.check_package()
        if not self.name:
            object.__setattr__(self, "name", urlsplit(self.url).netloc)
        self.check_terms()
        check_reads(self.reads)
        check_numbers(self, "requests_per_second")
        whole_number("concurrency", self.concurrency)

    def __repr__(self) -> str:
        """Name it without what is secret."""
        return f"HttpEnrichment({self.asking.shown(self.url)!r})"

    @property
    def threads(self) -> int:
        """How many calls at once."""
        return self.concurrency

    @property
    def asking(self) -> Asking:
        """How the endpoint is asked."""
        names = ("headers", "allow_private", "requests_per_second", "timeout_seconds", "response_seconds", "retry_seconds")
        given: dict[str, Any] = {name: getattr(self, name) for name in (*names, "max_response_bytes", "retries")}
        return Asking(self.url, "enrichment by an endpoint", **given, outside=self._outside)

    def caller(self, schema: type[Memory], seconds_left: Callable[[], float]) -> HttpCaller:
        """Return a client of the endpoint."""
        del schema
        return HttpCaller(self, seconds_left)


class HttpCaller:
    """Asks an endpoint, a call at a time."""

    def __init__(self, enrichment: HttpEnrichment, seconds_left: Callable[[], float]) -> None:
        self._enrichment = enrichment
        self._url = enrichment.asking.secrets.revealed_url(enrichment.url)
        self._client: Client = enrichment.asking.client(enrichment.shared, seconds_left, ASKED_FOR)

    def ask(self, asked: Sequence[Asked]) -> Answer:
        """Return what the endpoint answers. Raises NoAnswerError if it refuses, or does not within its time."""
        known = self._enrichment
        records = [narrowed(one.record, known.reads) for one in asked]
        content = encode(
            {"name": known.name, "version": known.version, "keys": [one.key.hex() for one in asked], "records": records}
        )
        with no_answer():
            value = self._client.get(self._url, json_of, content)
        results, cost = (value.get("results"), value.get("cost", 0.0)) if isinstance(value, dict) else (value, 0.0)
        if not isinstance(results, list):
            raise NoAnswerError("the answer is neither a list nor an object with a list under 'results'")
        is_number = isinstance(cost, int | float) and not isinstance(cost, bool) and cost >= 0
        return Answer([result_of(result) for result in results], float(cost) if is_number else 0.0)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


@contextmanager
def no_answer() -> Iterator[None]:
    """Raise NoAnswerError for what ends a request inside the block, but for the end of the job's own time and wrong use."""
    try:
        yield
    except LateError:
        raise
    except SourceEndedError as error:
        told = str(error).partition("; resume")[0].replace(" (--retries)", "").replace(" (--retry-seconds)", "")
        raise NoAnswerError(told, is_of_records=getattr(error, "status", 0) in OF_RECORDS) from error


def json_of(body: Body) -> Any:
    """Return the JSON value of an answer. Raises PassingError if it has broken off."""
    from memproc.sources.rest.retrying import PassingError  # noqa: PLC0415 - as its client

    raw = body.whole()
    body.close()
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise PassingError("the answer is no JSON that is whole") from None


def narrowed(record: Plain, reads: Sequence[str] | None) -> Plain:
    """Return the fields of a record that are sent."""
    return record if reads is None else {name: record[name] for name in reads if name in record}


def check_reads(reads: object) -> None:
    """Raise UsageError if these are no names of fields."""
    if reads is not None and (isinstance(reads, str) or not isinstance(reads, Sequence) or not reads):
        raise UsageError(f"reads={reads!r}: give the names of the fields that are sent, as in reads=['content']")
