"""How many names a value has, and how deeply it is nested."""

from __future__ import annotations

from itertools import chain
from typing import Any

_HOLDERS = (dict, list)


def count_names(value: Any) -> int:
    """Return how many names all objects in a value (an object or a list) have together."""
    names, inner = 0, [value]
    while inner:
        some = inner.pop()
        is_object = some.__class__ is dict
        names += len(some) if is_object else 0
        inner += [item for item in (some.values() if is_object else some) if item.__class__ in _HOLDERS]
    return names


def depth_of(value: Any) -> int:
    """Return how deeply a value is nested: the number of levels of objects and lists, itself included."""
    depth, level = 0, [value]
    while level := [holder for holder in level if holder.__class__ in _HOLDERS]:
        depth += 1
        level = [*chain.from_iterable(holder.values() if holder.__class__ is dict else holder for holder in level)]
    return depth
