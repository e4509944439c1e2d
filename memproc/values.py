"""A caller's record, made of any classes, as plain Python values at this moment.

Facts: rows of pandas hold NaT, NaN and `<NA>` for "no value", and NumPy scalars; `NaT` is a `datetime`, and `<NA>` cannot even be
asked whether it is true. Enum members, `Timestamp`, `numpy.str_` or `OrderedDict` subclass JSON types. A generator may yield the
same dictionary again and again, changed. A mapping may query a database, or fail, for each name.

Rules: a field that means "no value" becomes None. Deeper, in a list or an object, such a value stays as it is and is judged later:
a null in its place would change the value. A scalar becomes the plain value of its kind, a mapping a dictionary, an ordered
collection a list. Everything is copied, however deep, so later changes by the caller have no effect. NumPy and pandas values are
recognised by their methods, so neither package is loaded. An object that a dataclass or `attrs` describes becomes a dictionary, and
so does a row of a database, with its names. Values of any other class (a model, a `Decimal`) stay as they are; `as_json` says those
that JSON has no word for. So does an iterator: it can be read only once, and is no value.
"""

from __future__ import annotations

import dataclasses
from collections import UserString, deque
from collections.abc import KeysView, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any
from uuid import UUID

DEEPEST_READ = 150  # levels: more than any database keeps, and few enough for the stack
MOST_NAMES = 100_000  # of a mapping that is not a dictionary, which may be infinite
MOST_ITEMS = 1_000_000  # of a collection that is neither list nor tuple

_AS_IT_IS = frozenset({str, int, bool, type(None), datetime, date, bytes})
_JSON = frozenset({str, int, bool, float, type(None)})
_NAME_CHARS = 100
_DIGITS_OF_INTEGER = 18
_FIRST_INEXACT = 2**53  # from here on not every integer is a float
_NOTHING = frozenset({"NaTType", "NAType"})
_SAYS_NOTHING = frozenset({"<NA>", "NaT", "NaN", "nan", "Decimal('sNaN')"})
_SCALAR = (str, bytes, bytearray, memoryview, UserString)  # sequences of their own letters
_COUNTED_IN_ORDER = (list, tuple, deque, Sequence, KeysView, ValuesView)

# White space, controls and characters of no width. NUL is not among them, because databases refuse it.
BLANKS = "".join(
    map(
        chr,
        (
            *range(0x01, 0x21),
            *range(0x7F, 0xA1),
            *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x1680, 0x17B4, 0x17B5, 0x180E),
            *range(0x2000, 0x2010),
            *range(0x2028, 0x2030),
            *range(0x205F, 0x2070),
            *(0x2800, 0x3000, 0x3164, 0xFEFF, 0xFFA0),
            *range(0xFFF9, 0xFFFC),
        ),
    )
)
# Invisible alone, but after another character they change how it looks: variation selectors and the letters of flags.
INVISIBLE = BLANKS + "".join(map(chr, (*range(0x180B, 0x180E), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE01F0))))


class UnreadableError(ValueError):
    """A value cannot be read to its end: it is nested too deeply, endless, or its own code fails."""

    def __init__(self, code: str, why: str) -> None:
        """Set the message and the code of the fault."""
        super().__init__(why)
        self.code = code


