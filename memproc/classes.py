"""The classes of memories and of their parts, as they are defined: who wants to know of each is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

_Tell = Callable[[type[Any]], object]
_defined: WeakSet[type[Any]] = WeakSet()
_told: list[_Tell] = []


def define(defined: type[Any]) -> None:
    """Tell of a class that was defined."""
    _defined.add(defined)
    for tell in _told:
        tell(defined)


def tell_of_classes(tell: _Tell) -> None:
    """Call a function with each class that is defined already, and with each that will be; once, however often this is called."""
    if tell not in _told:
        _told.append(tell)
        for defined in [*_defined]:
            tell(defined)
