"""Any JSON objects or table rows: fields are found by their usual names, or by the caller's mapping.

Rules: a field that the schema adds has its own name. Every other field takes the first of its usual names that has a visible value;
what no field takes goes to `metadata` under its own name. Table cells are text: lists and objects in them are parsed, as numbers
are, and an empty cell is no value. `N/A` and the like name no user, subject or conversation. An id is an identity only within a
named source, because the ids of two files may be unrelated.

A key stands before its value, and a title before its content, unless the text has it already: the value alone says nothing.
`message`, `body` and `value` are words of settings, translations and logs too: they are taken for memories only beside what a
memory has. What has a subject or a conversation and goes `from` one `to` another is a message, and its `subject` is that of a mail.
Embeddings are left out, and so are bytes that are no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from memproc.formats.cells import EMBEDDINGS, list_of, may_hold_embedding, object_of, tags_of, without_embeddings
from memproc.formats.draft import TIMES, Broken, Context, Draft, Format, Item, LeftOut, Part, beside, told_elsewhere, with_raw_times
from memproc.formats.mapping import FieldMap
from memproc.formats.mapping import read as read_mapped
from memproc.formats.own import ENVELOPE, VERSION
from memproc.formats.usual_names import USUAL_NAMES, claim_on, folded
from memproc.records.emotions import label_of
from memproc.records.fields import NO_IDS
from memproc.records.versions import version_of
from memproc.sources.tables.cells import BINARY
from memproc.times import is_assumed
from memproc.validation import fault
from memproc.values import is_blank, is_empty, shown, text_of_number

BINARIES = "binary values"
NOWHERE = "none"  # a mapping of a field to this leaves it out
_WEAK = frozenset(("message", "body", "value"))
_BESIDE_WEAK = frozenset(("namespace", "subject", "conversation", "tags", "importance", "relations", "created_at"))
_OF_LOGS = frozenset(("level", "loglevel", "levelname", "severity", "pid", "logger", "hostname"))
_LABELS = {"value": ("key", "name")}
_TITLES = ("title",)
_TEXT_FIELDS = ("namespace", "source", "subject", "conversation", "kind")
_NAMES = frozenset(("namespace", "subject", "conversation"))
_NO_NAMES = NO_IDS - {"na", "nil"}  # people have these names
_NUMBERS = (int, float)
_NO_FIELDS = frozenset[str]()
_OF_CHATS = re.compile(r"user|bot\b|assistant|prompt|response")
_EVENTS = ("message", "event")
_NUMBER_KINDS, _LIST_KINDS, _DICT_KINDS = frozenset(_NUMBERS), frozenset((list,)), frozenset((dict,))
_KINDS = {
    **dict.fromkeys(("content", *_TEXT_FIELDS), frozenset((str,))),
    **dict.fromkeys(("importance", *TIMES), _NUMBER_KINDS),
    **dict.fromkeys(("tags", "relations"), _LIST_KINDS),
    **dict.fromkeys(("emotion", "metadata"), _DICT_KINDS),
}
_KINDS_OF_OTHERS = frozenset((str, bool)) | _NUMBER_KINDS | _LIST_KINDS | _DICT_KINDS


def matches(item: Item, _fields: frozenset[str]) -> bool:
    """Return whether an item has `content`, or text under another of its usual names that a memory has it under."""
    if "content" in item:
        return True
    fields = _fields or _NO_FIELDS
    claims = [(claim_on(name, fields)[0], name, value) for name, value in item.items() if isinstance(name, str)]
    texts = {
        folded(name) for field, name, value in claims if field == "content" and (isinstance(value, str) or _is_value(name, value))
    }
    if texts - _WEAK:
        return True
    names = {folded(name) for _, name, value in claims if not is_blank(value)}
    if not texts or not _OF_LOGS.isdisjoint(names):
        return False
    is_labelled = "value" in texts and "key" in names
    return is_labelled or any(field in _BESIDE_WEAK and not is_blank(value) for field, _, value in claims)


def read(item: Item, context: Context) -> Iterator[Part]:
    """Yield the memory of one object or row; by a whole mapping it may give several, or be left out."""
    if isinstance(context.mapping, FieldMap):
        yield from read_mapped(context.mapping, item, context)
    elif context.older_versions and version_of(item) in context.older_versions:
        yield Draft({**item}, is_identity=context.source is not None or "source" in item)  # its names are those of its own version
    else:
        yield from _read_by_names(item, context)


def _read_by_names(item: Item, context: Context) -> Iterator[Part]:
    fields, rest, origin = _claimed(item, context)
    if "content" not in fields and "content" in item and "content" not in context.mapping:
        fields["content"] = item["content"]  # it is blank: validation reports that, with all other faults
    if "content" not in fields:
        names = context.mapping.get("content", ", ".join(USUAL_NAMES["content"]))
        yield Broken(fault("content", "missing", f"has no text under {names}"))
        return
    rest, binary = _without_binary(rest)
    if rest:
        _as_message(fields, rest, context)
        fields["content"] = _labelled(fields, rest, origin)
    for field in _TEXT_FIELDS:
        value = fields.get(field)
        if isinstance(value, _NUMBERS) and not isinstance(value, bool):
            fields[field] = text_of_number(value)
    if isinstance(fields.get("tags"), str):
        fields["tags"] = tags_of(fields["tags"])
    if isinstance(fields.get("relations"), str):
        fields["relations"] = list_of(fields["relations"])
    if isinstance(fields.get("importance"), str):
        fields["importance"] = _number(fields["importance"])
    if isinstance(fields.get("emotion"), str):
        emotion = object_of(fields["emotion"])
        fields["emotion"] = {"label": label_of(emotion), "source": "import"} if isinstance(emotion, str) else emotion
    metadata = object_of(fields.pop("metadata", {}))
    named = metadata if isinstance(metadata, dict) else {"metadata": metadata}
    dropped = 0
    if rest or named:
        fields["metadata"], dropped = without_embeddings(beside(named, rest, "record_"))
        if dropped and not fields["metadata"]:
            del fields["metadata"]
    yield Draft(with_raw_times(fields), is_identity=context.source is not None or "source" in fields)
    yield from (LeftOut(kind, count) for kind, count in ((EMBEDDINGS, dropped), (BINARIES, binary)) if count)


def read_typed(item: Item, context: Context) -> Iterator[Part]:
    """Yield the memory of a row whose columns have types: a number in the column of the content is the text that it shows."""
    for part in read(item, context):
        content = part.fields.get("content") if isinstance(part, Draft) else None
        if isinstance(part, Draft) and isinstance(content, _NUMBERS) and not isinstance(content, bool):
            yield part._replace(fields={**part.fields, "content": text_of_number(content)})
        else:
            yield part


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
            if name in _NAMES and _says_no_name(value):
                return False
        elif kind is dict and (not value or may_hold_embedding(value)):
            return False
    return "content" in item


@lru_cache(maxsize=100)
def kinds_as_they_are(fields: frozenset[str]) -> Mapping[str, frozenset[type]]:
    """Return by field of the schema the types of values that are passed on unchanged, unless they are blank."""
    return {name: _KINDS.get(name, _KINDS_OF_OTHERS) for name in fields - {VERSION, ENVELOPE}}


def _claimed(item: Item, context: Context) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return the fields that an item gives, the rest of it that is not blank, and the usual name that the content was under."""
    mapping = context.mapping
    fields: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    ranks: dict[str, tuple[int, str]] = {}  # by field, the rank of the name that it was taken from, and the name
    if mapping:
        item = dict(item)
        known = {field: path for field, path in mapping.items() if field in USUAL_NAMES or field in context.fields}
        fields = {field: found for field, path in known.items() if not _says_nothing(field, found := _take(item, path))}
    for name, value in item.items():
        field, rank = claim_on(name, context.fields)
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
    return fields, rest, folded(ranks["content"][1]) if "content" in ranks else ""