def settled(value: object, depth: int = 1) -> Any:  # noqa: PLR0911 - one return a kind of container
    """Return a value as it is at this moment, as plain Python values. A value that means "no value" becomes None, and so does such
    a field of a record. For a value inside a record `depth` is above 1.

    Raises UnreadableError if it cannot be read to its end. A mapping of the caller's own class may raise anything.

    >>> settled({"content": "Prefers tea", "importance": float("nan"), "tags": deque(["drinks"])})
    {'content': 'Prefers tea', 'importance': None, 'tags': ['drinks']}
    """
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is float:
        return value if value == value else None  # noqa: PLR0124 - NaN is what differs from itself
    if depth > DEEPEST_READ:
        raise UnreadableError("nested_too_deep", f"is nested deeper than {DEEPEST_READ}")
    below = depth + 1
    inner = settled if depth == 1 else _inner
    if kind is dict:
        return {
            name if type(name) is str else _name(name): item if type(item) in _AS_IT_IS else inner(item, below)
            for name, item in value.items()  # type: ignore[attr-defined]
        }
    if kind is list:
        return [item if type(item) in _AS_IT_IS else _inner(item, below) for item in value]  # type: ignore[attr-defined]
    if isinstance(value, Mapping):
        return {_name(name): inner(value[name], below) for name in _names_of(value)}
    if isinstance(value, _COUNTED_IN_ORDER) and not isinstance(value, _SCALAR):
        items = [_inner(item, below) for item in _first(value)]
        return tuple(items) if kind is tuple else items
    if isinstance(value, AbstractSet):
        return {_inner(item, below) for item in _first(value)}
    return _of_scalar(value, below)


def row_of(record: Any) -> Any:
    """Return a row of a database, or a named tuple, as a dictionary; anything else unchanged.

    Raises UnreadableError if it has two values of one name, as rows of a join may. A class of the caller's own may raise anything.
    """
    kind = type(record)
    if hasattr(kind, "_fields") and isinstance(record, Sequence):
        names = record._fields  # type: ignore[attr-defined]
    else:
        has_names = hasattr(kind, "keys") and hasattr(kind, "__getitem__") and not isinstance(record, Mapping)
        names = record.keys() if has_names else None
    if names is None:
        return record
    names, cells = [*islice(names, MOST_NAMES)], [*islice(record, MOST_NAMES)]
    if len(names) != len(cells):
        return record
    if len(names) > len({*names}):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise UnreadableError("duplicate_name", f"has two values under the name {shown(str(twice))[:_NAME_CHARS]!r}")
    return dict(zip(names, (record[name] for name in names) if cells == names else cells, strict=True))


def as_json(value: Any, depth: int = 1) -> Any:  # noqa: PLR0911 - one return a kind of value
    """Return a plain value with what JSON has no word for as text or numbers: dates, times (UTC if they name no zone), durations,
    decimals, UUIDs. What means nothing in JSON stays as it is.

    >>> as_json({"a": [Decimal("1.5"), Decimal("0.1000000000000000000001"), UUID(int=1)]})
    {'a': [1.5, '0.1000000000000000000001', '00000000-0000-0000-0000-000000000001']}
    """
    if value.__class__ in _JSON or depth > DEEPEST_READ:
        return value
    if isinstance(value, dict):
        return {name: as_json(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item, depth + 1) for item in value]
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return number_of(value)
    return str(value) if isinstance(value, UUID | timedelta) else value


def number_of(value: Decimal) -> int | float | str:
    """Return a decimal as the number that it is, or as text where a number would lose digits of it.

    >>> number_of(Decimal("12.50")), number_of(Decimal("5")), number_of(Decimal("NaN"))
    (12.5, 5, nan)
    """
    if not value.is_finite():
        return float("nan") if value.is_nan() else float(value)
    if value == value.to_integral_value() and abs(value.adjusted()) < _DIGITS_OF_INTEGER:
        return int(value)
    near = float(value)
    return near if Decimal(repr(near)) == value else str(value)


def text_of_number(value: float) -> str:
    """Return a number as the text that a name or an id has: a whole one as an integer, which is what a column with missing values
    keeps as fractions.

    >>> text_of_number(12.0), text_of_number(12), text_of_number(0.5)
    ('12', '12', '0.5')
    """
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _FIRST_INEXACT
    return str(int(value)) if is_whole else str(value)


def settled_if_readable(value: object) -> Any:
    """Return the plain value of a field, or the value itself if it cannot be read: whoever checks it tells why, with its path."""
    try:
        return settled(value, 2)
    except Exception:  # noqa: BLE001 - of the caller's own making
        return value


