"""How filters of other packages compare a value of an item with a given one: a table by the name of the operator.

Rules: a value that is not there, and one that cannot be compared with what is given, does not match. Numbers are compared as such,
texts as texts, and a truth value is no number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

from memproc.errors import UsageError

Comparison = Callable[[Any, Any], bool]


def _ordered(compare: Comparison) -> Comparison:
    def compared(value: Any, given: Any) -> bool:
        return bool(_is_comparable(value, given) and compare(value, given))

    return compared


def _is_comparable(value: Any, given: Any) -> bool:
    are_numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (value, given))
    return are_numbers or (isinstance(value, str) and isinstance(given, str))


def _contains(value: Any, given: Any) -> bool:
    return given in value if isinstance(value, str) and isinstance(given, str) else isinstance(value, list) and given in value


def _contains_in_any_case(value: Any, given: Any) -> bool:
    return isinstance(value, str) and isinstance(given, str) and given.casefold() in value.casefold()


COMPARISONS: Mapping[str, Comparison] = {
    "eq": lambda value, given: bool(value == given),
    "ne": lambda value, given: bool(value != given),
    "gt": _ordered(gt),
    "gte": _ordered(ge),
    "lt": _ordered(lt),
    "lte": _ordered(le),
    "in": lambda value, given: isinstance(given, list | tuple | set) and value in given,
    "nin": lambda value, given: isinstance(given, list | tuple | set) and value not in given,
    "contains": _contains,
    "icontains": _contains_in_any_case,
}


def comparison_named(name: str, known: Mapping[str, Comparison]) -> Comparison:
    """Return a comparison of a table. Raises UsageError if there is none of that name."""
    if name not in known:
        raise UsageError(f"{name!r} compares nothing: give one of {', '.join(known)}")
    return known[name]
