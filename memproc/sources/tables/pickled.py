"""The records in pickled data as JSON text, as a file of JSON would have them: what reads such files takes it from there.

Rules: a dictionary of columns of one length is rows. One whose names are no text is its values, each with its name as `key`. A text
alone is a list of one. Anything else is what it is, and a collection in order is a list.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from memproc.sources.tables.cells import heads, json_of, lines_of
from memproc.values import settled

_IN_ORDER = (list, tuple, deque)


def json_text_of(data: Any) -> Iterator[bytes]:
    """Yield JSON text, piece by piece: an array, or one object."""
    if isinstance(data, dict) and not _is_columns(data) and all(isinstance(name, str) for name in data):
        yield json_of(data)
        return
    mark = b"["
    for line in _records(data):
        yield mark + line
        mark = b",\n"
    yield b"[]" if mark == b"[" else b"]"


def _records(data: Any) -> Iterable[bytes]:
    if isinstance(data, dict):
        if _is_columns(data):
            return lines_of(heads(data), zip(*map(_listed, data.values()), strict=True))
        return (json_of({"key": str(name), **one} if isinstance(one, dict) else one) for name, one in data.items())
    if isinstance(data, set | frozenset):
        return map(json_of, sorted(data, key=repr))
    return map(json_of, _listed(data) if isinstance(data, _IN_ORDER) or _is_array(data) else [data])


def _is_columns(data: dict[Any, Any]) -> bool:
    """Return whether a dictionary holds the columns of a table: several lists of one length, of no objects."""
    columns = [*data.values()]
    if len(columns) < 2 or not all(isinstance(one, _IN_ORDER) or _is_array(one) for one in columns):  # noqa: PLR2004 - one may be a list
        return False
    return len({*map(len, columns)}) == 1 and not any(isinstance(cell, dict) for one in columns for cell in one)


def _is_array(value: Any) -> bool:
    return hasattr(type(value), "dtype") and getattr(value, "ndim", 0) > 0


def _listed(value: Any) -> list[Any]:
    return settled(value) if _is_array(value) else list(value)
