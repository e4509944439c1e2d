"""The plain form of a memory: a dictionary of JSON values without empty fields, and the one JSON text of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from memproc.records.memory import DEFAULT_NAMESPACE, EVENT_KINDS, Memory
from memproc.records.storable import METADATA_DEPTH_LIMIT
from memproc.times import to_text
from memproc.values import settled

_SCALARS = frozenset({str, int, float, bool, type(None)})  # JSON as they are
_IN_ORDER = (list, tuple)
Plain = dict[str, Any]


class Given(NamedTuple):
    """A memory that was given as an object, as it was at that moment: its class, its plain form (unchecked), and whether its
    namespace was set by the caller.
    """

    schema: type[Memory]
    record: Plain
    has_namespace: bool


def given(memory: Memory) -> Given:
    """Return a memory object as it is at this moment. Nothing of it is checked, so it may hold anything, and reading may raise."""
    record = settled(plain_fields(settled(_fields_of(memory))))
    has_namespace = "namespace" in memory.model_fields_set or record.get("namespace") != DEFAULT_NAMESPACE
    return Given(type(memory), record, has_namespace)


def plain(memory: Memory) -> Plain:
    """Return the fields of a memory as JSON values, without those that are None or empty.

    >>> plain(Memory(content="Prefers tea", tags=["drinks"]))
    {'content': 'Prefers tea', 'namespace': 'default', 'kind': 'fact', 'tags': ['drinks']}
    """
    return plain_fields(_fields_of(memory))


def _fields_of(memory: Memory) -> dict[str, Any]:
    """Return the fields of a memory, with the extra ones that its class may allow."""
    more = memory.__pydantic_extra__
    return {**memory.__dict__, **more} if more else memory.__dict__


def plain_fields(fields: Mapping[str, Any]) -> Plain:
    """Return fields as JSON values, without those that are None or empty."""
    record: Plain = {}
    for name, value in fields.items():
        if value is None:
            continue
        kind = value.__class__
        if kind in _SCALARS:
            record[name] = value
        elif kind is datetime:
            record[name] = to_text(value)
        elif value not in ((), {}):
            said = value if name == "metadata" and kind is dict else _plain_value(value)
            if said not in ({}, []):  # an emotion without a field, an empty set
                record[name] = said
    return record


def _plain_value(value: object, depth: int = 1) -> object:  # noqa: PLR0911 - one return a kind of value
    if value.__class__ in _SCALARS:
        return value
    if isinstance(value, datetime):
        return to_text(value)
    if depth > METADATA_DEPTH_LIMIT:  # as a field of a subclass may be; the gate refuses it with its path
        return value
    if isinstance(value, _IN_ORDER):
        return [item if item.__class__ is str else _plain_value(item, depth + 1) for item in value]
    if isinstance(value, BaseModel):
        return {name: _plain_value(item, depth + 1) for name, item in value.__dict__.items() if item is not None}
    if isinstance(value, set | frozenset):
        return sorted([_plain_value(item, depth + 1) for item in value], key=encode)
    if isinstance(value, dict):
        return {str(name): _plain_value(item, depth + 1) for name, item in value.items()}
    return to_jsonable_python(value)


def is_mapping(value: object) -> bool:
    """Return whether a value is a mapping; False if asking raises."""
    try:
        return isinstance(value, (dict, Mapping))  # the plain case first: an abstract class is slow to ask
    except Exception:  # noqa: BLE001 - it is of a class of the caller's
        return False


def encode(value: object) -> bytes:
    """Return the canonical JSON of a plain value: keys sorted, UTF-8, no spaces.

    >>> encode({"b": 1, "a": "ä"}).decode()
    '{"a":"ä","b":1}'
    """
    return b"".join((orjson.dumps(value, option=orjson.OPT_SORT_KEYS), b""))  # a copy: the bytes of orjson occupy at least 4 KiB


def last_changed(record: Plain) -> str | None:
    """Return when a plain record was last changed, or else created, as fixed-width UTC text."""
    return record.get("updated_at") or record.get("created_at")


def is_event(record: Plain) -> bool:
    """Return whether a plain record is an event; otherwise it is a fact."""
    return record.get("kind") in EVENT_KINDS
