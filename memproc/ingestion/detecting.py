"""Finds the format of a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memproc.errors import SourceError, UsageError
from memproc.formats import chats, companions, copilot, detect, format_named, generic, notion, whatsapp
from memproc.formats.draft import Format, told_elsewhere
from memproc.formats.mapping import FieldMap
from memproc.ingestion.refusing import are_texts, check_known, check_table, refuse_graph
from memproc.intake import Intake
from memproc.records import is_mapping
from memproc.sources.delivery import Delivery
from memproc.sources.items import Item, Items


def format_of(opened: Items, sample: Sequence[Item], file: Delivery | None, intake: Intake, name: str | None) -> Format:
    """Return the format of a source: the one of this name, or the one that its first items have.

    `file` is None for an iterable. Raises SourceError if there is none, UsageError if no format has the name.
    """
    if name is not None:
        return _format_named(name, sample, file, intake)
    values = [item.value for item in sample if item.fault is None]
    objects: list[Any] = [value for value in values if is_mapping(value)]
    fields = frozenset(intake.schema.model_fields)
    if opened.is_table:
        return _of_table(objects, file, intake, fields)
    detected = generic.FORMAT if intake.context.mapping else detect(values, fields)
    if file is None or intake.context.mapping:
        return detected or generic.FORMAT
    refuse_graph(file.shown, opened.head)
    if (what := companions.companion_of(file.stem, objects, is_known=detected is not None)) is not None:
        if opened.reading is not None:
            opened.reading.remarks.append(f"{file.label} holds {what}")
        return companions.FORMAT
    if are_texts(file.shown, values):
        return generic.TEXTS
    detected = _in_order(detected, objects, intake.settings.day_first)
    check_known(file, detected, sample, objects)
    return detected or generic.FORMAT


def _in_order(detected: Format | None, objects: Sequence[Mapping[str, Any]], day_first: bool | None) -> Format | None:  # noqa: FBT001
    """Return the format of a chat whose dates leave their order open, as the caller says it; any other as it is."""
    if detected is not whatsapp.FORMAT or day_first is None or all(one.get("day_first", True) is not None for one in objects):
        return detected
    return whatsapp.DAY_FIRST if day_first else whatsapp.MONTH_FIRST


def _of_table(rows: Sequence[Any], file: Delivery | None, intake: Intake, fields: frozenset[str]) -> Format:
    """Return the format of a table whose first rows these are. Raises SourceError if it has no column of text."""
    mapping = intake.context.mapping
    if file is not None and not mapping and notion.is_table(file.stem, rows, fields):
        return notion.TABLE
    if rows and not mapping and all(copilot.FORMAT.matches(row, fields) for row in rows):
        return copilot.FORMAT
    check_table("the table" if file is None else file.shown, rows, mapping, fields)
    is_chat = bool(rows) and not mapping and all(chats.is_turn(row, fields) for row in rows)
    is_text = file is not None and file.kind is None and not file.is_remote
    return chats.MESSAGES if is_chat else generic.TABLE if is_text else generic.ROWS


def _format_named(name: str, sample: Sequence[Item], file: Delivery | None, intake: Intake) -> Format:
    """Return the format of a name. Raises SourceError if a file of a folder or an archive is not in it."""
    named = format_named(name)
    if isinstance(intake.context.mapping, FieldMap) and named.read not in generic.READS:
        raise UsageError(f"format={name!r}: a mapping reads json and csv alone: leave the format out, or the mapping")
    if file is not None and not file.is_named and named.matches is not told_elsewhere:
        objects: list[Any] = [item.value for item in sample if is_mapping(item.value)]
        if sample and not any(named.matches(one, frozenset(intake.schema.model_fields)) for one in objects):
            raise SourceError(f"{file.shown} is not in the format {name!r}")
    return named
