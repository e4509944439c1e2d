"""The graph of Graphiti: its episodes, entities, facts, communities and sagas as items.

Facts: an episode is a node `Episodic`, a fact an edge `RELATES_TO` between two nodes `Entity`; each has a `uuid`. What a schema of
the user's adds to an entity or a fact stands among its other properties. On FalkorDB each group has a graph of its own, which has
the name of the group. Times are times in Neo4j, and ISO 8601 in FalkorDB.

Rules: the part that all items of a kind have is read by its name, everything else goes to `attributes`. Items come in the order of
their uuid, a page of them after asking how long their texts are, so that few are held at once. Embeddings stay on the server, and
are counted. A mark is the name of the graph, the number of the kind, and the uuid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from memproc.formats.cells import EMBEDDINGS
from memproc.records import Category
from memproc.sources.databases.cells import item_of
from memproc.sources.databases.connecting import FILE_PAGE_BYTES
from memproc.sources.databases.sqlite_files import LONGEST_BYTES
from memproc.sources.items import Item
from memproc.sources.live.address import Address
from memproc.sources.live.graphs import Graphs, opened
from memproc.sources.remote import Mark, Marked
from memproc.sources.rows import TOO_LONG
from memproc.validation import fault

PAGE = 500
_SIZES = "MATCH {pattern} WHERE n.uuid > $behind RETURN n.uuid AS uuid, size(toString(n.{text})) AS size ORDER BY uuid LIMIT $most"
_ROWS = (
    "MATCH {pattern} WHERE n.uuid > $behind AND n.uuid <= $last RETURN n.uuid AS uuid, "
    "[name IN keys(n) WHERE name <> $embedding | [name, n[name]]] AS properties, "
    "$embedding IN keys(n) AS is_embedded, {more} AS more ORDER BY uuid"
)
_NAMES = frozenset(("uuid", "name", "group_id", "created_at"))
_OF_FACTS = ("source_node_uuid", "source_node_name", "target_node_uuid", "target_node_name")
_REPEATED = frozenset(("source_uuid", "target_uuid", "labels"))  # Graphiti keeps them as properties too
_LABELS = frozenset(("Episodic", "Entity", "Community", "Saga"))  # which say what kind an item is


class _Kind(NamedTuple):
    """A kind of item: what it is in the graph, the property with its text, that with its embedding, and those of every item."""

    pattern: str
    text: str
    embedding: str
    names: frozenset[str]
    is_fact: bool = False


_OF_EPISODES = frozenset(("source", "source_description", "content", "valid_at", "entity_edges", "episode_metadata"))
_OF_EDGES = frozenset(("fact", "episodes", "expired_at", "valid_at", "invalid_at", "reference_time"))
_KINDS = (
    _Kind("(n:Episodic)", "content", "content_embedding", _NAMES | _OF_EPISODES),
    _Kind("(n:Entity)", "summary", "name_embedding", _NAMES | {"summary"}),
    _Kind("(s)-[n:RELATES_TO]->(t)", "fact", "fact_embedding", _NAMES | _OF_EDGES, is_fact=True),
    _Kind("(n:Community)", "summary", "name_embedding", _NAMES | {"summary"}),
    _Kind("(n:Saga)", "summary", "name_embedding", _NAMES | {"summary"}),
)


def read(address: Address, behind: Mark | None) -> Iterator[Marked]:
    """Yield what is in the graph of Graphiti, that behind a mark. Raises SourceError if its server cannot be read."""
    with opened(address) as graphs:
        after = behind or ["", 0, ""]
        for graph in graphs.names():
            if graph < after[0]:
                continue
            kind, uuid = (after[1], after[2]) if graph == after[0] else (0, "")
            for number in range(kind, len(_KINDS)):
                yield from _of_kind(graphs, graph, number, uuid)
                uuid = ""


def _of_kind(graphs: Graphs, graph: str, number: int, behind: str) -> Iterator[Marked]:
    """Yield the items of a kind. Those with one uuid, which only a damaged graph has, have the mark of what is before them but for
    the last.
    """
    kind = _KINDS[number]
    sizes = _SIZES.format(pattern=kind.pattern, text=kind.text)
    at = behind
    while page := [(row[0], row[1] or 0) for row in graphs.rows(graph, sizes, {"behind": at, "most": PAGE})]:
        for last, is_too_long in _parts(page):
            items = [(last, _too_long(last))] if is_too_long else _items(graphs, graph, kind, (at, last))
            for place, (uuid, item) in enumerate(items):
                is_last = place + 1 == len(items) or items[place + 1][0] != uuid
                at = uuid if is_last else at
                yield Marked(item, [graph, number, at])
            at = last


def _parts(page: Sequence[tuple[str, int]]) -> Iterator[tuple[str, bool]]:
    """Yield the last uuid of each part of a page that can be held at once, and whether it is one item that is too long."""
    held, last = 0, ""
    for uuid, size in page:
        is_too_long = size > LONGEST_BYTES
        if last and (is_too_long or held + size > FILE_PAGE_BYTES) and uuid != last:
            yield last, False
            held, last = 0, ""
        if is_too_long:
            yield uuid, True
        else:
            held, last = held + size, uuid
    if last:
        yield last, False


def _too_long(uuid: str) -> Item:
    return Item(None, uuid.encode(), fault("", TOO_LONG, f"the record is longer than {LONGEST_BYTES} bytes"), Category.RESOURCE)


def _items(graphs: Graphs, graph: str, kind: _Kind, between: tuple[str, str]) -> list[tuple[str, Item]]:
    """Return the items whose uuid is greater than one and not greater than another."""
    behind, last = between
    more = "[s.uuid, s.name, t.uuid, t.name]" if kind.is_fact else "labels(n)"
    query = _ROWS.format(pattern=kind.pattern, more=more)
    values = {"behind": behind, "last": last, "embedding": kind.embedding}
    return [(row[0], _item(graph, kind, row[1:])) for row in graphs.rows(graph, query, values)]


def _item(graph: str, kind: _Kind, row: Sequence[Any]) -> Item:
    properties, is_embedded, more = row
    given = {name: _native(value) for name, value in properties}
    cells = {name: value for name, value in given.items() if name in kind.names}
    cells |= {"attributes": {name: value for name, value in given.items() if name not in kind.names | _REPEATED}}
    cells |= {"graph": graph} if graph else {}
    cells |= dict(zip(_OF_FACTS, more, strict=True)) if kind.is_fact else {"labels": [one for one in more if one not in _LABELS]}
    cells.setdefault(kind.text, "")
    item = item_of(cells)
    return item._replace(left_out={**item.left_out, EMBEDDINGS: 1}) if is_embedded else item


def _native(value: Any) -> Any:
    """Return a time of Neo4j's as one of Python's."""
    native = getattr(value, "to_native", None)
    return value if native is None else native()
