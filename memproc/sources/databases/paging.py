"""The pages of a table or a query: which rows come behind a place, and in which order.

Facts: databases differ in whether they compare rows of values, and where NULL sorts. Each compares texts by the collation of their
column, so what comes behind a place is asked of the database and never decided here.

Rules: rows are ordered by the cursor, if there is one, then by the key. A place is the values of these in the last row that was
read. Rows without a value of the cursor come first, in the order of their keys, in a part of their own. `[value]` alone is the
place before all rows with that value of the cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.types import NULLTYPE

Expression = ColumnElement[Any]
OF_NO_PLACE = "does not compare equal to itself (a FLOAT?), or is another one each time it is asked: name another column"


class Selection(NamedTuple):
    """What is read: the table or query, the columns that make the record, those of the key, and the cursor, if there is one."""

    rows: FromClause
    columns: Sequence[Expression]
    key: Sequence[Expression]
    cursor: Expression | None = None
    is_sure: bool = True  # whether a rule of the database makes the key one

    @property
    def order(self) -> Sequence[Expression]:
        """What the rows are ordered by."""
        return self.key if self.cursor is None else [self.cursor, *self.key]


class Start(NamedTuple):
    """Where a page begins: behind a place, None for the beginning, and whether in the part of rows without a cursor."""

    place: Sequence[Any] | None = None
    has_no_cursor: bool = False


def start_behind(place: Sequence[Any] | None, *, has_cursor: bool) -> Start:
    """Return where the first page behind a place begins."""
    return Start(place, has_cursor and (place is None or place[0] is None))


def page(selection: Selection, start: Start, limit: int) -> Select[Any]:
    """Return the statement of a page: first the values of the place, then the columns."""
    columns = [one.label(f"memproc_{at}") for at, one in enumerate(selection.order)]
    statement = select(*columns, *selection.columns).select_from(selection.rows).limit(limit)
    order, place, cursor = selection.order, start.place, selection.cursor
    if cursor is not None:
        statement = statement.where(cursor.is_(None) if start.has_no_cursor else cursor.is_not(None))
        if start.has_no_cursor:
            order, place = selection.key, None if place is None else place[1:]
    if place is not None:
        statement = statement.where(behind(order, place))
    return statement.order_by(*order)


def behind(columns: Sequence[Expression], values: Sequence[Any]) -> ColumnElement[bool]:
    r"""Return the condition that a row comes behind some values of its columns; with fewer values than columns, also those equal.

    >>> from sqlalchemy import column
    >>> str(behind([column("a"), column("b")], [1, 2])).replace("\n", "")
    'a >= :place_0 AND (a > :place_0 OR a = :place_0 AND b > :place_1)'
    """
    given = [bindparam(f"place_{at}", value, type_=NULLTYPE) for at, value in enumerate(values)]
    pairs = [*zip(columns, given, strict=False)]
    if len(values) < len(columns):
        return and_(*(column >= value for column, value in pairs))
    steps = [and_(*(column == value for column, value in pairs[:at]), pairs[at][0] > pairs[at][1]) for at in range(len(pairs))]
    if len(steps) == 1:
        return steps[0]
    first, value = pairs[0]
    return and_(first >= value, or_(*steps))  # the first part alone lets a database use an index


def same_place(selection: Selection, place: Sequence[Any]) -> Select[Any]:
    """Return the statement that finds the row of a place again, as the database compares it."""
    one: Expression = literal_column("1")
    return of_place(selection, [one], place)


def of_place(selection: Selection, columns: Sequence[Expression], place: Sequence[Any]) -> Select[Any]:
    """Return the statement that gives columns of the row of a place."""
    given = [None if value is None else bindparam(f"place_{at}", value, type_=NULLTYPE) for at, value in enumerate(place)]
    equal = [column.is_(None) if value is None else column == value for column, value in zip(selection.order, given, strict=True)]
    return select(*columns).select_from(selection.rows).where(*equal).limit(1)


def first_repeated(selection: Selection) -> Select[Any]:
    """Return the statement that finds two rows of the same key."""
    one: Expression = literal_column("1")
    return select(one).select_from(selection.rows).group_by(*selection.key).having(func.count() > 1).limit(1)


def first_without_key(selection: Selection) -> Select[Any]:
    """Return the statement that finds a row without a value in its key."""
    one: Expression = literal_column("1")
    return select(one).select_from(selection.rows).where(or_(*(column.is_(None) for column in selection.key))).limit(1)


def without_cursor(selection: Selection) -> Select[Any]:
    """Return the statement that counts the rows without a value of the cursor."""
    assert selection.cursor is not None  # noqa: S101 - for the checker of types
    return select(func.count()).select_from(selection.rows).where(selection.cursor.is_(None))
