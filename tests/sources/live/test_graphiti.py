"""The graph of Graphiti is read on servers: on FalkorDB, and where one is named on Neo4j."""

from __future__ import annotations

import os

import pytest

import memproc
from memproc.sources.live import graphiti
from memproc.sources.live.address import address_of
from memproc.sources.live.graphs import login_of
from tests.sources.live import falkordb_server, written


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """Give the port of a server of FalkorDB."""
    with falkordb_server.running(tmp_path_factory.mktemp("falkordb")) as given:
        yield given


@pytest.fixture
def graphs(port):
    """Give what makes a query of a graph, on an empty server."""
    client = pytest.importorskip("falkordb").FalkorDB(host="127.0.0.1", port=port)
    for name in client.list_graphs():
        client.select_graph(name).delete()
    yield lambda name: client.select_graph(name).query
    client.close()


def facts(store):
    """Return what is told of the memories of a store."""
    return sorted(
        (one.namespace, one.kind, one.subject, one.content, str(one.valid_from)[:10], str(one.valid_to)[:10]) for one in store
    )


SAID = [
    ("ines", "fact", "Ines", "Ines lives in Lyon", "2025-01-31", "2026-01-31"),
    ("ines", "fact", "Ines", "Ines lives in Porto", "2026-01-31", "None"),
    ("ines", "message", "Ines", "I live in Porto", "2026-01-31", "None"),
    ("ines", "summary", "Ines", "Ines repairs clocks in Porto", "None", "None"),
    ("ines", "summary", "Porto", "People of Porto", "None", "None"),
]


def test_a_graph_is_read_with_both_times_and_without_its_embeddings(port, graphs, fresh_file):
    """Episodes, summaries, facts with their ends by name; what a schema of the user's adds is kept."""
    written.graphiti_graph(graphs("ines"), "ines")
    with fresh_file() as store:
        report = memproc.ingest(f"graphiti+falkordb://127.0.0.1:{port}", store)
        assert (report.status, report.format, report.read, report.stored) == ("done", "graphiti", 5, 5)
        assert report.left_out == {"embeddings": 4, "entities without a summary": 1}
        assert facts(store) == SAID
        [lyon] = [one for one in store if "Lyon" in one.content]
        assert [(one.type, one.target) for one in lyon.relations] == [("LIVES_IN", "Porto")]
        assert (str(lyon.created_at)[:10], lyon.metadata["expired_at"][:10]) == ("2025-02-01", "2026-02-01")
        assert lyon.metadata["attributes"] == {"mood": "glad"}
        assert not {"graph", "source_uuid", "source_node_name"} & lyon.metadata.keys()
        assert memproc.ingest(f"graphiti+falkordb://127.0.0.1:{port}", store).duplicate == 5


def test_each_group_has_a_graph_on_falkordb_and_one_can_be_named(port, graphs, fresh_file):
    """Graphiti makes them so; one that is not there is told with those that are."""
    for name in ("ines", "ann"):
        written.graphiti_graph(graphs(name), name)
    graphs("other")("CREATE (:Person {uuid: 'x', content: 'Not of Graphiti'})")
    address = f"graphiti+falkordb://127.0.0.1:{port}"
    with fresh_file() as store:
        assert memproc.ingest(address, store).read == 10
        assert {one.namespace for one in store} == {"ines", "ann"}
    with fresh_file() as store:
        assert memproc.ingest(f"{address}?database=ann", store).read == 5
        assert {one.namespace for one in store} == {"ann"}
    with pytest.raises(memproc.SourceError, match="has no graph 'bob', but 'ann', 'ines', 'other'"):
        [*memproc.LiveStore(f"{address}?database=bob").found(None)]


def test_reading_goes_on_behind_any_item_past_pages(port, graphs, monkeypatch):
    """Also where a page ends between two kinds, two graphs, or two items with one uuid; and few are held at once."""
    for name in ("ann", "bob"):
        query = graphs(name)
        query("UNWIND range(1, 9) AS at CREATE (:Episodic {uuid: 'e-' + toString(at), content: 'Hen ' + toString(at)})", {})
        query("CREATE (a:Entity {uuid: 'n', summary: 'Keeps hens'})", {})
        query(
            "MATCH (a:Entity) UNWIND [1, 2, 2, 3] AS at CREATE (a)-[:RELATES_TO {uuid: 'f-' + toString(at), fact: 'A fact'}]->(a)",
            {},
        )
    graphs("ann")("MATCH (a:Entity) SET a.summary = $long", {"long": "x" * 90})
    monkeypatch.setattr(graphiti, "PAGE", 4)
    monkeypatch.setattr(graphiti, "FILE_PAGE_BYTES", 12)
    monkeypatch.setattr(graphiti, "LONGEST_BYTES", 80)
    live = memproc.LiveStore(f"graphiti+falkordb://127.0.0.1:{port}")
    whole = [*live.found(None)]
    assert [one.mark for one in whole[:10]] == [*(["ann", 0, f"e-{at}"] for at in range(1, 10)), ["ann", 1, "n"]]
    assert [one.mark[2] for one in whole[10:14]] == ["f-1", "f-1", "f-2", "f-3"]
    assert [one.item.fault.code for one in whole if one.item.fault] == ["record_too_long"]
    assert len(whole) == 40 // 20 * 14
    for at in (0, 5, 8, 9, 12, 13, 14, 20, 26):
        assert [*live.found(whole[at].mark)] == whole[at + 1 :]
    assert [*live.found(whole[11].mark)] == whole[11:]  # the two with one uuid are read once more, rather than one too few


