"""What is more than once in the store of another program is listed, with proof, and nothing is changed there."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest

import memproc
from memproc import Doubt
from memproc.sources.live.address import address_of
from memproc.sources.live.calls import of_letta
from tests.command_line import as_json, run_memproc
from tests.sources.live import written

PATH = "users.ann.memories"
ITEMS = {
    (PATH, "0001-aa"): {"content": "Ann keeps 5 hens", "kind": "Memory"},
    (PATH, "0002-aa"): {"content": "ann keeps 5 hens."},
    (PATH, "0003-aa"): {"content": "Ann keeps 5 hens"},
    ("users.ann.facts", "0004-aa"): {"content": "Ann keeps  5 hens", "farm": "hill"},
    ("users.bob.memories", "0005-aa"): {"content": "Ann keeps 5 hens"},
    (PATH, "0006-aa"): {"content": "Ann works as a nurse at the city hospital in Lima"},
    (PATH, "0007-aa"): {"content": "Ann works as nurse at a city hospital of Lima"},
}


def langgraph(folder, items=ITEMS):
    """Write a store of LangGraph, and return its file."""
    return written.langgraph_file(folder / "l.db", items)


def test_what_says_the_same_is_listed_with_what_stays_and_why(tmp_path):
    """Within a namespace, wherever in it; each with the call of its program and with SQL."""
    found = memproc.clean(f"langgraph://{langgraph(tmp_path)}")
    listed = [(one.id, one.stays, one.text, one.stays_text, one.reason, one.lost) for one in found.removals]
    likeness = "the same but for capital letters and punctuation"
    assert listed == [
        ("0001-aa", "0002-aa", "Ann keeps 5 hens", "ann keeps 5 hens.", likeness, ("metadata.kind",)),
        ("0003-aa", "0002-aa", "Ann keeps 5 hens", "ann keeps 5 hens.", likeness, ()),
        ("0004-aa", "0002-aa", "Ann keeps  5 hens", "ann keeps 5 hens.", likeness, ("metadata.farm", "metadata.namespace_path")),
    ]
    assert {one.namespace for one in found.removals} == {"ann"}
    assert all(0.99 < one.confidence < 1 for one in found.removals)
    assert found.removals[2].call == "store.delete(('users', 'ann', 'facts'), '0004-aa')"
    assert found.removals[2].sql == "DELETE FROM store WHERE prefix = :prefix AND key = :key"
    assert found.removals[2].values == {"prefix": "users.ann.facts", "key": "0004-aa"}
    assert (found.store, found.report.read, found.without_call) == (f"langgraph+sqlite://{tmp_path / 'l.db'}", 7, 0)


def test_pairs_that_wait_for_review_are_for_a_person(tmp_path):
    """They are in no list of what is sure."""
    texts = ["Ann works as a nurse at the city hospital in Lima", "Ann works as nurse at a city hospital of Lima"]
    items = {(PATH, f"000{at}-aa"): {"content": text} for at, text in enumerate(texts)}
    found = memproc.clean(f"langgraph://{langgraph(tmp_path, items)}")
    assert found.removals == ()
    [doubt] = found.doubts
    assert isinstance(doubt, Doubt)
    assert sorted(zip(doubt.ids, doubt.texts, strict=True)) == [("0000-aa", texts[0]), ("0001-aa", texts[1])]
    assert (doubt.kind, 0 < doubt.confidence < 1, "leaves out 'a'" in doubt.reason) == ("similar", True, True)


def delete_all(file, removals):
    """Run the SQL that deletes, with its values."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for one in removals:
            assert connection.execute(one.sql, dict(one.values)).rowcount == 1


@pytest.mark.costly
@pytest.mark.parametrize("keeps", [False, True], ids=["forgotten", "kept"])
def test_once_the_list_is_applied_there_nothing_is_listed(keeps, tmp_path):
    """Also where memproc's store is kept, which still knows what was deleted; and what was changed there since is not listed."""
    file = langgraph(tmp_path)
    into = tmp_path / "m.db" if keeps else None
    before = memproc.clean(f"langgraph://{file}", into)
    delete_all(file, before.removals)
    after = memproc.clean(f"langgraph://{file}", into)
    assert (len(before.removals), after.removals, after.report.read) == (3, (), 4)
    assert len(after.doubts) == len(before.doubts) == 1


