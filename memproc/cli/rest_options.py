"""The options by which commands read from a web API."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from typer import Option

from memproc.amounts import bytes_of
from memproc.cli.remotes import Named, given_by
from memproc.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from memproc.ingestion.opening import Asked
    from memproc.sources.remote import Remote
    from memproc.sources.rest.pages import RestPages

URL = re.compile(r"https?://", re.IGNORECASE)
_HEADER = re.compile(r"([^\s:=]+)\s*[:=]\s*(.+)", re.DOTALL)

PagingForm = Annotated[
    str | None,
    Option(
        "--paging",
        metavar="HOW",
        help="How pages of a web API follow: link (the default), next:PATH, cursor:PARAM=PATH, page:PARAM or offset:PARAM.",
        show_default=False,
    ),
]
Headers = Annotated[
    list[str] | None,
    Option("--header", metavar="NAME=VALUE", help="A header for a web API; ENV:VARIABLE or KEYRING:SERVICE/USER names a key."),
]
Hosts = Annotated[list[str] | None, Option("--host", metavar="HOST", help="Another host that pages and redirects may lead to.")]
AllowPrivate = Annotated[
    bool, Option("--allow-private", help="Let a web API be at an address that is not public, or on this machine by http.")
]
Cursor = Annotated[
    str | None,
    Option("--cursor", metavar="FIELD", help="The column or field that grows with each change: the next run reads what is new."),
]
SinceParam = Annotated[
    str | None, Option("--since-param", metavar="PARAM", help="The parameter that asks a web API for records from a --cursor on.")
]
RequestRate = Annotated[
    float | None, Option("--requests-per-second", metavar="N", help="Ask a web API at most so often.", show_default=False)
]
RetrySeconds = Annotated[
    float | None,
    Option("--retry-seconds", metavar="SECONDS", help="How long to try again what may pass; 300 by default.", show_default=False),
]
MaxResponse = Annotated[
    str | None,
    Option(
        "--max-response",
        metavar="SIZE",
        help="The largest answer, decompressed, or line of one; 64MiB by default.",
        show_default=False,
    ),
]


class Web(NamedTuple):
    """What the options say of how a web API is asked; those not given are None, empty or false."""

    paging: str | None = None
    header: Sequence[str] | None = None
    host: Sequence[str] | None = None
    allow_private: bool = False
    requests_per_second: float | None = None
    retry_seconds: float | None = None
    max_response: str | None = None
    since_param: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Return those that were given, by the names of their options."""
        named = {name: value for name, value in self._asdict().items() if value not in (None, False) and value != []}
        return {f"--{name.replace('_', '-')}": value for name, value in named.items()}

    @property
    def options(self) -> list[str]:
        """Return them as they are written. A key in a header is a reference, which may be shown."""
        parts: list[str] = []
        for name, value in self.given.items():
            values = value if isinstance(value, list | tuple) else [value]
            parts += [name] if value is True else [part for one in values for part in (name, str(one))]
        return parts


def given_of(what: Sequence[str], asked: Asked, named: Named, web: Web) -> tuple[list[Path | Remote], Asked]:
    """Return what a command reads, and how its files are written: the web API, or the paths and other sources that are named.

    Raises UsageError if the options do not fit together.
    """
    if not any(map(URL.match, what)):
        if web.given:
            told = ", ".join(web.given)
            raise UsageError(f"{told}: give the URL of a web API, as in https://api.example.org/v1/memories")
        return given_by(what, named), asked
    if len(what) > 1:
        raise UsageError("a web API is read by itself: give one URL, and other sources by another command")
    if named._replace(cursor=None, from_start=False, retries=None) != Named():
        raise UsageError(
            "--table, --query, --key, --db-schema and --statement-seconds are for databases: leave them out, or give the URL of one"
        )
    return [_rest_of(what[0], asked.records, named, web)], asked._replace(records=None)


def _rest_of(url: str, records: str | None, named: Named, web: Web) -> RestPages:
    from memproc.sources.rest.pages import RestPages

    given: dict[str, Any] = {
        "paging": web.paging,
        "hosts": web.host or (),
        "requests_per_second": web.requests_per_second,
        "retry_seconds": web.retry_seconds,
        "max_response_bytes": None if web.max_response is None else bytes_of(web.max_response, "--max-response"),
        "since_param": web.since_param,
        "retries": named.retries,
    }
    said = {name: value for name, value in given.items() if value is not None}
    headers = dict(map(header_of, web.header or ()))
    said |= {"cursor_field": named.cursor, "from_start": named.from_start}
    return RestPages(url, records, headers=headers, allow_private=web.allow_private, **said)


def header_of(text: str) -> tuple[str, str]:
    """Return the name and the value of a header. Raises UsageError if it is none."""
    found = _HEADER.fullmatch(text)
    if found is None:
        raise UsageError("--header: give NAME=VALUE, as in Authorization=ENV:TOKEN or 'Authorization: Bearer ENV:TOKEN'")
    return found[1], found[2]
