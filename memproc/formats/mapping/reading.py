"""Reads one record by a mapping: each becomes a draft for each of its elements, or is counted as left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from memproc.formats.cells import EMBEDDINGS, without_embeddings
from memproc.formats.draft import TIMES, Broken, Context, Draft, Item, LeftOut, Part, beside
from memproc.formats.mapping.converting import parts_of_text, to_json
from memproc.formats.mapping.field_map import ELEMENT, FieldMap
from memproc.formats.mapping.paths import PathFailedError, finder, name_in
from memproc.formats.mapping.rule import FieldRule, Found, says_nothing
from memproc.times import is_assumed
from memproc.validation import fault

BLANK_RECORDS = "blank records"


def read(field_map: FieldMap, item: Item, context: Context) -> Iterator[Part]:
    """Yield the memories of a record. Raises nothing."""
    record = decoded(field_map, item)
    if all(says_nothing(value, field_map.blank) for value in record.values()):
        yield LeftOut(BLANK_RECORDS)
        return
    place = ""
    try:
        for name, path in field_map.leave_out.items():
            place = f"leave_out.{name}"
            if finder(path)(record):
                yield LeftOut(name)
                return
        place = ELEMENT
        scopes = scopes_of(field_map, record)
    except PathFailedError as error:
        yield Broken(fault(place, "path_failed", "the path failed: ", str(error)))
        return
    if not scopes and field_map.each:
        yield LeftOut(f"records without {field_map.each}")
    for scope in scopes:
        yield from _one(field_map, scope, context)


def decoded(field_map: FieldMap, item: Item) -> dict[str, Any]:
    """Return a record with the values of columns that hold JSON as text."""
    return {**item, **{name: to_json(item[name]) for name in field_map.json if name in item}}


def scopes_of(field_map: FieldMap, record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what the paths look into: the record, or it with each of its elements. Raises PathFailedError."""
    if not field_map.each:
        return [record]
    found = finder(field_map.each)(record)
    if isinstance(found, str):
        found = parts_of_text(found, field_map.each_split)
    elements = found if isinstance(found, list) else [] if found is None else [found]
    kept = dict(record)
    if (name := name_in(field_map.each)) is not None:
        kept.pop(name, None)
    return [{**kept, ELEMENT: element} for element in elements if not says_nothing(element, field_map.blank)]


def found_by(rule: FieldRule, scope: Mapping[str, Any], blank: frozenset[str]) -> tuple[Found, object]:
    """Return what a rule found, and what becomes of it. Raises PathFailedError."""
    if not rule.paths:
        return Found(), rule.constant
    found = rule.find(scope, blank)
    value = None if found.value is None else rule.convert(found.value)
    return found, rule.default if says_nothing(value, frozenset()) else value


def _one(field_map: FieldMap, scope: Mapping[str, Any], context: Context) -> Iterator[Part]:
    fields: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    taken = {ELEMENT} if field_map.each else set[str]()
    for rule in field_map.rules:
        try:
            found, value = found_by(rule, scope, field_map.blank)
        except PathFailedError as error:
            yield Broken(fault(rule.field, "path_failed", "the path failed: ", str(error)))
            return
        taken.update(found.columns)
        if value is None:
            continue
        head, dot, inner = rule.field.partition(".")
        if dot:
            _put_within(fields if head == "emotion" else {"metadata": metadata}, head, inner, value)
        elif head == "metadata":
            metadata.update(value if isinstance(value, dict) else {"metadata": value})
        else:
            fields[head] = value
        if head in TIMES and isinstance(found.value, str) and is_assumed(found.value):
            metadata[f"{head}_raw"] = found.value
    if "content" not in fields:
        where = field_map.get("content", "content: the mapping has no rule for it")
        yield Broken(fault("content", "missing", f"has no text under {where}"))
        return
    rest, left_out = _rest(field_map, scope, taken)
    kept, embeddings = without_embeddings(beside(metadata, rest, "record_"))
    if kept:
        fields["metadata"] = kept
    yield Draft(fields, is_identity=_is_identity(field_map, fields, context))
    yield from (LeftOut(f"column {name}") for name in left_out)
    if embeddings:
        yield LeftOut(EMBEDDINGS, embeddings)


def _put_within(fields: dict[str, Any], head: str, inner: str, value: object) -> None:
    """Put a value into a field that is an object; a label that came as a word stays beside it."""
    if not isinstance(fields.get(head), dict):
        fields[head] = {}
    fields[head][inner] = value
    if head == "emotion":
        fields[head].setdefault("source", "import")


def _rest(field_map: FieldMap, scope: Mapping[str, Any], taken: set[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the columns that go to the metadata, and the names of those that go nowhere."""
    rest = {name: value for name, value in scope.items() if name not in taken and not says_nothing(value, field_map.blank)}
    if field_map.rest == "metadata":
        return rest, []
    names = () if field_map.rest == "none" else field_map.rest
    return {name: rest[name] for name in names if name in rest}, [name for name in rest if name not in names]


def _is_identity(field_map: FieldMap, fields: Mapping[str, Any], context: Context) -> bool:
    """Return whether the id names this memory: the id of a record that gives several names none of them."""
    if context.source is None and "source" not in fields:
        return False
    return not field_map.each or any(rule.field == "id" and ELEMENT in rule.told for rule in field_map.rules)
