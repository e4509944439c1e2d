"""Updates: a memory says something else from now on, under the id that it has, and what it said is history."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

import memproc
from memproc.store.sql import tables
from tests.exports import exported
from tests.waiting import LIMIT_SECONDS


def check_is_whole(store):
    """See whether nothing is wrong, and computing all anew changes nothing."""
    before = exported(store, full=False)
    assert store.doctor() == ()
    assert store.recount().is_whole
    assert store.rebuild() == (0, 0)
    assert exported(store, full=False) == before


def told(store):
    """Return what all memories say, sorted."""
    return sorted(memory.content for memory in store)


@pytest.mark.parametrize("dedup", ["near", "exact", "off"])
@pytest.mark.parametrize("fields", [{}, {"created_at": "2024-01-01"}, {"id": "m-1", "source": "app"}, {"kind": "message"}])
def test_an_updated_memory_says_something_else_under_its_id(fresh, dedup, fields):
    """Whether it has a date, an id of the caller's, or neither; of the past its history tells."""
    with fresh(dedup) as store:
        old = store.add({"content": "Likes tea", "tags": ["drinks"], **fields}).memory
        updated = store.update(old.id, {"content": "Likes coffee", "importance": 0.5})
        now = updated.memory
        assert updated.outcome == "updated"
        assert (now.id, now.content, now.tags, now.importance) == (old.id, "Likes coffee", ("drinks",), 0.5)
        assert (now.created_at, now.source, now.kind) == (old.created_at, old.source, old.kind)
        assert store.get(old.id) == now
        assert told(store) == ["Likes coffee"]
        assert store.reviews() == []
        assert [(step.content, step.link == "current") for step in store.history(old.id).steps] == [
            ("Likes tea", False),
            ("Likes coffee", True),
        ]
        check_is_whole(store)


def test_a_field_can_change_or_be_taken_out_while_the_text_stays(fresh):
    """Tags are united where a text is told twice; not where one telling replaces the other."""
    with fresh() as store:
        tea = store.add({"content": "Likes tea", "tags": ["drinks", "old"], "importance": 0.9}).memory
        assert store.update(tea.id, {"tags": ["drinks"], "importance": 0.1}).memory.tags == ("drinks",)
        memory = store.update(tea.id, {"tags": None}).memory
        assert (memory.tags, memory.importance, memory.id) == ((), 0.1, tea.id)
        store.add({"content": "Likes tea", "tags": ["late"], "created_at": "2020-01-01"})
        assert store.get(tea.id).tags == ()
        assert len(store.history(tea.id).steps) == 1
        check_is_whole(store)


def test_an_update_is_taken_back_and_that_too(fresh):
    """The memory says again what it said, with all its fields, and nothing is lost."""
    with fresh() as store:
        tea = store.add({"content": "Likes tea", "tags": ["a"], "metadata": {"n": 1}}).memory
        coffee = store.update(tea.id, {"content": "Likes coffee", "tags": ["b"], "metadata": None}).memory
        for before in (tea, coffee, tea):
            now = store.revert(tea.id).memory
            assert (now.id, now.content, now.tags, now.metadata) == (tea.id, before.content, before.tags, before.metadata)
            assert told(store) == [before.content]
        assert len(store.trace(tea.id).observations) == 5
        check_is_whole(store)
        with pytest.raises(memproc.NotFoundError, match="never said anything else"):
            store.revert(store.add({"content": "Sings"}).memory.id)


def test_a_merged_memory_follows_an_update(fresh):
    """All that it was told by is replaced; what comes again of it changes nothing, and what is told later does."""
    with fresh() as store:
        store.add({"content": "Likes tea", "id": "m-1", "source": "app"})
        merged = store.add({"content": "likes tea!", "tags": ["x"]}).memory
        assert store.count() == 1
        store.update(merged.id, {"content": "Likes coffee"})
        assert told(store) == ["Likes coffee"]
        store.add({"content": "likes tea!", "tags": ["x"]})
        assert told(store) == ["Likes coffee"]
        store.add({"content": "Likes water", "id": "m-1", "source": "app", "updated_at": "2999-01-01"})
        assert told(store) == ["Likes water"]
        check_is_whole(store)


