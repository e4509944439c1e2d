"""Why a source whose first records are known is refused before anything is stored, or what is told of it. Pure; says what to do.

Rules: a name that the caller mapped must be found in the first records of a file, else it is taken for a slip. A table without a
column of text is no memories. JSON text inside JSON text is not read twice, because what wrote it may have meant a text.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from typing import Any

import orjson

from memproc.errors import SourceError
from memproc.formats import generic, whatsapp
from memproc.formats.draft import Context, Format
from memproc.formats.mapping import FieldMap
from memproc.formats.naming import Names
from memproc.formats.usual_names import USUAL_NAMES, claim_on, folded
from memproc.report.notes import UNREAD
from memproc.sources.delimiters import delimiter_of, is_table
from memproc.sources.delivery import Delivery
from memproc.sources.items import Item
from memproc.sources.labels import name_shown
from memproc.sources.sniffing import LINE_SUFFIXES, MEDIA

NAMES_NEAR = 3
_SHOWN_ALIKE, _ALMOST_ALIKE = 0.6, 0.85
_TOLD_IF_MISSED = ("namespace", "created_at", "conversation")
_MAY_OWN = frozenset(  # folded names of who a memory may be of; a product may use each for something else, so it is only told
    ("customer", "customerid", "account", "accountid", "client", "clientid", "member", "memberid", "profile", "profileid")
) | {"email", "emailaddress", "name", "fullname", "contact", "contactid", "person", "personid", "ownerid"}
UNREAD_SHOWN = 200  # notes on files that were not read


def missing_paths(mapping: Mapping[str, str], objects: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the part of a mapping whose paths no object has."""
    if isinstance(mapping, FieldMap):
        left = mapping.needed()
    else:
        left = {field: [path] for field, path in mapping.items() if path != generic.NOWHERE}
    for item in objects:
        left = {field: paths for field, paths in left.items() if not any(generic.has_path(item, path) for path in paths)}
        if not left:
            break
    return {field: paths[0] for field, paths in left.items()}


def check_mapping(label: str, mapping: Mapping[str, str], objects: Sequence[Mapping[str, Any]]) -> None:
    """Raise SourceError if a name of the mapping is in none of the records, which are the first of the source."""
    missing = missing_paths(mapping, objects) if objects else {}
    if not missing:
        return
    field, path = next(iter(missing.items()))
    names, what = Names.of_values(objects), f"the mapping of {field}" if isinstance(mapping, FieldMap) else f"--map {field}"
    known = {folded(name): name for name in names.all}
    near = [known[one] for one in get_close_matches(folded(path), known, NAMES_NEAR, _SHOWN_ALIKE)]
    told = f"{label}: none of the first {len(objects)} records has what {what} names"
    instead = f"did you mean {' or '.join(map(name_shown, near))}?" if near else f"what was read has {names.shown}"
    raise SourceError(f"{told}: {name_shown(path)}. {instead[:1].upper()}{instead[1:]}", told)


def check_table(label: str, rows: Sequence[Mapping[str, Any]], mapping: Mapping[str, str], fields: frozenset[str]) -> None:
    """Raise SourceError if a table has no column of text; `fields` are those of the schema."""
    if not rows or "content" in mapping or any(generic.matches(row, fields) for row in rows):
        return
    names, told = Names.of_values(rows), f"{label} is in no known format: "
    raise SourceError(told + names.advice(redact=False), told + names.advice(redact=True))


