"""Graphiti and Zep: a graph of episodes, entities and edges, whole or one object at a time.

Facts: there is no official export. The graph is written as `{"episodes": [], "entities": [], "edges": []}`, each with the fields of
its node. `valid_at` is when something was true in the world, `created_at` when it was taken in, and both are kept. `invalid_at` and
`expired_at` say that an edge is history. The content of an episode of a chat is `speaker: text`. `group_id` tells whose it is. What
was read in a graph database has the name of its `graph` there, and an edge the names of its ends beside their ids.

Rules: an episode of a chat is a message of its speaker, any other episode a fact. An edge is a fact about its source, with a
relation to its target. The summary of an entity is of the kind `summary`. A name of a node is used where the graph has it, else
its id. A part without a group is of the only group of its graph, if there is one.

Left out: entities without a summary; embeddings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from memproc.formats.cells import EMBEDDINGS, without_embeddings
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times
from memproc.validation import fault
from memproc.values import is_blank

_LISTS = ("episodes", "entities", "edges")
_SPEAKER = re.compile(r"([^\W\d_][\w .'-]{0,60}?)(?: ?\((\w+)\))?: (\S.*)", re.DOTALL)
_OF_ENTITIES = frozenset(("labels", "group_id", "attributes"))
_ENDS = ("source_node_name", "target_node_name")
_USED = frozenset(("uuid", "group_id", "content", "fact", "summary", "created_at", "valid_at", "graph", *_ENDS))


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    parts = [one for given in _lists(item).values() for one in given[:1]]
    return all(map(_is_part, parts)) if parts else _is_part(item)


def _is_part(item: object) -> bool:
    """Return whether an object is an episode, an entity or an edge."""
    if not isinstance(item, dict) or not isinstance(item.get("uuid"), str):
        return False
    is_edge = isinstance(item.get("fact"), str) and "source_node_uuid" in item
    is_episode = isinstance(item.get("content"), str) and ("entity_edges" in item or ("group_id" in item and "valid_at" in item))
    return is_edge or is_episode or (isinstance(item.get("name"), str) and "summary" in item and not _OF_ENTITIES.isdisjoint(item))


def _read(item: Item, _context: Context) -> Iterator[Part]:
    lists = _lists(item)
    if not any(lists.values()):
        yield from _of_one(item, {})
        return
    entities = [one for one in lists["entities"] if isinstance(one, dict)]
    names = {one["uuid"]: one["name"] for one in entities if isinstance(one.get("uuid"), str) and isinstance(one.get("name"), str)}
    parts = [one for name in _LISTS for one in lists[name]]
    groups = {one["group_id"] for one in parts if isinstance(one, dict) and isinstance(one.get("group_id"), str)}
    group = {"group_id": next(iter(groups))} if len(groups) == 1 else {}
    for one in parts:
        if isinstance(one, dict):
            yield from _of_one({**group, **one}, names)
        else:
            yield Broken(fault("", "not_a_mapping", "a part of a graph is an object"), one)


def _lists(item: Item) -> dict[str, list[Any]]:
    """Return the lists of a graph, which are empty in one of its parts: an edge has the ids of its episodes under that name."""
    is_part = isinstance(item.get("uuid"), str)
    return {name: [] if is_part else listed(item.get(name)) for name in _LISTS}


def _of_one(item: Item, names: Mapping[str, str]) -> Iterator[Part]:
    if "fact" in item:
        said = _of_edge(item, names)
    elif "content" in item:
        said = _of_episode(item)
    elif not is_blank(item.get("summary")):
        said = {"content": item["summary"], "subject": item.get("name"), "kind": "summary"}
    elif "name" in item:
        yield LeftOut("entities without a summary")
        return
    else:
        yield Broken(fault("content", "missing", "has no text under content, fact or summary"), item)
        return
    metadata, dropped = without_embeddings({n: v for n, v in item.items() if n not in _USED and v not in (None, "", [], {})})
    times = {"created_at": item.get("created_at"), "valid_from": item.get("valid_at")}
    fields = {"id": item.get("uuid"), "namespace": item.get("group_id"), **times, **said, "metadata": metadata}
    kept = {name: value for name, value in fields.items() if name == "content" or not is_blank(value)}
    yield Draft(with_raw_times(kept), is_identity="id" in kept, raw=item)
    if dropped:
        yield LeftOut(EMBEDDINGS, dropped)


def _of_edge(item: Item, names: Mapping[str, str]) -> dict[str, Any]:
    ids = (item.get("source_node_uuid"), item.get("target_node_uuid"))
    said = (item.get(name) for name in _ENDS)
    source, target = (_named(one, names) if is_blank(name) else name for name, one in zip(said, ids, strict=True))
    relation = {"type": item.get("name"), "target": target, "target_kind": "entity"}
    is_whole = not any(map(is_blank, relation.values()))
    ends = [item[name] for name in ("invalid_at", "expired_at") if not is_blank(item.get(name))]
    fields = {"content": item["fact"], "subject": source, "valid_to": ends[0] if ends else None}
    return {**fields, "relations": [relation] if is_whole else None}


def _of_episode(item: Item) -> dict[str, Any]:
    content = item["content"]
    if item.get("source") != "message":
        return {"content": content}
    match = _SPEAKER.fullmatch(content) if isinstance(content, str) else None
    return {"content": match[3], "subject": match[1], "kind": "message"} if match else {"content": content, "kind": "message"}


def _named(node: object, names: Mapping[str, str]) -> object:
    return names.get(node, node) if isinstance(node, str) else node


FORMAT = Format("graphiti", "a graph of Graphiti or Zep: episodes, entities and edges", _matches, _read)
