"""What a memory is: its fields, version 1 of the schema, and the two models inside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from memproc.classes import define
from memproc.errors import UsageError
from memproc.records.emotions import emotion_of, on_own_scale
from memproc.records.fields import Content, Id, Json, Name, Pole, Share, Tags, Time, to_list, to_object
from memproc.records.versions import VERSION_FIELD, Step, check_migrations

SCHEMA_VERSION = 1  # of the fields of `Memory`; what memproc writes is marked with it
EVENT_KINDS = frozenset({"message", "event"})
DEFAULT_NAMESPACE = "default"


class EmotionalContext(BaseModel):
    """How the subject felt: a label from a vocabulary, and the dimensions of Mehrabian and Russell (1974).

    `valence` (pleasure), `arousal` and `dominance` are in -1..1, `intensity` and `confidence` in 0..1. Arousal is not intensity:
    grief is intense and low in arousal. Numbers on another scale are converted when `vocabulary` names it: `emotionml`, `sam`,
    `anew`, `shodh` or `percent`; it is `pad` then.

    >>> EmotionalContext(vocabulary="anew", valence=7.2).valence
    0.55
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    _converted = model_validator(mode="before")(staticmethod(on_own_scale))

    label: Name | None = None
    vocabulary: Name | None = None
    valence: Pole | None = None
    arousal: Pole | None = None
    dominance: Pole | None = None
    intensity: Share | None = None
    confidence: Share | None = None
    source: Literal["user", "model", "lexicon", "import"] | None = None


class Relation(BaseModel):
    """A link from a memory to another memory, an entity or something external; kept as given, resolved when read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Name
    target: Name
    target_kind: Literal["memory", "entity", "external"] = "memory"
    weight: Share | None = None
    valid_from: Time | None = None
    valid_to: Time | None = None


class Memory(BaseModel):
    """A memory, schema version 1. Subclass it to add fields and rules; they survive the round trip.

    `id` is the caller's own. Times are aware UTC. The kinds "message" and "event" are events, any other kind is a fact. Values out
    of range are rejected, never clamped.

    A subclass whose fields have changed since records were stored has `migrations`: for each earlier version a function of a
    record of that version, a dictionary, that returns the record of the next. Its field `schema_version` holds the newest.

    >>> Memory(content="Prefers tea", created_at="2025-01-15T10:00:00+02:00").created_at.isoformat()
    '2025-01-15T08:00:00+00:00'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    migrations: ClassVar[Mapping[int, Step]] = {}

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
    emotion: Annotated[EmotionalContext, BeforeValidator(to_object), BeforeValidator(emotion_of)] | None = None
    relations: Annotated[tuple[Relation, ...], BeforeValidator(to_list)] = ()
    metadata: Json = Field(default_factory=dict)

    @classmethod
    def __pydantic_init_subclass__(cls, **given: Any) -> None:
        """Tell of the new class whoever wants to know, and check its migrations. Raises UsageError."""
        super().__pydantic_init_subclass__(**given)
        define(cls)
        if not cls.migrations:
            return
        if VERSION_FIELD not in cls.model_fields:
            newest = max(cls.migrations) + 1
            raise UsageError(f"{cls.__name__} has migrations: give it the field {VERSION_FIELD}: int = {newest}")
        check_migrations(cls.__name__, cls.migrations, cls.model_fields[VERSION_FIELD].default)


for _class in (EmotionalContext, Relation, Memory):
    define(_class)

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    M = TypeVar("M", bound=Memory, default=Memory)
else:
    from typing import TypeVar

    M = TypeVar("M", bound=Memory)
