"""Workbooks of spreadsheet programs: each sheet is a table with its head in the first row that is not empty.

Facts: python-calamine holds a sheet as a whole, with a cell for each place up to the last one that is used. So it runs in the child
process that `child` begins, where memory has a limit. Spreadsheets know only fractions: a whole one is meant as an integer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from memproc.errors import SourceError
from memproc.sources.tables.cells import heads, lines_of
from memproc.sources.tables.kinds import Kind, library


def sheets_in(stream: IO[bytes]) -> list[str]:
    """Return the names of the sheets of a workbook. Raises whatever reading a broken one raises."""
    return list(_opened(stream).sheet_names)


def rows_of_sheet(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """Return the rows of a sheet as JSON lines. Raises SourceError if two columns have one name."""
    rows = ([_cell(cell) for cell in row] for row in _opened(stream).get_sheet_by_name(name).iter_rows())
    filled = (row for row in rows if any(cell is not None for cell in row))
    head = next(filled, [])
    return lines_of(heads("" if cell is None else cell for cell in head), filled)


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