def test_a_store_on_qdrant_is_clean_after_the_calls(tmp_path):
    """As mem0 would delete the points."""
    texts = {"p-1": "Ann keeps 5 hens", "p-2": "Ann keeps five hens", "p-3": "Ann likes tea"}
    folder = written.qdrant_folder(tmp_path / "q", {name: written.payload(text) for name, text in texts.items()})
    [removal] = memproc.clean(f"mem0://{folder}").removals
    assert removal.call == f"memory.delete({removal.id!r})"
    assert removal.sql is None
    written.qdrant_delete(folder, removal.id)
    assert memproc.clean(f"mem0://{folder}").removals == ()


def test_what_other_sources_brought_is_not_listed_there(tmp_path):
    """A store that is kept may hold more than the other program has."""
    there = [{"id": "x", "content": "ann keeps 5 hens"}, {"id": "y", "content": "Ann works as nurse at a city hospital of Lima"}]
    memproc.ingest([one | {"namespace": "ann"} for one in there], tmp_path / "m.db", source="app")
    items = {key: ITEMS[key] for key in [(PATH, "0001-aa"), (PATH, "0006-aa")]}
    found = memproc.clean(f"langgraph://{langgraph(tmp_path, items)}", tmp_path / "m.db")
    assert (found.report.merged, found.removals, found.doubts) == (1, (), ())
    with memproc.open(tmp_path / "m.db") as store:
        assert len(store.reviews()) == 1


def test_an_item_that_stands_there_twice_under_its_id_is_not_deleted(tmp_path):
    """Its call would delete both: older clients of Qdrant left a point in several rows."""
    folder = written.qdrant_folder(tmp_path / "q", {"p-1": written.payload("Ann keeps 5 hens")})
    with closing(sqlite3.connect(folder / "collection/mem0/storage.sqlite")) as connection, connection:
        connection.execute("UPDATE points SET id = 'as an older client wrote it'")
    written.qdrant_folder(folder, {"p-1": written.payload("Ann keeps 6 hens", updated_at="2026-03-02T08:00:00+00:00")})
    found = memproc.clean(f"mem0://{folder}")
    assert (found.report.read, found.report.merged, found.removals, found.without_call) == (2, 1, (), 1)


def test_what_has_no_call_is_counted(tmp_path):
    """A line of a block of Letta's is no item of its own; a passage is."""
    with closing(sqlite3.connect(tmp_path / "letta.db")) as connection, connection:
        written.letta_tables(connection.execute)
    found = memproc.clean(f"letta+sqlite://{tmp_path / 'letta.db'}")
    assert [(one.id, one.call, one.lost) for one in found.removals] == [
        ("passage-1", "client.agents.passages.delete('passage-1', agent_id='agent-1')", ("tags", "metadata.page"))
    ]


def test_a_store_that_cannot_be_read_to_its_end_proves_nothing(tmp_path, monkeypatch):
    """So nothing is listed."""

    def breaks(self, behind, visit=None):
        yield from self.deeper(behind, visit)
        raise ConnectionResetError("gone")

    monkeypatch.setattr(memproc.LiveStore, "deeper", memproc.LiveStore.found, raising=False)
    monkeypatch.setattr(memproc.LiveStore, "found", breaks)
    with pytest.raises(memproc.SourceEndedError, match="was not read to its end, so nothing is listed"):
        memproc.clean(f"langgraph://{langgraph(tmp_path)}")


TOLD = """\
langgraph+sqlite://{file}: 2 read, 1 to delete, 0 to update, 0 for a person
delete 0001-aa (ann): Ann keeps 5 hens
  stays 0002-aa: ann keeps 5 hens.
  the same but for capital letters and punctuation (confidence 0.995)
  only there: metadata.kind
  store.delete(('users', 'ann', 'memories'), '0001-aa')
nothing was changed there
"""


@pytest.mark.costly
def test_the_command_tells_it_to_a_person_and_to_programs(tmp_path):
    """As text, as JSON, as calls alone or as SQL with its values."""
    file = langgraph(tmp_path, dict([*ITEMS.items()][:2]))
    before = file.read_bytes()
    address = f"langgraph://{file}"
    assert run_memproc("clean", address, "--dry-run") == (0, TOLD.format(file=file), "")
    told = as_json(run_memproc("clean", address, "--json"))
    assert (told["read"], told["delete"][0]["stays"], told["for_a_person"]) == (2, "0002-aa", [])
    assert run_memproc("clean", address, "--calls")[1] == "store.delete(('users', 'ann', 'memories'), '0001-aa')\n"
    sql = as_json(run_memproc("clean", address, "--sql"))
    assert sql["values"] == {"prefix": PATH, "key": "0001-aa"}
    assert run_memproc("clean", address, "--sql", "--calls")[0] == 2
    assert file.read_bytes() == before


