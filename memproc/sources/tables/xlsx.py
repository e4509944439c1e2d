"""Workbooks of spreadsheet programs: each sheet is a table with its head in the first row that has two cells or more.

Rules: rows of one cell above the head are titles, and told. Where no row has more than one, the first is the head. A hidden sheet
is read, and told.

Facts: python-calamine holds a sheet as a whole, with a cell for each place up to the last one that is used. So it runs in the child
process that `child` begins, where memory has a limit. Spreadsheets know only fractions: a whole one is meant as an integer.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import IO, Any

from memproc.errors import SourceError
from memproc.sources.tables.cells import heads, lines_of
from memproc.sources.tables.kinds import Kind, library

MOST_TITLES, TITLE_CHARS = 10, 40  # above the head


def sheets_in(stream: IO[bytes]) -> list[str]:
    """Return the names of the sheets of a workbook. Raises whatever reading a broken one raises."""
    return list(_opened(stream).sheet_names)


def rows_of_sheet(stream: IO[bytes], name: str) -> tuple[Iterator[bytes], list[str]]:
    """Return the rows of a sheet as JSON lines, and remarks. Raises SourceError if two columns have one name."""
    book = _opened(stream)
    cells = ([_cell(cell) for cell in row] for row in book.get_sheet_by_name(name).iter_rows())
    rows = ((number, row) for number, row in enumerate(cells, 1) if any(cell is not None for cell in row))
    first = [*islice(rows, MOST_TITLES + 1)]
    head = next((at for at, (_, row) in enumerate(first) if _filled(row) > 1), 0)
    is_titled = head > 0 and len(first) > head + 1
    head = head if is_titled else 0
    remarks = [f"the sheet {name!r} has its names of columns in the row below {_rows(first[:head])}"] if is_titled else []
    if any(sheet.name == name and not str(sheet.visible).endswith(".Visible") for sheet in book.sheets_metadata):
        remarks.append(f"the sheet {name!r} is hidden, and was read as any other")
    names = heads("" if cell is None else cell for cell in (first[head][1] if first else []))
    return lines_of(names, (row for _, row in chain(first[head + 1 :], rows))), remarks


def _filled(row: list[object]) -> int:
    return sum(cell is not None for cell in row)


def _rows(titles: list[tuple[int, list[object]]]) -> str:
    """Return how a remark names rows of one cell."""
    texts = ((number, next(str(cell) for cell in row if cell is not None)[:TITLE_CHARS]) for number, row in titles)
    return ", ".join(f"row {number} ({text!r})" for number, text in texts) + ", which was taken for a title"


def _cell(cell: Any) -> object:
    if cell == "":
        return None
    return int(cell) if type(cell) is float and cell.is_integer() else cell


def _opened(stream: IO[bytes]) -> Any:
    calamine = library(Kind.SHEETS)
    try:
        return calamine.CalamineWorkbook.from_filelike(stream)
    except calamine.PasswordError:
        raise SourceError("is a workbook with a password: save it without one") from None
