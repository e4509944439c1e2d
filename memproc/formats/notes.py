"""Notes in markdown with a head, as Obsidian and basic-memory keep them.

Facts: the head names a title, tags, dates and aliases. An observation is `- [category] text #tag (context)`, a relation
`- relates_to [[Target]] (context)`; `- [ ]` and `- [x]` are tasks. A link may be `[[Target|shown]]` or `[[Target#heading]]`.

Rules: each item of a list is a fact without an id, with its category, its tags and those of the head; a task is a fact tagged
`task`. Relations and links in a text are relations of the facts of the note; what they say beside is kept in `metadata.relations`.
In a note without other facts, each relation with words is a fact by itself: "Lives in Ghent".
A note that memproc wrote is one memory (`own_note.py`), or holds those of a day (`own_day.py`).
Dates are those of the head, never those of the file. Paragraphs are counted, and read on request. The rest of the head goes to
`metadata`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from memproc.formats import own_day, own_note
from memproc.formats.cells import split_tags
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.formats.heads import fields_of_head
from memproc.records import Fault
from memproc.sources.front_matter import split_head
from memproc.sources.markdown import Cut, cuts_of, slug
from memproc.validation import fault

_CREATED, _UPDATED = ("created", "created_at", "date"), ("updated", "updated_at", "modified", "last_modified")
_TASK = re.compile(r"\[([ xX/-])\]\s+")
_CATEGORY = re.compile(r"\[([^\[\]\n]{1,60})\]\s+")
_RELATION = re.compile(r"(\w[\w -]{0,80}?)?\s*+\[\[([^\[\]\n]{1,200})\]\]\s*+(?:\(([^\n]*)\))?\s*")
_LINK = re.compile(r"!?\[\[([^\[\]\n]{1,200})\]\]")
_TAG = re.compile(r"(?<!\S)#([^\s#(),;]*[^\s#(),;\d][^\s#(),;]*)")
_ENDS = ".!?:\u2026'\""  # of a sentence, and of no tag
EMPTY = LeftOut("empty")  # of a note without text
_STRUCTURE = frozenset(("observations", "relations"))


class _Said(NamedTuple):
    """What an item of a list says: its text, tags, context, and the relations of its links."""

    text: str
    tags: list[str]
    context: str | None
    relations: list[dict[str, Any]]


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return isinstance(item.get("note"), str) and item.keys() <= {"note", "name"}


def _read(item: Item, context: Context) -> Iterator[Part]:
    note = item.get("note")
    if not isinstance(note, str):
        yield Broken(fault("note", "missing", "a note is text"))
        return
    head, body = split_head(note)
    if own_note.is_own(head):
        yield own_note.read(note, context.fields)
        return
    if own_day.is_day(head):
        yield from own_day.read(own_note.below_head(note, body), context.fields)
        return
    fields = fields_of_head(head or "")
    if isinstance(fields, Fault):
        yield Broken(fields)
        return
    yield from read_body(fields, item.get("name"), body, context)


def read_body(head: dict[str, Any], name: object, body: str, context: Context) -> Iterator[Part]:
    """Yield what becomes of the text of a note with a head and a name."""
    cuts = list(cuts_of(body.splitlines()))
    is_carried = any(_is_fact(cut, context) for cut in cuts)
    links = [cut.text for cut in cuts if is_carried and cut.is_item and _RELATION.fullmatch(cut.text)]
    yield from _facts(cuts, _shared(head, name, links), context, is_carried=is_carried)
    if not cuts:
        yield EMPTY


def _is_fact(cut: Cut, context: Context) -> bool:
    """Return whether a cut is a fact that relations of the note can stand at."""
    return not _RELATION.fullmatch(cut.text) if cut.is_item else not cut.level and "paragraphs" in context.include


def _shared(head: dict[str, Any], name: object, links: list[str]) -> dict[str, Any]:
    """Return the fields that all facts of a note share."""
    rest = dict(head)
    created, updated = (next((rest.pop(one) for one in names if one in rest), None) for names in (_CREATED, _UPDATED))
    tags = rest.pop("tags", None)
    given = split_tags(tags) if isinstance(tags, str) else [tag for tag in listed(tags) if isinstance(tag, str)]
    relations = [_related(match[2], match[1] or "relates_to") for link in links if (match := _RELATION.fullmatch(link))]
    told = {"relations": links} if any(link.rstrip().endswith(")") for link in links) else {}
    metadata = {**without_nones({"title": name}), **rest, **told}
    tagged = [tag.lstrip("#") for tag in given if tag.strip("#")]
    return {"created_at": created, "updated_at": updated, "tags": tagged, "relations": relations, "metadata": metadata}


def _facts(cuts: list[Cut], shared: dict[str, Any], context: Context, *, is_carried: bool) -> Iterator[Part]:
    """Yield the facts of a note, and what is left out; `is_carried` says whether a fact carries the relations of the note."""
    sections: list[Cut] = []
    for cut, following in pairwise([*cuts, Cut(1, "")]):
        relation = _RELATION.fullmatch(cut.text) if cut.is_item else None
        if cut.level:
            sections = [*(section for section in sections if section.level < cut.level), cut]
            if 0 < following.level <= cut.level:
                yield LeftOut("headings")
        elif _is_fact(cut, context):
            yield _fact(_said(cut.text), sections, shared)
        elif relation is None:
            yield LeftOut("paragraphs")
        elif not is_carried:
            kind, target, words = relation.groups()
            said = _said(cut.text)._replace(relations=[_related(target, kind or "relates_to")])
            yield _fact(said, sections, shared) if kind or words else LeftOut("relations")


def _fact(said: _Said, sections: list[Cut], shared: dict[str, Any]) -> Draft:
    heading = slug(sections[-1].text) if sections else ""
    tags = [*([heading] if heading and heading not in _STRUCTURE else []), *said.tags, *shared["tags"]]
    section = {"section": " > ".join(one.text for one in sections)} if sections else {}
    metadata = {**shared["metadata"], **section, **without_nones({"context": said.context})}
    relations = [*shared["relations"], *said.relations]
    own = {"content": said.text, "kind": "fact", "tags": list(dict.fromkeys(tags)) or None, "relations": relations or None}
    return Draft(with_raw_times(without_nones({**shared, **own, "metadata": metadata})), raw=said.text)


def _said(text: str) -> _Said:
    """Return what an item says.

    >>> _said("[method] Pour over, as [[Ann|she]] does #brewing (from V60)")[:3]
    ('Pour over, as she does', ['method', 'brewing'], 'from V60')
    """
    first, *rest = text.split("\n")
    tags: list[str] = []
    context = None
    if task := _TASK.match(first):
        tags.append("task" if task[1] == " " else "task-done" if task[1] in "xX" else "task-open")
        first = first[task.end() :]
    elif category := _CATEGORY.match(first):
        tags.append(slug(category[1]))
        first = first[category.end() :].rstrip()
        opening = first.rfind(" (")
        if first.endswith(")") and opening > 0:
            first, context = first[:opening], first[opening + 2 : -1]
    tags += [tag for found in _TAG.findall(first) if not (tag := found.rstrip(_ENDS)).isdigit()]
    words = first.split(" ")
    while words and (not words[-1] or (_TAG.fullmatch(words[-1]) and words[-1][-1] not in _ENDS)):
        words.pop()
    shown = _LINK.sub(lambda link: _shown(link[1]), "\n".join([" ".join(words), *rest])).strip()
    links = [_related(target, "links_to") for target in _LINK.findall(text)]
    return _Said(shown or text, [tag for tag in tags if tag], context, links)


def _shown(link: str) -> str:
    """Return what a reader sees of a link."""
    target, _, alias = link.partition("|")
    return alias.strip() or target.strip().lstrip("#")


def _related(link: str, kind: str) -> dict[str, Any]:
    target = link.partition("|")[0].partition("#")[0].strip() or link
    return {"type": kind.strip(), "target": target, "target_kind": "entity"}


FORMAT = Format(
    name="markdown",
    about="notes in markdown with a head: Obsidian, basic-memory",
    matches=_matches,
    read=_read,
    options=("paragraphs",),
)
