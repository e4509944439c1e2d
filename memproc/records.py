"""The data: what a memory is, and what becomes of each record read.

`Memory` is what callers give and get. Everything beyond validation works on its *plain* form instead: a dictionary of JSON
values without the fields that say nothing, times as fixed-width UTC text. `encode` makes the one JSON text of it; that text
is what the store keeps, and its hash is the observation's key. So what validation accepts can be written back as read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints
from pydantic_core import PydanticCustomError, PydanticUseDefault, to_jsonable_python

from memproc.config import DEEPEST
from memproc.times import parse_time, to_text

CONTENT_LIMIT_CHARS = 1_000_000
METADATA_DEPTH_LIMIT = DEEPEST
EVENT_KINDS = frozenset({"message", "event"})
DEFAULT_NAMESPACE = "default"
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
            value.encode()
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


def _to_time(value: object) -> object:
    try:
        moment = parse_time(value)
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("date_unparsable", "{why}", {"why": str(error)}) from None
    if moment is None:
        raise PydanticUseDefault
    return moment


def _in_order(value: object) -> object:
    """Return a set as a sorted list, so that the same set gives the same record."""
    return sorted(value) if isinstance(value, set | frozenset) and all(isinstance(item, str) for item in value) else value


def _id_to_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Content = Annotated[
    str, StringConstraints(min_length=1, max_length=CONTENT_LIMIT_CHARS, pattern=r"\S"), AfterValidator(storable_text)
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=1_000), AfterValidator(storable_text)]
Time = Annotated[datetime, BeforeValidator(_to_time)]
Share = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]
Pole = Annotated[float, Strict(), Field(ge=-1, le=1, allow_inf_nan=False)]
Json = Annotated[dict[str, Any], AfterValidator(storable_json)]


class EmotionalContext(BaseModel):
    """How the subject felt: a label from some vocabulary, and the dimensions of Mehrabian and Russell (1974).

    `valence` (pleasure), `arousal` and `dominance` lie in -1..1, `intensity` and `confidence` in 0..1. Arousal is not
    intensity: grief is intense and low in arousal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Name | None = None
    vocabulary: Name | None = None
    valence: Pole | None = None
    arousal: Pole | None = None
    dominance: Pole | None = None
    intensity: Share | None = None
    confidence: Share | None = None
    source: Literal["user", "model", "lexicon", "import"] | None = None


class Relation(BaseModel):
    """A link from a memory to another memory, an entity or something outside; kept as given, resolved when read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Name
    target: Name
    target_kind: Literal["memory", "entity", "external"] = "memory"
    weight: Share | None = None
    valid_from: Time | None = None
    valid_to: Time | None = None


class Memory(BaseModel):
    """What should be remembered, schema version 1. Subclass it to add fields and rules; they survive the round trip.

    `id` is the caller's own. Times are aware UTC. `kind` "message" and "event" are events, anything else is a fact.
    Out of range is rejected, never clamped.

    >>> Memory(content="Prefers tea", created_at="2025-01-15T10:00:00+02:00").created_at.isoformat()
    '2025-01-15T08:00:00+00:00'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[Name, BeforeValidator(_id_to_text)] | None = None
    content: Content
    namespace: Name = DEFAULT_NAMESPACE
    source: Name | None = None
    subject: Name | None = None
    conversation: Name | None = None
    kind: Name = "fact"
    created_at: Time | None = None
    updated_at: Time | None = None
    valid_from: Time | None = None
    valid_to: Time | None = None
    tags: Annotated[tuple[Name, ...], BeforeValidator(_in_order)] = ()
    importance: Share | None = None
    emotion: EmotionalContext | None = None
    relations: tuple[Relation, ...] = ()
    metadata: Json = Field(default_factory=dict)


class Outcome(StrEnum):
    """What became of a record read: exactly one of these."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    MERGED = "merged"
    QUARANTINED = "quarantined"


class Fault(NamedTuple):
    """One thing that is wrong with a record: where, what, and how to mend it. `traceback` is that of an exception in code of the
    caller's or of memproc's, where the settings ask for it; else empty.
    """

    path: str
    code: str
    message: str
    hint: str
    traceback: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the fields that say something, as JSON values."""
        return {name: value for name, value in self._asdict().items() if name != "traceback" or value}


class Rejected(NamedTuple):
    """A record that could not be taken."""

    category: str
    faults: tuple[Fault, ...]
    raw: bytes


Plain = dict[str, Any]


def plain(memory: Memory) -> Plain:
    """Return the memory's fields as JSON values, without those that are None or empty.

    >>> plain(Memory(content="Prefers tea", tags=["drinks"]))
    {'content': 'Prefers tea', 'namespace': 'default', 'kind': 'fact', 'tags': ['drinks']}
    """
    record: Plain = {}
    for name, value in memory.__dict__.items():
        kind = value.__class__
        if kind is str:
            record[name] = value
        elif kind is datetime:
            record[name] = to_text(value)
        elif value is not None and value not in ((), {}):
            said = value if name == "metadata" else _plain_value(value)
            if said not in ({}, []):  # an emotion without a field, an empty set
                record[name] = said
    return record


def _plain_value(value: object, depth: int = 1) -> object:
    if isinstance(value, datetime):
        return to_text(value)
    if depth > METADATA_DEPTH_LIMIT:  # the values of a field of a subclass may be nested in anything
        raise PydanticCustomError("nested_too_deep", "is nested deeper than {limit}", {"limit": METADATA_DEPTH_LIMIT})
    if isinstance(value, BaseModel):
        return {name: _plain_value(item, depth + 1) for name, item in value.__dict__.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain_value(item, depth + 1) for item in value]
    if isinstance(value, set | frozenset):
        return sorted([_plain_value(item, depth + 1) for item in value], key=encode)
    if isinstance(value, dict):
        return {str(name): _plain_value(item, depth + 1) for name, item in value.items()}
    return to_jsonable_python(value)


def is_mapping(value: object) -> bool:
    """Tell whether a value is a mapping; one that raises when it is asked for its class is none."""
    try:
        return isinstance(value, (dict, Mapping))  # the plain case first: an abstract class is slow to ask
    except Exception:  # noqa: BLE001 - it is of a class of the caller's
        return False


def encode(value: object) -> bytes:
    """Return the one JSON text of a plain value: keys sorted, UTF-8, no spaces.

    >>> encode({"b": 1, "a": "ä"}).decode()
    '{"a":"ä","b":1}'
    """
    return b"".join((orjson.dumps(value, option=orjson.OPT_SORT_KEYS), b""))  # a copy: what orjson gives takes 4 KiB at least


def last_changed(record: Plain) -> str | None:
    """Return when a plain record says it was last changed, else made, as fixed-width UTC text."""
    return record.get("updated_at") or record.get("created_at")


def is_event(record: Plain) -> bool:
    """Tell whether a plain record is an event (else it is a fact)."""
    return record.get("kind") in EVENT_KINDS
