"""mem0's plugin for coding agents: the markdown file of its export.

Facts: each memory has a head with `id`, `created_at`, `type`, `confidence` and `categories`; its text follows. A text may hold a
line of three hyphens, which is no head.

Rules: a memory is a fact under its own id, tagged with its type and categories. The rest of its head goes to `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memproc.formats.cells import split_tags
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, with_raw_times, without_nones
from memproc.sources.front_matter import fields_of, split_head
from memproc.validation import fault
from memproc.values import is_empty

_PLACED = frozenset(("id", "created_at", "updated_at", "type", "categories", "user_id"))


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    part = item.get("part")
    if not isinstance(part, str) or not item.keys() <= {"part", "name"}:
        return False
    head = split_head(part)[0]
    return head is not None and {"id", "created_at"} <= fields_of(head).keys()


def _read(item: Item, _context: Context) -> Iterator[Part]:
    part = item.get("part")
    head, body = split_head(part) if isinstance(part, str) else (None, "")
    if head is None:
        yield Broken(fault("part", "missing", "a memory of mem0's plugin is a text with a head"))
        return
    if is_empty(body):
        yield LeftOut("empty")
        return
    named = fields_of(head)
    tags = [tag for name in ("type", "categories") for tag in _tags(named.get(name))]
    fields = {
        "id": named.get("id"),
        "content": body.strip(),
        "namespace": named.get("user_id"),
        "kind": "fact",
        "created_at": named.get("created_at"),
        "updated_at": named.get("updated_at"),
        "tags": list(dict.fromkeys(tags)) or None,
        "metadata": {name: value for name, value in named.items() if name not in _PLACED} or None,
    }
    yield Draft(with_raw_times(without_nones(fields)), is_identity="id" in named)


def _tags(given: Any) -> list[str]:
    return split_tags(given) if isinstance(given, str) else list(given or ())


FORMAT = Format(name="mem0-plugin", about="mem0's plugin: the markdown file of its export", matches=_matches, read=_read)
