"""mem0: the results of `get_all()` and of the platform's list, and the payloads of its vector store.

Facts: the text is in `memory`, in raw payloads in `data`. Its owner is in `user_id`, `agent_id` or `app_id`. `run_id` in a search
is `session_id` in a list. `categories` are a list or a comma-separated text, `expiration_date` is the end of validity; old rows
have US/Pacific offsets. Records come bare or wrapped in `results`, `memories` or `items`; Qdrant wraps payloads in `points`.
Version 1 had `relations`, in a memory or beside all `results`. Lists are silently cut at a page size of 20, 50, 100 or 1000.

Rules: a record is a fact under its own id. Every field with a value is kept: fields without a place of their own go to `metadata`,
as `mem0_<name>` if the name is taken there. Owner and times in `metadata` count where there are none outside. Relations that name a
type and an entity become relations; they also stay in `metadata` as given, because memproc's relations have no source of their own.
One beside the results belongs to a memory of whom or what it goes out from, if there is one that names where it goes then to that;
of which there is none, it is counted. In a file of more than 64 KiB they are only counted: the list is read record by record.

Left out: `hash`, the MD5 of a text before mem0 edited it, which memproc neither trusts nor needs; and `score`, which belongs to a
query and not to the memory; and `text_lemmatized`, the text again, as mem0 searches it; embeddings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from memproc.formats import carried, memos
from memproc.formats.cells import EMBEDDINGS, tags_of, without_embeddings
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, beside, listed, with_raw_times, without_nones
from memproc.validation import fault
from memproc.values import is_blank

_TELLTALES = frozenset(("hash", "user_id", "agent_id", "run_id", "app_id", "session_id", "categories", "metadata", "created_at"))
_PAGE_SIZES = (20, 50, 100, 1000)
_RELATIONS = "relations"
_NOT_MEM0 = "timestamp"  # a name that mem0 does not have
_LEFT = frozenset(("hash", "score", "text_lemmatized"))
_FIELDS = {
    "content": ("memory", "data"),
    "id": ("id",),
    "namespace": ("user_id", "agent_id", "app_id"),
    "conversation": ("run_id", "session_id"),
    "tags": ("categories",),
    "created_at": ("created_at", _NOT_MEM0),
    "updated_at": ("updated_at",),
    "valid_to": ("expiration_date",),
}
_INSIDE = {"namespace": "user_id", "created_at": "created_at", "updated_at": "updated_at"}


def _matches(item: Item, fields: frozenset[str]) -> bool:
    if _is_whole(item):
        return all(isinstance(one, dict) and _is_memory(one, fields) for one in item["results"][:3])
    return _is_memory(item, fields)


def _is_memory(item: Item, fields: frozenset[str]) -> bool:
    payload = item.get("payload")
    if isinstance(payload, dict):
        return isinstance(payload.get("data"), str) and "hash" in payload
    is_listed = isinstance(item.get("memory"), str) and not _TELLTALES.isdisjoint(item) and (_NOT_MEM0 not in item or "id" in item)
    if is_listed and memos.FORMAT.matches(item, fields):
        return False
    return is_listed or (isinstance(item.get("data"), str) and "hash" in item)


def _is_whole(item: Item) -> bool:
    """Return whether an item is a list of memories with relations beside it."""
    return all(isinstance(item.get(name), list) and item[name] for name in ("results", _RELATIONS))


def _read(item: Item, context: Context) -> Iterator[Part]:
    if not _is_whole(item):
        yield from _read_one(item, context)
        return
    results, links = item["results"], item[_RELATIONS]
    said = [(_folded(one.get("memory")), _folded(one.get("user_id"))) if isinstance(one, dict) else ("", "") for one in results]
    places = [_place_of(link, said) for link in links]
    for at, one in enumerate(results):
        if not isinstance(one, dict):
            yield Broken(fault("", "not_a_mapping", "a memory of mem0 is an object"), one)
            continue
        own = [link for link, place in zip(links, places, strict=True) if place == at]
        joined = {**one, _RELATIONS: [*listed(one.get(_RELATIONS)), *own]} if own else one
        for part in _read_one(joined, context):
            yield part._replace(raw=one) if isinstance(part, Draft | Broken) else part
    if None in places:
        yield LeftOut(_RELATIONS, places.count(None))


def _place_of(link: object, said: Sequence[tuple[str, str]]) -> int | None:
    """Return which memory a relation belongs to: the first of its source that names its target, else the first of its source.

    `said` holds the text and the owner of each.
    """
    ends = [_folded(link.get(name)) for name in ("source", "target")] if isinstance(link, dict) else []
    source, target = ends or ["", ""]
    if not source or _relations([link]) is None:
        return None
    of_source = [at for at, (text, owner) in enumerate(said) if owner == source or f" {source} " in f" {text} "]
    return next((at for at in of_source if target and f" {target} " in f" {said[at][0]} "), next(iter(of_source), None))


def _folded(name: object) -> str:
    """Return a name or a text as the graph of mem0 writes names: in lower case, words alone."""
    return " ".join(re.findall(r"[^\W_]+", name.casefold())) if isinstance(name, str) else ""


def _read_one(item: Item, context: Context) -> Iterator[Part]:
    if isinstance(payload := item.get("payload"), dict):
        item = {"id": item.get("id"), **{n: v for n, v in item.items() if n != "payload"}, **payload}
    said = {field: [name for name in names if not is_blank(item.get(name))] for field, names in _FIELDS.items()}
    origins = {field: names[0] for field, names in said.items() if names}
    if "content" not in origins:
        yield Broken(fault("memory", "missing", "a mem0 record has its text in memory, or in data"))
        return
    fields: dict[str, Any] = {field: item[name] for field, name in origins.items()}
    if isinstance(inside := item.get("metadata"), dict):
        fields |= {field: inside[name] for field, name in _INSIDE.items() if field not in fields and not is_blank(inside.get(name))}
    fields["tags"] = tags_of(fields.get("tags"))
    fields[_RELATIONS] = _relations(item.get(_RELATIONS))
    fields["metadata"], dropped = without_embeddings(_metadata(item, frozenset(origins.values())))
    read = carried.taken_back(without_nones(fields), context.fields)
    yield Draft(with_raw_times(read), is_identity="id" in fields)
    if dropped:
        yield LeftOut(EMBEDDINGS, dropped)


def _relations(given: object) -> list[dict[str, Any]] | None:
    links = [link for link in given if isinstance(link, dict)] if isinstance(given, list) else []
    ends = [(link.get("relationship"), link.get("destination", link.get("target"))) for link in links]
    named = [both for both in ends if all(isinstance(one, str) and one for one in both)]
    return [{"type": kind, "target": target, "target_kind": "entity"} for kind, target in named] or None


def _metadata(item: Item, used: frozenset[str]) -> dict[str, Any]:
    given = item.get("metadata")
    own = given if isinstance(given, dict) else {}
    known = used | _LEFT | ({"metadata"} if isinstance(given, dict) else set())
    rest = {name: value for name, value in item.items() if name not in known and value not in (None, "", [], {})}
    return beside(own, rest, "mem0_")


def _remark(count: int) -> str | None:
    if count not in _PAGE_SIZES:
        return None
    return f"exactly {count} records: mem0 cuts lists at this size; check that the export is whole, else page on or raise its limit"


FORMAT = Format(
    name="mem0",
    about="mem0 get_all() results, platform lists and vector store payloads",
    matches=_matches,
    read=_read,
    lists=("results", "memories", "items", "points"),
    remark=_remark,
)
