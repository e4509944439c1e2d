"""Retention on a store: what has expired is hidden, comes back exactly as it was, or is forgotten for good."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import pytest

import memproc
from memproc.store.changes import expiring
from memproc.store.sql import database, tx
from tests.exports import export_of, exported

RECORDS = (
    {"content": "Lived in Rome", "created_at": "2019-05-01", "namespace": "ann", "tags": ["home"]},
    {"content": "Lives in Oslo", "created_at": "2019-05-01", "updated_at": "2024-11-01", "namespace": "ann", "tags": ["home"]},
    {"content": "Good morning!", "kind": "message", "created_at": "2020-01-01", "namespace": "ben"},
    {"content": "Good night!", "kind": "message", "created_at": "2024-12-01", "namespace": "ben"},
    {"content": "Likes tea", "namespace": "ben"},
    {"content": "Parks in lot 4", "created_at": "2024-12-02", "valid_to": "2025-01-01", "namespace": "ann"},
    {
        "content": "Rents the flat",
        "created_at": "2024-12-02",
        "valid_from": "2025-06-01",
        "valid_to": "2999-01-01",
        "namespace": "ann",
    },
)


@contextmanager
def at(moment):
    """Let transactions begin at a moment."""
    with ExitStack() as patches:
        for module in (tx, database):
            patches.enter_context(patch.object(module, "time_now", lambda: f"{moment}T00:00:00.000000Z"))
        yield


@pytest.fixture(autouse=True)
def _in_2025():
    """Let it be spring of 2025, unless a test says otherwise."""
    with at("2025-03-01"):
        yield


@pytest.fixture
def store(fresh):
    """Give a store with some old and some new memories."""
    with fresh() as made:
        memproc.ingest(list(RECORDS), into=made)
        yield made


def texts(memories):
    """Return what memories say, sorted."""
    return sorted(memory.content for memory in memories)


def hidden(store):
    """Return what iteration leaves out."""
    return sorted({*texts(store.find(expired=True, limit=None))} - {*texts(store)})


def test_what_is_past_its_end_is_not_found_unless_asked_for(store):
    """`get`, iteration, exports and counts have it still: they are of all that is kept."""
    assert "Parks in lot 4" not in texts(store.find())
    [parks] = store.find(text="parks", expired=True)
    assert store.get(parks.id) == parks
    assert "Parks in lot 4" in texts(store)
    assert any(line["content"] == "Parks in lot 4" for line in exported(store))
    assert (store.count(), store.stats()["expired"]) == (7, 0)


def test_what_was_valid_at_a_moment_is_found(store):
    """By `valid_from` and `valid_to`, whatever the clock says."""
    assert "Rents the flat" in texts(store.find())
    assert texts(store.find(namespace="ann", at="2024-12-24")) == ["Lived in Rome", "Lives in Oslo", "Parks in lot 4"]
    assert texts(store.find(namespace="ann", at="2026-01-01")) == ["Lived in Rome", "Lives in Oslo", "Rents the flat"]
    with pytest.raises(memproc.UsageError, match="at='soon'"):
        store.find(at="soon")


RULES = (
    ({"older_than": "2y"}, ["Good morning!", "Lived in Rome"], 1),
    ({"older_than": "2y", "kind": "message"}, ["Good morning!"], 0),
    ({"older_than": "2y", "namespace": "ann"}, ["Lived in Rome"], 0),
    ({"older_than": "2y", "namespace": "nobody"}, [], 0),
    ({"older_than": "1mo", "tag": "home"}, ["Lived in Rome", "Lives in Oslo"], 0),
    ({"past_valid_to": True}, ["Parks in lot 4"], 0),
    ({"older_than": "2y", "past_valid_to": True}, [], 0),
    ({"older_than": "0h"}, sorted(record["content"] for record in RECORDS if "created_at" in record), 1),
)


@pytest.mark.parametrize(("rule", "gone", "undated"), RULES, ids=str)
def test_a_rule_hides_what_it_means_and_undoing_brings_it_back(store, rule, gone, undated):
    """By the date that it was last said; what has no date stays and is counted; a trial counts the same and changes nothing."""
    before, whole = export_of(store), export_of(store, full=True)
    trial = store.expire(**rule, dry_run=True)
    assert (export_of(store), export_of(store, full=True)) == (before, whole)
    found = store.expire(**rule)
    assert found == trial
    assert (found.memories, found.undated) == (len(gone), undated)
    assert sum(found.by_kind.values()) == sum(found.by_namespace.values()) == found.memories
    assert hidden(store) == gone
    assert not {*texts(store.find(limit=None))} & {*gone}
    assert store.count() == len(list(store)) == len(store) == 7 - len(gone)
    assert (store.stats()["memories"], store.stats()["expired"]) == (7, len(gone))
    assert store.recount().is_whole
    assert store.doctor() == ()
    assert store.expire(**rule).memories == 0
    if gone:
        assert store.restore_expired(*found.names) == memproc.Expired(len(gone), found.by_kind, found.by_namespace, 0, found.names)
    assert (export_of(store), export_of(store, full=True)) == (before, whole)
    assert store.doctor() == ()


def test_it_is_counted_by_kind_and_namespace(store):
    """And the names tell what to undo."""
    found = store.expire(older_than="2y")
    assert found.by_kind == {"fact": 1, "message": 1}
    assert found.by_namespace == {"ann": 1, "ben": 1}
    assert found.names == ("older than 2y",)
    assert store.expired() == {"older than 2y": 2}


def test_a_memory_that_has_expired_is_still_there_by_its_id(store):
    """And its trace tells when and under which name it expired, and that it came back."""
    [rome] = store.find(text="rome")
    store.expire(older_than="2y", name="spring cleaning")
    assert store.get(rome.id) == rome
    store.restore_expired("spring cleaning")
    told = [(entry.kind, entry.reason) for entry in store.trace(rome.id).ledger if entry.kind in ("expired", "restored")]
    assert told == [("expired", "spring cleaning"), ("restored", "spring cleaning")]


def test_a_record_that_comes_again_does_not_bring_its_memory_back(store):
    """It is a duplicate, as it was before."""
    store.expire(older_than="2y")
    report = memproc.ingest(list(RECORDS), into=store)
    assert (report.stored, report.duplicate) == (0, 7)
    assert hidden(store) == ["Good morning!", "Lived in Rome"]


def test_another_record_that_says_the_same_brings_it_back(store):
    """It has been said again since; and the next time it expires by the date of that."""
    store.expire(older_than="2y")
    added = store.add({"content": "Lived in Rome", "created_at": "2025-02-01", "namespace": "ann"})
    assert added.outcome == "duplicate"
    assert hidden(store) == ["Good morning!"]
    assert store.expire(older_than="2y").memories == 0
    assert store.expire(older_than="1d", kind="fact", name="all").memories == 4
    assert store.doctor() == ()


def test_what_expired_under_two_names_comes_back_when_both_are_undone(store):
    """The memory of two observations of which one had expired before expires whole under the second name."""
    store.expire(older_than="2y", name="first")
    store.add({"content": "Lived in Rome", "created_at": "2022-02-01", "namespace": "ann"})
    store.expire(older_than="2y", name="second")
    assert store.restore_expired("first").by_namespace == {"ben": 1}
    assert hidden(store) == ["Lived in Rome"]
    assert store.restore_expired("second").memories == 1
    assert hidden(store) == []
    with pytest.raises(memproc.NotFoundError, match="'second'"):
        store.restore_expired("second")
    assert store.restore_expired().memories == 0


def test_parts_of_an_expired_memory_stay_hidden_when_it_is_taken_apart(store):
    """What has expired are its observations."""
    for word in ("really ", ""):
        store.add({"content": f"She {word}took a long walk along the old river this morning", "created_at": "2018-01-01"})
    [walk] = store.find(text="walk")
    store.expire(older_than="2y")
    store.unmerge(store.trace(walk.id).observations[0].observation)
    assert store.find(text="walk") == []
    assert len(store.find(text="walk", expired=True)) == 2
    assert store.doctor() == ()


def test_purging_forgets_what_was_hidden_long_enough(store):
    """And not what was hidden later, or is shown again; it does not come back with the next import."""
    store.expire(older_than="2y", kind="message")
    with at("2025-04-01"):
        store.expire(older_than="2y", kind="fact")
    with at("2025-04-15"), patch.object(expiring, "MEMORIES_AT_ONCE", 1):
        trial = store.purge_expired(older_than="30d", dry_run=True)
        assert store.stats()["forgotten"] == 0
        assert store.purge_expired(older_than="30d") == trial
    assert (trial.memories, trial.by_namespace) == (1, {"ben": 1})
    assert texts(store.find(expired=True, limit=None)) == sorted({record["content"] for record in RECORDS} - {"Good morning!"})
    assert store.stats()["forgotten"] == 1
    memproc.ingest(list(RECORDS), into=store)
    assert "Good morning!" not in texts(store.find(expired=True, limit=None))
    with at("2025-06-01"):
        assert store.purge_expired(older_than="30d").memories == 1
    assert store.expired() == {}
    assert store.recount().is_whole
    assert store.doctor() == ()


def test_a_memory_is_due_when_all_of_it_has_been_hidden_long_enough(store):
    """It was shown in between, as it was said again."""
    store.expire(older_than="2y", kind="fact")
    store.add({"content": "Lived in Rome", "created_at": "2022-02-01", "namespace": "ann"})
    with at("2025-04-20"):
        assert store.expire(older_than="2y", kind="fact").memories == 1
    with at("2025-04-25"):
        assert store.purge_expired(older_than="30d").memories == 0
    with at("2025-05-25"):
        assert store.purge_expired(older_than="30d").memories == 1


def test_what_is_forgotten_by_hand_has_not_expired_any_more(store):
    """There is nothing to bring back."""
    store.expire(older_than="2y")
    store.forget(store.find(text="rome", expired=True)[0].id)
    assert store.stats()["expired"] == 1
    assert store.restore_expired().memories == 1
    assert store.doctor() == ()


@pytest.mark.costly
def test_a_full_export_holds_what_has_expired(store, fresh):
    """Read into another store it is hidden there, in whatever order it comes, and can be brought back."""
    store.expire(older_than="2y", kind="message", name="chats")
    store.expire(older_than="2y")
    lines = exported(store, full=True)
    told = [(line["decision"], line["policy"]) for line in lines if "decision" in line]
    assert sorted(told) == [("expired", "chats"), ("expired", "older than 2y")]
    for order in (lines, [lines[0], *lines[:0:-1]]):
        with fresh() as other:
            memproc.ingest(list(order), into=other, format="memproc-full", trust_decisions=True)
            assert export_of(other, full=True) == export_of(store, full=True)
            assert texts(other) == texts(store)
            assert other.doctor() == ()
            other.restore_expired("chats")
            memproc.ingest(list(order), into=other, format="memproc-full", trust_decisions=True)
            assert hidden(other) == ["Lived in Rome"], "what was brought back here stays"


def test_without_trust_or_in_another_namespace_nothing_expires(store, fresh):
    """Who may write records may not hide what others have."""
    store.expire(older_than="2y")
    lines = exported(store, full=True)
    with fresh() as other:
        report = memproc.ingest(lines, into=other)
        assert report.left_out["decisions"] == 2
        assert hidden(other) == []
        only = [line for line in lines if "content" not in line]
        memproc.ingest(only, into=other, namespace="ben", trust_decisions=True, format="memproc-full")
        assert hidden(other) == ["Good morning!"]


@pytest.mark.parametrize("policy", [None, "", " x", 7])
def test_what_expired_without_a_name_is_no_decision(fresh, policy):
    """It could not be undone."""
    line = {"decision": "expired", "keys": ["0" * 32]} | ({} if policy is None else {"policy": policy})
    with fresh() as store:
        report = memproc.ingest([line], into=store, format="memproc-full", trust_decisions=True)
        assert report.quarantined == 1


def test_the_rules_that_a_store_keeps_are_applied(store):
    """Those of the settings come first; what is given by hand comes before both."""
    with pytest.raises(memproc.UsageError, match="no rule of retention"):
        store.expire()
    rules = (memproc.RetentionRule(older_than="2y", kind="message"), memproc.RetentionRule(past_valid_to=True))
    store.set_retention(rules)
    assert store.retention() == rules
    found = store.expire()
    assert found.names == ("older than 2y, kind message", "past valid_to")
    assert hidden(store) == ["Good morning!", "Parks in lot 4"]
    store.rebuild()
    assert store.retention() == rules
    store.set_retention([])
    assert store.retention() == ()
    with pytest.raises(memproc.UsageError, match="give a list of RetentionRule"):
        store.set_retention(["2y"])
    assert store.doctor() == ()


def test_rules_of_the_settings_are_applied():
    """Of a store that keeps none, or others."""
    rule = memproc.RetentionRule(older_than="2y", kind="message")
    with memproc.open("sqlite://", settings=memproc.Settings(retention=[rule])) as store:
        memproc.ingest(list(RECORDS), into=store)
        store.set_retention([memproc.RetentionRule(older_than="0d")])
        store.expire()
        assert hidden(store) == ["Good morning!"]


def test_the_view_for_people_tells_what_has_expired(store):
    """A memory of one observation and of several."""
    store.add({"content": "Lived in Rome", "created_at": "2018-01-01", "namespace": "ann"})
    store.expire(older_than="2y")
    with store._opened.transactions.reading() as reading:
        rows = reading.exec_driver_sql("SELECT content FROM memproc_memories WHERE expired = 1").scalars().all()
    assert sorted(rows) == ["Good morning!", "Lived in Rome"]
