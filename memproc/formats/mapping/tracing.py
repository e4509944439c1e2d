"""Where the fields of a record came from in its row, and what became of the values: what a report of a migration counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from memproc.formats.draft import Context
from memproc.formats.mapping.converting import REPAIRS, word_of
from memproc.formats.mapping.field_map import FieldMap
from memproc.formats.mapping.reading import decoded, found_by, scopes_of
from memproc.formats.mapping.rule import FieldRule
from memproc.formats.usual_names import claim_on
from memproc.records import Plain
from memproc.values import is_blank

AS_IT_IS, RENAMED, CONVERTED, TRANSLATED, REPAIRED, FILLED, KEPT = WAYS = (
    "as it is", "renamed", "converted", "translated", "repaired", "filled", "in the metadata"
)  # fmt: skip


class Trace(NamedTuple):
    """One field of a record: what was done (one of `WAYS`), where it came from, the value there and the value now."""

    field: str
    way: str
    origin: str
    before: object
    after: object


def traced(row: Mapping[str, Any], record: Plain, place: int, context: Context) -> Iterator[Trace]:
    """Yield what became of each field of a record, the one at `place` (from 0) of those that a row gave. Raises PathFailedError."""
    mapping = context.mapping
    if isinstance(mapping, FieldMap):
        scope = scopes_of(mapping, decoded(mapping, row))[place]
        yield from _by_rules(mapping, scope, record)
        columns: Mapping[str, Any] = scope
    else:
        yield from _by_names(row, record, context)
        columns = row
    for name in record.get("metadata", {}):
        if name in columns:
            yield Trace("metadata", KEPT, name, None, None)


def _by_rules(mapping: FieldMap, scope: Mapping[str, Any], record: Plain) -> Iterator[Trace]:
    for rule in mapping.rules:
        after = _at(record, rule.field)
        if after is None:
            continue
        found, value = found_by(rule, scope, mapping.blank)
        if found.value is None or (value == rule.default and rule.default is not None):
            yield Trace(rule.field, FILLED, "a constant" if not rule.paths else "its default", None, after)
        else:
            yield Trace(rule.field, _way(rule, found.value, after), rule.told, found.value, after)
    yield from _filled(record, {rule.field.partition(".")[0] for rule in mapping.rules})


def _by_names(row: Mapping[str, Any], record: Plain, context: Context) -> Iterator[Trace]:
    names: dict[str, tuple[int, str]] = {}
    for name, value in row.items():
        field, rank = claim_on(name, context.fields)
        if field and not is_blank(value) and rank < names.get(field, (rank + 1, ""))[0]:
            names[field] = rank, name
    given = {field: name for field, (_, name) in names.items() if field != "metadata"} | dict(context.mapping)
    for field, path in given.items():
        after, before = record.get(field), row.get(path)
        if after is None or field == "metadata":
            continue
        way = (AS_IT_IS if path == field else RENAMED) if before is None or _is_same(before, after) else CONVERTED
        yield Trace(field, way, path, before, after)
    yield from _filled(record, {*given})


def _filled(record: Plain, given: set[str]) -> Iterator[Trace]:
    for field, after in record.items():
        if field not in given and field != "metadata":
            yield Trace(field, FILLED, "its default", None, after)


def _way(rule: FieldRule, before: object, after: object) -> str:
    if _is_same(before, after):
        return AS_IT_IS if rule.told == rule.field else RENAMED
    if isinstance(before, str) and any(REPAIRS[name](before) != before for name in rule.repair):
        return REPAIRED
    if rule.values and word_of(before) in rule.values:
        return TRANSLATED
    return CONVERTED


def _is_same(before: object, after: object) -> bool:
    return before == after or (isinstance(after, str) and not isinstance(before, bool) and str(before).strip() == after)


def _at(record: Plain, field: str) -> Any:
    head, dot, inner = field.partition(".")
    value = record.get(head)
    return value.get(inner) if dot and isinstance(value, dict) else None if dot else value
