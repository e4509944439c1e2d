"""Memories and relations as a graph, read by networkx as it comes from a store."""

from __future__ import annotations

import io
import json
import re

import networkx as nx
import pytest

import memproc
from tests.command_line import as_json, run_memproc

ODD = 'Said: "<never>" & \x01twice\x1f;\r\n\t_x0001_ \ufffe 😀 ]]> \x7f\x85'
RECORDS = (
    {
        "id": "a",
        "content": ODD,
        "namespace": 'ann & "co"\x0b<',
        "tags": ["x", "y"],
        "importance": 1.0,
        "emotion": {"label": "joy"},
        "relations": [
            {"type": "next", "target": "b"},
            {"type": "see", "target": "b", "weight": 0.25, "valid_from": "2025-01-01"},
            {"type": "about", "target": "Tea\r\n<\x02x", "target_kind": "entity"},
            {"type": "self", "target": "a"},
            {"type": "lost", "target": "nobody"},
        ],
    },
    {"id": "b", "content": "Likes tea", "namespace": 'ann & "co"\x0b<', "relations": [{"type": "back", "target": "a"}]},
    {"content": "Likes tea", "namespace": "ben", "relations": [{"type": "at", "target": "x", "target_kind": "external"}]},
)


@pytest.fixture(scope="module")
def store():
    """Give a store whose memories are related in circles, twice, to entities and to what is missing."""
    with memproc.open("sqlite://") as made:
        memproc.ingest(list(RECORDS), into=made)
        yield made


def written(store, shape, **options):
    """Return what is written in a shape."""
    out = io.BytesIO()
    assert store.export_as(out, shape, **options).left_out == {}
    return out.getvalue()


def read(text, shape):
    """Return the graph that networkx reads."""
    if shape == "graphml":
        return nx.read_graphml(io.BytesIO(text), force_multigraph=True)
    return nx.node_link_graph(json.loads(text), edges="edges")


def unescaped(text):
    """Return a text of GraphML with the characters that XML cannot hold."""
    return re.sub("_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), text)


@pytest.mark.parametrize("shape", ["graphml", "graph"])
def test_networkx_reads_all_of_it(store, shape):
    """Each memory with its fields, each relation with its type, and whatever a text holds."""
    graph = read(written(store, shape), shape)
    said = unescaped if shape == "graphml" else str
    nodes = {said(node["content"]): (node, name) for name, node in graph.nodes(data=True)}
    ids = {memory.content: memory.id for memory in store if memory.namespace != "ben"}
    odd, name = nodes[ODD]
    assert name == ids[ODD]
    assert (odd["node"], odd["kind"], odd["importance"]) == ("memory", "fact", 1.0)
    assert said(odd["namespace"]) == RECORDS[0]["namespace"]
    assert odd["tags"] in (["x", "y"], '["x","y"]')
    assert nodes["Tea\r\n<\x02x"][0]["node"] == "entity"
    assert nodes["nobody"][0]["node"] == "missing"
    assert nodes["x"][0]["node"] == "external"
    edges = sorted((edge["type"], target) for source, target, edge in graph.edges(data=True) if source == name)
    assert edges == [
        ("about", nodes["Tea\r\n<\x02x"][1]),
        ("lost", nodes["nobody"][1]),
        ("next", ids["Likes tea"]),
        ("see", ids["Likes tea"]),
        ("self", name),
    ]
    [seen] = [edge for _, _, edge in graph.edges(data=True) if edge["type"] == "see"]
    assert (seen["weight"], seen["valid_from"]) == (0.25, "2025-01-01T00:00:00.000000Z")
    assert graph.number_of_nodes() == 3 + 3
    assert graph.number_of_edges() == 7
    assert graph.is_directed()


def test_two_writings_are_the_same(store):
    """In the order of ids."""
    for shape in ("graphml", "graph"):
        assert written(store, shape) == written(store, shape)


def test_an_empty_store_is_an_empty_graph():
    """Which is a graph that can be read."""
    with memproc.open("sqlite://") as store:
        for shape in ("graphml", "graph"):
            assert read(written(store, shape), shape).number_of_nodes() == 0


def test_a_field_of_a_subclass_that_is_called_as_what_a_node_is_is_counted():
    """Others are written, those that are no text as JSON."""

    class Mine(memproc.Memory):
        node: str = "mine"
        place: dict[str, int] = {}  # noqa: RUF012 - as pydantic has it

    with memproc.open("sqlite://", schema=Mine) as store:
        memproc.ingest([{"content": "Likes tea", "node": "n", "place": {"x": 1}}], into=store, schema=Mine)
        for shape in ("graphml", "graph"):
            out = io.BytesIO()
            assert store.export_as(out, shape).left_out == {"node": 1}
            [(_, node)] = read(out.getvalue(), shape).nodes(data=True)
            assert (node["node"], node["place"]) in (("memory", '{"x":1}'), ("memory", {"x": 1}))


def test_the_command_writes_a_graph(tmp_path):
    """And leaves out what has expired."""
    (tmp_path / "m.jsonl").write_text('{"content": "Likes tea", "created_at": "2001-01-01"}\n{"content": "Likes milk"}\n')
    run_memproc("ingest", "m.jsonl", "--into", "m.db", folder=tmp_path)
    run_memproc("expire", "m.db", "--older-than", "2y", folder=tmp_path)
    told = as_json(run_memproc("export", "m.db", "--to", "g.graphml", "--as", "graphml", "--json", folder=tmp_path))
    assert told == {"memories": 1, "expired": 1, "left_out": {}, "to": "g.graphml"}
    assert nx.read_graphml(tmp_path / "g.graphml").number_of_nodes() == 1


def test_a_graph_is_not_read_back(store, tmp_path):
    """Its nodes are not all memories, and its links would be lost."""
    (tmp_path / "g.json").write_bytes(written(store, "graph"))
    with pytest.raises(memproc.SourceError, match=r"g\.json is a graph"):
        memproc.ingest(tmp_path / "g.json", tmp_path / "m.db")
