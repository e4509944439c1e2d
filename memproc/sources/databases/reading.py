"""The loop that reads a database page by page, each behind the last row of the one before."""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence
from contextlib import closing
from time import sleep
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from memproc.errors import MemprocError, SourceEndedError, SourceError
from memproc.failures import MOST_ATTEMPTS, wait_seconds
from memproc.sources.databases.cells import item_of
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.cursors import check_cursor
from memproc.sources.databases.failing import is_transient, words_of
from memproc.sources.databases.marks import from_json, to_json
from memproc.sources.databases.paging import OF_NO_PLACE, Selection, Start, page, same_place, start_behind, without_cursor
from memproc.sources.databases.selecting import Wanted, selection_of
from memproc.sources.remote import Marked
from memproc.telling import Retrying, tell

FIRST_ROWS = 25  # of the first page: who only looks at a table reads no more


def rows_behind(url: URL, wanted: Wanted, mark: Sequence[Any] | None) -> Generator[Marked]:
    """Yield the rows behind a mark. A connection that is lost is made anew, and reading goes on behind the last row.

    Raises SourceError if nothing can be read, SourceEndedError if reading cannot go on.
    """
    is_begun = False
    try:
        with closing(Database(url)) as database:
            selection = selection_of(database, wanted)
            for marked in _marked(database, selection, mark):
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


def count_without_cursor(url: URL, wanted: Wanted) -> int:
    """Return how many rows have no value of the cursor. Raises SourceError if the database cannot tell."""
    try:
        with closing(Database(url)) as database:
            selection = selection_of(database, wanted)
            with database.connection() as connection:
                return int(connection.execute(without_cursor(selection)).scalar_one())
    except MemprocError:
        raise
    except Exception as error:  # noqa: BLE001 - a driver raises errors of many kinds
        raise SourceError(f"{wanted.label} cannot be read: {words_of(error, url)}") from None


def _marked(database: Database, selection: Selection, mark: Sequence[Any] | None) -> Generator[Marked]:
    """Yield the rows of all pages."""
    width, names = len(selection.order), [str(one.name) for one in selection.columns]
    place = None if mark is None else [*map(from_json, mark)]
    start = start_behind(place, has_cursor=selection.cursor is not None)
    again = None if selection.is_sure else lambda row: same_place(selection, row[:width])
    limit, attempt, is_begun = FIRST_ROWS, 0, False
    while True:
        last: Sequence[Any] | None = None
        try:
            with closing(database.rows(page(selection, start, limit), again)) as rows:
                for row in rows:
                    before, last = last, row[:width]
                    if selection.cursor is not None:
                        check_cursor(str(selection.cursor.name), last[0], None if before is None else before[0])
                    if is_begun and start.place is not None and [*last] == [*start.place]:
                        raise SourceError(f"its key {OF_NO_PLACE}")
                    yield Marked(item_of(dict(zip(names, row[width:], strict=True))), [*map(to_json, last)])
                    is_begun, attempt = True, 0
        except DBAPIError as error:
            if not is_begun or not is_transient(error) or attempt >= MOST_ATTEMPTS:
                raise
            wait = wait_seconds(attempt, random.random())  # noqa: S311 - so that not all come at once
            attempt += 1
            tell(Retrying(f"{type(error).__name__} on reading", attempt, wait))
            sleep(wait)
            start = start if last is None else start._replace(place=last)
            continue
        if last is None:
            if not start.has_no_cursor:
                return
            start = Start()  # the rows with a cursor come next
        else:
            start, limit = start._replace(place=last), database.page_rows
