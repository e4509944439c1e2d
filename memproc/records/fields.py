"""The types of the fields of a memory: what each accepts, and how it is read.

Rules: None, NaN, NaT and the like are no value in any field: the default holds, and a required field is missing. Text that shows
nothing is no value where a name belongs. Names lose white space and invisible characters at both ends: `"ann "` is Ann.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, Strict, StringConstraints, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError, PydanticUseDefault

from memproc.records.storable import storable_json, storable_text, unstorable_in
from memproc.times import FIRST_EPOCH, LAST_EPOCH, UNITS_PER_SECOND, parse_time, parts_of
from memproc.values import UnreadableError, as_json, number_of, settled, settled_if_readable, shown, text_of_number

CONTENT_LIMIT_CHARS = 1_000_000
# What programs write for "no id".
NO_IDS = frozenset({"none", "nan", "null", "n/a", "-", "nat", "<na>", "undefined", "na", "#n/a", "nil", "(null)"})


def _said(value: object) -> Any:
    """Return the plain value of a field. If it means "no value", the field counts as not given."""
    try:
        plain = settled(value, 2)
    except UnreadableError as error:
        raise PydanticCustomError(error.code, "{why}", {"why": str(error)}) from None
    if plain is None:
        raise PydanticUseDefault
    return plain


def _to_text(value: object) -> object:
    """Return text unchanged, bytes decoded; pydantic judges anything else."""
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
    """Return a name in the form in which names are compared. A name without a visible character counts as not given."""
    if type(value) is str and value.isascii() and value.isprintable() and value == value.strip() != "":  # most are
        return value
    text = _to_text(value)
    if not isinstance(text, str):
        return text
    if not (name := shown(text)):
        raise PydanticUseDefault
    return name


def _to_id(value: object) -> object:
    """Return an id as text, a whole number as that of its integer. A word that programs write for "no id" counts as not given."""
    plain = value if type(value) is str else _said(value)
    if isinstance(plain, float) and (text := text_of_number(plain)).removeprefix("-").isdigit():
        plain = text
    name = _to_name(str(plain) if isinstance(plain, int | UUID) and not isinstance(plain, bool) else plain)
    if isinstance(name, str) and name.lower() in NO_IDS:
        raise PydanticUseDefault
    return name


def _to_tag(value: object) -> object:
    """Return a tag in the form in which tags are compared. One without a visible character is empty, and is dropped later."""
    try:
        return _to_name(value)
    except PydanticUseDefault:
        return ""


def _to_time(value: object) -> object:
    try:
        moment = parse_time(value)
    except (ValueError, OverflowError) as error:
        before, shown_value, after = parts_of(error)
        two = getattr(error, "has_two_readings", False)
        context = {"why": str(error), "before": before, "value": shown_value, "after": after, "has_two_readings": two}
        raise PydanticCustomError("date_unparsable", "{why}", context) from None
    if moment is None:
        raise PydanticUseDefault
    return moment


def _to_number(value: object) -> object:
    if type(value) is float and value == value:  # noqa: PLR0124 - NaN differs from itself
        return value
    plain = _said(value)
    return number_of(plain) if isinstance(plain, Decimal) else plain


def to_list(value: object) -> object:
    """Return a list unchanged, a set sorted, so that equal sets give equal records. An iterator is refused: it can be read only
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


def to_object(value: object) -> object:
    """Return a dictionary or a pydantic model unchanged, of anything else the plain value."""
    return value if type(value) is dict or isinstance(value, BaseModel) else _said(value)


def _to_json(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object in a form that can be kept: unchanged if it is JSON, otherwise with plain values inside.

    Raises ValidationError with everything that cannot be kept, each with its path.
    """
    try:
        return storable_json(value)  # type: ignore[no-any-return]
    except PydanticCustomError as error:
        settle = _said if error.type == "not_json" else settled_if_readable
        plain = as_json(settle(value)) if error.type == "not_json" else settle(value)
    if not (found := unstorable_in(plain)):
        return plain  # type: ignore[no-any-return]
    errors = [InitErrorDetails(type=one.why, loc=one.place, input=one.value) for one in found]
    raise ValidationError.from_exception_data("Json", errors)


# What these types accept, for a JSON Schema: less than they do, as no pattern has every form of a date.
NAME_PATTERN = "^[^\\u0000]*$"
_NAME = {"type": "string", "maxLength": 1_000, "pattern": NAME_PATTERN}
_DAY = "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
_LEAP_YEAR = "(?:[0-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[02468][48]|[2468]0|[13579][26])00)"
_CLOCK = r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
TIME_PATTERN = f"^(?!0000)(?:[0-9]{{4}}-{_DAY}|{_LEAP_YEAR}-02-29)(?:{_CLOCK})?$"
_EPOCHS = [{"type": "number", "minimum": FIRST_EPOCH * units, "maximum": LAST_EPOCH * units} for units in UNITS_PER_SECOND]
_TIME = {
    "description": "ISO 8601, in UTC if it has no offset, or an epoch number between 1980 and 2100.",
    "anyOf": [
        {"type": "string", "pattern": TIME_PATTERN, "examples": ["2025-01-31T12:00:00Z"]},
        *_EPOCHS,
    ],
}
ANY_JSON = {"$comment": "any JSON"}

Content = Annotated[str, StringConstraints(min_length=1, max_length=CONTENT_LIMIT_CHARS, pattern=r"\S"), BeforeValidator(_to_text)]
_Text = Annotated[str, StringConstraints(max_length=1_000)]
Name = Annotated[_Text, BeforeValidator(_to_name), WithJsonSchema(_NAME)]
Id = Annotated[_Text, BeforeValidator(_to_id), WithJsonSchema({"anyOf": [_NAME, {"type": "integer"}]})]
Tags = Annotated[tuple[Annotated[_Text, BeforeValidator(_to_tag)], ...], BeforeValidator(to_list), AfterValidator(_without_empty)]
Time = Annotated[datetime, BeforeValidator(_to_time), WithJsonSchema(_TIME)]
Share = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False), BeforeValidator(_to_number)]
Pole = Annotated[float, Strict(), Field(ge=-1, le=1, allow_inf_nan=False), BeforeValidator(_to_number)]
_OBJECT = {"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": ANY_JSON}
Json = Annotated[dict[str, Any], BeforeValidator(to_object), AfterValidator(_to_json), WithJsonSchema(_OBJECT)]
