"""A graph: memories and what they are related to, as GraphML or as node-link JSON, the form of networkx and D3.

Facts: XML 1.0 cannot hold most control characters, not even escaped, and a reader turns carriage returns into line feeds.

Rules: a node is a memory, or what a relation leads to: an entity or something external, each its own in each namespace, or a memory
that is missing. An edge is a relation. One to a memory leads to its node under the id that it has in the store, whatever it is
called in the record (`LEADS_TO`). Circles and several edges between two nodes are as they are. In GraphML a value that is neither
text nor number is JSON text. There a character that XML cannot hold is written `_x0001_`, as spreadsheets do, and a text that looks
so already has its underscore written as `_x005F_`. The memories are read several times; of them only the other nodes are held in
memory.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from memproc.formats.own import LEADS_TO, PROVENANCE
from memproc.formats.writers.parts import as_list
from memproc.records import Plain

_HEAD = b"""<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
"""
_KIND = "node"  # what a node is; a field of a subclass that is called so has no place
_BESIDE = frozenset(("id", "relations", PROVENANCE, _KIND))
_EDGE = ("type", "weight", "valid_from", "valid_to")
_DOUBLES = frozenset(("importance", "weight"))
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MISSING = "missing"

Memories = Callable[[], Iterator[Plain]]


def node_link(memories: Memories, left: Counter[str]) -> Iterator[bytes]:
    """Give the JSON object `{"directed", "multigraph", "graph", "nodes", "edges"}`."""
    yield from as_list(_nodes(memories, left), b'{"directed":true,"multigraph":true,"graph":{},"nodes":[', b"],")
    edges = ({"source": source, "target": target, **edge} for source, target, edge in _edges(memories))
    yield from as_list(edges, b'"edges":[', b"]}\n")


def graphml(memories: Memories, left: Counter[str]) -> Iterator[bytes]:
    """Give the lines of the XML document."""
    names = sorted({name for memory in memories() for name in memory} - _BESIDE)
    yield _HEAD
    for about, fields in (("node", (_KIND, *names)), ("edge", _EDGE)):
        for name in fields:
            kind = "double" if name in _DOUBLES else "string"
            of_key = f'id={_attribute(f"{about} {name}")} for="{about}" attr.name={_attribute(name)} attr.type="{kind}"'
            yield f"<key {of_key}/>\n".encode()
    yield b'<graph id="memories" edgedefault="directed">\n'
    for node in _nodes(memories, left):
        identifier = node.pop("id")
        yield f"<node id={_attribute(identifier)}>{_data('node', node)}</node>\n".encode()
    for source, target, edge in _edges(memories):
        ends = f"source={_attribute(source)} target={_attribute(target)}"
        yield f"<edge {ends}>{_data('edge', edge)}</edge>\n".encode()
    yield b"</graph>\n</graphml>\n"


def _nodes(memories: Memories, left: Counter[str]) -> Iterator[dict[str, Any]]:
    """Give the memories, then what else is related, ordered by id."""
    others: dict[str, dict[str, Any]] = {}
    for memory in memories():
        left.update([_KIND] * (_KIND in memory))
        yield {"id": memory["id"], _KIND: "memory"} | {name: value for name, value in memory.items() if name not in _BESIDE}
        for relation in memory.get("relations", ()):
            if not relation.get(LEADS_TO):
                kind = _kind_of(relation)
                others[_end(memory, relation)] = {_KIND: kind, "content": relation["target"], "namespace": memory["namespace"]}
    for identifier, node in sorted(others.items()):
        yield {"id": identifier, **node}


def _edges(memories: Memories) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give the ends of each relation, and what it says."""
    for memory in memories():
        for relation in memory.get("relations", ()):
            yield memory["id"], _end(memory, relation), {name: relation[name] for name in _EDGE if name in relation}


def _kind_of(relation: Plain) -> str:
    return _MISSING if relation["target_kind"] == "memory" else str(relation["target_kind"])


def _end(memory: Plain, relation: Plain) -> str:
    """Return the id of the node that a relation leads to."""
    return str(relation.get(LEADS_TO) or f"{_kind_of(relation)}:{memory['namespace']}:{relation['target']}")


def _data(about: str, values: Mapping[str, Any]) -> str:
    return "".join(f"<data key={_attribute(f'{about} {name}')}>{_text(value)}</data>" for name, value in values.items())


def _text(value: object) -> str:
    return escape(_held(value if isinstance(value, str) else orjson.dumps(value).decode()), {"\r": "&#13;"})


def _attribute(name: str) -> str:
    return quoteattr(_held(name), {"\r": "&#13;"})


def _held(text: str) -> str:
    r"""Return a text that XML can hold.

    >>> _held("a\x01b_x0001_")
    'a_x0001_b_x005F_x0001_'
    """
    return _NO_XML.sub(lambda match: f"_x{ord(match[0]):04X}_" if match[0] != "_" else "_x005F_", text)
