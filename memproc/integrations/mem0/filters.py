"""Filters of mem0: which items a call means, beside whose they are.

Rules: a name stands for a field of the item, or of its metadata; a value alone must be equal, `*` is any, and an object compares by
the operators of mem0. AND, OR and NOT have lists of filters; NOT means none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from memproc.errors import UsageError
from memproc.integrations.comparing import COMPARISONS, comparison_named

_JOINED: Mapping[str, Callable[[Iterable[bool]], bool]] = {"AND": all, "OR": any, "NOT": lambda found: not any(found)}
_DEEPEST = 50


def meets(item: Mapping[str, Any], filters: Mapping[str, Any], depth: int = 0) -> bool:
    """Return whether an item of mem0 meets filters. Raises UsageError on an operator that is not known.

    >>> meets({"memory": "Prefers tea", "metadata": {"sure": 0.9}}, {"sure": {"gte": 0.5}})
    True
    """
    if depth > _DEEPEST:
        raise UsageError(f"filters are at most {_DEEPEST} deep")
    fields = {**(item.get("metadata") or {}), **{name: value for name, value in item.items() if name != "metadata"}}
    return all(_is_met(item, fields, name, wanted, depth) for name, wanted in filters.items())


def _is_met(item: Mapping[str, Any], fields: Mapping[str, Any], name: str, wanted: Any, depth: int) -> bool:
    if name in _JOINED:
        if not isinstance(wanted, list) or not wanted or not all(isinstance(one, Mapping) for one in wanted):
            raise UsageError(f"{name}: give a list of filters, as in [{{'user_id': 'ann'}}]")
        return _JOINED[name](meets(item, one, depth + 1) for one in wanted)
    if isinstance(wanted, Mapping):
        return all(comparison_named(str(one), COMPARISONS)(fields.get(name), given) for one, given in wanted.items())
    return fields.get(name) is not None if wanted == "*" else bool(fields.get(name) == wanted)
