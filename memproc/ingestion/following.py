"""What the cursor of a source that is followed night after night says of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from memproc.formats import generic
from memproc.formats.mapping import FieldMap
from memproc.formats.usual_names import claim_on
from memproc.intake import Intake
from memproc.sources.remote import Remote
from memproc.times import parse_time

_CHANGED = "updated_at"
_IS_DATE = re.compile(r"\d{4}-\d\d")  # numbers may count anything
_WITHOUT_SOURCE = (
    "no source is named, so the id of a row is not the identity of its memory: a changed row will stand beside the old one; "
    "name the system with --source"
)


def dated_by_cursor(intake: Intake, remote: Remote, rows: Sequence[Mapping[str, Any]]) -> Intake:
    """Return the intake of plain rows, by which the cursor tells when a row was changed, where it holds times and nothing else
    tells it. `rows` are the first.
    """
    cursor, mapping = remote.column_of_change, intake.context.mapping
    if cursor is None or intake.format is not generic.ROWS or isinstance(mapping, FieldMap):
        return intake
    names = {name for row in rows for name in row}
    claims = {name: claim_on(name, frozenset(intake.schema.model_fields))[0] for name in names}
    is_told = _CHANGED in mapping or cursor in mapping.values() or claims.get(cursor) or _CHANGED in claims.values()
    values = [row[cursor] for row in rows if row.get(cursor) is not None]
    if is_told or not values or not all(map(_is_time, values)):
        return intake
    return replace(intake, context=intake.context._replace(mapping={**mapping, _CHANGED: cursor}))


def remarks_on_identity(intake: Intake, remote: Remote, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what to tell where rows with ids are read night after night, and no source is named."""
    if not remote.is_followed or intake.context.source is not None or intake.format not in (generic.FORMAT, *generic.TABLES):
        return
    mapping, fields = intake.context.mapping, frozenset(intake.schema.model_fields)
    told = {*mapping, *(claim_on(name, fields)[0] for row in rows for name in row)}
    if "id" in told and "source" not in told and not isinstance(mapping, FieldMap):
        yield _WITHOUT_SOURCE


def _is_time(value: object) -> bool:
    if not isinstance(value, str) or not _IS_DATE.match(value):
        return False
    try:
        return parse_time(value) is not None
    except ValueError:
        return False
