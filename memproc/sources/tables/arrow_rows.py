"""Rows of Arrow record batches, few at a time: as Python values they take several times as much memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from memproc.sources.items import Piece
from memproc.sources.tables.cells import NUMBERS, heads, json_of, lines_of
from memproc.sources.tables.kinds import Kind, library
from memproc.sources.tables.pieces import too_large
from memproc.sources.tables.weights import (
    MOST_NUMBERS,
    embeddings_told,
    is_heavy,
    is_of_numbers,
    is_too_heavy,
    lengths,
    numbers_in,
    rows_that_may_share,
)

SLICE_BYTES = 1 << 20
MOST_ROWS = 1_000


def lines_of_batches(schema: Any, batches: Iterable[Any], limit_bytes: int, *, makes_embeddings: bool = True) -> Iterator[Piece]:
    """Return the rows of record batches of one schema as JSON lines; one that would become too large as rejected.

    Without `makes_embeddings` only the length of an embedding is told, where its column has no other lists.

    Raises SourceError if two columns have one name.
    """
    return _lines(heads(schema.names), batches, limit_bytes, makes_embeddings=makes_embeddings)


def _lines(names: Sequence[str], batches: Iterable[Any], limit_bytes: int, *, makes_embeddings: bool) -> Iterator[Piece]:
    pool = library(Kind.ARROW).default_memory_pool()
    for batch in batches:
        yield from _of_batch(names, batch, limit_bytes, makes_embeddings=makes_embeddings)
        del batch
        pool.release_unused()  # it would keep what the largest batches took


def _of_batch(names: Sequence[str], batch: Any, limit_bytes: int, *, makes_embeddings: bool) -> Iterator[Piece]:
    count = batch.num_rows
    size = rows_that_may_share(batch, max(1, min(MOST_ROWS, count * SLICE_BYTES // max(batch.nbytes, 1))))
    for at in range(0, count, size):
        columns = batch.slice(at, size).columns
        if not makes_embeddings:
            columns = [*map(embeddings_told, columns)]
        if not is_too_heavy(columns, limit_bytes):
            yield from _of_columns(names, columns)
            continue
        for row in range(at, min(at + size, count)):
            columns = batch.slice(row, 1).columns
            is_whole = not is_too_heavy(columns, limit_bytes)
            yield from _of_columns(names, columns) if is_whole else [_start_of(names, columns, limit_bytes)]


def _of_columns(names: Sequence[str], columns: Sequence[Any]) -> Iterator[bytes]:
    values = [_values(column) for column in columns]
    yield from lines_of(names, zip(*values, strict=True)) if values else ()


def _start_of(names: Sequence[str], columns: Sequence[Any], limit_bytes: int) -> Piece:
    """Return a row that is too large as rejected, with what is in its small columns."""
    large = f"more than a row of {limit_bytes:,} bytes may have"
    cells = [large if is_heavy(column, limit_bytes) else _values(column)[0] for column in columns]
    return too_large(json_of(dict(zip(names, cells, strict=True))), limit_bytes)


def _values(column: Any) -> list[object]:
    """Return the values of a column. Where one of them has no Python value, each is looked at by itself."""
    if (counts := numbers_in(column)) is not None:
        return [_list_of_numbers(column, at, count) for at, count in enumerate(counts)]
    try:
        if is_of_numbers(column.type) and (numbers := column.flatten()).null_count == 0:
            return [*_lists_of(numbers, lengths(column))]
        exact = _exact(column)
        if str(exact.type).startswith("timestamp[") and exact.type.tz:
            return _moments(exact)
        return exact.to_pylist(maps_as_pydicts="strict")  # type: ignore[no-any-return]
    except Exception:  # noqa: BLE001 - a time beyond those of Python, text that is no UTF-8, a name given twice
        return [_value(column[at]) for at in range(len(column))]


def _lists_of(numbers: Any, counts: Sequence[int | None]) -> Iterator[object]:
    """Yield the lists of so many numbers that some have together: made all at once they take a tenth of the time."""
    made, at = numbers.to_numpy(zero_copy_only=False).tolist(), 0
    for count in counts:
        yield None if count is None else made[at : at + count]
        at += count or 0


def _list_of_numbers(column: Any, at: int, count: int) -> object:
    return {NUMBERS: count} if count > MOST_NUMBERS else column[at].as_py()


def _exact(column: Any) -> Any:
    """Return a column with times in microseconds, which is what Python has: what is finer needs pandas, and is of no use."""
    kind = column.type
    if str(kind).startswith("timestamp[ns"):
        return column.cast(_with_micros(kind), safe=False)
    return column


def _moments(column: Any) -> list[object]:
    """Return times with a zone as Python values. Arrow would load pandas for that, if it is there, which takes 40 MB."""
    arrow, kind = library(Kind.ARROW), column.type
    zone = arrow.lib.string_to_tzinfo(kind.tz, prefer_zoneinfo=True)
    told = column.cast(arrow.timestamp(kind.unit)).to_pylist()
    return [one if one is None else one.replace(tzinfo=UTC).astimezone(zone) for one in told]


def _with_micros(kind: Any) -> Any:
    return library(Kind.ARROW).timestamp("us", tz=kind.tz)


def _value(scalar: Any) -> object:
    text = library(Kind.ARROW).string()
    ways = (
        lambda: scalar.as_py(maps_as_pydicts="strict"),
        scalar.as_py,
        lambda: scalar.as_buffer().to_pybytes(),
        lambda: scalar.cast(text).as_py(),
    )
    for read in ways:
        try:
            return read()
        except Exception:  # noqa: BLE001, S112 - the next way
            continue
    return f"a value of type {scalar.type} that Python cannot hold"
