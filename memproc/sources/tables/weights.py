"""How much the rows of Arrow become as Python values, told before they are made.

Facts: a number of one byte takes up to 40 as a value in a list. Where rows share a value (in a dictionary, or in views that lead to
the same place) each has it by itself as a value, though it is there once.

Rules: a row with more than `MOST_VALUES` values in it, or with more bytes than a record may have, is not made. A list of more than
`MOST_NUMBERS` numbers is no memory: a number that tells its length takes its place. So it is with the embeddings of a column, where
who reads the rows leaves them out: no list is made of them.
"""

from __future__ import annotations

from typing import Any

from memproc.sources.tables.cells import NUMBERS, SHORTEST_EMBEDDING
from memproc.sources.tables.kinds import Kind, library

MOST_VALUES = 1_000_000
MOST_NUMBERS = 1 << 16
SHARED_BYTES = 1 << 24  # what the rows of a slice may become by sharing


def rows_that_may_share(batch: Any, rows: int) -> int:
    """Return how many rows, of so many, may be made at once where each may have the largest value that they share."""
    shared: int = sum(column.get_total_buffer_size() for column in batch.columns if _may_share(column.type))
    return max(1, min(rows, SHARED_BYTES // max(shared, 1)))


def is_too_heavy(columns: list[Any], limit_bytes: int) -> bool:
    """Return whether rows are more than one row may be."""
    size = values = 0
    for column in columns:
        one = _apart(column)
        if one is not None and numbers_in(one) is None:
            size, values = size + one.nbytes, values + _values(one)
    return size > limit_bytes or values > MOST_VALUES


def is_heavy(column: Any, limit_bytes: int) -> bool:
    """Return whether a column of one row is what makes it too heavy, or a good part of it."""
    one = _apart(column)
    return one is None or one.nbytes > limit_bytes // 10 or _values(one) > MOST_VALUES // 10


def numbers_in(column: Any) -> list[int] | None:
    """Return how many numbers are in each list of a column where one has too many, otherwise None."""
    if not is_of_numbers(column.type):
        return None
    counts = [count or 0 for count in lengths(column)]
    return counts if max(counts, default=0) > MOST_NUMBERS else None


def embeddings_told(column: Any) -> Any:
    """Return a column of what stands for its lists where all of them are embeddings; any other column unchanged.

    A list with a number that is missing or none is no embedding, and what becomes of its row is not decided here.
    """
    if not is_of_numbers(column.type) or not library(Kind.ARROW, "pyarrow.types").is_floating(column.type.value_type):
        return column
    compute = library(Kind.ARROW, "pyarrow.compute")
    counts = compute.list_value_length(column)
    shortest = compute.min(counts).as_py()
    if shortest is None or shortest < SHORTEST_EMBEDDING:
        return column
    numbers = column.flatten()
    if numbers.null_count or not compute.all(compute.is_finite(numbers)).as_py():
        return column
    arrow = library(Kind.ARROW)
    return arrow.StructArray.from_arrays([counts.cast(arrow.int64())], [NUMBERS], mask=counts.is_null())


def is_of_numbers(kind: Any) -> bool:
    """Return whether a type is one of lists of numbers."""
    types = library(Kind.ARROW, "pyarrow.types")
    return _is_list(types, kind) and (types.is_integer(kind.value_type) or types.is_floating(kind.value_type))


def lengths(column: Any) -> list[int | None]:
    """Return how long each list of a column is, None for one that is missing."""
    return library(Kind.ARROW, "pyarrow.compute").list_value_length(column).to_pylist()  # type: ignore[no-any-return]


def _values(column: Any) -> int:
    """Return how many values are in a column, with those in lists and structs, however deep."""
    types = library(Kind.ARROW, "pyarrow.types")
    waiting, count = [column], 0
    while waiting:
        one = waiting.pop()
        count += len(one)
        if types.is_struct(one.type):
            waiting += one.flatten()
        elif types.is_map(one.type):
            waiting += [_within(one, one.keys), _within(one, one.items)]
        elif _is_list(types, one.type):
            waiting.append(one.flatten())
    return count


def _within(column: Any, inner: Any) -> Any:
    """Return the part of the keys or items of a map that is of these rows."""
    return inner.slice(column.offsets[0].as_py(), column.offsets[-1].as_py() - column.offsets[0].as_py())


def _apart(column: Any) -> Any:
    """Return a column of one row without what others share. Of several rows None is returned for it: see `rows_that_may_share`."""
    if not _may_share(column.type):
        return column
    if len(column) > 1:
        return None
    arrow, types = library(Kind.ARROW), library(Kind.ARROW, "pyarrow.types")
    if types.is_dictionary(column.type):
        return column.dictionary_decode()
    plain = {arrow.string_view(): arrow.large_string(), arrow.binary_view(): arrow.large_binary()}.get(column.type)
    return column if plain is None else column.cast(plain)


def _may_share(kind: Any) -> bool:
    types = library(Kind.ARROW, "pyarrow.types")
    views = (types.is_dictionary, types.is_string_view, types.is_binary_view, types.is_list_view, types.is_large_list_view)
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        if any(is_one(one) for is_one in (*views, types.is_run_end_encoded)):
            return True
        waiting += [one.field(at).type for at in range(one.num_fields)]
    return False


def _is_list(types: Any, kind: Any) -> bool:
    lists = (types.is_list, types.is_large_list, types.is_fixed_size_list, types.is_list_view, types.is_large_list_view)
    return any(is_one(kind) for is_one in lists)
