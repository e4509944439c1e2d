"""Rows of Arrow record batches, few at a time: as Python values they take several times as much memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from memproc.sources.tables.cells import heads, lines_of
from memproc.sources.tables.kinds import Kind, library

SLICE_BYTES = 1 << 20
MOST_ROWS = 1_000


def lines_of_batches(schema: Any, batches: Iterable[Any]) -> Iterator[bytes]:
    """Return the rows of record batches of one schema as JSON lines. Raises SourceError if two columns have one name."""
    return _lines(heads(schema.names), batches)


def _lines(names: Sequence[str], batches: Iterable[Any]) -> Iterator[bytes]:
    for batch in batches:
        count = batch.num_rows
        size = max(1, min(MOST_ROWS, count * SLICE_BYTES // max(batch.nbytes, 1)))
        for at in range(0, count, size):
            columns = [_values(column) for column in batch.slice(at, size).columns]
            yield from lines_of(names, zip(*columns, strict=True)) if columns else ()


def _values(column: Any) -> list[object]:
    """Return the values of a column. Where one of them has no Python value, each is looked at by itself."""
    try:
        return _exact(column).to_pylist(maps_as_pydicts="strict")  # type: ignore[no-any-return]
    except Exception:  # noqa: BLE001 - a time beyond those of Python, text that is no UTF-8, a name given twice
        return [_value(column[at]) for at in range(len(column))]


def _exact(column: Any) -> Any:
    """Return a column with times in microseconds, which is what Python has: what is finer needs pandas, and is of no use."""
    kind = column.type
    if str(kind).startswith("timestamp[ns"):
        return column.cast(_with_micros(kind), safe=False)
    return column


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
