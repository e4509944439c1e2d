"""What every database and JSON reader can keep: which texts and which JSON values."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic_core import PydanticCustomError

from memproc.config import DEEPEST

METADATA_DEPTH_LIMIT = DEEPEST
SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1

Place = tuple[str | int, ...]  # names and positions that lead to a value inside another


class Unstorable(NamedTuple):
    """A value that cannot be kept: its place in the value that was looked into, the value itself, and why."""

    place: Place
    value: object
    why: PydanticCustomError


def storable_text(text: str) -> str:
    """Return `text`; raise where no database would take it."""
    if "\0" in text:
        raise PydanticCustomError("nul_character", "holds a NUL character")
    return text


def storable_json(value: Any, depth: int = 1) -> Any:
    """Return `value`, JSON all through, as every database and JSON reader can keep it; raise at the first that cannot be kept."""
    if value.__class__ is str:
        try:
            value.isascii() or value.encode()
        except UnicodeEncodeError:
            raise PydanticCustomError("string_unicode", "holds a lone surrogate") from None
        return storable_text(value)
    if value is None or isinstance(value, bool):
        return value
    if value.__class__ is int:
        if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
            raise PydanticCustomError("integer_too_large", "holds an integer beyond 64 bits")
        return value
    if value.__class__ is float:
        if value - value != 0:  # NaN and both infinities
            raise PydanticCustomError("finite_number", "holds NaN or an infinity")
        return value
    if depth > METADATA_DEPTH_LIMIT:
        raise PydanticCustomError("nested_too_deep", "is nested deeper than {limit}", {"limit": METADATA_DEPTH_LIMIT})
    if value.__class__ is dict:
        for name, item in value.items():
            storable_name(name)
            storable_json(item, depth + 1)
        return value
    if value.__class__ in (list, tuple):
        for item in value:
            storable_json(item, depth + 1)
        return value
    raise PydanticCustomError("not_json", "holds a value of type {type} that JSON cannot say", {"type": type(value).__name__})


def storable_name(name: object) -> None:
    """Raise where the name of a member of an object cannot be kept."""
    if name.__class__ is not str:
        raise PydanticCustomError("not_json", "has a name that is not text")
    storable_json(name)


def unstorable_in(value: Any) -> list[Unstorable]:
    """Return everything in a value that cannot be kept, in order.

    Bad names are reported once for each object and reason, at the place of the object; what is under them is not looked into.
    Values that are nested too deeply are reported once, at the first level.

    >>> [(found.place, found.why.type) for found in unstorable_in({"a": [1, 2**64], "b": float("inf")})]
    [(('a', 1), 'integer_too_large'), (('b',), 'finite_number')]
    """
    found: dict[tuple[Place, str], Unstorable] = {}
    _look_into(value, (), found)
    return [*found.values()]


def _look_into(value: Any, place: Place, found: dict[tuple[Place, str], Unstorable]) -> None:
    kind = value.__class__
    is_too_deep = len(place) >= METADATA_DEPTH_LIMIT
    if kind is dict and not is_too_deep:
        for name, item in value.items():
            try:
                storable_name(name)
            except PydanticCustomError as why:
                found.setdefault((place, why.type), Unstorable(place, value, why))
            else:
                _look_into(item, (*place, name), found)
    elif kind in (list, tuple) and not is_too_deep:
        for at, item in enumerate(value):
            _look_into(item, (*place, at), found)
    else:
        try:
            storable_json(value, len(place) + 1)
        except PydanticCustomError as why:
            where = place[:1] if why.type == "nested_too_deep" else place
            found.setdefault((where, why.type), Unstorable(where, value, why))
