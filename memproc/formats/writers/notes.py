"""What the writers of notes share: names of files, and JSON that may stand in the head of a note."""

from __future__ import annotations

import re

import orjson

from memproc.dedup.keys import key_of
from memproc.records import Plain, encode
from memproc.sources.markdown import slug

LONGEST_HEAD_BYTES = 48_000
_SLUG_CHARS, _HASH_DIGITS = 40, 16
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")  # which JSON leaves as they are


def name_of(memory: Plain) -> str:
    """Return the name of a note: the first words of its text, and a hash of whose it is and its id. It is the same at the next
    export, and holds letters, digits and hyphens alone.
    """
    words = slug(memory["content"][: 4 * _SLUG_CHARS])[:_SLUG_CHARS].strip("-") or "memory"
    known = key_of(encode([memory["namespace"], memory.get("source"), memory.get("conversation"), memory["id"]]))
    return f"{words}-{known.hex()[:_HASH_DIGITS]}.md"


def json_of(value: object) -> str:
    """Return a value as JSON in one line, whatever ends a line."""
    return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(value).decode())
