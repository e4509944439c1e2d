"""Values of keys as JSON, and back as the types that their database compares them by. Pure.

Rule: a text, a number, true, false and null stand for themselves; everything else is an object with one name, that of its type.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from memproc.errors import SourceError

_LARGEST = 2**63 - 1

_WRITTEN: dict[type, tuple[str, Callable[[Any], str]]] = {
    datetime: ("datetime", datetime.isoformat),
    date: ("date", date.isoformat),
    Decimal: ("decimal", str),
    UUID: ("uuid", str),
    bytes: ("bytes", lambda value: b64encode(value).decode()),
}
_READ: dict[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "uuid": UUID,
    "bytes": b64decode,
    "int": int,
}


def to_json(value: object) -> object:
    """Return the value of a key as JSON. Raises SourceError on a type that no place can be kept by.

    >>> to_json(7), to_json(date(2024, 5, 1)), to_json(b"ab")
    (7, {'date': '2024-05-01'}, {'bytes': 'YWI='})
    """
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value <= _LARGEST else {"int": str(value)}
    if isinstance(value, float) and value - value == 0:
        return value
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise SourceError("a key holds text that is no valid UTF-8: name another column as the key") from None
        return value
    if isinstance(value, bytearray | memoryview):
        value = bytes(value)
    if (written := _WRITTEN.get(type(value))) is not None:
        return {written[0]: written[1](value)}
    raise SourceError(f"a key holds a value of type {type(value).__name__}, by which no place can be kept: name another column")


def from_json(value: object) -> Any:
    """Return the value of a key that `to_json` gave.

    >>> from_json(to_json(Decimal("1.50")))
    Decimal('1.50')
    """
    if not isinstance(value, dict):
        return value
    [(name, text)] = value.items()
    return _READ[name](text)