def test_a_fact_that_is_there_twice_is_listed_with_the_call_of_its_program(port, graphs):
    """Nothing else is: facts rest on entities and episodes."""
    query = graphs("ines")
    written.graphiti_graph(query, "ines")
    query(
        "MATCH (a {uuid: 'n-1'}), (b {uuid: 'n-2'}) CREATE (a)-[:RELATES_TO {uuid: $uuid, name: 'LIVES_IN', group_id: 'ines', "
        "fact: 'ines lives in Porto.', created_at: '2026-02-02T08:00:00+00:00', valid_at: '2026-01-31T09:00:00+00:00'}]->(b)",
        {"uuid": "f'3"},
    )
    address = f"graphiti+falkordb://127.0.0.1:{port}"
    found = memproc.clean(address)
    [removal] = found.removals
    assert {removal.id, removal.stays} == {"f-1", "f'3"}
    assert removal.call == f"await Edge.delete_by_uuids(driver.clone(database='ines'), [{removal.id!r}])"
    query("MATCH ()-[e:RELATES_TO {uuid: $uuid}]->() DELETE e", {"uuid": removal.id})
    assert memproc.clean(address).removals == ()


NEO4J_VARIABLE = "MEMPROC_TEST_NEO4J_URL"


@pytest.mark.server
def test_a_server_of_neo4j_is_read(fresh_file):
    """Where one is named, as in bolt://neo4j:password@localhost:7687; what is written there is taken away again."""
    neo4j = pytest.importorskip("neo4j")
    if not (url := os.environ.get(NEO4J_VARIABLE)):
        pytest.skip(f"no server: set {NEO4J_VARIABLE} to the URL of one")
    address = address_of(f"graphiti+{url}")
    login = login_of(address, "NEO4J_USER", "NEO4J_PASSWORD")
    group = f"memproc-{os.getpid()}"
    with neo4j.GraphDatabase.driver(f"{address.backend}://{login.host}:{login.port}", auth=(login.user, login.password)) as driver:
        driver.execute_query(written.GRAPHITI, group=group, at="2026-02-01T08:00:00+00:00")
        driver.execute_query("MATCH (n {group_id: $group}) WHERE n:Entity SET n.name_embedding = [0.5, 0.25]", group=group)
        driver.execute_query("MATCH (n:Episodic {group_id: $group}) SET n.valid_at = datetime(n.valid_at)", group=group)
        try:
            with fresh_file() as store:
                report = memproc.ingest(f"graphiti+{url}", store)
                assert report.left_out["embeddings"] >= 2
                assert [one[1:] for one in facts(store) if one[0] == group] == [one[1:] for one in SAID]
        finally:
            driver.execute_query("MATCH (n {group_id: $group}) DETACH DELETE n", group=group)


REFUSED = {
    "graphiti://": "give where it is behind ://",
    "graphiti+redis://x": r"choose one of graphiti\+neo4j://, graphiti\+neo4j\+s://",
    "graphiti://x:y:z": "give a host and a port",
    "graphiti://localhost/graph": r"as in \?database=NAME",
    "graphiti://x?schema=y": "has no option 'schema': it has database",
}


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_none_is_refused(address):
    """With what would be right."""
    with pytest.raises(memproc.UsageError, match=REFUSED[address]):
        [*memproc.LiveStore(address).found(None)]


@pytest.mark.parametrize("scheme", ["graphiti+falkordb", "graphiti+bolt"])
def test_a_server_that_is_not_there_is_told_without_a_password(scheme):
    """And the password is no part of what tells the store from others."""
    pytest.importorskip(scheme.removeprefix("graphiti+").replace("bolt", "neo4j"))
    live = memproc.LiveStore(f"{scheme}://ann:tiger@127.0.0.1:1?database=farm")
    with pytest.raises(memproc.SourceError, match=r"ann:\*\*\*@127.0.0.1:1\?database=farm cannot be read: .*refused") as told:
        [*live.found(None)]
    assert "tiger" not in f"{told.value} {live!r} {live.identity}"


def test_who_logs_in_may_stand_in_the_environment(monkeypatch):
    """Under the names that Graphiti has for it; what the address says goes first."""
    monkeypatch.setenv("NEO4J_USER", "ann")
    monkeypatch.setenv("NEO4J_PASSWORD", "lion")
    names = ("NEO4J_USER", "NEO4J_PASSWORD")
    assert login_of(address_of("graphiti://db.example:7687"), *names) == ("db.example", 7687, "ann", "lion")
    assert login_of(address_of("graphiti://bob:ti%40ger@db.example"), *names) == ("db.example", None, "bob", "ti@ger")
