"""Pickles read as data: nothing that they name is imported or called.

Facts: a few bytes can make the unpickler that is written in C take all memory there is, by the number of what it is to keep in
mind. The one in Python keeps it in a dictionary; it takes some 0.3 ms for a vector of 768 numbers. What a pickle holds once it may
name many times, so a short one can stand for more values than there is memory for.

Strategy: each class or function that a pickle names is replaced by one inert class, whose objects keep the state that is set on
them and do nothing. Only the few plain types below are themselves, as making them has no effect. A pickle of more values than it
has bytes is refused.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from typing import Any, Self

_PLAIN = frozenset(
    (("datetime", "datetime"), ("datetime", "date"), ("datetime", "timedelta"), ("datetime", "timezone"), ("uuid", "UUID"))
)


class Inert:
    """An object of any class: `state` is what was set on it."""

    state: Any = None

    def __new__(cls, *_args: object, **_named: object) -> Self:
        """Make it, whatever it is to be made of."""
        return object.__new__(cls)

    def __setstate__(self, state: object) -> None:
        """Keep the state."""
        self.state = state

    def append(self, item: object) -> None:
        """Take an item of a list of a class, and forget it."""

    def add(self, item: object) -> None:
        """Take an item of a set of a class, and forget it."""

    def extend(self, items: object) -> None:
        """Take items of a list of a class, and forget them."""

    def __setitem__(self, name: object, value: object) -> None:
        """Take an item of a mapping of a class, and forget it."""


class _Unpickler(pickle._Unpickler):  # noqa: SLF001 - the one in Python has no other name
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name) if (module, name) in _PLAIN else Inert


def unpickled(raw: bytes) -> Any:
    r"""Return what a pickle holds, objects of classes as `Inert`. Raises what pickle raises on bytes that are none, and
    ValueError on too few for what they hold.

    >>> unpickled(b"cos\nsystem\n(S'echo spoilt'\ntR.").state is None
    True
    """
    found = _Unpickler(io.BytesIO(raw)).load()
    _check_size(found, len(raw))
    return found


def _check_size(found: object, most: int) -> None:
    """Raise ValueError if there are more values in a value than that."""
    waiting: list[Iterator[object]] = [iter((found,))]
    while waiting:
        for value in waiting.pop():
            most -= 1
            if most < 0:
                raise ValueError("holds more values than bytes")
            inner = value.state if isinstance(value, Inert) else value
            if isinstance(inner, dict):
                waiting += [iter(inner), iter(inner.values())]
            elif isinstance(inner, list | tuple | set | frozenset):
                waiting.append(iter(inner))
