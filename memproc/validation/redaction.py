"""Faults that show nothing of what a record holds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from memproc.records import EmotionalContext, Fault, Memory, Relation
from memproc.validation.advice import GENERAL_HINT, HINTS, OF_MEMPROC

_OWN_NAMES = frozenset((*Memory.model_fields, *EmotionalContext.model_fields, *Relation.model_fields)) | {
    *("as_of", "decision", "mapping", "message", "author", "memory", "text", "conversations_memory", "project_memories"),
    *("memory_files", "observation", "session_summary", "event_summary", "record"),
}
_LISTS = re.compile(
    r"tags|relations|content|attachments|chat_messages|messages|qa"
    r"|(?:events_)?session_\d{1,4}(?:_observation|_summary|_date_time)?"
)


def redacted(found: Fault, fields: Iterable[str] = ()) -> Fault:
    """Return a fault that shows nothing of what the record holds: no values, and no names except memproc's own and those in
    `fields`, the names of the schema.

    >>> from memproc.validation import fault
    >>> shown = redacted(fault("details.john@example.org", "int_type", "Input should be an integer"), ["details"])
    >>> shown.path, shown.code, shown.message
    ('details', 'int_type', 'int_type, redacted')
    """
    message = f"{found.code}, redacted"
    if found.message == message and found.value is None:
        return found
    traceback = found.traceback if found.code in OF_MEMPROC else ""  # only lines of code
    path = _own_part(found.path, found.code, frozenset(fields))
    return Fault(path, found.code, message, HINTS.get(found.code, GENERAL_HINT), traceback)  # and no value


def _own_part(path: str, code: str, fields: frozenset[str]) -> str:
    """Return the start of a path up to the first name that comes from the record: names of fields, and positions in known lists."""
    kept: list[str] = []
    for part in path.split("."):
        is_position = part.isdigit() and bool(kept) and bool(_LISTS.fullmatch(kept[-1]))
        if not (is_position or part in _OWN_NAMES or (part in fields and not kept) or _LISTS.fullmatch(part)):
            break
        kept.append(part)
        if part == "metadata":  # names inside it come from the record, even if they are those of fields
            break
    if code == "extra_forbidden" and len(kept) == len(path.split(".")):
        kept.pop()
    return ".".join(kept)
