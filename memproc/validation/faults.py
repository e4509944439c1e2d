"""How a fault is made: its message, the excerpt of the value it got, and the traceback of an exception.

Rule: a value of a record appears in a message once, as the very text that `Fault.value` holds. So a message without its value is
found by cutting that text out, and no value has to be recognised in it.
"""

from __future__ import annotations

from traceback import format_exception, format_tb

from memproc.records import (
    LARGEST_INTEGER,
    SMALLEST_INTEGER,
    Fault,
)
from memproc.validation.advice import GENERAL_HINT, HINTS, INTERNAL_ERROR

EXCERPT_CHARS = 60
GOT = ", got "
MORE_CELLS = "the row has more cells than the head"
MESSAGE_CHARS = 300
TRACEBACK_CHARS = 8_000
TRACEBACK_FRAMES = 40  # the last ones


def fault(path: str, code: str, message: str) -> Fault:
    """Return a fault with the advice that belongs to its code; names and values of the record are cut short in it."""
    return Fault(in_one_line(path), code, in_one_line(message), HINTS.get(code, GENERAL_HINT))


def in_one_line(text: str) -> str:
    """Return a text in one short line: names and values of records may be of any length, and hold what no database takes."""
    if len(text) > MESSAGE_CHARS:
        text = text[: MESSAGE_CHARS - 3] + "..."
    return text if text.isprintable() else "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)


def failed(code: str, what: str, error: Exception, *, tracebacks: bool) -> Fault:
    """Return the fault of an exception in code that read or checked a record: its type and message, on request its traceback."""
    text = "".join(format_exception(error))[-TRACEBACK_CHARS:] if tracebacks else ""
    return fault("", code, f"{what} raised {words_of(error)}")._replace(traceback=text)


def broke(what: str, error: Exception, code: str = INTERNAL_ERROR) -> Fault:
    """Return the fault of an exception in memproc itself, always with its traceback: the lines of code, and nothing that the record
    holds.
    """
    lines = format_tb(error.__traceback__, limit=-TRACEBACK_FRAMES)
    text = "".join([*lines, type(error).__name__])[-TRACEBACK_CHARS:]
    return fault("", code, f"{what} raised {words_of(error)}")._replace(traceback=text)


def words_of(error: Exception) -> str:
    """Return the type and the words of an exception."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - an error of the caller's may not even be able to say what it is
        return type(error).__name__


def excerpt(value: object) -> str:
    """Return a short text that shows `value`, safe to print anywhere."""
    if isinstance(value, int) and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        return f"an integer of {value.bit_length()} bits"
    shown = ascii(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return shown if len(shown) <= EXCERPT_CHARS else shown[: EXCERPT_CHARS - 3] + "..."
