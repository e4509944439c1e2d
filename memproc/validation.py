"""The gate: a mapping becomes a Memory, or all its faults at once, each with its place, a code and advice.

Nothing here raises on bad input. The advice is a table: a code not in it gets the general line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import islice
from traceback import format_exception, format_tb
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from memproc.records import (
    LARGEST_INTEGER,
    SMALLEST_INTEGER,
    EmotionalContext,
    Fault,
    Given,
    Memory,
    Plain,
    Relation,
    given,
    is_mapping,
    plain,
    storable_json,
)
from memproc.values import UnreadableError, is_blank, settled

EXCERPT_CHARS = 60
BEGINNING_CHARS = 30
GOT = ", got "
MORE_CELLS = "the row has more cells than the head"
MESSAGE_CHARS = 300
MOST_FAULTS = 100
MOST_KINDS = 3  # that are told of a field which may be of several
TRACEBACK_CHARS = 8_000
TRACEBACK_FRAMES = 40  # the last ones

INTERNAL_ERROR, READER_FAILED = OF_MEMPROC = ("internal_error", "reader_failed")
"""The codes of what is memproc's own fault, and no fault of the record."""

HINTS: dict[str, str] = {
    "missing": "give this field",
    "extra_forbidden": "put it under metadata, map it to a field, or add the field in a subclass of Memory",
    "string_type": "give text; a format or a mapping can convert it",
    "string_too_short": "give some text, or leave the field out",
    "string_too_long": "split the text into several memories",
    "model_type": "give an object with the fields listed",
    "string_pattern_mismatch": "give text with at least one visible character",
    "string_unicode": "the text was cut inside a character: decode it as UTF-8, or replace the broken character",
    "nul_character": "remove the NUL character: databases refuse it or cut the text there",
    "date_unparsable": "give ISO 8601 such as 2025-01-31T12:00:00Z, or an epoch number",
    "greater_than_equal": "bring the value into its range: it is not clamped for you",
    "less_than_equal": "bring the value into its range: it is not clamped for you",
    "float_type": "give a number, not text or a boolean",
    "finite_number": "JSON has no NaN or infinity: leave the value out",
    "integer_too_large": "give it as text: databases hold integers of 64 bits",
    "nested_too_deep": "flatten the value, give it as one JSON text, or raise max_depth where it is under 100",
    "not_json": "give only objects with text names, lists, text, numbers, true, false and null",
    "not_a_mapping": "give one JSON object a record",
    "json_invalid": "mend the JSON text; one JSON object a line, in UTF-8",
    "row_invalid": "give each row as many cells as the head names, and close every quote",
    "not_utf8": "save the table as UTF-8",
    "duplicate_name": "give each name once: with two, one value would be lost",
    "record_too_long": "split the record, or raise max_record_bytes",
    "too_many_fields": "put what is not needed away, give part of it as one JSON text, or raise max_fields",
    "invalid_key": "give the names of fields as text",
    "more_faults": "mend those that are told first",
    "literal_error": "give one of the values listed",
    "tuple_type": "give a list",
    "dict_type": "give an object",
    "unreadable": "give a plain dictionary: memproc cannot read this object",
    "schema_failed": "mend the rule (it says no by raising ValueError), then replay",
    "worker_died": "see what it holds and how large it is; `engine='sequential'` takes it in the process itself",
    "newer_version": "upgrade memproc, or have the newer one write JSON of its own making",
    "not_a_version": "leave the name to memproc: its export writes a whole number there",
    "misplaced_head": "read a full export as a file of its own, or name the format memproc-full",
    "misplaced_decision": "name the format memproc-full, and trust_decisions where the export is your own",
    INTERNAL_ERROR: "memproc is at fault, not the record: report it with its traceback, and replay after an upgrade",
    READER_FAILED: "the reader is at fault, not the record: report it with its traceback, and replay after an upgrade",
}
_MAY_BE_BLANK = frozenset(Memory.model_fields) - {"content"}
_QUOTED = re.compile(r"""(?<!\w)(?:'[^']*(?:'|$)|"[^"]*(?:"|$))""")  # a message may be cut short before the second quote
_NUMBER = re.compile(r"\d+")
_OWN_NAMES = frozenset((*Memory.model_fields, *EmotionalContext.model_fields, *Relation.model_fields)) | {
    *("as_of", "decision", "mapping", "message", "author", "memory", "text", "conversations_memory", "project_memories"),
    *("memory_files", "observation", "session_summary", "event_summary", "record"),
}
_LISTS = re.compile(
    r"tags|relations|content|attachments|chat_messages|messages|qa"
    r"|(?:events_)?session_\d{1,4}(?:_observation|_summary|_date_time)?"
)
_RAISED = re.compile(r"( raised \w+): .*", re.DOTALL)  # the words of an exception may be anything
GENERAL_HINT = "see the fields of memproc.Memory"

