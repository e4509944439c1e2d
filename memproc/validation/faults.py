"""How a fault is made: its message, the excerpt of the value it got, and the traceback of an exception.

Rule: a message shows the value of a record once, as exactly the text that `Fault.value` holds. So the message without its value is
made by cutting that text out; no value has to be recognised in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from traceback import format_exception, format_tb

from memproc.records import Category, Fault
from memproc.records.storable import LARGEST_INTEGER, SMALLEST_INTEGER
from memproc.validation.advice import GENERAL_HINT, HINTS, INTERNAL_ERROR

EXCERPT_CHARS = 60
GOT = ", got "
NOT_AN_OBJECT = "a record is an object, not "
MORE_CELLS = "the row has more cells than the head"
MESSAGE_CHARS = 300
CUT = "..."
MOST_FAULTS = 100  # of one record that are reported
TRACEBACK_CHARS = 8_000
TRACEBACK_FRAMES = 40  # the last ones
_CATEGORIES = {
    **dict.fromkeys(("schema_failed", INTERNAL_ERROR), Category.INTERNAL),
    **dict.fromkeys(("migration_failed", "newer_schema", "older_schema"), Category.TRANSFORM),
}
OF_CALLERS_RULES = ("value_error", "assertion_error")  # their messages may repeat the value


def fault(path: str, code: str, message: str, value: str | None = None, after: str = "") -> Fault:
    """Return a fault with the advice of its code. Long names and values of the record are cut.

    `value` is the part of the message that comes from the record; `message` is the text before it, `after` the text after it.

    >>> fault("", "row_invalid", "the row has ", "5", " cells, the head 3").message
    'the row has 5 cells, the head 3'
    """
    hint = HINTS.get(code, GENERAL_HINT)
    if value is None:
        return Fault(in_one_line(path), code, in_one_line(message), hint)
    room = max(MESSAGE_CHARS - len(message) - len(after), len(CUT))
    shown = in_one_line(value, room)
    return Fault(in_one_line(path), code, f"{in_one_line(message)}{shown}{after}", hint, value=shown)


def category_of(faults: Sequence[Fault]) -> Category:
    """Return the category of a record with these faults: that of the first."""
    return _CATEGORIES.get(faults[0].code, Category.VALIDATION)


def in_one_line(text: str, limit_chars: int = MESSAGE_CHARS) -> str:
    """Return a text as one short printable line: names and values of records may be long and hold any character."""
    if len(text) > limit_chars:
        text = text[: limit_chars - len(CUT)] + CUT
    return text if text.isprintable() else "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)


def alike(found: Fault) -> tuple[str, str]:
    """Return what a fault has in common with similar ones: its path without positions, and its message without the value.

    >>> alike(fault("tags.3", "string_type", "Input should be a valid string, got ", "5"))
    ('tags.*', 'Input should be a valid string')
    >>> dates = [fault("created_at", "date_unparsable", "not a date: ", value) for value in ("'31/02/2024'", "'soon'")]
    >>> alike(dates[0]) == alike(dates[1])
    True
    """
    place = ".".join("*" if part.isdigit() else part for part in found.path.split("."))
    words = without_value(found)
    return place, words.replace(found.value, "") if found.value and found.code in OF_CALLERS_RULES else words


def without_value(found: Fault) -> str:
    """Return the message of a fault without the value that it shows.

    >>> without_value(fault("stars", "greater_than_equal", "Input should be greater than or equal to 10, got ", "1"))
    'Input should be greater than or equal to 10'
    """
    message, value = found.message, found.value
    if value is None:
        return message
    for joint in (GOT, ": "):
        if message.endswith(joint + value):
            return message.removesuffix(joint + value)
    return message.replace(value, "", 1)


def path_of(place: Iterable[str | int]) -> str:
    """Return the path of a fault: the names and positions that lead to it, of long names the start."""
    return ".".join(in_one_line(str(part))[:EXCERPT_CHARS] for part in place)


def first_of(faults: Iterable[Fault], count: int) -> tuple[Fault, ...]:
    """Return faults, of which there are `count`: of very many the first, and how many more there are."""
    first = tuple(islice(faults, MOST_FAULTS))
    more = count - len(first)
    return (*first, fault("", "more_faults", "has ", str(more), " more faults")) if more else first


def failed(code: str, what: str, error: Exception, *, tracebacks: bool) -> Fault:
    """Return the fault of an exception in code that read or checked a record, with its traceback if that is asked for."""
    text = "".join(format_exception(error))[-TRACEBACK_CHARS:] if tracebacks else ""
    return replace(raised(code, what, error), traceback=text)


def broke(what: str, error: Exception, code: str = INTERNAL_ERROR) -> Fault:
    """Return the fault of an exception in memproc itself, always with its traceback: lines of code, and nothing from the record."""
    lines = format_tb(error.__traceback__, limit=-TRACEBACK_FRAMES)
    text = "".join([*lines, type(error).__name__])[-TRACEBACK_CHARS:]
    return replace(raised(code, what, error), traceback=text)


def raised(code: str, what: str, error: Exception) -> Fault:
    """Return the fault of an exception that `what` raised, without a traceback; the words of the exception are the value."""
    message = f"{what} raised {type(error).__name__}"
    try:
        return fault("", code, f"{message}: ", str(error))
    except Exception:  # noqa: BLE001 - even the `str` of a caller's exception may fail
        return fault("", code, message)


def excerpt(value: object) -> str:
    """Return a short ASCII text that shows `value`, safe to print anywhere."""
    if isinstance(value, int) and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        return f"an integer of {value.bit_length()} bits"
    shown = ascii(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return shown if len(shown) <= EXCERPT_CHARS else shown[: EXCERPT_CHARS - len(CUT)] + CUT
