"""What every database and JSON reader can keep: which texts and which JSON values."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticCustomError

from memproc.config import DEEPEST

METADATA_DEPTH_LIMIT = DEEPEST
SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1


def storable_text(text: str) -> str:
    """Return `text`; raise where no database would take it."""
    if "\0" in text:
        raise PydanticCustomError("nul_character", "holds a NUL character")
    return text


def storable_json(value: Any, depth: int = 1) -> Any:  # noqa: PLR0912 - one branch a kind of JSON value
    """Return `value`, JSON all through, as every database and JSON reader can keep it; raise otherwise."""
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
            if name.__class__ is not str:
                raise PydanticCustomError("not_json", "has a name that is not text")
            storable_json(name)
            storable_json(item, depth + 1)
        return value
    if value.__class__ in (list, tuple):
        for item in value:
            storable_json(item, depth + 1)
        return value
    raise PydanticCustomError("not_json", "holds a value of type {type} that JSON cannot say", {"type": type(value).__name__})
