"""Letta's MemFS: the blocks of an agent's memory as a folder of markdown files.

Facts: a file is a block, and its name the label; its head has a `description`, and in some versions `limit`, `read_only` and
`metadata`, and nothing else. `system/` holds what the agent always sees, `human.md` and `persona.md` among it.

Rules: as in an agent file (`letta.py`) what a block says are facts whose subject is the label: each item of a list, and each
paragraph. A heading above it is a tag.

Left out, and read on request: `persona`, in which the agent tells itself who it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, without_nones
from memproc.sources.front_matter import fields_of, split_head
from memproc.sources.markdown import Cut, cuts_of, slug
from memproc.validation import fault
from memproc.values import is_blank

_HEAD = frozenset(("description", "limit", "read_only", "metadata"))
_OPTIONS = ("persona",)


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    note = item.get("note")
    head = split_head(note)[0] if isinstance(note, str) and item.keys() <= {"note", "name"} else None
    named = {} if head is None else fields_of(head)
    return "description" in named and named.keys() <= _HEAD


def _read(item: Item, context: Context) -> Iterator[Part]:
    note, label = item.get("note"), item.get("name")
    if not isinstance(note, str):
        yield Broken(fault("note", "missing", "a block is text"))
        return
    if label in _OPTIONS and label not in context.include:
        yield LeftOut(str(label))
        return
    head, body = split_head(note)
    description = fields_of(head or "").get("description")
    shared = without_nones({"label": None if is_blank(label) else label, "description": description})
    cuts = [*cuts_of(body.splitlines())]
    sections: list[Cut] = []
    for cut, following in pairwise([*cuts, Cut(1, "")]):
        if cut.level:
            sections = [*(section for section in sections if section.level < cut.level), cut]
            if 0 < following.level <= cut.level:
                yield LeftOut("headings")
            continue
        section = {"section": " > ".join(one.text for one in sections)} if sections else {}
        tag = slug(sections[-1].text) if sections else ""
        fields = {
            "content": cut.text,
            "subject": shared.get("label"),
            "tags": [tag] if tag else None,
            "metadata": {**shared, **section},
        }
        yield Draft(without_nones(fields), raw=cut.text)
    if not cuts:
        yield LeftOut("empty")


FORMAT = Format("letta-memfs", "Letta's MemFS: blocks of memory in markdown, a file each", _matches, _read, options=_OPTIONS)
