"""A folder of notes in markdown, one memory a note, as Obsidian shows them.

Rules: the head holds the fields, a line each, and the text stands below as it is; relations are links at the end
(`formats/own_note.py`).

Left out: weights and times of relations; relations that no link can say; metadata that makes a head too long to be told as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from memproc.formats.own import MARK, PROVENANCE
from memproc.formats.own_note import DIVIDER, NAMES, RELATION, RULER
from memproc.formats.writers.notes import LONGEST_HEAD_BYTES, json_of, name_of
from memproc.formats.writers.parts import id_of
from memproc.records import Plain

_BELOW = frozenset(("content", "relations", PROVENANCE))
_HELD_BY_LINKS = frozenset(("type", "target", "target_kind"))


def notes(memories: Callable[[], Iterator[Plain]], left: Counter[str]) -> Iterator[tuple[str, bytes]]:
    """Give the name and the text of each note."""
    for memory in memories():
        named = {**memory, "id": id_of(memory)}
        yield name_of(named), _text(named, left).encode()


def _text(memory: Plain, left: Counter[str]) -> str:
    head = _head(memory)
    if len(head.encode()) > LONGEST_HEAD_BYTES and "metadata" in memory:
        left["metadata"] += 1
        head = _head({name: value for name, value in memory.items() if name != "metadata"})
    links = _links(memory, left)
    divided = f"{DIVIDER}\n" + "".join(f"{link}\n" for link in links) if links or DIVIDER in memory["content"] else ""
    return f"{RULER}{head}{RULER}{memory['content']}\n{divided}"


def _head(memory: Plain) -> str:
    said = {**MARK, **{NAMES.get(name, name): value for name, value in memory.items() if name not in _BELOW}}
    return "".join(f"{name}: {json_of(value)}\n" for name, value in said.items())


def _links(memory: Plain, left: Counter[str]) -> list[str]:
    links = []
    for relation in memory.get("relations", ()):
        kind = relation["target_kind"]
        link = f"- {relation['type']} [[{relation['target']}]]" + ("" if kind == "entity" else f" ({kind})")
        found = RELATION.fullmatch(link)
        if (
            found is None
            or (found["type"], found["target"]) != (relation["type"], relation["target"])
            or len(link.splitlines()) > 1
        ):
            left["relations"] += 1
            continue
        links.append(link)
        left.update(["details of relations"] * bool(relation.keys() - _HELD_BY_LINKS))
    return links
