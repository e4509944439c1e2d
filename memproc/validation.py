"""The gate: a mapping becomes a Memory, or all its faults at once, each with its place, a code and advice.

Nothing here raises on bad input. The advice is a table: a code not in it gets the general line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from traceback import format_exception, format_tb
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from memproc.records import LARGEST_INTEGER, SMALLEST_INTEGER, Fault, Memory, is_mapping, plain, storable_json

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

EXCERPT_CHARS = 60
BEGINNING_CHARS = 30
GOT = ", got "
MESSAGE_CHARS = 300
MOST_FAULTS = 100
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
    "schema_failed": "mend the rule (it says no by raising ValueError), then replay",
    "worker_died": "see what it holds and how large it is; `engine='sequential'` takes it in the process itself",
    INTERNAL_ERROR: "memproc is at fault, not the record: report it with its traceback, and replay after an upgrade",
    READER_FAILED: "the reader is at fault, not the record: report it with its traceback, and replay after an upgrade",
}
_QUOTED = re.compile(r"""(?<!\w)(?:'[^']*(?:'|$)|"[^"]*(?:"|$))""")  # a message may be cut short before the second quote
_NUMBER = re.compile(r"\d+")
_RAISED = re.compile(r"( raised \w+): .*", re.DOTALL)  # the words of an exception may be anything
GENERAL_HINT = "see the fields of memproc.Memory"


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
    """Check one record against the schema. Never raises.

    >>> validate({"content": "Prefers tea"}).ok
    True
    >>> [(fault.path, fault.code) for fault in validate({"importance": 2}).errors]
    [('content', 'missing'), ('importance', 'less_than_equal')]
    """
    checked = validator(schema)(record)
    return Verdict(None, checked) if isinstance(checked, tuple) else Verdict(checked)


@cache
def validator(schema: type[Memory], *, tracebacks: bool = False) -> Callable[[object], Memory | tuple[Fault, ...]]:
    """Return the check of one schema as a function, for use in a loop."""
    check: Callable[[Any], Memory] = schema.__pydantic_validator__.validate_python

    def checked(record: object) -> Memory | tuple[Fault, ...]:
        if not is_mapping(record):
            return (fault("", "not_a_mapping", f"a record is an object, not {type(record).__name__}"),)
        try:
            memory = check(record)
            if schema is not Memory:
                storable_json(plain(memory))  # the fields of a subclass may hold anything
            return memory
        except PydanticCustomError as error:
            return (fault("", error.type, error.message()),)
        except ValidationError as error:
            try:
                return _to_faults(error, schema)
            except Exception as second:  # noqa: BLE001 - what is to be shown may be of any class
                return (broke("telling its faults", second),)
        except Exception as error:  # noqa: BLE001 - a rule of the caller's schema may raise anything; bad input never does
            return (failed("schema_failed", f"a rule of {schema.__name__}", error, tracebacks=tracebacks),)

    return checked


def restore(record: dict[str, Any], schema: type[Memory]) -> Memory:
    """Return the memory of a plain record that a store holds. Fields of another schema are left out where this has none."""
    check = validator(schema)
    found = check(record)
    if isinstance(found, tuple):
        found = check({name: value for name, value in record.items() if name in schema.model_fields})
    return schema.model_construct(**record) if isinstance(found, tuple) else found


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


def redacted(found: Fault) -> Fault:
    """Return a fault that says nothing of what the record holds: neither values nor names that are not memproc's."""
    path = found.path.rpartition(".")[0] if found.code == "extra_forbidden" else found.path
    places = found.traceback if found.code in OF_MEMPROC else ""  # lines of code
    return Fault(path, found.code, f"{found.code}, redacted", HINTS.get(found.code, GENERAL_HINT), places)


def _shown(text: str) -> str:
    """Return a text in one short line: names and values of records may be of any length, and hold what no database takes."""
    if len(text) > MESSAGE_CHARS:
        text = text[: MESSAGE_CHARS - 3] + "..."
    return text if text.isprintable() else "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)


def failed(code: str, what: str, error: Exception, *, tracebacks: bool) -> Fault:
    """Return the fault of an exception in code that read or checked a record: its type and message, on request its traceback."""
    text = "".join(format_exception(error))[-TRACEBACK_CHARS:] if tracebacks else ""
    return fault("", code, f"{what} raised {type(error).__name__}: {_words_of(error)}")._replace(traceback=text)


def broke(what: str, error: Exception, code: str = INTERNAL_ERROR) -> Fault:
    """Return the fault of an exception in memproc itself, always with its traceback: the lines of code, and nothing that the record
    holds.
    """
    lines = format_tb(error.__traceback__, limit=-TRACEBACK_FRAMES)
    text = "".join([*lines, type(error).__name__])[-TRACEBACK_CHARS:]
    return fault("", code, f"{what} raised {type(error).__name__}: {_words_of(error)}")._replace(traceback=text)


def _words_of(error: Exception) -> str:
    """Return what an exception says, nothing where even that raises."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it is of a class of the caller's
        return ""


def _to_faults(error: ValidationError, schema: type[Memory]) -> tuple[Fault, ...]:
    """Return the faults that pydantic found; of very many the first, and how many more there are."""
    told = error.errors(include_url=False, include_input=True)
    found = tuple(_to_fault(details, schema) for details in told[:MOST_FAULTS])
    more = len(told) - len(found)
    return (*found, fault("", "more_faults", f"has {more} more faults")) if more else found


def _to_fault(details: ErrorDetails, schema: type[Memory]) -> Fault:
    path = ".".join(_shown(str(part))[:EXCERPT_CHARS] for part in details["loc"])
    code = details["type"]
    message = details["msg"]
    shown = excerpt(details["input"])
    is_shown = code == "date_unparsable" and shown[:BEGINNING_CHARS].rstrip("'\"") in message
    if code not in ("missing", "extra_forbidden") and not is_shown:
        message = f"{message}{GOT}{shown}"
    found = fault(path, code, message)
    if code != "extra_forbidden" or len(details["loc"]) > 1:
        return found
    near = get_close_matches(path, schema.model_fields, n=1)
    return found._replace(hint=f"did you mean {near[0]}? Otherwise {found.hint}") if near else found


def excerpt(value: object) -> str:
    """Return a short text that shows `value`, safe to print anywhere."""
    if isinstance(value, int) and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        return f"an integer of {value.bit_length()} bits"
    shown = ascii(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return shown if len(shown) <= EXCERPT_CHARS else shown[: EXCERPT_CHARS - 3] + "..."
