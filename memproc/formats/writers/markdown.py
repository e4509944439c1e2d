"""A folder of notes in markdown, one memory a note, as Obsidian shows them.

Rules: the head holds the fields, a line each, and the text stands below as it is; relations are links at the end
(`formats/own_note.py`). A note is named by the first words of its text and a hash of whose it is and its id, so that names are
unique, and the same at the next export. No name holds anything but letters, digits and hyphens.

Left out: weights and times of relations; relations that no link can say; metadata that makes a head too long to be told as one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

import orjson

from memproc.dedup.keys import key_of
from memproc.formats.own import MARK, PROVENANCE
from memproc.formats.own_note import DIVIDER, NAMES, RELATION, RULER
from memproc.formats.writers.parts import id_of
from memproc.records import Plain, encode
from memproc.sources.markdown import slug

_SLUG_CHARS, _HASH_DIGITS = 40, 16
_LONGEST_HEAD_BYTES = 48_000
_BELOW = frozenset(("content", "relations", PROVENANCE))
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")  # which JSON leaves as they are
_HELD_BY_LINKS = frozenset(("type", "target", "target_kind"))


def notes(memories: Callable[[], Iterator[Plain]], left: Counter[str]) -> Iterator[tuple[str, bytes]]:
    """Give the name and the text of each note."""
    for memory in memories():
        named = {**memory, "id": id_of(memory)}
        yield _name(named), _text(named, left).encode()


def _name(memory: Plain) -> str:
    words = slug(memory["content"][: 4 * _SLUG_CHARS])[:_SLUG_CHARS].strip("-") or "memory"
    known = key_of(encode([memory["namespace"], memory.get("source"), memory.get("conversation"), memory["id"]]))
    return f"{words}-{known.hex()[:_HASH_DIGITS]}.md"


def _text(memory: Plain, left: Counter[str]) -> str:
    head = _head(memory)
    if len(head.encode()) > _LONGEST_HEAD_BYTES and "metadata" in memory:
        left["metadata"] += 1
        head = _head({name: value for name, value in memory.items() if name != "metadata"})
    links = _links(memory, left)
    divided = f"{DIVIDER}\n" + "".join(f"{link}\n" for link in links) if links or DIVIDER in memory["content"] else ""
    return f"{RULER}{head}{RULER}{memory['content']}\n{divided}"


def _head(memory: Plain) -> str:
    said = {**MARK, **{NAMES.get(name, name): value for name, value in memory.items() if name not in _BELOW}}
    return "".join(f"{name}: {_json(value)}\n" for name, value in said.items())


def _json(value: object) -> str:
    return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(value).decode())


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
