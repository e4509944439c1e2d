"""What the writers of notes share: names of files, and JSON that may stand in the head of a note."""

from __future__ import annotations

import re

import orjson

from memproc.dedup.keys import Key, key_of
from memproc.records import Plain, encode
from memproc.sources.markdown import slug

LONGEST_HEAD_BYTES = 48_000
_SLUG_CHARS, _HASH_DIGITS = 40, 16
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")  # which JSON leaves as they are


def name_of(memory: Plain) -> str:
    """Return the name of a note: the first words of its text, and a hash of whose it is and its id. It is the same at the next
    export, and holds letters, digits and hyphens alone.
    """
    return f"{stem_of_memory(memory)}.md"


def stem_of_memory(memory: Plain) -> str:
    """Return the name of what is written of a memory, without an ending."""
    known = key_of(encode([memory["namespace"], memory.get("source"), memory.get("conversation"), memory["id"]]))
    return stem_of(memory["content"], known, "memory")


def stem_of(text: str, known: Key, otherwise: str) -> str:
    """Return a name without an ending: the first words of a text, or where it has none what stands for them, and a hash.

    >>> stem_of("../Tea & milk", bytes(16), "memory")
    'tea-milk-0000000000000000'
    """
    words = slug(text[: 4 * _SLUG_CHARS])[:_SLUG_CHARS].strip("-") or otherwise
    return f"{words}-{known.hex()[:_HASH_DIGITS]}"


def json_of(value: object) -> str:
    """Return a value as JSON in one line, whatever ends a line."""
    return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(value).decode())
