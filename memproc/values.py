"""Values as they are: whatever class a caller's record is made of, taken at this moment, as plain Python values.

Facts: rows of pandas hold NaT, NaN and `<NA>` for "no value", and NumPy scalars; `NaT` is a `datetime`, and `<NA>` cannot even be
asked whether it is true. Enum members, `Timestamp`, `numpy.str_` or `OrderedDict` subclass what JSON has. A generator may give one
dictionary again and again, changed. A mapping may read a database, or fail, with each name that it is asked for.

Rules: a field that says "no value" becomes None. Deeper, in a list or an object, what says so stays what it is, to be judged: with
a null in its place the value would be another. A scalar becomes the plain value of its kind, a mapping a dictionary, what holds
values in an order a list. All is copied, however deep, so that what is changed afterwards changes nothing here. NumPy and pandas
are told by what their values can do, so that neither is loaded. What memproc knows nothing of (a model, a `Decimal`, any object)
stays what it is. An iterator stays too: it can be read only once, and is no value.
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
MOST_NAMES = 100_000  # of a mapping that is no dictionary, which may have names without end
MOST_ITEMS = 1_000_000  # of what is neither list nor tuple

_AS_IT_IS = frozenset({str, int, bool, type(None), datetime, date, bytes})
_NOTHING = frozenset({"NaTType", "NAType"})
_SAYS_NOTHING = frozenset({"<NA>", "NaT", "NaN", "nan", "Decimal('sNaN')"})
_SCALAR = (str, bytes, bytearray, memoryview, UserString)  # sequences of their own letters
_COUNTED_IN_ORDER = (list, tuple, deque, Sequence, KeysView, ValuesView)

# White space, controls and characters of no width: NUL is none of them, as databases refuse it.
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
# Alone they show nothing, behind another they say how it looks: variation selectors and the letters of flags.
_ALONE = BLANKS + "".join(map(chr, (*range(0x180B, 0x180E), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE01F0))))


class UnreadableError(ValueError):
    """A value cannot be read to its end: nested too deep, without end, or its own code fails."""

    def __init__(self, code: str, why: str) -> None:
        """Say why; `code` is that of the fault it is."""
        super().__init__(why)
        self.code = code


def settled(value: object, depth: int = 1) -> Any:  # noqa: PLR0911 - one return a kind of container
    """Return a value as it is at this moment, as plain Python values; None where it, or a field of the record that it is, says "no
    value". Of what is no record but stands in one, `depth` is above 1.

    Raises UnreadableError where it cannot be read to its end. Code of the caller's, in a mapping of its own, may raise anything.

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


def shown(text: str) -> str:
    r"""Return a name without the white space and the invisible characters at its ends; nothing where it shows nothing.

    >>> shown(" ann\u200b"), shown("\ufe0f")
    ('ann', '')
    """
    kept = text.strip(BLANKS)
    return kept if kept.isascii() or kept.strip(_ALONE) else ""


def is_blank(value: object) -> bool:
    r"""Tell whether a value is None, or text that shows nothing: no character, or only white space and invisible ones.

    >>> is_blank(" \u200b\ufeff"), is_blank("-")
    (True, False)
    """
    return value is None or (isinstance(value, str) and not shown(value))


def is_empty(value: object) -> bool:
    """Tell whether a value is None, or text of white space: what is to be remembered may be anything else, seen or not."""
    return value is None or (isinstance(value, str) and not value.strip())


def _of_scalar(value: object, below: int) -> Any:  # noqa: PLR0911 - one return a kind of scalar
    """Return the plain value of what is no container; of a subclass what it is a subclass of."""
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
    if hasattr(type(value), "tolist"):  # a scalar or an array of NumPy's, or what is made like them
        return settled(_in_micros(value).tolist(), below)
    return value


def _in_micros(value: Any) -> Any:
    """Return times of NumPy's in the unit that Python has: of nanoseconds it would make bare numbers."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind == "M":
        return value.astype("datetime64[us]")
    return value.astype("timedelta64[us]") if kind == "m" else value


def _differs_from_itself(value: object) -> bool:
    """Tell NaN and its kin, of whatever class; an array, which gives an answer for each of its items, is not asked."""
    if getattr(value, "shape", ()) != ():
        return False
    try:
        answer = value != value  # noqa: PLR0124 - that is the question
        return answer is value or (type(answer).__name__ in ("bool", "bool_") and bool(answer))  # NumPy has a truth of its own
    except (TypeError, ValueError, ArithmeticError):  # no answer: it may be "not available", or anything
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
    """Return the plain value of what stands in another; what says "no value" is left to be judged."""
    plain = settled(value, depth)
    if plain is not None:
        return plain
    return float.__float__(value) if isinstance(value, float) else value


def _name(name: object) -> object:
    """Return a name as plain text, if it is one."""
    found = name.value if isinstance(name, Enum) else name
    return str.__str__(found) if isinstance(found, str) else name
