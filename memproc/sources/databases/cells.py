"""Rows of a database as items: each value as JSON, as a table or a line of JSON would have it. Pure.

Rules: times are ISO 8601, numbers stay numbers where JSON keeps them exact, anything else is text. Bytes that are UTF-8 are text.
Other bytes and embeddings (lists of numbers, as pgvector writes them too) are left out and counted; where they lie in the column of
the text itself, the record is rejected for lack of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import orjson

from memproc.formats.cells import EMBEDDINGS, without_embeddings
from memproc.sources.items import Item

BINARY = "binary values"
_AS_IT_IS = frozenset({str, bool, type(None)})
_LARGEST = 2**63 - 1
_VECTOR = re.compile(r"\[\s*-?\d[-+.,\deE\s]*\]")
_DEEPEST = 100


class _Binary:
    """Stands for bytes that are no text."""


_BINARY = _Binary()


def item_of(row: Mapping[str, Any]) -> Item:
    r"""Return the item of a row.

    >>> item_of({"content": "Prefers tea", "added": date(2024, 5, 1), "photo": b"\xff\xd8"}).raw
    b'{"content":"Prefers tea","added":"2024-05-01"}'
    """
    left_out: dict[str, int] = {}
    cells: dict[str, Any] = {}
    for name, given in row.items():
        value = given
        if value.__class__ not in _AS_IT_IS:
            value = json_of(value)
        kind = value.__class__
        if kind is _Binary:
            left_out[BINARY] = left_out.get(BINARY, 0) + 1
        elif (kind is list or (kind is str and value[:1] == "[")) and _is_embedding(name, value):
            left_out[EMBEDDINGS] = left_out.get(EMBEDDINGS, 0) + 1
        else:
            cells[name] = value
    return Item(cells, _raw(cells), left_out=left_out)


def json_of(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one return a type
    """Return a value of a driver as JSON; one that has no such form as text."""
    kind = value.__class__
    if kind in _AS_IT_IS:
        return value
    if kind is int:
        return value if -_LARGEST <= value <= _LARGEST else str(value)
    if kind is float:
        return value if value - value == 0 else (None if value != value else str(value))  # noqa: PLR0124 - NaN is no value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if kind is Decimal:
        return _of_decimal(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _text_of(bytes(value))
    if depth >= _DEEPEST:
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): json_of(one, depth + 1) for name, one in value.items() if not _is_binary(one)}
    if isinstance(value, list | tuple):
        return [json_of(one, depth + 1) for one in value if not _is_binary(one)]
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    return str(value)


def _of_decimal(value: Decimal) -> object:
    """Return a decimal as a number where that is exact, else as its digits."""
    if not value.is_finite():
        return None if value.is_nan() else str(value)
    if value == value.to_integral_value():
        return int(value) if abs(value) <= _LARGEST else f"{value:f}"
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def _text_of(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return _BINARY


def _is_binary(value: object) -> bool:
    return isinstance(value, bytes | bytearray | memoryview) and _text_of(bytes(value)) is _BINARY


def _is_embedding(name: str, value: str | list[Any]) -> bool:
    """Return whether a list, or a vector written as text, is an embedding."""
    if isinstance(value, str):
        if not _VECTOR.fullmatch(value):
            return False
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return False
    return without_embeddings({name: value})[1] > 0


def _raw(cells: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(cells)
    except TypeError:  # text that is no UTF-8, as only SQLite keeps it
        return repr(cells).encode("utf-8", "backslashreplace")