def test_a_memory_without_a_date_stays_replaced_however_often_it_is_updated(fresh):
    """What had no date does not come back when what replaced it is replaced in turn."""
    with fresh() as store:
        tea = store.add({"content": "Likes tea", "id": "m-1", "source": "app"}).memory
        for text in ("Likes coffee", "Likes water", "Likes milk"):
            store.update(tea.id, {"content": text})
            assert told(store) == [text]
        store.upsert({"content": "Likes soup", "id": "m-1", "source": "app"})
        assert told(store) == ["Likes soup"]
        check_is_whole(store)


def test_an_update_carries_its_date(fresh):
    """By default now; a date that is not later is refused before anything is written."""
    with fresh() as store:
        tea = store.add({"content": "Likes tea", "updated_at": "2999-01-01"}).memory
        for date in ("2999-01-01", "2020-01-01"):
            with pytest.raises(memproc.UsageError, match="give a time after 2999-01-01"):
                store.update(tea.id, {"content": "Likes coffee", "updated_at": date})
        now = store.update(tea.id, {"content": "Likes coffee"}).memory
        assert now.updated_at > tea.updated_at
        later = store.update(tea.id, {"content": "Likes water", "updated_at": "2999-02-01"}).memory
        assert later.updated_at.isoformat() == "2999-02-01T00:00:00+00:00"
        assert told(store) == ["Likes water"]


def test_an_update_that_changes_nothing_writes_nothing(fresh):
    """It says so."""
    with fresh() as store:
        tea = store.add({"content": "Likes tea", "tags": ["x"]}).memory
        same = store.update(tea.id, {"tags": ["x"], "subject": None})
        assert (same.outcome, same.memory, same.reason) == ("unchanged", tea, "it says this already")
        assert len(store.trace(tea.id).observations) == 1


def test_changes_that_are_no_memory_are_told_with_every_fault(fresh):
    """As validation tells them, an unknown field too; the memory stays as it is."""
    with fresh() as store:
        tea = store.add({"content": "Likes tea"}).memory
        refused = store.update(tea.id, {"importance": 7, "contents": "Likes coffee"})
        assert (refused.outcome, refused.memory) == ("quarantined", None)
        assert [(fault.path, fault.code) for fault in refused.faults] == [
            ("importance", "less_than_equal"),
            ("contents", "extra_forbidden"),
        ]
        assert store.get(tea.id) == tea
        assert len(store.quarantine()) == 1
        for changes in ({"id": "2"}, {"namespace": "bob"}, {"source": "x"}):
            with pytest.raises(memproc.UsageError, match="says which memory it is"):
                store.update(tea.id, changes)
        with pytest.raises(memproc.UsageError, match="give a mapping"):
            store.update(tea.id, ["content"])
        with pytest.raises(memproc.NotFoundError):
            store.update("00", {"content": "x"})


@pytest.mark.costly
@pytest.mark.parametrize("dedup", ["near", "off"])
def test_upsert_tells_what_it_did(fresh, dedup):
    """Stored, updated or unchanged: by the id of the caller, whether there are dates or not."""
    cases = [
        ({"content": "Lives in Rome"}, "stored", "Lives in Rome"),
        ({"content": "Lives in Rome"}, "unchanged", "Lives in Rome"),
        ({"content": "Lives in Oslo", "tags": ["a"]}, "updated", "Lives in Oslo"),
        ({"content": "Lives in Oslo", "tags": ["b"]}, "updated", "Lives in Oslo"),
        ({"content": "Lives in Bonn", "updated_at": "2020-01-01"}, "unchanged", "Lives in Oslo"),
        ({"content": "Lives in Bonn", "updated_at": "2999-01-01"}, "updated", "Lives in Bonn"),
        ({"content": "Lives in Köln", "updated_at": "2999-01-01"}, "updated", "Lives in Köln"),
        ({"content": "Lives in Köln", "updated_at": "2999-01-01"}, "unchanged", "Lives in Köln"),
        ({"content": "Lives in Rome"}, "updated", "Lives in Rome"),
    ]
    with fresh(dedup) as store:
        for record, outcome, content in cases:
            put = store.upsert({"id": "m-1", **record}, source="app", namespace="ann")
            assert (put.outcome, put.memory.content) == (outcome, content), record
            assert told(store) == [content]
        assert store.get(put.memory.id).tags == ()
        other = store.upsert({"id": "m-1", "content": "Lives in Rome"}, source="app", namespace="bob")
        assert other.outcome == "stored"
        assert store.reviews() == []
        check_is_whole(store)


