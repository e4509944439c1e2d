"""What memproc's own store of LangGraph keeps of an item, and under which names, so that all of it can be read back.

Facts: an item has a place, the labels of its namespace and a key, and a value, any object. A memory has one namespace and an id,
which are names: without white space at their ends, and with words that mean "no id".

Rules: labels stand with slashes between them. What a name cannot hold, a slash and a percent sign are written as in a URL, so that
no two places have one name. Key and value are kept whole in the metadata; the text of a memory is only said by the value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from memproc.formats import langgraph, langmem
from memproc.records import Plain
from memproc.records.fields import NO_IDS
from memproc.values import is_blank, shown

SOURCE, KIND = "langgraph", "event"  # an event is itself and nothing else: items are never merged
ITEM = "langgraph_item"
_EMPTY = "%"  # stands for no text at all


def name_of(path: Sequence[str]) -> str:
    """Return the namespace of a memory for the labels of an item.

    >>> name_of(("users", "ann")), name_of(("a/b", " c"))
    ('users/ann', 'a%2Fb/%20%63')
    """
    return "/".join(map(_written, path))


def path_of(name: str) -> tuple[str, ...] | None:
    """Return the labels that a namespace stands for, None if it stands for none.

    >>> path_of("a%2Fb/%20%63"), path_of("50%")
    (('a/b', ' c'), None)
    """
    path = tuple(map(_read, name.split("/")))
    return path if name_of(path) == name else None


def id_of_key(key: str) -> str:
    """Return the id of a memory for the key of an item.

    >>> id_of_key("m-1"), id_of_key("none")
    ('m-1', '%6E%6F%6E%65')
    """
    return _written(key)


def text_said(value: Mapping[str, Any]) -> str | None:
    """Return the text that a value says, None if it says nothing: what the format reads of it.

    >>> text_said({"content": "Prefers tea"}), text_said({"theme": "dark"}), text_said({"seen": []})
    ('Prefers tea', 'theme: dark', None)
    """
    inner = value.get("content")
    triple = langmem.triple_of(inner if isinstance(inner, dict) else value)
    return triple["content"] if triple else langgraph.text_of(value)[0]


def item_in(memory: Plain) -> tuple[str, dict[str, Any]] | None:
    """Return key and value of the item that a memory is, None if it is none. A text that was changed since stands in the value."""
    item = memory.get("metadata", {}).get(ITEM)
    if memory.get("source") != SOURCE or not isinstance(item, dict):
        return None
    key, value = item.get("key"), item.get("value")
    if not isinstance(key, str) or not isinstance(value, dict):
        return None
    said = text_said(value)
    name = next((one for one in langmem.TEXTS if said is not None and value.get(one) == said), None)
    return key, value if name is None else {**value, name: memory["content"]}


def _written(text: str) -> str:
    plain = text.replace("%", "%25").replace("/", "%2F")
    if plain and shown(plain) == plain and plain.lower() not in NO_IDS and not is_blank(plain):
        return plain
    return "".join(f"%{byte:02X}" for byte in text.encode()) or _EMPTY


def _read(text: str) -> str:
    return "" if text == _EMPTY else unquote(text, errors="replace")
