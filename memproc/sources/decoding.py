"""JSON bytes as values, with nothing lost.

Rule: integers beyond 64 bits and names given twice would be lost in decoding without a word, so both are looked for in the bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from memproc.records import Fault
from memproc.sources.counting import depth_of
from memproc.sources.items import Item, Piece
from memproc.validation import excerpt, fault

DEEPEST_LEVELS = 500  # values nested deeper are refused without looking into them
_NAME_END = re.compile(rb'"\s*+:')
_LEAST_DOUBTFUL = 2.0**63
_NEVER_FOUND = -1


def item_of(piece: Piece) -> Item:
    """Return the item of a piece."""
    return decode(piece) if isinstance(piece, bytes) else piece


def exact_value(raw: bytes) -> object:
    """Return the value of JSON bytes, or None if they are invalid or decoding may lose something: then `decode` finds out."""
    try:
        value = orjson.loads(raw)
        names = _names_to_find(value)
        return value if raw.count(b":") == names or len(_NAME_END.findall(raw)) == names else None
    except Exception:  # noqa: BLE001 - `decode` reports it
        return None


def decode(raw: bytes) -> Item:
    """Return the item of JSON bytes: its value, or the fault that prevents decoding it."""
    if (value := exact_value(raw)) is not None:
        return Item(value, raw)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return Item(None, raw, _not_finite(raw) or _invalid(error))
    return _too_deep(raw) if _names_to_find(value) is None else _decode_exactly(raw)


def _invalid(error: ValueError | RecursionError) -> Fault:
    """Return the fault of invalid JSON. The position is the value: it differs between records with the same mistake."""
    if not isinstance(error, json.JSONDecodeError):
        return fault("", "json_invalid", "no valid JSON: ", str(error))
    where = f"line {error.lineno} column {error.colno} (char {error.pos})"
    return fault("", "json_invalid", f"no valid JSON: {error.msg}: ", where)


def _too_deep(raw: bytes) -> Item:
    return Item(None, raw, fault("", "nested_too_deep", f"is nested deeper than {DEEPEST_LEVELS} levels"))


def _not_finite(raw: bytes) -> Fault | None:
    """Return the fault of bytes that are JSON except for NaN and infinities, as Python writes them; otherwise None."""
    if b"NaN" not in raw and b"Infinity" not in raw:
        return None
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return fault("", "finite_number", "holds NaN or an infinity")


def _names_to_find(value: Any) -> int | None:
    """Return how many names the bytes must hold if decoding lost none. An impossible number if a float may have been an integer
    beyond 64 bits, which orjson silently turns into one. None if the value is nested too deeply.
    """
    names, is_doubtful = 0, False
    holders: list[Any] = [[value]]
    for some in holders:
        is_object = some.__class__ is dict
        names += len(some) if is_object else 0
        for item in some.values() if is_object else some:
            kind = item.__class__
            if kind is str:
                continue
            if kind is dict or kind is list:
                holders.append(item)
            elif kind is float and not -_LEAST_DOUBTFUL < item < _LEAST_DOUBTFUL:
                is_doubtful = True
    if len(holders) > DEEPEST_LEVELS and depth_of(value) > DEEPEST_LEVELS:
        return None
    return _NEVER_FOUND if is_doubtful else names


class _DuplicatedError(ValueError):
    pass


def _decode_exactly(raw: bytes) -> Item:
    """Decode slowly, with exact integers and repeated names detected."""
    try:
        value = json.loads(raw, object_pairs_hook=_without_repeats)
    except _DuplicatedError as error:
        return Item(None, raw, fault("", "duplicate_name", "the name ", excerpt(str(error)), " is given twice"))
    except (ValueError, RecursionError) as error:
        return Item(None, raw, _invalid(error))
    return _too_deep(raw) if depth_of(value) > DEEPEST_LEVELS else Item(value, raw)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise _DuplicatedError(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return found
