"""A web API as a remote source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from memproc.errors import UsageError
from memproc.sources.remote import Marked, Visit
from memproc.sources.rest.asking import Asking
from memproc.sources.rest.paging import paging_of
from memproc.sources.rest.secrecy import Keeping, Secrets

if TYPE_CHECKING:
    from memproc.sources.rest.client import Client
    from memproc.sources.rest.gate import Outside
    from memproc.sources.rest.streams import OpenLines

ASKED_FOR = {
    "Accept": "application/json, application/x-ndjson;q=0.9, */*;q=0.1",
    "Accept-Encoding": "gzip",
    "User-Agent": "memproc",
}


@dataclass(frozen=True, eq=False, repr=False)
class RestPages:
    """The records behind a web API, page by page: give it to `ingest`.

    `url` is that of the first page. `records` leads to the list of records in the answer (`data.items`); without it the answer is
    the list, or lines of JSON. `paging` says how pages follow: `link` (a link header with `rel="next"`, the default), `next:PATH`
    (a URL in the answer), `cursor:PARAM=PATH` (what is at the path is sent as the parameter), `page:PARAM` (from 1, or
    `,start=0`) or `offset:PARAM`; with `,more=PATH` the answer says whether there is more, with `,total=PATH` how many records
    there are. Sizes of pages and filters stand in the URL. `ENV:NAME` in a header or in the URL is the value of an environment
    variable, `KEYRING:service/user` what the keyring of the system keeps; these are shown and kept nowhere.

    Requests go to the host of `url` and to `hosts`, by https; what leads elsewhere is refused, also by a link or a redirect. Named
    hosts get the headers too. `allow_private` lets them go to addresses that are not public, and by http to this machine.

    With `cursor_field` and `since_param` a job begins where the last one ended: the greatest value of the field that was seen is
    sent as the parameter, so only what has changed since is read, but with `from_start` all of it once
    more. It is for the server to include equal values.

    Failures that may pass (429, 5xx, cut connections) are tried again for `retry_seconds`, or `retries` times if that is given,
    with growing random waits that are at least what `Retry-After` asks for. A host that has not answered once is given up after
    some seconds. `requests_per_second` is your own limit; that of the server is kept by what its headers say. A connection, and
    each read, may take `timeout_seconds`, and an answer `response_seconds` and `max_response_bytes` when it is decompressed. Lines
    of JSON are read as they come: there these two are the limits of a line, and an answer that breaks off is asked for again and
    goes on behind its last record. No wait is begun that `max_seconds` of the settings has no time for.

    A value of `cursor_field` that is later than now is told, and is not where the next job begins.

    A job is resumed on the page of the last committed record, and behind that record by its number and a hash of it. If it is no
    longer there, the pages beside are looked at where pages are numbered, and then all are read from the first; with cursors and
    links the page is read from its beginning. Records read twice are duplicates; none is passed over. But where pages are numbered,
    a record that is removed during a reading moves others to places that were read: take a cursor where the API has one.

    Raises UsageError if a value is not valid, or an environment variable is not set.
    """

    url: str
    records: str | None = None
    _: KW_ONLY
    paging: str = "link"
    headers: Mapping[str, str] = field(default_factory=dict)
    hosts: Sequence[str] = ()
    allow_private: bool = False
    cursor_field: str | None = None
    since_param: str | None = None
    from_start: bool = False
    requests_per_second: float | None = None
    timeout_seconds: float = 30.0
    response_seconds: float = 300.0
    retry_seconds: float = 300.0
    max_response_bytes: int = 1 << 26
    retries: int | None = None
    _outside: Outside | None = None
    _shared: dict[str, Any] = field(default_factory=dict, init=False)  # the pace, made by the first reading

    def __post_init__(self) -> None:
        """Check everything before any work."""
        self._asking.check()
        paging_of(self.paging)
        if (self.cursor_field is None) != (self.since_param is None):
            raise UsageError("give both cursor_field (--cursor) and since_param (--since-param), which asks from its values on")

    def __repr__(self) -> str:
        """Name it without what is secret."""
        return f"RestPages({self.label!r})"

    @property
    def label(self) -> str:
        """The URL, with references and stars in place of keys."""
        return self._asking.shown(self.url)

    @property
    def identity(self) -> Sequence[object]:
        """The URL without keys, and how it is read."""
        return ["rest", self.label, self.records, self.paging, self.cursor_field, self.since_param]

    @property
    def format_name(self) -> str | None:
        """None: the format is found by the shape of the records."""
        return None

    @property
    def is_table(self) -> bool:
        """Whether each record is a row: it is an object."""
        return False

    @property
    def column_of_change(self) -> None:
        """None: what a field of an object says of its date is for the format to know."""
        return

    @property
    def is_followed(self) -> bool:
        """Whether a new job goes on where the last one ended."""
        return self.since_param is not None

    def found(self, behind: Any, visit: Visit | None = None) -> Iterator[Marked]:
        """Yield the records behind a mark."""
        visit = visit or Visit()
        with closing(self._client(visit)) as client:
            from memproc.sources.rest.bodies import Page  # noqa: PLC0415 - what reaches out is loaded when it is needed
            from memproc.sources.rest.streams import Lines, page_of  # noqa: PLC0415
            from memproc.sources.rest.walking import Since, Walk  # noqa: PLC0415

            secrets = self._secrets()

            def asked(url: str) -> Page | OpenLines:
                return client.get(url, lambda body: page_of(body, self.records, secrets.hidden))

            def get(url: str) -> Page | Lines:
                found = asked(url)
                return found if isinstance(found, Page) else Lines(found, lambda: asked(url), client.attempts)

            since = None
            if self.cursor_field is not None and self.since_param is not None:
                since = Since(self.cursor_field, self.since_param, client.outside.now)
            walk = Walk(secrets.revealed_url(self.url), paging_of(self.paging), since, get, Keeping(secrets, self.url))
            visit.reading.unread.clear()
            walk.unread = visit.reading.unread
            yield from walk.marked(behind or {})

    def remarks(self, visit: Visit) -> Sequence[str]:
        """Return nothing: all that there is to tell shows while it is read."""
        del visit
        return ()

    def next_start(self, mark: Any) -> Any:
        """Return the mark that asks for what has changed since the greatest value that was seen."""
        greatest = mark.get("greatest", mark.get("from"))
        return None if greatest is None else {"from": greatest}

    @property
    def _asking(self) -> Asking:
        names = ("headers", "hosts", "allow_private", "requests_per_second", "timeout_seconds", "response_seconds", "retry_seconds")
        given = {name: getattr(self, name) for name in (*names, "max_response_bytes", "retries")}
        return Asking(self.url, "reading from a web API", **given, outside=self._outside)

    def _client(self, visit: Visit) -> Client:
        return self._asking.client(self._shared, visit.seconds_left, ASKED_FOR)

    def _secrets(self) -> Secrets:
        return self._asking.secrets
