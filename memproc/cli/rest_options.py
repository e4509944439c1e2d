"""The options by which `ingest` reads from a web API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from memproc.cli.remotes import Named
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.sources.rest.pages import RestPages

URL = re.compile(r"https?://", re.IGNORECASE)
_HEADER = re.compile(r"([^\s:=]+)\s*[:=]\s*(.+)", re.DOTALL)
_NAMES = {"headers": "--header", "hosts": "--host", "max_response_bytes": "--max-response"}

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
    Option("--header", metavar="NAME=VALUE", help="A header for a web API; ENV:VARIABLE in it comes from the environment."),
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
    Option("--max-response", metavar="SIZE", help="The largest answer, decompressed; 64MiB by default.", show_default=False),
]


def maybe_rest(what: list[str], records: str | None, named: Named, options: dict[str, Any]) -> RestPages | None:
    """Return the web API that `what` names, None if it names none. `options` are those of `RestPages`, None where not given;
    `named` are those of any source that is in no file.

    Raises UsageError if they do not fit together.
    """
    given = {name: value for name, value in options.items() if value not in (None, [], False)}
    if not any(map(URL.match, what)):
        if given:
            raise UsageError(
                f"{', '.join(map(_told, given))}: give the URL of a web API, as in https://api.example.org/v1/memories"
            )
        return None
    if len(what) > 1:
        raise UsageError("a web API is ingested by itself: give one URL, and other sources by another command")
    if named._replace(cursor=None, from_start=False) != Named():
        raise UsageError("--table, --query, --key and --db-schema are for databases: leave them out, or give the URL of one")
    from memproc.sources.rest.pages import RestPages

    headers = dict(map(_header, given.pop("headers", ())))
    return RestPages(what[0], records, headers=headers, cursor_field=named.cursor, from_start=named.from_start, **given)


def _told(name: str) -> str:
    return _NAMES.get(name) or f"--{name.replace('_', '-')}"


def _header(text: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(text)
    if found is None:
        raise UsageError("--header: give NAME=VALUE, as in Authorization=ENV:TOKEN or 'Authorization: Bearer ENV:TOKEN'")
    return found[1], found[2]
