"""The loop that reads a database page by page, each behind the last row of the one before.

Rules: a mark is the place of a row, as JSON. With a cursor whose value is later than now it ends with a list of one: the last value
before that, which a later job begins at.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from time import sleep, time
from typing import Any, NamedTuple

from loguru import logger
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from memproc.errors import MemprocError, SourceEndedError, SourceError
from memproc.failures import MOST_RETRIES, wait_seconds
from memproc.sources.ahead import is_ahead
from memproc.sources.databases.cells import item_of
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.cursors import check_cursor
from memproc.sources.databases.failing import is_too_large, is_too_slow, is_transient, words_of
from memproc.sources.databases.large_rows import row_behind
from memproc.sources.databases.marks import from_json, to_json
from memproc.sources.databases.paging import OF_NO_PLACE, Selection, Start, page, same_place, start_behind, without_cursor
from memproc.sources.databases.selecting import Wanted, selection_of
from memproc.sources.items import Item
from memproc.sources.remote import Ahead, LateError, Marked, Visit
from memproc.telling import Retrying, tell
from memproc.waiting import waiting

FIRST_ROWS = 25  # of the first page: who only looks at a table reads no more
_SELECTION = "selection"


class Way(NamedTuple):
    """How a database is read: how long a statement may take and how often what may pass is tried again, None for the defaults; and
    the visit that it belongs to.
    """

    statement_seconds: float | None = None
    retries: int | None = None
    visit: Visit | None = None

    def selection(self, database: Database, wanted: Wanted) -> Selection:
        """Return what is read, which is found out once a visit: a key is checked by looking at all rows."""
        known = {} if self.visit is None else self.visit.known
        if _SELECTION not in known:
            known[_SELECTION] = selection_of(database, wanted)
        found: Selection = known[_SELECTION]
        return found

    @property
    def most_retries(self) -> int:
        """How often what may pass is tried again without a row in between."""
        return MOST_RETRIES if self.retries is None else self.retries


USUAL = Way()


def rows_behind(url: URL, wanted: Wanted, mark: Sequence[Any] | None, way: Way = USUAL) -> Generator[Marked]:
    """Yield the rows behind a mark. A connection that is lost is made anew, and reading goes on behind the last row.

    Raises SourceError if nothing can be read, SourceEndedError if reading cannot go on.
    """
    is_begun = False
    try:
        with closing(Database(url, way.statement_seconds)) as database:
            reader = _Reader(database, way.selection(database, wanted), way)
            for marked in reader.marked(mark):
                is_begun = True
                yield marked
    except MemprocError as error:
        if is_begun and isinstance(error, SourceError):
            raise SourceEndedError(f"{wanted.label} could not be read to its end: {error}") from None
        raise
    except Exception as error:  # noqa: BLE001 - a driver raises errors of many kinds
        said = words_of(error, url)
        if is_begun:
            raise SourceEndedError(f"{wanted.label} could not be read to its end: {said}") from None
        raise SourceError(f"{wanted.label} cannot be read: {said}") from None


def count_without_cursor(url: URL, wanted: Wanted, way: Way = USUAL) -> int:
    """Return how many rows have no value of the cursor. Raises SourceError if the database cannot tell."""
    try:
        with closing(Database(url, way.statement_seconds)) as database:
            selection = way.selection(database, wanted)
            with database.connection() as connection:
                return int(connection.execute(without_cursor(selection)).scalar_one())
    except MemprocError:
        raise
    except Exception as error:  # noqa: BLE001 - a driver raises errors of many kinds
        raise SourceError(f"{wanted.label} cannot be read: {words_of(error, url)}") from None


def next_start(mark: Sequence[Any]) -> list[Any] | None:
    """Return the mark before all rows with the cursor of a row, or with the last one that was not later than now: more may have got
    it since. None for the beginning.

    >>> next_start(["2026-03-01", 7]), next_start([None, 7]), next_start(["2099-01-01", 7, ["2026-03-01"]])
    (['2026-03-01'], None, ['2026-03-01'])
    """
    first = mark[-1][0] if isinstance(mark[-1], list) else mark[0]
    return None if first is None else [first]


class _Reader:
    """Reads a selection of a database from a place to its end."""

    def __init__(self, database: Database, selection: Selection, way: Way) -> None:
        self._database, self._selection, self._way = database, selection, way
        self._width, self._names = len(selection.order), [str(one.name) for one in selection.columns]
        self._limit, self._attempt, self._is_begun = FIRST_ROWS, 0, False
        self._last: Sequence[Any] | None = None  # the place of the last row of this page
        self._settled: Any = None  # the last value of the cursor, as JSON, that is not later than now

    def marked(self, mark: Sequence[Any] | None) -> Iterator[Marked]:
        """Yield the rows of all pages behind a mark."""
        if mark is not None:
            self._settled = mark[-1][0] if isinstance(mark[-1], list) else mark[0]
            mark = mark[:-1] if isinstance(mark[-1], list) else mark
        place = None if mark is None else [*map(from_json, mark)]
        start = start_behind(place, has_cursor=self._selection.cursor is not None)
        while True:
            self._last = None
            is_whole = True
            try:
                yield from self._page(start)
            except DBAPIError as error:
                is_whole = False
                if is_too_large(error):
                    yield from self._alone(start, error)
                else:
                    self._wait(error)
            if self._last is not None:
                start = start._replace(place=self._last)
                self._limit = self._database.page_rows if is_whole else max(self._limit, 1)
            elif is_whole and not start.has_no_cursor:
                return
            elif is_whole:
                start = Start()  # the rows with a cursor come next

    def _page(self, start: Start) -> Iterator[Marked]:
        width, selection = self._width, self._selection
        again = None if selection.is_sure else lambda row: same_place(selection, row[:width])
        with closing(self._database.rows(page(selection, start, self._limit), again)) as rows:
            for row in rows:
                before, self._last = self._last, row[:width]
                if self._is_begun and start.place is not None and [*row[:width]] == [*start.place]:
                    raise SourceError(f"its key {OF_NO_PLACE}")
                yield self._made(before, row[:width], item_of(dict(zip(self._names, row[width:], strict=True))))

    def _alone(self, start: Start, error: DBAPIError) -> Iterator[Marked]:
        """Yield the row behind a place by itself: it, or one that is sorted with it, is larger than may be held."""
        start = start if self._last is None else start._replace(place=self._last)
        found = row_behind(self._database, self._selection, start)
        if found is None:
            raise error
        before, self._last = self._last, found.place
        if found.found is not None:
            item = found.found if isinstance(found.found, Item) else item_of(dict(zip(self._names, found.found, strict=True)))
            yield self._made(before, found.place, item)

    def _made(self, before: Sequence[Any] | None, place: Sequence[Any], item: Item) -> Marked:
        """Return a row with its mark; `before` is the place of the one before, if it was on the same page."""
        self._is_begun, self._attempt = True, 0
        values = [*map(to_json, place)]
        if (cursor := self._selection.cursor) is None or place[0] is None:
            return Marked(item, values)
        name = str(cursor.name)
        check_cursor(name, place[0], None if before is None else before[0])
        if is_ahead(name, place[0], time()):
            return Marked(item, [*values, [self._settled]], Ahead(name, place[0]))
        self._settled = values[0]
        return Marked(item, values)

    def _wait(self, error: DBAPIError) -> None:
        """Wait after an error that may pass. Raises it again if it will not, LateError if the job has no time for it."""
        if is_too_slow(error) and self._last is not None:  # rows came: fewer at once take less
            self._limit = max(1, self._limit // 2)
            return
        if not self._is_begun or not is_transient(error) or self._attempt >= self._way.most_retries:
            raise error
        seconds = wait_seconds(self._attempt, random.random())  # noqa: S311 - so that not all come at once
        if self._way.visit is not None and seconds >= self._way.visit.seconds_left():
            raise LateError(f"the next attempt is {seconds:.1f} s away, as the connection was lost") from error
        logger.warning("the connection to a database was lost: attempt {} in {:.1f} s", self._attempt + 2, seconds)
        self._attempt += 1
        tell(Retrying(f"{type(error).__name__} on reading", self._attempt, seconds))
        with waiting():
            sleep(seconds)