def test_upsert_takes_an_id_and_a_source(fresh):
    """Without them nobody could say what it replaces; a bad record is quarantined."""
    with fresh() as store:
        for record in ({"content": "x"}, {"content": "x", "id": "1"}, {"content": "x", "source": "app"}):
            with pytest.raises(memproc.UsageError, match="an id of yours and a source"):
                store.upsert(record)
        assert store.upsert({"id": "1", "source": "app", "content": " "}).outcome == "quarantined"
        assert store.count() == 0


@pytest.mark.costly
def test_updates_of_several_threads_are_all_there(fresh):
    """Each is made on what the one before it left."""
    with fresh() as store:
        tea = store.add({"content": "Likes tea"}).memory
        threads = [
            threading.Thread(target=store.update, args=(tea.id, {"content": f"Likes number {at} of the teas"})) for at in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_SECONDS)
        assert store.count() == 1
        assert len(store.history(tea.id).steps) == 7
        check_is_whole(store)


def test_updates_make_the_round_trip(fresh, tmp_path):
    """A full export holds them with their decisions."""
    with fresh() as store, fresh() as other:
        for at, text in enumerate(("Likes tea", "Sings in a choir")):
            memory = store.add({"content": text, "tags": ["x"]}).memory
            store.update(memory.id, {"tags": [str(at)]})
            store.update(memory.id, {"content": f"{text} no longer"})
            store.revert(memory.id)
        path = tmp_path / "full.jsonl"
        store.export(path, full=True)
        memproc.ingest(path, other, trust_decisions=True)
        assert exported(other, full=True) == exported(store, full=True)
        assert [*other] == [*store]


def test_an_update_in_a_rehearsal_leaves_nothing(fresh):
    """As nothing does there."""
    with fresh() as store:
        tea = store.add({"content": "Likes tea"}).memory
        with store.rehearsal():
            assert store.update(tea.id, {"content": "Likes coffee"}).outcome == "updated"
        assert store.get(tea.id) == tea
        assert store.update(tea.id, {"content": "Likes coffee"}).outcome == "updated"


def test_an_update_is_one_plan_and_few_statements(fresh, monkeypatch):
    """The result is that of landing first and deciding then, which is how the rest is done, and takes twice as many."""
    results, counts = [], []
    for _ in range(2):
        with fresh() as store:
            tea = store.add({"content": "Likes tea", "created_at": "2020-01-01"}).memory
            store.add({"content": "Plays chess in the park"})
            with counted(store) as seen:
                store.update(tea.id, {"content": "Sings in a choir on Mondays", "updated_at": "2021-01-01"})
            counts.append(seen.count)
            store.update(tea.id, {"content": "Keeps bees behind the house", "updated_at": "2022-01-01"})
            results.append((exported(store, full=False), outcomes(store.trace(tea.id)), ledger(store), store.recount()))
            check_is_whole(store)
        monkeypatch.setattr("memproc.store.changes.landing.can_replace_at_once", lambda *_: False)
    assert results[0] == results[1]
    assert counts[0] * 1.6 < counts[1], counts


def outcomes(trace):
    """Return what became of each observation, by its key."""
    return sorted((one.observation, one.outcome) for one in trace.observations)


def ledger(store):
    """Return all that the ledger tells, but for when."""
    columns = [column for column in tables.ledger.c if column.name not in ("made_at", "seal")]
    return store._opened.transactions.read(lambda tx: [*map(tuple, tx.execute(select(*columns).order_by(tables.ledger.c.number)))])


class Statements:
    """How many statements were sent."""

    count = 0


@contextmanager
def counted(store):
    """Count the statements that a store sends inside the block."""
    engine, seen = store._opened.database.engine, Statements()

    def note(*_):
        seen.count += 1

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
