"""Frames and tables in memory as items: of pandas, polars and Arrow, and whatever can give itself as an Arrow stream.

Rules: a frame is rows, and not the names of its columns. A column of texts is rows of content. None of the libraries is imported:
what was given has brought its own. An index of pandas that has a name is a column; one without a name is left out, and counted
unless it only counts rows. What is computed later (a lazy frame) is refused with advice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from memproc.errors import UsageError
from memproc.sources.decoding import item_of
from memproc.sources.items import Items, Piece, Reading
from memproc.sources.tables.arrow_rows import lines_of_batches
from memproc.sources.tables.cells import heads, lines_of
from memproc.sources.tables.kinds import Kind, library
from memproc.sources.tables.pieces import pieces_of

ROWS_AT_ONCE = 500
INDEX = "index"  # as what is counted of rows whose labels have no name
_LAZY = ("LazyFrame",)
_ARROW = ("Table", "RecordBatch", "RecordBatchReader", "Dataset", "Scanner")
_COLUMNS = ("Series", "ChunkedArray")  # which are no rows
_COLUMNS_OF = {"pandas": ("Series",), "polars": ("Series",), "numpy": ("ndarray",)}
_STREAM = "__arrow_c_stream__"


def is_frame(what: object) -> bool:
    """Return whether something is a frame or a table of a library, or one column of texts."""
    is_rows = _named(what, "pandas", ("DataFrame",)) or _named(what, "polars", ("DataFrame", *_LAZY)) or _is_arrow(what)
    return is_rows or _is_texts(what)


def of_frame(what: Any, limit_bytes: int) -> Items | None:
    """Return the rows of a frame as items, None of anything else. Raises SourceError if two columns have one name, UsageError on a
    lazy frame.
    """
    if not is_frame(what):
        return None
    pieces = pieces_of(_lines(what, limit_bytes), limit_bytes)
    if left_out := _unnamed_labels(what):
        pieces = (item_of(piece)._replace(left_out={left_out: 1}) for piece in pieces)
    return Items(pieces, is_table=True, reading=Reading())


def _lines(what: Any, limit_bytes: int) -> Iterator[Piece]:
    if _named(what, "pandas", ("DataFrame",)):
        return _of_pandas(what)
    if _named(what, "polars", _LAZY):
        raise UsageError("a lazy frame is not computed yet: give frame.collect()")
    if _named(what, "polars", ("DataFrame",)):
        return lines_of(heads(what.columns), what.iter_rows(buffer_size=ROWS_AT_ONCE))
    if _is_texts(what):
        return lines_of(["content"], ((text,) for text in what))
    return _of_arrow(what, limit_bytes)


def _is_texts(what: Any) -> bool:
    """Return whether something is a column of pandas, polars or NumPy that begins with a text, or with nothing and then a text."""
    if not any(_named(what, package, names) for package, names in _COLUMNS_OF.items()) or getattr(what, "ndim", 1) != 1:
        return False
    first = islice((one for one in what if isinstance(one, str | dict)), 1)
    return any(isinstance(one, str) for one in first)


def _unnamed_labels(what: Any) -> str:
    """Return what a frame has beside its columns that no column can be named after: an index without a name that tells more than
    the order of the rows. Numbers in order with gaps are what a filter leaves.
    """
    if not _named(what, "pandas", ("DataFrame",)) or all(name is not None for name in what.index.names):
        return ""
    index = what.index
    return "" if index.nlevels == 1 and index.dtype.kind in "iu" and index.is_monotonic_increasing else INDEX


def _of_pandas(frame: Any) -> Iterator[bytes]:
    index = frame.index
    levels = [at for at, name in enumerate(index.names) if name is not None]
    names = heads([*(index.names[at] for at in levels), *frame.columns])

    def rows() -> Iterator[Sequence[object]]:
        for at in range(0, len(frame), ROWS_AT_ONCE):
            part = frame.iloc[at : at + ROWS_AT_ONCE]
            columns = [part.index.get_level_values(level).tolist() for level in levels]
            columns += [part.iloc[:, column].tolist() for column in range(part.shape[1])]
            yield from zip(*columns, strict=True)

    return lines_of(names, rows())


def _of_arrow(what: Any, limit_bytes: int) -> Iterator[Piece]:
    if _named(what, "pyarrow", ("RecordBatch",)):
        return lines_of_batches(what.schema, [what], limit_bytes)
    if hasattr(what, "to_reader"):
        what = what.to_reader()  # a table, or a scanner
    elif hasattr(what, "to_batches") and hasattr(what, "scanner"):
        what = what.scanner(batch_size=ROWS_AT_ONCE, batch_readahead=1, fragment_readahead=1, use_threads=False).to_reader()
    elif not hasattr(what, "read_next_batch"):
        what = library(Kind.ARROW).RecordBatchReader.from_stream(what)
    return lines_of_batches(what.schema, what, limit_bytes)


def _is_arrow(what: object) -> bool:
    kind = type(what)
    return _named(what, "pyarrow", _ARROW) or (hasattr(kind, _STREAM) and kind.__name__ not in _COLUMNS)


def _named(what: object, package: str, names: Sequence[str]) -> bool:
    """Return whether something is of a class of these names in a package, or of one made from it."""
    return any(kind.__name__ in names and kind.__module__.split(".")[0] == package for kind in type(what).__mro__)