def test_the_command_says_where_there_is_no_sql(tmp_path):
    """Rather than leave out items without a word."""
    folder = written.qdrant_folder(tmp_path / "q", {f"p-{at}": written.payload("Ann keeps 5 hens") for at in range(3)})
    code, out, err = run_memproc("clean", f"mem0://{folder}", "--sql")
    assert (code, out, err) == (0, "", "memproc: 2 of 2 can be done by their own program only: --calls tells how\n")


@pytest.mark.costly
def test_an_id_cannot_add_a_line_to_what_is_printed(tmp_path):
    """A call is one line of Python, whatever the id of an item holds, and so is each line for a person."""
    evil = "p\nimport os; os.system('true')"
    call = of_letta(address_of("letta+sqlite:///x"), {"table": "archival_passages", "id": evil, "agents": []})
    assert call.python == f"# no agent has the archive of {evil!r}"
    items = {(PATH, f"{number}-aa\n  forged"): {"content": "Ann keeps 5 hens"} for number in range(2)}
    address = f"langgraph://{langgraph(tmp_path, items)}"
    assert len(run_memproc("clean", address, "--calls")[1].splitlines()) == 1
    assert "\n  forged" not in run_memproc("clean", address)[1]


NEWER = """Ann keeps 6 hens; it's \\ "so'), import os"""


def test_what_memproc_knows_better_is_listed_to_be_updated_there(tmp_path):
    """With the ids that it rests on; a text cannot end the call that it stands in. Once it is applied, nothing is listed."""
    file, into = langgraph(tmp_path, {(PATH, "0001-aa"): {"content": "Ann keeps 5 hens", "kind": "Memory"}}), tmp_path / "m.db"
    memproc.ingest(f"langgraph://{file}", into)
    with memproc.open(into) as store:
        [memory] = store
        store.update(memory.id, {"content": NEWER})
        text = next(iter(store)).content
    found = memproc.clean(f"langgraph://{file}", into)
    [update] = found.updates
    assert (update.kind, update.id, update.text, update.becomes, update.rests_on) == (
        *("update", "0001-aa", "Ann keeps 5 hens", text, ("0001-aa",)),
    )
    assert found.removals == ()
    puts = []
    exec(update.call, {"store": SimpleNamespace(put=lambda *given: puts.append(given))})
    assert puts == [(("users", "ann", "memories"), "0001-aa", {"content": text, "kind": "Memory"})]
    told = as_json(run_memproc("clean", f"langgraph://{file}", "--into", str(into), "--json"))
    assert told["update"][0]["becomes"] == text
    assert f"update 0001-aa (ann): {update.text}" in run_memproc("clean", f"langgraph://{file}", "--into", str(into))[1]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE store SET value = ?, updated_at = '2027-01-01 08:00:00'", (json.dumps(puts[0][2]),))
    after = memproc.clean(f"langgraph://{file}", into)
    assert (after.updates, after.removals, after.without_call) == ((), (), 0)


def test_what_a_later_one_replaced_is_marked_where_its_program_keeps_marks(tmp_path):
    """By mcp-memory-service: after that it is left out, and nothing is listed."""
    file, into = tmp_path / "s.db", tmp_path / "m.db"
    written.mcp_memory_service_file(file, {"h-1": "Ann keeps 5 hens in the yard", "h-2": "Ann keeps 6 hens in the yard"})
    with closing(sqlite3.connect(file)) as connection, connection:
        later = "created_at = created_at + 864000, updated_at = updated_at + 864000"
        connection.execute(f"UPDATE memories SET {later} WHERE content_hash = 'h-2'")
    memproc.ingest(f"mcp-memory-service://{file}", into)
    with memproc.open(into) as store:
        [review] = store.reviews()
        store.resolve(review.number, "supersedes")
    found = memproc.clean(f"mcp-memory-service://{file}", into)
    [update] = found.updates
    assert (update.kind, update.id, update.rests_on, found.removals) == ("supersede", "h-1", ("h-2",), ())
    assert update.call == "await storage.update_memory_metadata('h-1', {'superseded_by': 'h-2'})"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE memories SET superseded_by = 'h-2' WHERE content_hash = 'h-1'")
    after = memproc.clean(f"mcp-memory-service://{file}", into)
    assert (after.updates, after.removals) == ((), ())
