"""The options by which commands read from a web API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from typer import Option

from memproc.amounts import bytes_of
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.cli.remotes import Following
    from memproc.sources.rest.pages import RestPages

_HEADER = re.compile(r"([^\s:=]+)\s*[:=]\s*(.+)", re.DOTALL)


class FromWeb(NamedTuple):
    """How a web API is asked. A key in a header is a reference, which may be shown."""

    paging: Annotated[
        str | None,
        Option(
            "--paging",
            metavar="HOW",
            help="How pages of a web API follow: link (the default), next:PATH, cursor:PARAM=PATH, page:PARAM or offset:PARAM.",
            show_default=False,
        ),
    ] = None
    header: Annotated[
        list[str] | None,
        Option("--header", metavar="NAME=VALUE", help="A header for a web API; ENV:VARIABLE or KEYRING:SERVICE/USER names a key."),
    ] = None
    host: Annotated[
        list[str] | None, Option("--host", metavar="HOST", help="Another host that pages and redirects may lead to.")
    ] = None
    allow_private: Annotated[
        bool, Option("--allow-private", help="Let a web API be at an address that is not public, or on this machine by http.")
    ] = False
    requests_per_second: Annotated[
        float | None, Option("--requests-per-second", metavar="N", help="Ask a web API at most so often.", show_default=False)
    ] = None
    retry_seconds: Annotated[
        float | None,
        Option(
            "--retry-seconds", metavar="SECONDS", help="How long to try again what may pass; 300 by default.", show_default=False
        ),
    ] = None
    max_response: Annotated[
        str | None,
        Option(
            "--max-response",
            metavar="SIZE",
            help="The largest answer, decompressed, or line of one; 64MiB by default.",
            show_default=False,
        ),
    ] = None


def pages_of(url: str, records: str | None, web: FromWeb, following: Following, retries: int | None) -> RestPages:
    """Return the pages of a web API. Raises UsageError on wrong options."""
    from memproc.sources.rest.pages import RestPages

    given: dict[str, Any] = {
        "paging": web.paging,
        "hosts": web.host,
        "requests_per_second": web.requests_per_second,
        "retry_seconds": web.retry_seconds,
        "max_response_bytes": None if web.max_response is None else bytes_of(web.max_response, "--max-response"),
        "cursor_field": following.cursor,
        "since_param": following.since_param,
        "retries": retries,
    }
    said = {name: value for name, value in given.items() if value is not None}
    said |= {"allow_private": web.allow_private, "from_start": following.from_start}
    return RestPages(url, records, headers=dict(map(header_of, web.header or ())), **said)


def header_of(text: str) -> tuple[str, str]:
    """Return the name and the value of a header. Raises UsageError if it is none."""
    found = _HEADER.fullmatch(text)
    if found is None:
        raise UsageError("--header: give NAME=VALUE, as in Authorization=ENV:TOKEN or 'Authorization: Bearer ENV:TOKEN'")
    return found[1], found[2]
