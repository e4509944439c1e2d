"""A caller's record, made of any classes, as plain Python values at this moment.

Facts: rows of pandas hold NaT, NaN and `<NA>` for "no value", and NumPy scalars; `NaT` is a `datetime`, and `<NA>` cannot even be
asked whether it is true. Enum members, `Timestamp`, `numpy.str_` or `OrderedDict` subclass JSON types. A generator may yield the
same dictionary again and again, changed. A mapping may query a database, or fail, for each name.

Rules: a field that means "no value" becomes None. Deeper, in a list or an object, such a value stays as it is and is judged later:
a null in its place would change the value. A scalar becomes the plain value of its kind, a mapping a dictionary, an ordered
collection a list. Everything is copied, however deep, so later changes by the caller have no effect. NumPy and pandas values are
recognised by their methods, so neither package is loaded. Values of any other class (a model, a `Decimal`) stay as they are. So
does an iterator: it can be read only once, and is no value.
"""

from __future__ import annotations

from collections import UserString, deque
from collections.abc import KeysView, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from enum import Enum
from itertools import islice
from typing import Any

DEEPEST_READ = 150  # levels: more than any database keeps, and few enough for the stack
MOST_NAMES = 100_000  # of a mapping that is not a dictionary, which may be infinite
MOST_ITEMS = 1_000_000  # of a collection that is neither list nor tuple

_AS_IT_IS = frozenset({str, int, bool, type(None), datetime, date, bytes})
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
    return value


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
