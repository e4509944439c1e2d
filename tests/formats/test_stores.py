"""Memories of other stores: what becomes of each kind of record, and that a file read twice adds nothing."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial

import pytest

import memproc
from memproc.formats import graphiti, langgraph, langmem, legacy, letta, mcp_memory, mem0, mem0_history, memos, openmemory
from memproc.formats.draft import Broken, LeftOut
from memproc.formats.writers import langgraph as writing
from tests.conftest import ROOT
from tests.formats import reading

READ = {
    "mcp-memory.jsonl": ("mcp-memory", 4, {}),
    "langgraph.json": ("langgraph", 3, {}),
    "graphiti.json": ("graphiti", 5, {"entities without a summary": 1, "embeddings": 1}),
    "openmemory.json": ("openmemory", 1, {"deleted": 1, "archived": 1}),
    "letta.af": ("letta", 4, {"events": 1, "persona": 1, "system": 1, "thinking": 1, "tool": 2}),
    "memos.json": ("memos", 1, {"archived": 1, "deleted": 1, "embeddings": 1, "in the list 'edges'": 1}),
    "mem0-history.json": ("mem0-history", 2, {}),
    "mcp-memory-service.json": ("mcp-memory-service", 3, {"deleted": 1, "superseded": 1}),
    "memori.json": ("memori", 5, {"conversations without a summary": 1, "system": 1}),
    "letta-store.json": ("letta-store", 6, {"deleted": 1, "embeddings": 1, "persona": 1, "thinking": 1, "tool": 1}),
}


def memories_of(path, folder):
    """Ingest a file and return its report with the memories by content."""
    report = memproc.ingest(path, folder / "m.db")
    with memproc.open(folder / "m.db") as store:
        return report, {memory.content: memory for memory in store}


@pytest.mark.parametrize("name", READ)
def test_a_file_of_another_store_is_told_and_read_once(name, tmp_path):
    """All of it is a memory, or counted; the same file again is nothing new."""
    known, memories, left = READ[name]
    report, found = memories_of(ROOT / "fixtures" / name, tmp_path)
    assert (report.format, len(found), report.quarantined) == (known, memories, 0)
    assert Counter(report.left_out) == Counter(left)
    again = memproc.ingest(ROOT / "fixtures" / name, tmp_path / "m.db")
    assert (again.stored, again.merged, again.quarantined) == (0, 0, 0)


def test_relations_of_mcp_belong_to_the_entity_that_they_come_from(tmp_path):
    """To its first fact; where it has none, they are facts themselves."""
    _, found = memories_of(ROOT / "fixtures/mcp-memory.jsonl", tmp_path)
    relations = {
        content: [(one.type, one.target, one.target_kind) for one in memory.relations] for content, memory in found.items()
    }
    assert relations == {
        "Plays the cello": [("plays_in", "City_Orchestra", "entity")],
        "Rehearses on Thursdays": [],
        "Plays in the old harbour hall": [],
        "Oslo lies in Norway": [("lies_in", "Norway", "entity")],
    }
    assert (found["Plays the cello"].subject, found["Plays the cello"].metadata) == ("Mara_Lind", {"entityType": "person"})


ENTITY = {"entityName": "Mara", "entity_type": "person", "observations": ["Sings", {"content": "Knits"}, 5]}
LINK = {"from_id": "Mara", "to_id": "Bergen", "relation_type": "lives_in"}


def test_older_shapes_of_mcp_are_read_alike(tmp_path):
    """Other names, both lists in one object, and two objects on one line, of which the rest is quarantined."""
    wrapped = tmp_path / "a.json"
    for indent in (None, 1):
        wrapped.write_text(json.dumps({"entities": [ENTITY], "relations": [LINK, {**LINK, "from_id": "Bo"}, 7]}, indent=indent))
        report, found = memories_of(wrapped, tmp_path)
        assert sorted(found) == ["Bo lives in Bergen", "Knits", "Sings"]
        assert [one.target for one in found["Sings"].relations] == ["Bergen"]
        assert report.quarantined == 2
    lines = tmp_path / "b.jsonl"
    whole = {"type": "entity", "name": "Bo", "entityType": "person", "observations": ["Sails"]}
    glued = json.dumps(whole) + json.dumps({**whole, "name": "Cy", "observations": ["Skates"]}) + '{"type":"ent'
    large = json.dumps({**whole, "n": 10**30, "name": "Mara", "observations": ["Skis"]})
    lines.write_text(f"{json.dumps(whole)}\n{glued}\n{json.dumps(LINK)}\n{large}\n")
    report = memproc.ingest(lines, tmp_path / "lines.db")
    assert (report.read, report.stored, report.duplicate, report.quarantined) == (5, 3, 1, 1)


def test_mcp_lines_stand_for_themselves_too():
    """An entity that is none is a fault."""
    assert reading.faults(mcp_memory.FORMAT, {"type": "entity", "name": "Bo"}) == [("observations", "missing")]
    assert [one.fields["content"] for one in reading.drafts(mcp_memory.FORMAT, LINK)] == ["Mara lives in Bergen"]


item = partial(reading.draft, langgraph.FORMAT, namespace=["memories", "mara"], key="a1b2")


def test_items_of_langgraph():
    """A text at any of its places, a profile as names and values, a row of the table, and a key that is a word."""
    assert item(value={"content": {"content": "Sings", "context": "choir"}}).fields["metadata"]["content"] == {
        "content": "Sings",
        "context": "choir",
    }
    profile = item(key="profile", namespace=["p", "mara"], value={"kind": "Profile", "content": {"name": "Mara", "age": 41}})
    assert (profile.fields["content"], profile.fields["id"]) == ("name: Mara\nage: 41", "p/profile")
    row = reading.draft(langgraph.FORMAT, prefix="memories.mara", key="a1b2", value='{"text": "Sings"}', score=0.5)
    assert row == item(value={"text": "Sings"})
    assert langgraph.FORMAT.matches({"prefix": "a.b", "key": "k", "value": '{"text": "x"}'}, frozenset())
    assert not langgraph.FORMAT.matches({"namespace": "ann", "key": "likes_tea", "value": "yes"}, frozenset())
    assert reading.faults(langgraph.FORMAT, {"namespace": ["a"], "key": "k", "value": 5}) == [("value", "missing")]
    assert reading.faults(langgraph.FORMAT, {"namespace": ["a"], "key": "k", "value": {"a": []}}) == [("value", "missing")]


@pytest.mark.parametrize(
    ("path", "namespace", "identifier"),
    [
        (["memories", "ann"], "ann", "memories/tea"),
        (["bob", "memories"], "bob", "bob/memories/tea"),
        (["eve", "Memories"], "eve", "eve/Memories/tea"),
        (["users", "bob", "memories"], "bob", "users/bob/memories/tea"),
        (["org", "alice", "prefs", "food"], "org/alice/prefs/food", "org/alice/prefs/tea"),
        (["users", "memories"], "users/memories", "users/tea"),
        (["ann"], "ann", "tea"),
    ],
)
def test_whose_an_item_of_langgraph_is(path, namespace, identifier):
    """The only part that names no sort of items; else all parts. Plain keys of one namespace stay apart, and lead back."""
    read = item(namespace=path, key="tea", value={"text": "Drinks tea"}).fields
    assert (read["namespace"], read["id"]) == (namespace, identifier)
    memory = {"id": identifier, **read}
    written = b"".join(writing.lines(lambda: iter([memory]), Counter()))
    (again,) = json.loads(written)
    assert (again["namespace"], again["key"]) == (path, "tea")


def test_a_graph_keeps_both_times_speakers_and_ends(tmp_path):
    """The message is an event, what ended has its end, and relations lead to names."""
    _, found = memories_of(ROOT / "fixtures/graphiti.json", tmp_path)
    said = found["I moved to Bergen"]
    assert (said.kind, said.subject, said.namespace) == ("message", "Mara", "mara")
    assert (said.created_at.day, said.valid_from.day) == (1, 30)
    assert found["Mara lives in Oslo"].valid_to is not None
    assert [(one.type, one.target) for one in found["Mara lives in Bergen"].relations] == [("LIVES_IN", "Bergen")]
    assert found["A cellist who lives in Bergen"].kind == "summary"


def test_parts_of_a_graph_stand_for_themselves_too():
    """Also one without a group, which has that of the others."""
    edge = {"uuid": "f", "source_node_uuid": "n1", "target_node_uuid": "n2", "name": "KNOWS", "fact": "Mara knows Bo"}
    assert graphiti.FORMAT.matches(edge, frozenset())
    assert reading.draft(graphiti.FORMAT, **edge).fields["relations"] == [
        {"type": "KNOWS", "target": "n2", "target_kind": "entity"}
    ]
    told = edge | {"episodes": ["e1"], "source_node_name": "Mara", "target_node_name": "Bo", "graph": "g"}
    assert graphiti.FORMAT.matches(told, frozenset())
    assert reading.draft(graphiti.FORMAT, **told).fields["relations"][0]["target"] == "Bo"
    graph = {
        "edges": [edge, 5],
        "entities": [{"uuid": "n1", "name": "Mara", "group_id": "g", "summary": "A cellist"}],
    }
    assert [one.fields["namespace"] for one in reading.drafts(graphiti.FORMAT, graph)] == ["g", "g"]
    assert reading.faults(graphiti.FORMAT, graph) == [("", "not_a_mapping")]


def test_openmemory_is_read_by_the_names_of_its_other_lists(tmp_path):
    """What was deleted or archived on request only."""
    _, found = memories_of(ROOT / "fixtures/openmemory.json", tmp_path)
    (memory,) = found.values()
    assert (memory.namespace, memory.tags, memory.metadata["app"]) == ("mara", ("music", "plans"), "an-editor")
    whole = json.loads((ROOT / "fixtures/openmemory.json").read_bytes())
    past = reading.drafts(openmemory.FORMAT, whole, "deleted", "archived")[1:]
    assert [one.fields["tags"] for one in past] == [["deleted"], ["archived"]]
    assert past[1].fields["metadata"]["app"] == "phone"
    (row,) = reading.read(openmemory.FORMAT, whole["memories"][1])
    assert row == LeftOut("deleted")


def test_nodes_of_memos_have_all_in_their_metadata():
    """Whose it is, its times and tags; what was archived on request only."""
    first, second, _ = json.loads((ROOT / "fixtures/memos.json").read_bytes())["nodes"]
    drafted, left = reading.read(memos.FORMAT, first)
    assert left == LeftOut("embeddings")
    assert (drafted.fields["namespace"], drafted.fields["conversation"], drafted.fields["tags"]) == ("mara", "s1", ["music"])
    assert drafted.fields["metadata"]["memory_type"] == "UserMemory"
    assert [one.fields["tags"] for one in reading.drafts(memos.FORMAT, second, "archived")] == [["archived"]]
    assert reading.faults(memos.FORMAT, {"metadata": first["metadata"]}) == [("memory", "missing")]


def test_an_agent_file_of_letta_has_what_was_said_and_what_is_known(tmp_path):
    """What was said is in the arguments of a call; blocks are facts by their lines."""
    _, found = memories_of(ROOT / "fixtures/letta.af", tmp_path)
    assert {content: (memory.kind, memory.subject) for content, memory in found.items()} == {
        "Name: Mara": ("fact", "human"),
        "Plays the cello": ("fact", "human"),
        "I play the cello": ("message", "user"),
        "How lovely!": ("message", "assistant"),
    }
    assert len({found[text].conversation for text in ("I play the cello", "How lovely!")}) == 1


def test_older_agents_of_letta_are_their_own_file():
    """Without calls the text of the agent is what it says; a broken call is a fault, and a longer file has only new turns."""
    say = {"role": "assistant", "content": "Hello", "created_at": "2025-04-01T03:47:27"}
    broken = {"role": "assistant", "tool_calls": [{"function": {"name": "send_message", "arguments": '{"message": '}}]}
    agent = {
        "name": "muse",
        "core_memory": [{"label": "human", "value": "Sings"}, 5],
        "messages": [{"role": "user", "content": "Hi"}, say],
    }
    assert letta.FORMAT.matches(agent, frozenset())
    block, hi, hello = reading.drafts(letta.FORMAT, agent)
    assert [one.fields["content"] for one in (block, hi, hello)] == ["Sings", "Hi", "Hello"]
    longer = {**agent, "messages": [*agent["messages"], broken, say, 7]}
    assert reading.drafts(letta.FORMAT, longer)[1:3] == [hi, hello]
    assert reading.faults(letta.FORMAT, longer) == [("value", "missing"), ("content", "missing"), ("messages", "not_a_mapping")]


def test_the_history_of_mem0_makes_versions(tmp_path):
    """The newest is shown; what was deleted is no longer true."""
    _, found = memories_of(ROOT / "fixtures/mem0-history.json", tmp_path)
    assert found["Rehearses on Thursdays"].valid_to is None
    assert found["Rents a cello"].valid_to == found["Rents a cello"].updated_at
    assert reading.read(mem0_history.FORMAT, {"memory_id": "m", "event": "NONE", "new_memory": "x"}) == [
        LeftOut("changes to nothing")
    ]
    assert reading.faults(mem0_history.FORMAT, {"memory_id": "m", "event": "ADD", "new_memory": None}) == [
        ("new_memory", "missing")
    ]


def test_points_of_qdrant_are_mem0_records(tmp_path):
    """In the answer of a scroll; without the vector."""
    payload = {"user_id": "mara", "data": "Sings alto", "hash": "h", "created_at": "2025-05-01T10:00:00-07:00"}
    answer = {
        "result": {"points": [{"id": "p1", "payload": payload, "vector": [0.5] * 40}], "next_page_offset": None},
        "status": "ok",
    }
    (tmp_path / "a.json").write_text(json.dumps(answer))
    report, found = memories_of(tmp_path / "a.json", tmp_path)
    assert (report.format, dict(report.left_out), found["Sings alto"].namespace) == ("mem0", {"embeddings": 1}, "mara")


def test_what_only_has_a_memory_and_a_time_is_not_from_mem0():
    """Mem0 gives an id or a hash; in the metadata its owner and times count where there are none outside."""
    assert not mem0.FORMAT.matches({"user_id": "sam", "memory": "Climbs", "timestamp": "2025-08-15"}, frozenset())
    inside = {"user_id": "sam", "created_at": "2025-08-15T00:00:00Z"}
    fields = reading.draft(mem0.FORMAT, id="m", memory="Climbs", metadata=inside).fields
    assert {name: fields[name] for name in ("namespace", "created_at")} == {
        "namespace": "sam",
        "created_at": "2025-08-15T00:00:00Z",
    }
    assert reading.draft(mem0.FORMAT, id="m", memory="Climbs", user_id="bo", metadata=inside).fields["namespace"] == "bo"


def test_nothing_of_these_is_skipped():
    """Each empty or odd part is a fault or counted."""
    odd = {"user": {}, "memories": [5], "apps": []}
    assert isinstance(reading.read(openmemory.FORMAT, odd)[0], Broken)
    assert reading.read(openmemory.FORMAT, {**odd, "memories": []}) == [LeftOut("empty")]


def test_a_memory_of_the_memory_service_keeps_its_hash_feelings_and_times(tmp_path):
    """Its store is whose it is, unless that is the usual one; values that each new memory has say nothing."""
    _, found = memories_of(ROOT / "fixtures/mcp-memory-service.json", tmp_path)
    bees, honey, smoke = (found[text] for text in sorted(found, key=lambda text: found[text].created_at))
    felt = bees.emotion
    assert (felt.label, felt.valence, felt.arousal, felt.vocabulary) == ("relief", 0.6, pytest.approx(-0.4), "pad")
    assert (str(bees.created_at), bees.metadata) == ("2026-03-02 09:30:00.250000+00:00", {"hives": 4, "memory_type": "note"})
    assert (honey.namespace, honey.tags, honey.metadata) == ("market", ("honey", "market"), {"price": 7.5})
    assert (smoke.namespace, smoke.tags, smoke.metadata) == ("default", (), {"parent_id": "1f4a", "version": 3})
    with memproc.open(tmp_path / "m.db") as store:
        hashed = "0f4a6f6de0a9d4f8a2a1b6c7d8e9f00112233445566778899aabbccddeeff001"
        assert [seen.record["id"] for seen in store.trace(bees.id).observations] == [hashed]


def test_deleted_memories_of_the_memory_service_are_read_on_request(tmp_path):
    """They were true until they were deleted."""
    report = memproc.ingest(ROOT / "fixtures/mcp-memory-service.json", tmp_path / "m.db", include=("deleted", "superseded"))
    assert (report.stored, report.left_out) == (5, {})


def test_rows_of_memori_belong_to_the_entity_else_to_the_process(tmp_path):
    """A triple is a sentence with a relation, a message an event of its conversation."""
    _, found = memories_of(ROOT / "fixtures/memori.json", tmp_path)
    assert {text: memory.namespace for text, memory in found.items()} == {
        "Ines repairs clocks": "ines",
        "Answers in one sentence": "workshop-bot",
        "Ines lives in Porto": "ines",
        "A clock is brought back on Friday": "ines",
        "When is it ready?": "ines",
    }
    assert [(one.type, one.target) for one in found["Ines lives in Porto"].relations] == [("lives_in", "Porto")]
    talk, summary = found["When is it ready?"], found["A clock is brought back on Friday"]
    assert (talk.kind, talk.subject, summary.kind, talk.conversation == summary.conversation) == (
        "message",
        "user",
        "summary",
        True,
    )


def test_rows_of_letta_belong_to_their_agents(tmp_path):
    """A block is of each, a passage of the one, or of the archive that several share."""
    _, found = memories_of(ROOT / "fixtures/letta-store.json", tmp_path)
    with memproc.open(tmp_path / "m.db") as store:
        owners = sorted((memory.namespace, memory.content) for memory in store)
    assert owners == [
        ("agent-1", "Lives by the harbour"),
        ("agent-1", "On Sunday at five"),
        ("agent-1", "Teaches the cello"),
        ("agent-1", "The recital is in the old hall"),
        ("agent-1", "When is the recital?"),
        ("agent-2", "Lives by the harbour"),
        ("agent-2", "Teaches the cello"),
        ("archive-2", "Strings are changed in June"),
    ]
    assert (found["On Sunday at five"].kind, found["On Sunday at five"].conversation) == ("message", "agent-1")


@pytest.mark.parametrize(
    ("known", "item"),
    [
        (mem0.FORMAT, {"id": "m", "memory": "Climbs", "user_id": "bo"}),
        (openmemory.FORMAT, {"id": "m", "content": "Climbs", "state": "active", "app_id": "a"}),
        (legacy.FORMAT, {"schema_version": 0, "text": "Climbs"}),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_an_embedding_beside_a_memory_is_counted(known, item):
    """And kept nowhere."""
    draft, left = reading.read(known, {**item, "embedding": [0.5, 0.25]})
    assert "embedding" not in draft.fields.get("metadata", {})
    assert left == LeftOut("embeddings")


def test_an_embedding_in_the_content_of_langmem_is_counted():
    """Where the schema of an application has one."""
    draft, left = reading.read(langmem.FORMAT, {"id": "m", "content": {"content": "Climbs", "embedding": [0.5], "mood": "calm"}})
    assert (draft.fields["metadata"], left) == ({"mood": "calm"}, LeftOut("embeddings"))


def test_an_agent_of_letta_without_messages_is_told():
    """Of a file with nothing else something is said."""
    assert reading.left_out(letta.FORMAT, {"core_memory": [], "messages": []}) == {"empty_conversations": 1}
