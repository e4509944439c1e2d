"""The knowledge graph of the MCP memory server: `memory.jsonl`, often called `memory.json`.

Facts: JSON lines, entities with `name`, `entityType` and `observations`, and relations with `from`, `to` and `relationType`. Older
files say `entityName` or `id`, `from_id`, `to_id` and `relation_type`; some wrap both in `{"entities": [], "relations": []}`. There
are no times, ids or users. The server appends to a file without a last line end, so two objects may stand on one line.

Rules: each observation is a fact whose subject is the entity. A relation belongs to the first fact of the entity that it comes
from; where that has none, it is a fact of its own. Relations stand behind all entities, so the file is read as a whole, as its
server reads it. Objects on one line are taken apart, and what is left of the line is quarantined.

Left out: entities of which nothing is observed and nothing related.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, without_nones
from memproc.sources.decoding import item_of
from memproc.sources.items import Item as Read
from memproc.sources.items import Piece
from memproc.validation import fault

_NAMES = ("name", "entityName", "entity_name", "id")
_FROM, _TO = ("from", "from_id"), ("to", "to_id")
_TYPES = ("relationType", "relation_type")
_KINDS = ("entityType", "entity_type")
_RELATIONS = "relations"


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return _is_entity(item) or _is_relation(item) or _is_graph(item)


def _read(item: Item, _context: Context) -> Iterator[Part]:
    if _is_graph(item):
        items = [one for name in ("entities", _RELATIONS) for one in item[name]]
        joined = _joined([one for one in items if isinstance(one, dict)])
        yield from (part for one in joined for part in _of_one(one))
        for one in items:
            if not isinstance(one, dict):
                yield Broken(fault("", "not_a_mapping", "an entity or relation is an object"), one)
    else:
        yield from _of_one(item)


def _of_one(item: Item) -> Iterator[Part]:
    if _is_relation(item):
        yield _fact_of(item)
        return
    observations = item.get("observations")
    entity = _first(item, _NAMES)
    if not isinstance(observations, list):
        yield Broken(fault("observations", "missing", "an entity has a list of observations"), item)
        return
    relations = [one for one in listed(item.get(_RELATIONS)) if isinstance(one, dict) and _is_relation(one)]
    if not observations:
        yield from map(_fact_of, relations)
    if not observations and not relations:
        yield LeftOut("entities without observations")
    about = {"entityType": kind} if isinstance(kind := _first(item, _KINDS), str) and kind else None
    for at, observation in enumerate(observations):
        is_object = isinstance(observation, dict)
        content = observation.get("content", observation.get("text")) if is_object else observation
        own = [_relation(one) for one in relations] if at == 0 else []
        fields = without_nones({"subject": entity, "metadata": about, _RELATIONS: own or None})
        raw = {name: value for name, value in item.items() if name != _RELATIONS or at == 0} | {"observations": [observation]}
        yield Draft({"content": content, **fields}, raw=raw)


def _fact_of(relation: Item) -> Draft:
    """Return a relation as a fact of its own."""
    source, kind, target = (_first(relation, names) for names in (_FROM, _TYPES, _TO))
    content = f"{source} {str(kind).replace('_', ' ')} {target}"
    return Draft({"content": content, "subject": source, _RELATIONS: [_relation(relation)]}, raw=relation)


def _gathered(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Give the items of a file with each relation in the entity that it comes from. Where reading fails, it fails behind them."""
    failure: Exception | None = None
    read: list[Read] = []
    try:
        for piece in pieces:
            read += _apart(piece)
    except Exception as error:  # noqa: BLE001 - what was read before is kept
        failure = error
    values = [one.value for one in read if isinstance(one.value, dict)]
    as_read = {id(one.value): one for one in read}
    for value in _joined(values):
        yield as_read.get(id(value)) or Read(value, json.dumps(value).encode())
    yield from (one for one in read if not isinstance(one.value, dict))
    if failure is not None:
        raise failure


def _apart(piece: Piece) -> list[Read]:
    """Return the items of a line that is no valid JSON because it holds several objects, or the line itself as an item."""
    whole = item_of(piece)
    if whole.fault is None or not isinstance(piece, bytes):
        return [whole]
    text, found = piece.decode("utf-8", "surrogateescape"), []
    decoder = json.JSONDecoder()
    while text:
        try:
            value, end = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            break
        if not isinstance(value, dict):
            break
        found.append(item_of(text[:end].encode("utf-8", "surrogateescape")))
        text = text[end:].lstrip()
    rest = text.encode("utf-8", "surrogateescape")
    return [*found, *([item_of(rest)] if rest else [])]


def _joined(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return entities with the relations that come from them, and the relations that come from no entity among these."""
    first: dict[object, int] = {}
    entities = [(at, item) for at, item in enumerate(items) if _is_entity(item)]
    for at, item in sorted(entities, key=lambda both: not both[1]["observations"]):
        first.setdefault(_first(item, _NAMES), at)
    relations: dict[int, list[dict[str, Any]]] = {}
    others: list[tuple[int, dict[str, Any]]] = []
    for at, item in enumerate(items):
        owner = first.get(_first(item, _FROM)) if _is_relation(item) else None
        if owner is None:
            others.append((at, item))
        else:
            relations.setdefault(owner, []).append(item)
    return [
        {**item, _RELATIONS: [*listed(item.get(_RELATIONS)), *relations[at]]} if at in relations else item for at, item in others
    ]


def _is_entity(item: Item) -> bool:
    is_said = item.get("type") == "entity" or any(isinstance(item.get(name), str) for name in _KINDS)
    return is_said and isinstance(item.get("observations"), list) and isinstance(_first(item, _NAMES), str)


def _is_relation(item: Item) -> bool:
    return all(isinstance(_first(item, names), str) for names in (_FROM, _TO, _TYPES))


def _is_graph(item: Item) -> bool:
    entities, relations = item.get("entities"), item.get(_RELATIONS)
    if not isinstance(entities, list) or not isinstance(relations, list) or not (entities or relations):
        return False
    return all(isinstance(one, dict) and "observations" in one for one in entities[:1])


def _relation(item: Item) -> dict[str, Any]:
    return {"type": _first(item, _TYPES), "target": _first(item, _TO), "target_kind": "entity"}


def _first(item: Item, names: Iterable[str]) -> object:
    return next((item[name] for name in names if item.get(name) is not None), None)


FORMAT = Format(
    "mcp-memory", "the MCP memory server's memory.jsonl: entities, observations and relations", _matches, _read, gather=_gathered
)
