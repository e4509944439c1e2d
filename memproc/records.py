"""The data: what a memory is, and what becomes of each record read.

`Memory` is what callers give and get. Everything beyond validation works on its *plain* form instead: a dictionary of JSON
values without the fields that say nothing, times as fixed-width UTC text. `encode` makes the one JSON text of it; that text
is what the store keeps, and its hash is the observation's key. So what validation accepts can be written back as read.

Rules: None, NaN, NaT and the like are no value, in any field: the default holds, and a field that is required is missing. Nor is
text that shows nothing, where a name should stand. Names have neither white space nor invisible characters at their ends: `"ann "`
is Ann.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError, PydanticUseDefault, to_jsonable_python

from memproc.config import DEEPEST
from memproc.times import parse_time, to_text
from memproc.values import UnreadableError, settled, shown

SCHEMA_VERSION = 1  # of the fields of `Memory`; what memproc writes is marked with it
CONTENT_LIMIT_CHARS = 1_000_000
METADATA_DEPTH_LIMIT = DEEPEST
EVENT_KINDS = frozenset({"message", "event"})
DEFAULT_NAMESPACE = "default"
SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1
_SCALARS = frozenset({str, int, float, bool, type(None)})  # JSON as they are
_IN_ORDER = (list, tuple)
# What programs write where there is no id.
NO_IDS = frozenset({"none", "nan", "null", "n/a", "-", "nat", "<na>", "undefined", "na", "#n/a", "nil", "(null)"})


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


def _said(value: object) -> Any:
    """Return the plain value of a field. Where it says "no value", the field is as if it had not been given."""
    try:
        plain = settled(value, 2)
    except UnreadableError as error:
        raise PydanticCustomError(error.code, "{why}", {"why": str(error)}) from None
    if plain is None:
        raise PydanticUseDefault
    return plain


def _to_text(value: object) -> object:
    """Return a text; pydantic judges what is none."""
    if type(value) is str:
        return storable_text(value)
    plain = _said(value)
    if isinstance(plain, bytes):
        try:
            plain = plain.decode()
        except UnicodeDecodeError:
            raise PydanticKnownError("string_unicode") from None
    return storable_text(plain) if isinstance(plain, str) else plain


def _to_name(value: object) -> object:
    """Return a name as it is compared; one that shows nothing is none."""
    if type(value) is str and value.isascii() and value.isprintable() and value == value.strip() != "":  # most are
        return value
    text = _to_text(value)
    if not isinstance(text, str):
        return text
    if not (name := shown(text)):
        raise PydanticUseDefault
    return name


def _to_id(value: object) -> object:
    """Return an id as text; a word by which programs say that there is none is none."""
    plain = value if type(value) is str else _said(value)
    name = _to_name(str(plain) if type(plain) is int else plain)
    if isinstance(name, str) and name.lower() in NO_IDS:
        raise PydanticUseDefault
    return name


def _to_tag(value: object) -> object:
    """Return a tag as it is compared; one that shows nothing is empty, and is taken out when all have been looked at."""
    try:
        return _to_name(value)
    except PydanticUseDefault:
        return ""


def _to_time(value: object) -> object:
    try:
        moment = parse_time(value)
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("date_unparsable", "{why}", {"why": str(error)}) from None
    if moment is None:
        raise PydanticUseDefault
    return moment


def _to_number(value: object) -> object:
    return value if type(value) is float and value == value else _said(value)  # noqa: PLR0124 - NaN differs from itself


def _to_list(value: object) -> object:
    """Return a list; of a set a sorted one, so that the same set gives the same record. An iterator is none: it can be read only
    once.
    """
    plain = value if type(value) in (list, tuple) else _said(value)
    if isinstance(plain, set | frozenset):
        return sorted(plain) if all(isinstance(item, str) for item in plain) else list(plain)
    if not isinstance(plain, list | tuple):
        raise PydanticKnownError("tuple_type")
    return plain


def _without_empty(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tags if all(tags) else tuple(filter(None, tags))


def _to_object(value: object) -> object:
    """Return an object or a model of pydantic's as it is, of anything else the plain value."""
    return value if type(value) is dict or isinstance(value, BaseModel) else _said(value)


def _to_json(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object as it can be kept: as it is where it is JSON, else with the plain values of what is in it."""
    try:
        return storable_json(value)  # type: ignore[no-any-return]
    except PydanticCustomError as error:
        if error.type != "not_json":
            raise
        return storable_json(_said(value))  # type: ignore[no-any-return]


Content = Annotated[str, StringConstraints(min_length=1, max_length=CONTENT_LIMIT_CHARS, pattern=r"\S"), BeforeValidator(_to_text)]
_Text = Annotated[str, StringConstraints(max_length=1_000)]
Name = Annotated[_Text, BeforeValidator(_to_name)]
Id = Annotated[_Text, BeforeValidator(_to_id)]
Tags = Annotated[tuple[Annotated[_Text, BeforeValidator(_to_tag)], ...], BeforeValidator(_to_list), AfterValidator(_without_empty)]
Time = Annotated[datetime, BeforeValidator(_to_time)]
Share = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False), BeforeValidator(_to_number)]
Pole = Annotated[float, Strict(), Field(ge=-1, le=1, allow_inf_nan=False), BeforeValidator(_to_number)]
Json = Annotated[dict[str, Any], BeforeValidator(_to_object), AfterValidator(_to_json)]


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

    id: Id | None = None
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
    tags: Tags = ()
    importance: Share | None = None
    emotion: Annotated[EmotionalContext, BeforeValidator(_to_object)] | None = None
    relations: Annotated[tuple[Relation, ...], BeforeValidator(_to_list)] = ()
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


class Given(NamedTuple):
    """A memory that came as an object, as it was then: its class, its plain form, which holds whatever the object held, and whether
    somebody said its namespace.
    """

    schema: type[Memory]
    record: Plain
    has_namespace: bool


def given(memory: Memory) -> Given:
    """Return an object as it is at this moment. It may hold anything, and raise anything: nothing here was checked."""
    record = settled(plain_fields(settled(_fields_of(memory))))
    has_namespace = "namespace" in memory.model_fields_set or record.get("namespace") != DEFAULT_NAMESPACE
    return Given(type(memory), record, has_namespace)


def plain(memory: Memory) -> Plain:
    """Return the memory's fields as JSON values, without those that are None or empty.

    >>> plain(Memory(content="Prefers tea", tags=["drinks"]))
    {'content': 'Prefers tea', 'namespace': 'default', 'kind': 'fact', 'tags': ['drinks']}
    """
    return plain_fields(_fields_of(memory))


def _fields_of(memory: Memory) -> dict[str, Any]:
    """Return the fields of a memory, with those that only a class which allows any knows."""
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
    if depth > METADATA_DEPTH_LIMIT:  # the values of a field of a subclass may be nested in anything
        raise PydanticCustomError("nested_too_deep", "is nested deeper than {limit}", {"limit": METADATA_DEPTH_LIMIT})
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
