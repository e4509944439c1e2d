"""The rows of tables as JSON: what readers of formats, quarantine and other processes understand, whatever a library gave.

Rules: an empty cell, NaN or NaT is null. Dates and times become text, a time without a zone is UTC. Bytes that are text become
text, any others `{"$binary": ...}` in base64, so nothing of them is lost. NaN inside a list or an object stays NaN, which is no
JSON: its record is quarantined, because a null in its place would be another value. An infinite number is text, and so is any other
value of a cell that JSON cannot say. A list or an object that cannot be said becomes an object with its Python form as
`unreadable`, and so does a record that is no row: it has no content, and is quarantined.

Little is imported here: each process that reads a table begins with it.
"""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any

import orjson

from memproc.errors import SourceError
from memproc.values import as_json, row_of, settled

BINARY = "$binary"  # the name under which bytes stand that are no text
NUMBERS = "$numbers"  # the name under which the length of a list of numbers stands that is not made
SHORTEST_EMBEDDING = 33  # numbers: no person writes a list of as many
SHOWN_BYTES = 100_000  # of what cannot be said
NAMES_SHOWN, NAME_CHARS = 8, 60
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def json_of(record: object) -> bytes:
    """Return a record as JSON in one line. Never raises.

    >>> json_of({"content": "Prefers tea", "at": None, "raw": b"tea"})
    b'{"content":"Prefers tea","at":null,"raw":"tea"}'
    """
    try:
        return _said_whole(settled(row_of(record)))
    except MemoryError:
        raise  # a process that reads for another may not have more
    except Exception:  # noqa: BLE001 - it may be of any class
        if type(record) is dict:
            return orjson.dumps({str(name): orjson.Fragment(_cell(value)) for name, value in record.items()})
        return orjson.dumps({"unreadable": _shown(record)})


def _said_whole(value: Any) -> bytes:
    try:
        said = orjson.dumps(value, _said, _OPTIONS)
    except (TypeError, ValueError):  # an integer beyond 64 bits, a lone surrogate
        said = b"null"
    if b"null" not in said or not _is_inexact(said, value):
        return said
    if isinstance(value, dict):
        value = {name: _text_if_infinite(one) for name, one in value.items()}
    return json.dumps(value, default=_said).encode()


def _cell(value: Any) -> bytes:
    """Return the JSON of a cell; of a value that JSON cannot say its text, of a list or an object of such an object with it."""
    try:
        return _said_whole(settled(value))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - it may be of any class
        is_plain = not isinstance(value, dict | list | tuple | AbstractSet)
        return orjson.dumps(_text(value) if is_plain else {"unreadable": _shown(value)})


def _text(value: Any) -> str:
    try:
        return str(value)[:SHOWN_BYTES].encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001 - of any class
        return _shown(value)


def _shown(value: Any) -> str:
    from memproc.sources.raw import raw_bytes  # noqa: PLC0415 - rarely needed, and what it needs takes long to load

    return raw_bytes(value)[:SHOWN_BYTES].decode("utf-8", "replace")


def _text_if_infinite(value: Any) -> Any:
    """Return an infinite number of a column as text, which a field of numbers refuses by its name; anything else unchanged."""
    if not isinstance(value, float | Decimal) or not math.isinf(value):
        return value
    return "Infinity" if value > 0 else "-Infinity"


def heads(names: Iterable[object]) -> list[str]:
    """Return the names of the columns of a table as text; a column without one is named by its number.

    Raises SourceError if two have the same.
    """
    told = [str(name).strip() or f"column {number}" for number, name in enumerate(names, 1)]
    if repeated := [name for name, count in Counter(told).items() if count > 1]:
        why = "more than once: rename the columns"
        shown = ", ".join(ascii(name)[:NAME_CHARS] for name in repeated[:NAMES_SHOWN])
        raise SourceError(f"the head of the table names {shown} {why}", f"the head of the table names a column {why}")
    return told


def lines_of(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield rows, each as JSON in one line."""
    for row in rows:
        yield json_of(dict(zip(names, row, strict=True)))


def _said(value: Any) -> Any:
    if isinstance(value, bytes):
        text = None if b"\0" in value else value.decode("utf-8", "ignore")
        return text if text is not None and text.encode() == value else {BINARY: b64encode(value).decode()}
    if isinstance(value, AbstractSet):
        return sorted(value, key=repr)
    if (found := as_json(value)) is value:
        raise TypeError(type(value).__name__)
    return found


def _is_inexact(said: bytes, value: Any) -> bool:
    return said == b"null" or _holds_nan(value)


def _holds_nan(value: Any) -> bool:
    """Return whether a number in a value is none that JSON can say, which orjson turns into null."""
    if isinstance(value, float):
        return value - value != 0
    if isinstance(value, dict):
        return any(map(_holds_nan, value.values()))
    if isinstance(value, list | tuple | AbstractSet):
        return any(map(_holds_nan, value))
    return isinstance(value, Decimal) and not value.is_finite()
