"""Walks from page to page, and finds the place again behind a record that was read before.

A mark is `{"page": [token, records before], "at": records of the page, "hash": of the last one, "from": value, "greatest": value}`:
`from` is what the pages were asked from, and `greatest` the greatest value of the cursor field since that is not later than now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from time import time
from typing import Any, NamedTuple

from loguru import logger

from memproc.errors import SourceEndedError
from memproc.sources.ahead import is_ahead
from memproc.sources.items import Item
from memproc.sources.remote import Ahead, Marked
from memproc.sources.rest.bodies import Page, hash_of
from memproc.sources.rest.client import RequestRefusedError
from memproc.sources.rest.paging import Paging, Spot, value_at, with_parameter
from memproc.sources.rest.secrecy import Keeping
from memproc.sources.rest.streams import Lines
from memproc.times import parse_time

SAME_PAGES = 10  # equal pages in a row: the server does not heed where it is asked from
EMPTY_PAGES = 100  # in a row: who filters while scanning may give some
GONE = frozenset((400, 404, 410, 416, 422))  # what servers answer to a cursor that has expired, or a page that is no more


class Since(NamedTuple):
    """The field of a record that grows with each change, and the parameter that asks for records from a value of it on."""

    field: str
    parameter: str
    now: Callable[[], float] = time


class Walk:
    """One reading of the pages from a URL on, as a caller asked for them."""

    def __init__(self, start: str, paging: Paging, since: Since | None, get: Callable[[str], Page | Lines], kept: Keeping) -> None:
        self._start, self._paging, self._since, self._get, self._kept = start, paging, since, get, kept
        self.unread = Counter[str]()  # objects in lists of the answers that are not read, by name

    def marked(self, mark: Mapping[str, Any]) -> Iterator[Marked]:
        """Yield the records behind a mark, an empty one for all. Raises SourceEndedError where pages lead nowhere."""
        with self._kept.secrets.hiding():
            yield from self._marked(mark)

    def _marked(self, mark: Mapping[str, Any]) -> Iterator[Marked]:
        since = mark.get("from")
        greatest = mark.get("greatest", since)
        if since is not None and self._since is not None:
            self._start = with_parameter(self._start, self._since.parameter, str(since))
        spot, passed, page = self._found(mark)
        tokens, last, same, empty = {spot.token}, b"", 0, 0
        while True:
            with closing(page or self._page(spot)) as page:
                for at, item in page.items(passed):
                    ahead = self._ahead(item)
                    greatest = greatest if ahead else self._greater(greatest, item)
                    yield Marked(item, self._mark(spot, at, item, {"from": since, "greatest": greatest}), ahead)
                answer = page.answer()
                for name, count in page.unread.items():
                    self.unread[self._kept.secrets.hidden(name)] += count
            same = same + 1 if answer.records and page.digest == last else 1
            following = self._paging.behind(spot, answer)
            if following is None:
                return
            empty = 0 if answer.records else empty + 1
            if empty >= EMPTY_PAGES:
                raise SourceEndedError(f"the pages do not end: {empty} in a row hold no record; mind paging={self._paging.kind}")
            if following.token in tokens or same >= SAME_PAGES:
                told = "leads to one that was read before" if same < SAME_PAGES else f"is the same as the {SAME_PAGES - 1} before"
                raise SourceEndedError(f"the pages do not end: page {len(tokens)} {told}; mind paging={self._paging.kind}")
            tokens.add(following.token)
            spot, passed, last, page = following, 0, page.digest, None

    def _mark(self, spot: Spot, at: int, item: Item, bounds: dict[str, Any]) -> dict[str, Any]:
        token = spot.token
        if not self._paging.is_numbered and token is not None:
            token = self._kept.shown(str(token))
        more = {name: value for name, value in bounds.items() if value is not None}
        return {"page": [token, spot.before], "at": at, "hash": hash_of(item), **more}

    def _found(self, mark: Mapping[str, Any]) -> tuple[Spot, int, Page | Lines | None]:
        """Return where reading goes on, how many records of that page to pass over, and the page if it is at hand.

        Where the last record is no more, a page found by a cursor or a link is read from its beginning, and numbered pages from the
        first: what is known is a duplicate, and nothing is passed over.
        """
        start = self._paging.start, 0, None
        if "page" not in mark:
            return start
        token, before = mark["page"]
        if not self._paging.is_numbered and token is not None:
            token = self._kept.asked(token)
            if token is None:
                return start
        spot = Spot(token, before)
        try:
            page = self._page(spot)
        except RequestRefusedError as error:
            if error.status not in GONE:
                raise
            logger.warning("the page where reading ended is no more ({}): reading from the first one", error.status)
            return start
        passed = page.place_of(mark["hash"], mark["at"])
        if passed or not self._paging.is_numbered:
            return spot, passed, page
        page.close()
        return self._found_near(spot, page.answer().records, mark) or start

    def _found_near(self, spot: Spot, count: int, mark: Mapping[str, Any]) -> tuple[Spot, int, Page | Lines] | None:
        """Look for the last record on the pages beside its own, to which it moved if others were added or removed before it."""
        for near in self._paging.near(spot, count):
            try:
                page = self._page(near)
            except RequestRefusedError:
                continue
            if passed := page.place_of(mark["hash"], mark["at"]):
                return near, passed, page
            page.close()
        return None

    def _page(self, spot: Spot) -> Page | Lines:
        return self._get(self._paging.url_of(self._start, spot))

    def _ahead(self, item: Item) -> Ahead | None:
        """Return what of a record is later than now, where a job that begins with it would find nothing for long."""
        if (since := self._since) is None:
            return None
        value = value_at(item.value, since.field)
        return Ahead(since.field, value) if is_ahead(since.field, value, since.now()) else None

    def _greater(self, greatest: Any, item: Item) -> Any:
        value = None if self._since is None else value_at(item.value, self._since.field)
        rank = _rank(value)
        return value if rank is not None and (greatest is None or rank > (_rank(greatest) or rank)) else greatest


def _rank(value: Any) -> tuple[int, Any] | None:
    """Return by what values of one field are ordered: numbers, points in time, other texts. None for what is no value."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, value
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        moment = parse_time(value)
    except ValueError:
        return 2, value
    return None if moment is None else (1, moment)
