"""Parquet, read by batches of rows.

Rules: what the file says of its sizes is checked before anything is decoded: the rows, the values, and each page (see `pages`).
A batch has few rows where the texts that its rows may share are long. Nothing is mapped or read ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from memproc.errors import MemprocError, SourceError
from memproc.sources.compression import Bounds
from memproc.sources.items import Piece
from memproc.sources.tables.arrow_rows import MOST_ROWS, lines_of_batches
from memproc.sources.tables.kinds import Kind, library
from memproc.sources.tables.pages import check_pages

BATCH_BYTES = 8 << 20  # of the values of one batch, as the file counts them
SHARED_BYTES = 1 << 26  # that a long text in a dictionary may become where all rows of a batch have it
BUFFER_BYTES = 1 << 18  # of one column
_MOST_THRIFT_BYTES = 64 << 20


def rows_of_parquet(stream: IO[bytes], label: str, bounds: Bounds, limit_bytes: int) -> Iterator[Piece]:
    """Return the rows of a file as JSON lines, one of more than `limit_bytes` as rejected. Raises SourceError if it is broken,
    OversizedError if it becomes too large.
    """
    parquet = library(Kind.PARQUET, "pyarrow.parquet")
    packed = stream.seek(0, 2)
    try:
        meta = _opened(parquet, stream).metadata
        _check(meta, label, bounds, packed)
        dictionary = check_pages(stream, meta, label, bounds)
        stream.seek(0)
        opened = _opened(parquet, stream)
        fitting = min(BATCH_BYTES * meta.num_rows // max(_size(meta), 1), SHARED_BYTES // max(dictionary, 1))
        rows = max(1, min(MOST_ROWS, fitting))
        return lines_of_batches(opened.schema_arrow, opened.iter_batches(batch_size=rows, use_threads=False), limit_bytes)
    except MemprocError:
        raise
    except Exception as error:  # what reads it raises errors of many kinds
        raise SourceError(f"{label} cannot be read as Parquet: {error}") from error


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
