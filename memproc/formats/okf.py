"""Concepts of the Open Knowledge Format (OKF), Google's format for what agents know: a folder of notes in markdown with heads.

Facts (version 0.2): a file is a concept, and its head has a `type`, and maybe a title, a description, a resource and tags.
`generated: {by, at}` says who wrote it and when (before 0.2 `timestamp`), `verified` who confirmed it, a list or one: a `human:` or
something else. `sources` are what it derives from. `status` is draft, stable or deprecated, `stale_after` a date. Links between
concepts are links of markdown to their files. `index.md` and `log.md` are no concepts. Any `type` is one, and any other name may
stand in a head.

Rules: a concept is one fact, whose subject is its title, with the text below the head as it is, and its type as a tag. A link to
another concept is a relation to it. A concept is told by what only OKF has in a head, since notes of others have a `type` too. Who
wrote and confirmed it stays in `metadata`; a date of staleness too, for what is stale is not untrue. A concept's path is no id.
What memproc wrote itself has its fields in one object, `memproc`, and is read from that (`writers/okf.py`).

Left out, and read on request: `deprecated` concepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from memproc.formats import own_note
from memproc.formats.carried import NAME
from memproc.formats.cells import split_tags, tags_of
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.formats.heads import fields_of_head
from memproc.formats.held import draft_of, is_held
from memproc.records import Fault
from memproc.sources.front_matter import fields_of, split_head
from memproc.sources.markdown import slug
from memproc.validation import fault
from memproc.values import is_blank

TRUST = {"verified": "by", "sources": "resource"}  # lists in a head, and the name that each of their objects must have
_MARKS = frozenset(("okf_version", "generated", "verified", "stale_after", "resource", NAME))
_OLDER_MARKS = frozenset(("timestamp", "description"))
_RESERVED = ("index", "log")
_USED = frozenset(("title", "tags", "timestamp"))
_LINK = re.compile(r"(?<!!)\[[^\]\n]{0,300}\]\(([^()\s:]{1,300}?)\.md(?:#[^()\s]*)?\)")
_OPTIONS = ("deprecated",)


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    note = item.get("note")
    head = split_head(note)[0] if isinstance(note, str) and item.keys() <= {"note", "name"} else None
    named = {} if head is None else fields_of(head)
    is_marked = not _MARKS.isdisjoint(named) or named.keys() >= _OLDER_MARKS
    return is_marked and (not is_blank(named.get("type")) or "okf_version" in named)


def _read(item: Item, context: Context) -> Iterator[Part]:
    note = item.get("note")
    if not isinstance(note, str):
        yield Broken(fault("note", "missing", "a concept is text"))
        return
    head, body = split_head(note)
    values = own_note.json_values(head or "")
    if is_held(held := values.get(NAME)):
        yield _own(own_note.below_head(note, body), values, held, context.fields)
    elif item.get("name") in _RESERVED:
        yield LeftOut("indexes")
    elif isinstance(fields := fields_of_head(head or ""), Fault):
        yield Broken(fields)
    elif fields.get("status") in _OPTIONS and fields["status"] not in context.include:
        yield LeftOut(fields["status"])
    else:
        yield _concept(fields, body)


def _concept(fields: dict[str, Any], body: str) -> Part:
    title, given = fields.get("title"), fields.get("tags")
    content = next((text for text in (body.strip(), fields.get("description"), title) if isinstance(text, str) and text), None)
    if content is None:
        return LeftOut("empty")
    generated = fields.get("generated")
    tags = split_tags(given) if isinstance(given, str) else [tag for tag in listed(given) if isinstance(tag, str)]
    targets = dict.fromkeys(target.removeprefix("/").removeprefix("./") for target in _LINK.findall(body))
    trust = {name: listed(fields[name]) for name in TRUST if name in fields}
    draft = {
        "content": content,
        "subject": title if isinstance(title, str) else None,
        "created_at": generated.get("at") if isinstance(generated, dict) else fields.get("timestamp"),
        "tags": list(dict.fromkeys(filter(None, (slug(str(fields.get("type", ""))[:100]), *tags)))),
        "relations": [{"type": "links_to", "target": target, "target_kind": "entity"} for target in targets] or None,
        "metadata": {name: value for name, value in fields.items() if name not in _USED} | trust,
    }
    return Draft(with_raw_times(without_nones(draft)))


def _own(text: str, values: dict[str, Any], held: dict[str, Any], schema: frozenset[str]) -> Draft | Broken:
    """Return the memory that memproc wrote as a concept. `schema` names the fields there are."""
    trust = {name: values[name] for name in TRUST if isinstance(values.get(name), list)}
    return draft_of({**held, "tags": tags_of(values.get("tags", []))}, text.removesuffix("\n"), schema, trust)


FORMAT = Format(
    name="okf",
    about="concepts of the Open Knowledge Format (OKF): notes in markdown that say who wrote and who confirmed them",
    matches=_matches,
    read=_read,
    options=_OPTIONS,
)
