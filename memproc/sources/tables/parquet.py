"""Parquet, read by batches of rows.

Rules: what the file says of its sizes is checked before anything is decoded: the rows, the values, and each page (see `pages`).
A batch has few rows where the texts that its rows may share are long. Nothing is mapped or read ahead. Whatever is asked of the
library, it decodes a row as a whole: a column of lists of numbers, of which one is too long, is left out, and told; any other
column with such a row is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from memproc.errors import MemprocError, OversizedError, SourceError
from memproc.sources.compression import Bounds
from memproc.sources.files import How
from memproc.sources.items import Piece
from memproc.sources.labels import name_shown
from memproc.sources.tables.arrow_rows import MOST_ROWS, lines_of_batches
from memproc.sources.tables.cells import NUMBERS
from memproc.sources.tables.kinds import Kind, library
from memproc.sources.tables.levels import MOST_IN_ROW
from memproc.sources.tables.pages import check_pages
from memproc.sources.tables.weights import is_of_numbers

BATCH_BYTES = 8 << 20  # of the values of one batch, as the file counts them
SHARED_BYTES = 1 << 26  # that a long text in a dictionary may become where all rows of a batch have it
BUFFER_BYTES = 1 << 18  # of one column
_MOST_THRIFT_BYTES = 64 << 20
_TOO_LONG = f"a row has more than {MOST_IN_ROW:,} values"


def rows_of_parquet(stream: IO[bytes], label: str, how: How) -> tuple[Iterator[Piece], list[str]]:
    """Return the rows of a file as JSON lines, one that is too long as rejected, and remarks. Raises SourceError if it is
    broken, OversizedError if it becomes too large.
    """
    parquet = library(Kind.PARQUET, "pyarrow.parquet")
    packed, bounds = stream.seek(0, 2), how.bounds
    try:
        meta = _opened(parquet, stream).metadata
        _check(meta, label, bounds, packed)
        pages = check_pages(stream, meta, label, bounds)
        stream.seek(0)
        opened = _opened(parquet, stream)
        fitting = min(BATCH_BYTES * meta.num_rows // max(_size(meta), 1), SHARED_BYTES // max(pages.dictionary, 1))
        rows = max(1, min(MOST_ROWS, fitting))
        long = _long_columns(opened, pages.long_columns, label)
        names = [name for name in opened.schema_arrow.names if name not in long]
        batches = opened.iter_batches(batch_size=rows, columns=names if long else None, use_threads=False)
        schema = opened.schema_arrow
        if long:
            schema, batches = _with_lengths(schema, long), (_with_lengths(batch, long) for batch in batches)
        remarks = [f"{label}: the column {name_shown(name)} is left out: {_TOO_LONG}" for name in long]
        return lines_of_batches(schema, batches, how.limit_bytes, makes_embeddings=how.makes_embeddings), remarks
    except MemprocError:
        raise
    except Exception as error:  # what reads it raises errors of many kinds
        raise SourceError(f"{label} cannot be read as Parquet: {error}") from error


def _long_columns(opened: Any, leaves: list[int], label: str) -> list[str]:
    """Return the columns to leave out, given those of the file, of which a nested one has several. Raises OversizedError where one
    is no list of numbers, or no column would be left.
    """
    schema = opened.schema_arrow
    paths = [opened.metadata.schema.column(leaf).path for leaf in leaves]
    found = [max((name for name in schema.names if f"{path}.".startswith(f"{name}.")), key=len) for path in paths]
    other = next((name for name in found if not is_of_numbers(schema.field(name).type)), None)
    if other is None and found and len({*found}) == len(schema.names):
        other = found[0]
    if other is not None:
        raise OversizedError(f"{label} cannot be read: in its column {name_shown(other)} {_TOO_LONG}: write it without that column")
    return [*dict.fromkeys(found)]


def _with_lengths(rows: Any, long: list[str]) -> Any:
    """Return a batch, or a schema, with what stands for too long lists of numbers in the columns that were left out."""
    arrow = library(Kind.ARROW)
    kind = arrow.struct([(NUMBERS, arrow.int64())])
    if isinstance(rows, arrow.Schema):
        return arrow.schema([*(field for field in rows if field.name not in long), *((name, kind) for name in long)])
    stands = arrow.array([{NUMBERS: MOST_IN_ROW}] * rows.num_rows, kind)
    return arrow.RecordBatch.from_arrays([*rows.columns, *(stands for _ in long)], names=[*rows.schema.names, *long])


def _opened(parquet: Any, stream: IO[bytes]) -> Any:
    limits = {"thrift_string_size_limit": _MOST_THRIFT_BYTES, "thrift_container_size_limit": _MOST_THRIFT_BYTES // 64}
    return parquet.ParquetFile(stream, memory_map=False, pre_buffer=False, buffer_size=BUFFER_BYTES, **limits)


def _check(meta: Any, label: str, bounds: Bounds, packed: int) -> None:
    """Raise OversizedError where the values that a file claims to have would be too many: each takes a byte at least."""
    bounds.check(label, _size(meta), packed)
    values = sum(max(chunk.num_values, meta.row_group(group).num_rows) for group, chunk in _chunks(meta))
    bounds.check(label, max(values, meta.num_rows), packed)


def _size(meta: Any) -> int:
    return sum(max(chunk.total_uncompressed_size, chunk.total_compressed_size) for _, chunk in _chunks(meta))


def _chunks(meta: Any) -> Iterator[tuple[int, Any]]:
    for group in range(meta.num_row_groups):
        for column in range(meta.num_columns):
            yield group, meta.row_group(group).column(column)