Check = Callable[[object], "Memory | tuple[Fault, ...]"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of `validate`: `memory` is set when `ok`, else `errors` holds every fault, in the order of the fields."""

    memory: Memory | None
    errors: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether the record is valid."""
        return self.memory is not None


def validate(record: object, *, schema: type[Memory] = Memory) -> Verdict:
    """Check one record against the schema. Never raises. A memory of that class is judged as it is, its rules are not run anew.

    >>> validate({"content": "Prefers tea"}).ok
    True
    >>> [(fault.path, fault.code) for fault in validate({"importance": 2}).errors]
    [('content', 'missing'), ('importance', 'less_than_equal')]
    """
    found = taken(record)
    if isinstance(found, Fault):
        return Verdict(None, (found,))
    if isinstance(found, Given):
        kept = as_given(found.schema, found.record, schema)
        if isinstance(kept, tuple):
            return Verdict(None, kept)
        return Verdict(record if isinstance(record, schema) else restore(kept, schema))
    checked = validator(schema)(found)
    return Verdict(None, checked) if isinstance(checked, tuple) else Verdict(checked)


def taken(record: object) -> Any:
    """Return a record as it is at this moment: plain values, of a memory `Given`, or the `Fault` that is in the way. Never raises.

    >>> taken({"content": "Prefers tea", None: ["surplus"]}).code
    'row_invalid'
    """
    try:
        is_memory = type(record) is not dict and isinstance(record, Memory)  # the plain case first: a model is slow to ask
        found = given(record) if is_memory else settled(record)  # type: ignore[arg-type]
    except (UnreadableError, RecursionError) as error:
        code = error.code if isinstance(error, UnreadableError) else "nested_too_deep"
        if code == "nested_too_deep" and type(record) is dict:
            shallow = {name: _unless_too_deep(value) for name, value in record.items()}
            return _fault_of_names(shallow) or shallow
        return fault("", code, str(error))
    except Exception as error:  # noqa: BLE001 - an object of the caller's may raise anything when it is read
        return fault("", "unreadable", f"reading it raised {_told(error)}")
    return (_fault_of_names(found) or found) if type(found) is dict else found


def _unless_too_deep(value: object) -> Any:
    """Return the value of a field; one that is nested too deep as it is: the gate refuses it, and tells its place."""
    try:
        return settled(value, 2)
    except Exception:  # noqa: BLE001 - whatever else is wrong with it
        return value


def _fault_of_names(record: dict[Any, Any]) -> Fault | None:
    try:
        "".join(record)
    except TypeError:
        if None in record:  # `csv.DictReader` puts there what the head has no name for
            return fault("", "row_invalid", MORE_CELLS)
        return fault("", "invalid_key", "has a name that is not text")
    return None


@cache
def validator(schema: type[Memory], *, tracebacks: bool = False) -> Callable[[object], Memory | tuple[Fault, ...]]:
    """Return the check of one schema as a function of plain values, for use in a loop."""
    check: Callable[[Any], Memory] = schema.__pydantic_validator__.validate_python

    def checked(record: object) -> Memory | tuple[Fault, ...]:
        if type(record) is not dict and not is_mapping(record):
            return (fault("", "not_a_mapping", f"a record is an object, not {type(record).__name__}"),)
        try:
            memory = check(record)
            if schema is not Memory and (found := _unstorable(plain(memory))):  # the fields of a subclass may hold anything
                return found
            return memory
        except ValidationError as error:
            return _faulty(error, schema, record, checked)
        except Exception as error:  # noqa: BLE001 - a rule of the caller's schema may raise anything; bad input never does
            return (failed("schema_failed", f"a rule of {schema.__name__}", error, tracebacks=tracebacks),)

    return checked


def as_given(own: type[Memory], record: Plain, schema: type[Memory]) -> Plain | tuple[Fault, ...]:
    """Return the plain record of an object of the class `own` as it is to be kept, or its faults.

    One of the schema's class is not validated anew, which would run its rules twice and make its defaults afresh: what memproc
    works with must be what `Memory` says, and the rest JSON. One of another class is a record like any.
    """
    if not issubclass(own, schema):
        found = validator(schema)(record)
        return found if isinstance(found, tuple) else plain(found)
    is_open = own.model_config.get("extra") == "allow"
    more = {name for name in record if name not in Memory.model_fields and (is_open or name in own.model_fields)}
    base = {name: value for name, value in record.items() if name not in more}
    found = validator(Memory)(base)
    if isinstance(found, tuple) and _redefined(own).issuperset(odd := {one.path.partition(".")[0] for one in found}):
        more |= odd
        found = validator(Memory)({name: value for name, value in base.items() if name not in odd})
    if isinstance(found, tuple):
        return found
    kept = {**plain(found), **{name: value for name, value in record.items() if name in more}}
    return _unstorable(kept) or kept


@cache
def _redefined(schema: type[Memory]) -> frozenset[str]:
    """Return the fields that a class has in another range or shape than `Memory`, of those that nothing but it looks into."""
    ours = Memory.model_fields
    return frozenset(
        name
        for name in ("importance", "emotion", "relations", "metadata")
        if (own := schema.model_fields[name]).annotation != ours[name].annotation or own.metadata != ours[name].metadata
    )


def _unstorable(record: Plain) -> tuple[Fault, ...]:
    """Return the faults of a plain record that no database would take whole."""
    found = []
    for name, value in record.items():
        try:
            storable_json(name)
            storable_json(value)
        except PydanticCustomError as error:
            found.append(fault(name, error.type, error.message()))
    return tuple(found)


def _faulty(error: ValidationError, schema: type[Memory], record: Any, check: Check) -> Memory | tuple[Fault, ...]:
    """Return what a record is without fields whose text shows nothing, which is no value, or its faults where there are none."""
    try:
        bare = {name: value for name, value in record.items() if name not in _MAY_BE_BLANK or not is_blank(value)}
        return check(bare) if len(bare) < len(record) else _to_faults(error, schema, record)
    except Exception as second:  # noqa: BLE001 - what is to be shown may be of any class
        return (broke("telling its faults", second),)


M = TypeVar("M", bound=Memory)


def restore(record: dict[str, Any], schema: type[M]) -> M:
    """Return the memory of a plain record that a store holds. Fields of another schema are left out where this has none; where the
    rules of this one say no, as they may to what they once made themselves, its fields have their types all the same.
    """
    check = validator(schema)
    found = check(record)
    if isinstance(found, tuple):
        record = {name: value for name, value in record.items() if name in schema.model_fields}
        found = check(record)
    if isinstance(found, schema):
        return found
    base = validator(Memory)({name: value for name, value in record.items() if name in Memory.model_fields})
    typed = base.__dict__ if isinstance(base, Memory) else {}
    fields: dict[str, Any] = {name: typed[name] if name in typed else _typed(schema, name, value) for name, value in record.items()}
    return schema.model_construct(set(fields), **fields)


def _typed(schema: type[Memory], name: str, value: object) -> object:
    try:
        return _type_of(schema, name).validate_python(value)
    except Exception:  # noqa: BLE001 - then it stays as it is
        return value


@cache
def _type_of(schema: type[Memory], name: str) -> TypeAdapter[Any]:
    return TypeAdapter(schema.model_fields[name].annotation or object)


def fault(path: str, code: str, message: str) -> Fault:
    """Return a fault with the advice that belongs to its code; names and values of the record are cut short in it."""
    return Fault(_shown(path), code, _shown(message), HINTS.get(code, GENERAL_HINT))


def alike(path: str, message: str) -> tuple[str, str]:
    """Return what the place and the message of a fault have in common with those of like faults: no values, numbers and positions.

    >>> alike("tags.3", "Input should be a valid string, got 5")
    ('tags.*', 'Input should be a valid string')
    >>> alike("created_at", "not a date: '31/02/2024'") == alike("created_at", "not a date: 'soon'")
    True
    """
    place = ".".join("*" if part.isdigit() else part for part in path.split("."))
    told = _RAISED.sub(r"\1", message.rpartition(GOT)[0] or message)
    return place, _NUMBER.sub("#", _QUOTED.sub("''", told))


def redacted(found: Fault, fields: Iterable[str] = ()) -> Fault:
    """Return a fault that says nothing of what the record holds: neither values nor names, but for those that are memproc's or, as
    `fields`, its schema's.

    >>> redacted(fault("details.john@example.org", "int_type", "Input should be an integer"), ["details"])[:3]
    ('details', 'int_type', 'int_type, redacted')
    """
    message = f"{found.code}, redacted"
    if found.message == message:
        return found
    places = found.traceback if found.code in OF_MEMPROC else ""  # lines of code
    own = _own_part(found.path, found.code, frozenset(fields))
    return Fault(own, found.code, message, HINTS.get(found.code, GENERAL_HINT), places)


def _own_part(path: str, code: str, fields: frozenset[str]) -> str:
    """Return the beginning of a path that is not made of what the record holds: names of fields, and positions in known lists."""
    kept: list[str] = []
    for part in path.split("."):
        is_position = part.isdigit() and bool(kept) and bool(_LISTS.fullmatch(kept[-1]))
        if not (is_position or part in _OWN_NAMES or (part in fields and not kept) or _LISTS.fullmatch(part)):
            break
        kept.append(part)
    if code == "extra_forbidden" and len(kept) == len(path.split(".")):
        kept.pop()
    return ".".join(kept)


def _shown(text: str) -> str:
    """Return a text in one short line: names and values of records may be of any length, and hold what no database takes."""
    if len(text) > MESSAGE_CHARS:
        text = text[: MESSAGE_CHARS - 3] + "..."
    return text if text.isprintable() else "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)


def failed(code: str, what: str, error: Exception, *, tracebacks: bool) -> Fault:
    """Return the fault of an exception in code that read or checked a record: its type and message, on request its traceback."""
    text = "".join(format_exception(error))[-TRACEBACK_CHARS:] if tracebacks else ""
    return fault("", code, f"{what} raised {_told(error)}")._replace(traceback=text)


def broke(what: str, error: Exception, code: str = INTERNAL_ERROR) -> Fault:
    """Return the fault of an exception in memproc itself, always with its traceback: the lines of code, and nothing that the record
    holds.
    """
    lines = format_tb(error.__traceback__, limit=-TRACEBACK_FRAMES)
    text = "".join([*lines, type(error).__name__])[-TRACEBACK_CHARS:]
    return fault("", code, f"{what} raised {_told(error)}")._replace(traceback=text)


def _told(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - an error of the caller's may not even be able to say what it is
        return type(error).__name__


def _to_faults(error: ValidationError, schema: type[Memory], record: object) -> tuple[Fault, ...]:
    """Return the faults that pydantic found, one a place; of very many the first, and how many more there are.

    Of a field that may be of several kinds pydantic tells what is wrong with each, and names the kind in the place: one fault tells
    all of it.
    """
    told = error.errors(include_url=False, include_input=True)
    of_kinds = {loc[:end] for details in told if (end := _end_in(record, loc := details["loc"], details["type"])) < len(loc)}
    places: dict[tuple[int | str, ...], list[ErrorDetails]] = {}
    for details in told:
        loc = details["loc"]
        place = next((loc[:end] for end in range(len(loc)) if loc[:end] in of_kinds), loc) if of_kinds else loc
        places.setdefault(place, []).append(details)
    found = tuple(_to_fault(place, there, schema) for place, there in islice(places.items(), MOST_FAULTS))
    more = len(places) - len(found)
    return (*found, fault("", "more_faults", f"has {more} more faults")) if more else found


def _end_in(record: object, loc: tuple[int | str, ...], code: str) -> int:
    """Return how many parts of a place lead to something in a record; behind these stand kinds."""
    value = record
    for at, part in enumerate(loc):
        is_there = isinstance(value, dict) and part in value
        if is_there or (isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)):
            value = value[part]  # type: ignore[index]
        elif isinstance(value, set | frozenset | BaseModel) or (at == len(loc) - 1 and code in ("missing", "invalid_key")):
            return len(loc)
        else:
            return at
    return len(loc)


def _to_fault(place: tuple[int | str, ...], there: list[ErrorDetails], schema: type[Memory]) -> Fault:
    details, *others = there
    path = ".".join(_shown(str(part))[:EXCERPT_CHARS] for part in place)
    code = details["type"]
    message = " or: ".join(dict.fromkeys(one["msg"] for one in (details, *others[:MOST_KINDS])))
    shown = excerpt(details["input"])
    is_shown = code == "date_unparsable" and shown[:BEGINNING_CHARS].rstrip("'\"") in message
    if code not in ("missing", "extra_forbidden") and not is_shown:
        message = f"{message}{GOT}{shown}"
    found = fault(path, code, message)
    if code != "extra_forbidden" or len(place) > 1:
        return found
    near = get_close_matches(path, schema.model_fields, n=1)
    return found._replace(hint=f"did you mean {near[0]}? Otherwise {found.hint}") if near else found


def excerpt(value: object) -> str:
    """Return a short text that shows `value`, safe to print anywhere."""
    if isinstance(value, int) and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        return f"an integer of {value.bit_length()} bits"
    shown = ascii(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return shown if len(shown) <= EXCERPT_CHARS else shown[: EXCERPT_CHARS - 3] + "..."
