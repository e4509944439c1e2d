"""Items of a LangGraph store, as `search` returns them or as a row of its table has them.

Facts: an item has a `namespace`, a list in which the user mostly stands beside words for a sort of items, a `key` and a `value`,
which is an object: a text under `content` or another name, or a `content` that is an object itself, as in LangMem's
`{"kind": "Memory", "content": {"content": "..."}}`, or a triple there (`langmem.py`). In the table the namespace is the `prefix`,
with dots between its parts, and the value may be JSON text.

Rules: the one part of a namespace that is no such word is whose the item is; otherwise it is that of all parts. An item is a fact,
and its key is its id; a key that is a plain word is one only together with the rest of its namespace. An object without a text (a
profile) is one fact of all its names and values. An item that expires is true until then. The rest of the value goes to
`metadata`.

Left out: `score`, which belongs to a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from memproc.formats import carried, langmem
from memproc.formats.cells import EMBEDDINGS, object_of, without_embeddings
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, beside, with_raw_times, without_nones
from memproc.validation import fault
from memproc.values import is_blank

_MADE_KEY = re.compile(r"(?=.*\d)[\da-fA-F-]{4,}")
_KNOWN = frozenset(("namespace", "prefix", "key", "value", "created_at", "updated_at", "expires_at", "score"))
_SORTS = frozenset(("memories", "memory", "users", "user", "profile", "profiles", "facts", "preferences", "store"))
_TEXTS = langmem.TEXTS


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    has_place = isinstance(item.get("namespace"), list) or isinstance(item.get("prefix"), str)
    return has_place and isinstance(item.get("key"), str) and isinstance(object_of(item.get("value")), dict)


def _read(item: Item, context: Context) -> Iterator[Part]:
    value = object_of(item.get("value"))
    if not isinstance(value, dict):
        yield Broken(fault("value", "missing", "an item of a LangGraph store has an object as its value"))
        return
    text, rest = text_of(value)
    if text is None:
        yield Broken(fault("value", "missing", f"has no text under {', '.join(_TEXTS)}"))
        return
    path = _path(item)
    key = item.get("key")
    place = {"namespace_path": path} if len(path) > 1 else {}
    kept, dropped = without_embeddings(beside(rest, {n: v for n, v in item.items() if n not in _KNOWN} | place, "item_"))
    inner = value.get("content")
    triple = langmem.triple_of(inner if isinstance(inner, dict) else value)
    fields = {
        **(triple or {"content": text}),
        "id": key if not isinstance(key, str) or is_made(key) else "/".join([*path_before(path), key]),
        "namespace": namespace_of(path) or None,
        "created_at": item.get("created_at"),
        "updated_at": item.get("updated_at"),
        "valid_to": item.get("expires_at"),
        "metadata": kept or None,
    }
    read = carried.taken_back(without_nones(fields), context.fields)
    yield Draft(with_raw_times(read), is_identity=not is_blank(key))
    if dropped:
        yield LeftOut(EMBEDDINGS, dropped)


def is_made(key: str) -> bool:
    """Return whether a key was made to be unique, and is no plain word."""
    return bool(_MADE_KEY.fullmatch(key))


def namespace_of(path: Sequence[str]) -> str:
    """Return whose an item is, given the path of its namespace.

    >>> namespace_of(["users", "bob", "memories"]), namespace_of(["org", "alice", "food"])
    ('bob', 'org/alice/food')
    """
    names = [part for part in path if part.casefold() not in _SORTS]
    return names[0] if len(names) == 1 else "/".join(path)


def path_before(path: Sequence[str]) -> Sequence[str]:
    """Return what of a path must stand before a plain key to tell it from others of the namespace."""
    return path if namespace_of(path) in path[:-1] else path[:-1]


def text_of(value: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return the text of a value, None if it says nothing, and what else it has."""
    for name in _TEXTS:
        inner = value.get(name)
        rest = {other: one for other, one in value.items() if other != name}
        if isinstance(inner, str) and not is_blank(inner):
            return inner, rest
        if isinstance(inner, dict) and inner:
            text = next((inner[one] for one in _TEXTS if isinstance(inner.get(one), str) and not is_blank(inner[one])), None)
            return (
                (text, {**rest, name: inner} if len(inner) > 1 else rest)
                if text
                else (langmem.plainly(inner), {**rest, name: inner})
            )
    return langmem.plainly(value), dict(value)


def with_text(item: Item, text: str) -> dict[str, Any] | None:
    """Return the value of an item with another text in the place of its text, None if that is made of several values."""
    value = object_of(item.get("value"))
    inner = value.get("content") if isinstance(value, dict) else None
    if not isinstance(value, dict) or langmem.triple_of(inner if isinstance(inner, dict) else value):
        return None
    for name in _TEXTS:
        inner = value.get(name)
        if isinstance(inner, str) and not is_blank(inner):
            return {**value, name: text}
        if isinstance(inner, dict) and inner:
            place = next((one for one in _TEXTS if isinstance(inner.get(one), str) and not is_blank(inner[one])), None)
            return None if place is None else {**value, name: {**inner, place: text}}
    return None


def _path(item: Item) -> list[str]:
    given = item.get("namespace")
    if not isinstance(given, list):
        given = given.split(".") if isinstance(given, str) else []
    prefix = item.get("prefix")
    parts = given or (prefix.split(".") if isinstance(prefix, str) else [])
    return [str(part) for part in parts if isinstance(part, str | int) and not is_blank(part)]


FORMAT = Format("langgraph", "items of a LangGraph store: namespace, key and value", _matches, _read)
