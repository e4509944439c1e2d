"""Which items a search of LangGraph means: filters on values, conditions on namespaces.

Rules: a filter is met if each of its names is. An object with names that begin with `$` compares; any other one is met if each of
its own names is; a list is met item by item. In a condition `*` stands for any one label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from memproc.errors import UsageError
from memproc.integrations.comparing import COMPARISONS, comparison_named

_DEEPEST = 50  # of a filter
_KNOWN = {f"${name}": COMPARISONS[name] for name in ("eq", "ne", "gt", "gte", "lt", "lte")}
_ENDS = ("prefix", "suffix")


def meets(value: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Return whether the value of an item meets a filter. Raises UsageError on an operator that is not known.

    >>> meets({"score": 4, "by": {"name": "Ann"}}, {"score": {"$gt": 3}, "by": {"name": "Ann"}})
    True
    """
    return all(_is_met(value.get(name), one, 0) for name, one in (wanted or {}).items())


def _is_met(value: Any, wanted: Any, depth: int) -> bool:
    if depth > _DEEPEST:
        raise UsageError(f"a filter is at most {_DEEPEST} deep")
    if isinstance(wanted, Mapping):
        if any(str(name).startswith("$") for name in wanted):
            return all(comparison_named(name, _KNOWN)(value, one) for name, one in wanted.items())
        return isinstance(value, Mapping) and all(_is_met(value.get(name), one, depth + 1) for name, one in wanted.items())
    if isinstance(wanted, list | tuple):
        are_lists = isinstance(value, list | tuple) and len(value) == len(wanted)
        return are_lists and all(_is_met(one, other, depth + 1) for one, other in zip(value, wanted, strict=True))
    return bool(value == wanted)


def fits(labels: Sequence[str], conditions: Iterable[Any] | None) -> bool:
    """Return whether a namespace fits all conditions, each with its `match_type` and `path`. Raises UsageError on another type."""
    return all(_fits(labels, one.match_type, (one.path,) if isinstance(one.path, str) else one.path) for one in conditions or ())


def _fits(labels: Sequence[str], end: str, path: Sequence[str]) -> bool:
    if end not in _ENDS:
        raise UsageError(f"match_type={end!r}: give one of {', '.join(_ENDS)}")
    if len(path) > len(labels):
        return False
    part = labels[: len(path)] if end == "prefix" else labels[len(labels) - len(path) :]
    return all(given in ("*", label) for label, given in zip(part, path, strict=True))