def _as_message(fields: dict[str, Any], rest: dict[str, Any], context: Context) -> None:
    """Give a message its kind and its sender, where one goes from one to another; the subject of a mail goes to the rest.

    What has a type of content that only chats have (`userInput`) is a message of its conversation too.
    """
    if "conversation" not in fields and "subject" not in fields:
        return
    names = {folded(name): name for name in rest if isinstance(name, str)}
    turn = rest.get(names.get("contenttype", ""))
    if "conversation" in fields and isinstance(turn, str) and _OF_CHATS.search(turn.lower()):
        fields.setdefault("kind", "message")
    if not {"from", "to"} <= names.keys() or "subject" in context.mapping:
        return
    if "subject" in fields:
        rest["subject"] = fields.pop("subject")
    if isinstance(rest[names["from"]], str):
        fields["subject"] = rest.pop(names["from"])
    fields.setdefault("kind", "message")


def _labelled(fields: Mapping[str, Any], rest: Mapping[str, Any], origin: str) -> object:
    """Return the content with the key or title that stands beside it, if it says nothing of it itself."""
    content = fields["content"]
    labels = _LABELS.get(origin, _TITLES)
    label = next((value for name, value in rest.items() if isinstance(name, str) and folded(name) in labels), None)
    if not origin or not isinstance(label, str) or not shown(label) or "conversation" in fields or fields.get("kind") in _EVENTS:
        return content
    text = _text(content) if origin == "value" else content
    if not isinstance(text, str) or label.casefold() in text.casefold():
        return text
    return f"{shown(label)}: {text}"


def _without_binary(rest: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Return what is no bytes, and how many are."""
    kept = {
        name: value
        for name, value in rest.items()
        if not isinstance(value, bytes) and not (isinstance(value, dict) and [*value] == [BINARY])
    }
    return kept, len(rest) - len(kept)


def _is_value(name: str, value: object) -> bool:
    return folded(name) == "value" and isinstance(value, _NUMBERS)


def _text(value: object) -> object:
    """Return a number, or true or false, as text, and anything else unchanged."""
    return str(value).lower() if isinstance(value, _NUMBERS) else value


def _says_nothing(field: str, value: object) -> bool:
    if field in _NAMES and isinstance(value, str) and _says_no_name(value):
        return True
    return is_empty(value) if field == "content" else is_blank(value)


def _says_no_name(text: str) -> bool:
    """Return whether a text is a word that programs write where there is no name."""
    return shown(text).lower() in _NO_NAMES


def has_path(item: Item, path: str) -> bool:
    """Return whether an item has a name, or names inside one another with dots between."""
    return path in item or _take({**item}, path) is not None


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
TABLE = FORMAT._replace(name="csv", about="rows of a table: usual names of columns, or a mapping", matches=told_elsewhere, lists=())
ROWS = TABLE._replace(
    name="table", about="rows of Parquet, Arrow, HDF5, workbooks and frames, like those of `csv`", read=read_typed
)
READS = (read, read_typed)
TABLES = (TABLE, ROWS)
TEXTS = FORMAT._replace(name="texts", about="a JSON list of texts, each of which is a memory", matches=told_elsewhere, lists=())
