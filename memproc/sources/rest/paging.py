"""Which page follows a page. Pure.

Facts: an API pages by number (`page=2`), by offset (`skip=100`), by a cursor in the answer that is sent back, by a link header
(RFC 8288, `rel="next"`), or by a URL in the answer. Only cursors and links stay right while records come and go: with numbers, a
record that is removed while pages are read moves those behind it to places that were read already.

Rules: numbered pages end with an empty one, unless the answer tells earlier (`more`, `total`). What says that there is more, and is
not followed, is told and never passed over; nor is a path that leads to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from memproc.errors import SourceEndedError, UsageError
from memproc.sources.rest.addresses import joined
from memproc.validation import in_one_line

MISSING = object()
FORMS = "page:PARAM, offset:PARAM, cursor:PARAM=PATH, next:PATH or link, each with ,more=PATH or ,total=PATH; pages with ,start=0"
NAMES_SHOWN, NAME_CHARS = 8, 40
NEXT_NAMES = frozenset(
    ["next", "nextcursor", "nextpage", "nextpagetoken", "nexttoken", "nexturl", "nextlink", "@odata.nextlink", "hasmore", "hasnext"]
)
_LINK = re.compile(r'<([^<>]{1,8000})>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:"[^"]*"|[^\s";,]*))?)*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))', re.IGNORECASE)


class Spot(NamedTuple):
    """Where a page is: its number, offset, cursor or URL, None for the first; and how many records are before it."""

    token: str | int | None = None
    before: int = 0


class Answer(NamedTuple):
    """What an API answered: from which URL, the JSON value if it is one, the target of `rel="next"`, how many records it holds; and
    what hides secrets in names that messages tell.
    """

    url: str
    value: Any
    next_link: str | None
    records: int
    hide: Callable[[str], str] = str


class Paging(NamedTuple):
    """How pages follow each other. `kind` is page, offset, cursor, next or link; `parameter` is that of the query, `path` leads to
    the cursor or the URL in the answer, `more` to what says whether there is more, `total` to how many records there are.
    """

    kind: str
    parameter: str = ""
    path: str = ""
    first: int = 0
    more: str = ""
    total: str = ""

    @property
    def is_numbered(self) -> bool:
        """Whether a page is found by its number or offset."""
        return self.kind in ("page", "offset")

    @property
    def start(self) -> Spot:
        """Where the first page is."""
        return Spot(self.first if self.is_numbered else None)

    def url_of(self, start: str, spot: Spot) -> str:
        """Return the URL of a page, `start` being that of the first."""
        if spot.token is None:
            return start
        if self.kind in ("next", "link"):
            return str(spot.token)
        return with_parameter(start, self.parameter, str(spot.token))

    def behind(self, spot: Spot, answer: Answer) -> Spot | None:
        """Return where the page behind an answer is, None at the end. Raises SourceEndedError if the answer does not tell."""
        read = spot.before + answer.records
        says_on = self._says_on(answer, read)
        if says_on is False:
            return None
        if self.is_numbered:
            step = 1 if self.kind == "page" else answer.records
            return Spot(int(spot.token or 0) + step, read) if answer.records or (says_on and step) else None
        token = self._token(answer)
        if token in (None, "", False, MISSING):
            hint = self.more if says_on and self.more else says_more(answer.value)
            if hint and answer.records:
                hint = in_one_line(answer.hide(hint), 2 * NAME_CHARS)
                raise SourceEndedError(f"the answer says by {hint} that there is more, and {self._missed}: give paging as {FORMS}")
            return None
        if not isinstance(token, str | int):
            raise SourceEndedError(f"{self.path} is no text in the answer: it has to be what leads to the next page")
        return Spot(joined(answer.url, str(token)) if self.kind in ("next", "link") else str(token), read)

    def near(self, spot: Spot, count: int) -> Iterator[Spot]:
        """Yield the pages beside a numbered one of so many records, to which these may have moved: first the one before."""
        step = 1 if self.kind == "page" else count
        at = int(spot.token or 0)
        if step:
            if at > self.first:
                yield Spot(max(at - step, self.first), max(spot.before - count, 0))
            yield Spot(at + step, spot.before + count)

    @property
    def _missed(self) -> str:
        return "there is no link header" if self.kind == "link" else f"nothing is at {self.path}"

    def _token(self, answer: Answer) -> Any:
        return answer.next_link if self.kind == "link" else value_at(answer.value, self.path)

    def _says_on(self, answer: Answer, read: int) -> bool | None:
        """Return whether there is more, None if the answer was not to tell."""
        if self.more:
            found = _there(answer, self.more)
            return found not in (None, False, 0, "", "false")
        if self.total:
            found = str(_there(answer, self.total))
            if not found.isdecimal():
                raise SourceEndedError(f"total={self.total} is no number in the answer")
            return read < int(found)
        return None


def paging_of(text: str) -> Paging:
    """Return the paging that a text names. Raises UsageError if it names none.

    >>> paging_of("cursor:after=meta.next")
    Paging(kind='cursor', parameter='after', path='meta.next', first=0, more='', total='')
    >>> paging_of("page:page,total=count").start
    Spot(token=1, before=0)
    """
    head, *rest = str(text).split(",")
    kind, _, argument = head.partition(":")
    parameter, _, path = argument.partition("=") if kind == "cursor" else ("", "", argument)
    if kind in ("page", "offset"):
        parameter, path = argument, ""
    options = dict(option.partition("=")[::2] for option in rest)
    first = options.pop("start", "1" if kind == "page" else "0")
    is_whole = {"page": parameter, "offset": parameter, "cursor": parameter and path, "next": path, "link": not argument}
    is_known = options.keys() <= {"more", "total"} and all(options.values()) and first.isdecimal()
    if not is_whole.get(kind) or not is_known or ("start=" in text and kind not in ("page", "offset")):
        raise UsageError(f"paging={text!r}: give {FORMS}")
    return Paging(kind, parameter, path, int(first), options.get("more", ""), options.get("total", ""))


def value_at(value: Any, path: str) -> Any:
    """Return what is at a path of names in a JSON value, numbers counting in lists; MISSING if nothing is.

    >>> value_at({"data": [{"id": 7}]}, "data.-1.id"), value_at({"@odata.nextLink": "x"}, "@odata.nextLink")
    (7, 'x')
    """
    is_deeper = "."
    while is_deeper:
        if isinstance(value, dict) and path in value:
            return value[path]
        name, is_deeper, path = path.partition(".")
        if isinstance(value, list) and re.fullmatch(r"-?\d{1,9}", name) and -len(value) <= int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return MISSING
    return value


def _there(answer: Answer, path: str) -> Any:
    """Return what is at a path. Raises SourceEndedError if nothing is."""
    found = value_at(answer.value, path)
    if found is MISSING:
        raise SourceEndedError(f"nothing is at {path} in the answer, which has {names_in(answer.value, answer.hide)}")
    return found


def name_shown(name: str, hide: Callable[[str], str]) -> str:
    """Return a name of an answer as messages tell it: a secret in it is hidden before it is cut."""
    return in_one_line(hide(name), NAME_CHARS)


def names_in(value: Any, hide: Callable[[str], str] = str) -> str:
    """Return the names that a JSON object has, as messages tell them.

    >>> names_in({"data": [], "meta": {}}), names_in([])
    ('data, meta', 'no names')
    """
    names = [name_shown(name, hide) for name in islice(value, NAMES_SHOWN)] if isinstance(value, dict) else []
    return ", ".join(names) + (", ..." if names and len(value) > NAMES_SHOWN else "") or "no names"


def says_more(value: Any, prefix: str = "") -> str | None:
    """Return the path by which a JSON value says that there is a next page, None if it does not.

    >>> says_more({"data": [], "meta": {"next_cursor": "x"}}), says_more({"next": None, "has_more": False})
    ('meta.next_cursor', None)
    """
    for name, found in value.items() if isinstance(value, Mapping) else ():
        if isinstance(found, Mapping) and not prefix and (deeper := says_more(found, f"{name}.")):
            return deeper
        is_next = str(name).lower().replace("_", "").replace("-", "") in NEXT_NAMES
        if is_next and isinstance(found, str | int) and found:
            return f"{prefix}{name}"
    return None


def next_link(headers: list[str]) -> str | None:
    """Return the target of `rel="next"` in link headers (RFC 8288), None if there is none.

    >>> next_link(['</a?page=1>; rel="prev", </a?page=3>; rel="next"'])
    '/a?page=3'
    """
    for target, parameters in _LINK.findall(", ".join(headers)):
        relation = _REL.search(parameters)
        if relation and "next" in (relation[1] or relation[2]).lower().split():
            return str(target)
    return None


def with_parameter(url: str, name: str, value: str) -> str:
    """Return a URL with a parameter of its query set, in place of one of this name.

    >>> with_parameter("https://api.example.org/v1?size=9&page=1", "page", "2")
    'https://api.example.org/v1?size=9&page=2'
    """
    parts = urlsplit(url)
    others = [(one, given) for one, given in parse_qsl(parts.query, keep_blank_values=True) if one != name]
    return urlunsplit(parts._replace(query=urlencode([*others, (name, value)])))
