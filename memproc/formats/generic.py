"""Any JSON objects or table rows: fields are found by their usual names, or by the caller's mapping.

Rules: a field that the schema adds has its own name. Every other field takes the first of its usual names that has a visible value;
what no field takes goes to `metadata` under its own name. Table cells are text: tags are split at commas or semicolons, numbers are
parsed, an empty cell is no value. An id is an identity only within a named source, because the ids of two files may be unrelated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from memproc.formats.draft import TIMES, Broken, Context, Draft, Format, Item, Part, beside, told_elsewhere, with_raw_times
from memproc.formats.own import ENVELOPE, VERSION
from memproc.times import is_assumed
from memproc.validation import fault
from memproc.values import is_blank, is_empty, shown

USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "uuid", "_id"),
    "content": ("content", "text", "memory", "fact", "note", "message", "body", "value", "observation"),
    "namespace": ("namespace", "user_id", "userId", "user", "tenant"),
    "source": ("source",),
    "subject": ("subject", "speaker", "entity", "person"),
    "conversation": ("conversation", "conversation_id", "session_id", "thread_id", "chat_id"),
    "kind": ("kind", "type", "memory_type"),
    "created_at": ("created_at", "createdAt", "timestamp", "created", "date", "time"),
    "updated_at": ("updated_at", "updatedAt", "updated", "modified"),
    "valid_from": ("valid_from", "valid_at"),
    "valid_to": ("valid_to", "invalid_at", "expiration_date"),
    "tags": ("tags", "labels", "categories"),
    "importance": ("importance",),
    "emotion": ("emotion",),
    "relations": ("relations",),
    "metadata": ("metadata",),
}
_TEXT_FIELDS = ("namespace", "source", "subject", "conversation", "kind")
_NUMBERS = (int, float)
_UNCLAIMED = ("", 0)
_NUMBER_KINDS, _LIST_KINDS, _DICT_KINDS = frozenset(_NUMBERS), frozenset((list,)), frozenset((dict,))
_KINDS = {
    **dict.fromkeys(("content", *_TEXT_FIELDS), frozenset((str,))),
    **dict.fromkeys(("importance", *TIMES), _NUMBER_KINDS),
    **dict.fromkeys(("tags", "relations"), _LIST_KINDS),
    **dict.fromkeys(("emotion", "metadata"), _DICT_KINDS),
}
_KINDS_OF_OTHERS = frozenset((str, bool)) | _NUMBER_KINDS | _LIST_KINDS | _DICT_KINDS


def matches(item: Item, _fields: frozenset[str]) -> bool:
    """Return whether an item has `content`, or text under another of its usual names."""
    return "content" in item or any(isinstance(item.get(name), str) for name in USUAL_NAMES["content"])


def read(item: Item, context: Context) -> Iterator[Part]:
    """Yield the memory of one object or row."""
    fields, rest = _claimed(item, context)
    if "content" not in fields and "content" in item and "content" not in context.mapping:
        fields["content"] = item["content"]  # it is blank: validation reports that, with all other faults
    if "content" not in fields:
        names = context.mapping.get("content", ", ".join(USUAL_NAMES["content"]))
        yield Broken(fault("content", "missing", f"has no text under {names}"))
        return
    for field in _TEXT_FIELDS:
        value = fields.get(field)
        if isinstance(value, _NUMBERS) and not isinstance(value, bool):
            fields[field] = str(value)
    if isinstance(fields.get("tags"), str):
        fields["tags"] = split_tags(fields["tags"])
    if isinstance(fields.get("importance"), str):
        fields["importance"] = _number(fields["importance"])
    if isinstance(fields.get("emotion"), str):
        fields["emotion"] = {"label": fields["emotion"], "source": "import"}
    metadata = fields.pop("metadata", {})
    named = metadata if isinstance(metadata, dict) else {"metadata": metadata}
    if rest or named:
        fields["metadata"] = beside(named, rest, "record_")
    yield Draft(with_raw_times(fields), is_identity=context.source is not None or "source" in fields)


def split_tags(text: str) -> list[str]:
    """Return the tags in a text, which are separated by commas or semicolons.

    >>> split_tags("tea; morning,home")
    ['tea', 'morning', 'home']
    """
    return [tag for part in text.replace(";", ",").split(",") if (tag := shown(part))]


def tags_of(given: object) -> object:
    """Return tags given as one text, or as a list with empty items, as a list. Validation judges the rest."""
    if isinstance(given, str):
        return split_tags(given)
    return [tag for tag in given if tag not in (None, "")] if isinstance(given, list) else given


def is_as_it_is(item: Item, kinds: Mapping[str, frozenset[type]]) -> bool:
    """Return whether `read` would, without a mapping, turn an item unchanged into one draft; False if it might not.

    `kinds` comes from `kinds_as_they_are`; names of other fields and marks of other formats are not in it.
    """
    for name, value in item.items():
        kind = value.__class__
        if kind not in kinds.get(name, ()):
            if kind is not str or name not in TIMES or name not in kinds or is_assumed(value):
                return False
        elif kind is str:
            if not "!" <= value < "\x7f" and not shown(value):  # most begin with a visible ASCII character
                return False
        elif kind is dict and not value:
            return False
    return "content" in item


@lru_cache(maxsize=100)
def kinds_as_they_are(fields: frozenset[str]) -> Mapping[str, frozenset[type]]:
    """Return by field of the schema the types of values that are passed on unchanged, unless they are blank."""
    return {name: _KINDS.get(name, _KINDS_OF_OTHERS) for name in fields - {VERSION, ENVELOPE}}


def _claimed(item: Item, context: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields that an item gives, and the rest of it that is not blank."""
    mapping, claims = context.mapping, _claims(context.fields)
    fields: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    ranks: dict[str, tuple[int, str]] = {}  # by field, the rank of the name that it was taken from, and the name
    if mapping:
        item = dict(item)
        known = {field: path for field, path in mapping.items() if field in USUAL_NAMES or field in context.fields}
        fields = {field: found for field, path in known.items() if not _says_nothing(field, found := _take(item, path))}
    for name, value in item.items():
        field, rank = claims.get(name, _UNCLAIMED)
        if _says_nothing(field, value):
            continue
        if not field or field in mapping:
            if name != VERSION or not str(value).isdigit():  # the mark is not part of the memory
                rest[name] = value
        elif field not in fields:
            fields[field], ranks[field] = value, (rank, name)
        elif rank < ranks[field][0]:
            rest[ranks[field][1]] = fields[field]
            fields[field], ranks[field] = value, (rank, name)
        else:
            rest[name] = value
    return fields, rest


def _says_nothing(field: str, value: object) -> bool:
    return is_empty(value) if field == "content" else is_blank(value)


@lru_cache(maxsize=100)
def _claims(fields: frozenset[str]) -> Mapping[str, tuple[str, int]]:
    """Return by name the field that it belongs to and its rank among the names of that field; the field's own name ranks first."""
    usual = {name: (field, rank) for field, names in USUAL_NAMES.items() for rank, name in enumerate(names)}
    return {**usual, **{field: (field, 0) for field in fields}}


def _take(rest: dict[str, Any], path: str) -> object:
    """Take the value at a dotted path out of `rest`; a name that itself contains the dots goes first."""
    if path in rest:
        return rest.pop(path)
    head, *names = path.split(".")
    value: object = rest.get(head)
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if names else None


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


FORMAT = Format(
    "json", "any JSON objects: usual names of fields, or a mapping", matches, read, ("memories", "items", "data", "records")
)
TABLE = FORMAT._replace(name="csv", about="rows of a table: usual names of columns, or a mapping", matches=told_elsewhere)
