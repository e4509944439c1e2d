"""Pickles read as data: nothing that they name is imported or called.

Strategy: each class or function that a pickle names is replaced by one inert class, whose objects keep the state that is set on
them and do nothing. Only the few plain types below are themselves, as making them has no effect.
"""

from __future__ import annotations

import io
import pickle
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


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name) if (module, name) in _PLAIN else Inert


def unpickled(raw: bytes) -> Any:
    r"""Return what a pickle holds, objects of classes as `Inert`. Raises what pickle raises on bytes that are none.

    >>> unpickled(b"cos\nsystem\n(S'echo spoilt'\ntR.").state is None
    True
    """
    return _Unpickler(io.BytesIO(raw)).load()