def check_known(file: Delivery, detected: Format | None, sample: Sequence[Item], objects: Sequence[Mapping[str, Any]]) -> None:
    """Raise SourceError if the format of a file is unknown, or leaves open what its dates mean; `objects` are of the sample."""
    alone = "" if file.is_named else ", for this file alone"
    if detected is whatsapp.FORMAT and any(one.get("day_first", True) is None for one in objects):
        advice = f"name --format {whatsapp.DAY_FIRST.name} or --format {whatsapp.MONTH_FIRST.name}"
        raise SourceError(f"{file.shown} does not tell whether the day or the month comes first in its dates: {advice}{alone}")
    if detected is not None:
        return
    if any("paragraph" in one for one in objects):
        advice = "name --format text for one fact in each paragraph, or --format text-lines for one in each line"
        start = "\n".join(str(one.get("paragraph", "")) for one in objects).encode("utf-8", "replace")
        if is_table(start, is_whole=True):
            delimiter = delimiter_of(start, ",", is_whole=True).replace("\t", "tab")
            advice = f"if it is a table, give --delimiter {shlex.quote(delimiter)}; else {advice}"
        raise SourceError(f"{file.shown} holds no JSON, and no list of texts: {advice}{alone}")
    if objects:
        names, message = Names.of_values(objects), f"{file.shown} is in no known format: "
        raise SourceError(message + names.advice(redact=False) + alone, message + names.advice(redact=True) + alone)
    if sample and file.suffix not in (".json", *LINE_SUFFIXES):
        lines = "line" if len(sample) == 1 else f"{len(sample)} lines"
        raise SourceError(f"{file.shown} holds no JSON in its first {lines}: give JSON, JSON lines or CSV")


def remarks_on_names(objects: Sequence[Mapping[str, Any]], fields: frozenset[str], context: Context) -> list[str]:
    """Return remarks on names of the first records that may stand for a field that none has; `fields` are those of the schema."""
    names = dict.fromkeys(name for item in objects for name in item if isinstance(name, str))
    claimed = {name: claim_on(name, fields)[0] for name in names}
    left = [name for name, field in claimed.items() if not field and name not in context.mapping.values()]
    told = [] if context.mapping else _near_misses(left, {*claimed.values()})
    has_owner = "namespace" in claimed.values() or "namespace" in context.mapping
    return told if has_owner else [*told, *_may_own(left, objects)]


def _near_misses(left: Sequence[str], found: AbstractSet[str]) -> list[str]:
    """Return a remark on each name that is near a usual one of a field that was not found."""
    wanted = {folded(usual): field for field in _TOLD_IF_MISSED if field not in found for usual in USUAL_NAMES[field]}
    near = [(name, wanted[one]) for name in left for one in get_close_matches(folded(name), wanted, 1, _ALMOST_ALIKE)]
    told = "{0} was not taken for the {1}: --map {1}={0} takes it"
    return [told.format(name_shown(name), field) for name, field in near[:NAMES_NEAR]]


def _may_own(left: Iterable[str], objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a remark on each name that may say whose a memory is, and has several values."""
    for name in left:
        values = {repr(item[name]) for item in objects if item.get(name) not in (None, "")}
        if folded(name) in _MAY_OWN and len(values) > 1:
            told = f"{name_shown(name)} has {len(values)} values in the first {len(objects)} records, and was not taken for whose"
            yield f"{told} memories these are: --map {shlex.quote(f'namespace={name_shown(name)}')} does that"


def refuse_graph(label: str, head: Mapping[str, Any]) -> None:
    """Raise SourceError if an object with this head is a graph: not all its nodes are memories, and its links would be lost."""
    if head.keys() >= {"directed", "multigraph"}:
        raise SourceError(f"{label} is a graph (node-link JSON), which is not read back: give what it was made of")


def are_texts(label: str, values: Sequence[object]) -> bool:
    """Return whether most of the values are texts. Raises SourceError if these are JSON text themselves."""
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) * 2 <= len(values):
        return False
    if all(map(_is_json, texts)):
        raise SourceError(f"{label} is JSON text within JSON text: decode it once, as with `jq fromjson`")
    return True


def _is_json(text: str) -> bool:
    """Return whether a text is a JSON object or list."""
    try:
        return isinstance(orjson.loads(text), dict | list)
    except orjson.JSONDecodeError:
        return False


def unread_notes(told: Sequence[str]) -> Iterator[str]:
    """Yield a note on each file that was not read; of many, on the first ones and on how many there are. Pictures, which most
    exports are full of, come last: what may hold memories is told first.
    """
    ordered = sorted(told, key=lambda one: one.endswith(MEDIA))
    yield from (f"{UNREAD}{one}" for one in ordered[:UNREAD_SHOWN])
    if len(told) > UNREAD_SHOWN:
        yield f"{UNREAD}{len(told) - UNREAD_SHOWN} more files"