def shown(text: str) -> str:
    r"""Return a name without white space and invisible characters at its ends; empty if nothing visible is left.

    >>> shown(" ann\u200b"), shown("\ufe0f")
    ('ann', '')
    """
    kept = text.strip(BLANKS)
    return kept if kept.isascii() or kept.strip(INVISIBLE) else ""


def is_blank(value: object) -> bool:
    r"""Return whether a value is None or text without a visible character.

    >>> is_blank(" \u200b\ufeff"), is_blank("-")
    (True, False)
    """
    return value is None or (isinstance(value, str) and not shown(value))


def is_empty(value: object) -> bool:
    """Return whether a value is None or only white space. Content may be anything else, visible or not."""
    return value is None or (isinstance(value, str) and not value.strip())


def _of_scalar(value: object, below: int) -> Any:  # noqa: PLR0911 - one return a kind of scalar
    """Return the plain value of a scalar; for a subclass the value of its base class."""
    if isinstance(value, Enum):
        return settled(value.value, below)
    if type(value).__name__ in _NOTHING:
        return None
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        return settled(float.__float__(value), below)
    if _differs_from_itself(value):
        return None
    if isinstance(value, datetime):
        day = value.year, value.month, value.day
        time = value.hour, value.minute, value.second, value.microsecond
        return datetime(*day, *time, tzinfo=value.tzinfo, fold=value.fold)
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, UserString):
        return str(value.data)
    if hasattr(type(value), "tolist"):  # a NumPy scalar or array, or one with the same interface
        return settled(_in_micros(value).tolist(), below)
    described = _described(type(value))
    return value if described is None else settled({name: getattr(value, name) for name in described}, below - 1)


def _described(kind: type) -> list[str] | None:
    """Return the names of the fields that a dataclass or a class of `attrs` has, None for any other class."""
    fields = getattr(kind, "__dataclass_fields__", None)
    if isinstance(fields, dict):
        return [one.name for one in dataclasses.fields(kind)]
    attributes = getattr(kind, "__attrs_attrs__", None)
    return None if attributes is None else [one.name for one in attributes]


def _in_micros(value: Any) -> Any:
    """Return NumPy times in microseconds: `tolist` would turn nanoseconds into bare numbers."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind == "M":
        return value.astype("datetime64[us]")
    return value.astype("timedelta64[us]") if kind == "m" else value


def _differs_from_itself(value: object) -> bool:
    """Return whether a value of any class is NaN or the like. Arrays are not asked: they answer for each item."""
    if getattr(value, "shape", ()) != ():
        return False
    try:
        answer = value != value  # noqa: PLR0124 - NaN differs from itself
        return answer is value or (type(answer).__name__ in ("bool", "bool_") and bool(answer))  # NumPy has its own bool
    except (TypeError, ValueError, ArithmeticError):  # no answer: pandas' NA, or anything else
        return repr(value) in _SAYS_NOTHING


def _names_of(value: Mapping[Any, Any]) -> list[Any]:
    names = list(islice(iter(value), MOST_NAMES + 1))
    if len(names) > MOST_NAMES:
        raise UnreadableError("too_many_fields", f"has more than {MOST_NAMES} names, if it has an end")
    return names


def _first(value: Any) -> Any:
    if type(value) in (tuple, set, frozenset):
        return value
    items = list(islice(iter(value), MOST_ITEMS + 1))
    if len(items) > MOST_ITEMS:
        raise UnreadableError("not_json", f"holds more than {MOST_ITEMS} items, if they have an end")
    return items


def _inner(value: object, depth: int) -> Any:
    """Return the plain value of an item inside another; an item that means "no value" stays as it is."""
    plain = settled(value, depth)
    if plain is not None:
        return plain
    return float.__float__(value) if isinstance(value, float) else value


def _name(name: object) -> object:
    """Return a name as plain text, if it is text."""
    found = name.value if isinstance(name, Enum) else name
    return str.__str__(found) if isinstance(found, str) else name
