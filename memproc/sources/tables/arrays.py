"""Arrays and scalars of NumPy in pickles, made by what stands in for NumPy's own functions.

Facts: NumPy trusts a pickle. It takes a type from it whose fields may lie anywhere, and with objects in them: bytes of the pickle
then are addresses that it follows. What an array is made of are a type, a shape, and bytes, or a list where it holds objects.

Rules: a type of NumPy is never made from what the pickle says, but from a letter, a size, an order and a unit, each looked at.
There are no types with fields, and none within another. Bytes have to be as many as type and shape ask for. An array of objects is
filled from a list, one by one. A pickle gets nothing of NumPy in its hands: a `Held` stands for each array, until it is read.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from memproc.sources.tables.kinds import ForbiddenError

MOST_DIMENSIONS = 32
_CODE = re.compile(r"[biufcSUMmO]\d{1,9}")
_ORDERS = frozenset("<>|=")
_UNITS = frozenset(("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "generic"))
_STATES_OF_TYPE, _STATES_OF_TIME = (8,), (9,)  # how many parts the state of a type has
_PARTS_OF_ARRAY = 5
_OBJECTS = "O"


class _Type:
    """A type of NumPy as a pickle tells it: a code, then an order and for times a unit."""

    def __init__(self, code: str) -> None:
        self._code, self._order, self._unit = code, "=", ""

    def __setstate__(self, state: Any) -> None:
        is_known = type(state) is tuple and len(state) in (*_STATES_OF_TYPE, *_STATES_OF_TIME)
        if not is_known or state[1] not in _ORDERS or any(one is not None for one in state[2:5]):
            raise ForbiddenError("holds an array of a type with fields, or of an unknown one: save it as lists")
        self._order = state[1]
        if len(state) in _STATES_OF_TIME:
            self._unit = _unit_of(state[8])

    @property
    def has_objects(self) -> bool:
        """Return whether the values are objects."""
        return self._code[0] == _OBJECTS

    def made(self) -> np.dtype[Any]:
        """Return the type itself. It holds no objects."""
        if self.has_objects:
            raise ForbiddenError("holds objects of NumPy where numbers or texts belong")
        order = "=" if self._order == "|" else self._order
        return np.dtype(order + (f"{self._code[0]}8{self._unit}" if self._code[0] in "Mm" else self._code))


class Held:
    """An array that a pickle holds."""

    def __init__(self) -> None:
        self._values: np.ndarray[Any, Any] = np.ndarray((0,), "i1")

    def __setstate__(self, state: Any) -> None:
        """Take what the array is made of. Raises ForbiddenError if that does not fit together."""
        if type(state) is not tuple or len(state) != _PARTS_OF_ARRAY:
            raise ForbiddenError("holds an array in a form that is not known")
        _, shape, kind, is_by_column, content = state
        self._values = _filled(shape, kind, content, "F" if is_by_column is True else "C")

    @property
    def dtype(self) -> Any:
        """Return the type of the values."""
        return self._values.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Return how many values there are, by dimension."""
        return tuple(self._values.shape)

    @property
    def ndim(self) -> int:
        """Return how many dimensions there are."""
        return self._values.ndim

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._values)

    def astype(self, kind: str) -> np.ndarray[Any, Any]:
        """Return the values in another type."""
        return self._values.astype(kind)

    def tolist(self) -> Any:
        """Return the values in lists."""
        return self._values.tolist()

    def array(self) -> np.ndarray[Any, Any]:
        """Return the array."""
        return self._values


def type_of(code: object, *_: object) -> _Type:
    """Stand in for `dtype`."""
    if type(code) is not str or not _CODE.fullmatch(code):
        raise ForbiddenError("holds an array of a type that is no number, text or time: save it as lists")
    return _Type(code)


def empty_array(*_: object) -> Held:
    """Stand in for `_reconstruct`: what is in the array is told later."""
    return Held()


def array_from(content: object, kind: object, shape: object, order: object = "C", *_: object) -> Held:
    """Stand in for `_frombuffer`."""
    held = Held()
    if order not in ("C", "F"):
        raise ForbiddenError("holds an array in an order that is not known")
    held.__setstate__((1, shape, kind, order == "F", content))
    return held


def scalar_from(kind: object, content: object = b"") -> Any:
    """Stand in for `scalar`."""
    return _filled((), kind, content, "C")[()]


def _filled(shape: object, kind: object, content: Any, order: Any) -> np.ndarray[Any, Any]:
    if type(shape) is not tuple or not all(type(size) is int and size >= 0 for size in shape) or len(shape) > MOST_DIMENSIONS:
        raise ForbiddenError("holds an array of a shape that is not known")
    if type(kind) is not _Type:
        raise ForbiddenError("holds an array without a type")
    count = math.prod(shape)
    if kind.has_objects:
        if type(content) is not list or len(content) != count:
            raise ForbiddenError("holds an array of objects that are not as many as it says")
        values = np.empty(count, object)
        for at, value in enumerate(content):
            values[at] = value
        return values.reshape(shape)  # NumPy writes objects row by row, however they lie
    made = kind.made()
    if type(content) not in (bytes, bytearray) or len(content) != count * made.itemsize or (count and not made.itemsize):
        raise ForbiddenError("holds an array whose bytes are not as many as it says")
    return np.ndarray(shape, made, bytes(content), order=order)


def _unit_of(told: Any) -> str:
    """Return the unit of a time, as in `[ns]`, of what NumPy keeps in the state of its type."""
    parts = told[1] if type(told) is tuple and len(told) == 2 else None  # noqa: PLR2004 - other metadata, and the unit
    if type(parts) is not tuple or len(parts) < 2 or type(parts[0]) not in (bytes, str) or type(parts[1]) is not int:  # noqa: PLR2004
        raise ForbiddenError("holds times in a unit that is not known")
    unit = parts[0].decode("latin1") if isinstance(parts[0], bytes) else parts[0]
    if unit not in _UNITS or not 0 < parts[1] < 1 << 31:
        raise ForbiddenError("holds times in a unit that is not known")
    return "" if unit == "generic" else f"[{parts[1]}{unit}]"
