"""The store of LangGraph: what LangGraph's own stores are tested for, in other words, and what a memproc store has beside."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.store.base import GetOp, InvalidNamespaceError, Item, ListNamespacesOp, MatchCondition, PutOp, SearchOp
from langgraph.store.memory import InMemoryStore

import memproc
from memproc.formats.langgraph_places import id_of_key, name_of, path_of
from memproc.integrations.langgraph import MemprocStore

DOCS = {
    (("test", "docs"), "doc1"): {"title": "First Doc", "author": "Alice", "tags": ["important"]},
    (("test", "docs"), "doc2"): {"title": "Second Doc", "author": "Bob", "tags": ["draft"]},
    (("test", "images"), "img1"): {"title": "Image 1", "author": "Alice", "tags": ["final"], "by": {"name": "Ann", "age": 7}},
}
PATHS = [("a", "b", "c"), ("a", "b", "d", "e"), ("a", "b", "d", "i"), ("a", "b", "f"), ("a", "c", "f"), ("b", "a", "f"), ("u",)]


@pytest.fixture
def items(fresh):
    """Give an empty store of LangGraph, on each database."""
    with fresh() as store:
        yield MemprocStore(store)


@pytest.fixture
def here(fresh_file):
    """Give one on SQLite alone, for what does not depend on the database."""
    with fresh_file() as store:
        yield MemprocStore(store)


def fill(*stores):
    """Put the documents into stores."""
    for store in stores:
        for (path, key), value in DOCS.items():
            store.put(path, key, value)


def keys(found):
    """Return the keys of items, sorted."""
    return sorted(item.key for item in found)


def test_an_item_is_put_changed_and_deleted(items):
    """Its value is what was put last, its creation stays, and after a deletion it can be put again, even the very same."""
    path, first, second = ("test", "documents"), {"title": "A", "content": "Hello"}, {"title": "B", "content": "Bye"}
    items.put(path, "doc1", first)
    before = items.get(path, "doc1")
    assert (before.namespace, before.key, before.value) == (path, "doc1", first)
    assert isinstance(before, Item)
    items.put(path, "doc1", second)
    after = items.get(path, "doc1")
    assert after.value == second
    assert after.created_at == before.created_at
    assert after.updated_at > before.updated_at
    assert items.get(("test", "others"), "doc1") is None
    for _ in range(2):
        items.delete(path, "doc1")
        assert items.get(path, "doc1") is None
        assert items.search(path) == []
        items.delete(path, "doc1")
        items.put(path, "doc1", first)
        assert items.get(path, "doc1").value == first


def test_what_is_put_again_at_the_very_same_moment_is_there(here, monkeypatch):
    """Though the same observation was forgotten before."""
    moment = datetime(2030, 1, 1, tzinfo=UTC)

    class Still(datetime):
        """A clock that stands."""

        @classmethod
        def now(cls, _zone=None):
            return moment

    monkeypatch.setattr("memproc.integrations.langgraph.store.datetime", Still)
    for _ in range(3):
        here.put(("a",), "k", {"content": "x y"})
        assert here.get(("a",), "k").value == {"content": "x y"}
        here.delete(("a",), "k")


def test_equal_values_of_two_keys_stay_two_items(here):
    """Nothing is merged: what a key holds is what was put there, and to delete one leaves the other."""
    for key, text in (("one", "Prefers tea"), ("two", "Prefers tea"), ("three", "prefers tea.")):
        here.put(("ann",), key, {"content": text})
    assert keys(here.search(("ann",))) == ["one", "three", "two"]
    here.delete(("ann",), "one")
    assert keys(here.search(("ann",))) == ["three", "two"]
    assert here.get(("ann",), "two").value == {"content": "Prefers tea"}


@pytest.mark.parametrize("value", [{}, {"a": None}, {"n": 2**60, "f": 0.1}, {"deep": {"list": [1, [None, {}]]}}, {"content": "  "}])
def test_a_value_is_given_back_whole(here, value):
    """Whatever JSON it is, also without any text."""
    here.put(("a",), "k", value)
    assert here.get(("a",), "k").value == value
    assert [item.value for item in here.search(())] == [value]


def test_a_value_that_is_no_json_is_refused_with_its_place(here):
    """And nothing of it is kept."""
    with pytest.raises(ValueError, match="this item cannot be kept: x: holds NaN"):
        here.put(("a",), "k", {"x": float("nan")})
    assert here.get(("a",), "k") is None
    assert here._store.quarantine() == []


def test_a_batch_reads_what_was_before_it_and_gives_results_in_order(items):
    """The last put of a key counts."""
    items.put(("test", "foo"), "key1", {"data": "value1"})
    items.put(("test", "bar"), "key2", {"data": "value2"})
    ops = [
        GetOp(("test", "foo"), "key1"),
        PutOp(("test", "bar"), "key2", {"data": "other"}),
        SearchOp(("test",), filter={"data": "value1"}),
        ListNamespacesOp(),
        GetOp(("test",), "key3"),
        PutOp(("test",), "key3", {"data": "first"}),
        PutOp(("test",), "key3", {"data": "last"}),
        GetOp(("test", "bar"), "key2"),
        PutOp(("test", "foo"), "key1", None),
    ]
    found = items.batch(ops)
    assert found[0].value == {"data": "value1"}
    assert keys(found[2]) == ["key1"]
    assert found[3] == [("test", "bar"), ("test", "foo")]
    assert [found[at] for at in (1, 4, 5, 6, 8)] == [None] * 5
    assert found[7].value == {"data": "value2"}
    assert items.get(("test",), "key3").value == {"data": "last"}
    assert items.get(("test", "bar"), "key2").value == {"data": "other"}
    assert items.get(("test", "foo"), "key1") is None


FILTERS = [
    {"author": "Alice"},
    {"author": {"$ne": "Alice"}},
    {"author": {"$eq": "Bob"}, "title": "Second Doc"},
    {"tags": ["draft"]},
    {"by": {"name": "Ann"}},
    {"by": {"age": {"$gte": 7, "$lt": 8}}},
    {"missing": None},
    {"by": {"age": {"$gt": 7}}},
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_a_filter_finds_what_the_store_in_memory_finds(here, wanted):
    """That of LangGraph, for every operator."""
    memory = InMemoryStore()
    fill(here, memory)
    wanted_of_images = "by" in wanted
    path = ("test", "images") if wanted_of_images else ("test",)
    assert keys(here.search(path, filter=wanted)) == keys(memory.search(path, filter=wanted))


def test_numbers_are_compared_as_numbers_and_texts_as_texts(here):
    """What has no such value, or one of another kind, is not found, and an operator that is not known is told."""
    for key, score in (("a", 2), ("b", 9), ("c", 10), ("d", 11), ("e", 9.5), ("f", "9"), ("g", True)):
        here.put(("s",), key, {"score": score})

    def found(**wanted):
        return keys(here.search(("s",), filter={"score": {f"${name}": value for name, value in wanted.items()}}))

    assert found(gte=10) == ["c", "d"]
    assert found(gt=9) == ["c", "d", "e"]
    assert found(lt=10, gt=2) == ["b", "e"]
    assert found(lte="9") == ["f"]
    with pytest.raises(ValueError, match=r"'\$near' compares nothing: give one of \$eq"):
        found(near=1)


def test_search_begins_with_the_newest_and_pages(items):
    """Below a prefix of labels, and not below one of letters."""
    fill(items)
    items.put(("testing",), "other", {"title": "Other"})
    assert [item.key for item in items.search(("test",))] == ["img1", "doc2", "doc1"]
    assert [item.key for item in items.search(["test", "docs"])] == ["doc2", "doc1"]
    assert [item.key for item in items.search((), limit=2)] == ["other", "img1"]
    assert [item.key for item in items.search((), limit=2, offset=2)] == ["doc2", "doc1"]
    assert items.search((), offset=4) == []
    assert items.search(("none",)) == []


def test_a_query_ranks_by_words(here):
    """Those with most of them first, then the newest; there is no model, so nothing else is known of meaning."""
    fill(here)
    found = here.search(("test",), query="the SECOND doc of Bob", limit=2)
    assert [(item.key, item.score) for item in found] == [("doc2", 0.6), ("doc1", 0.2)]
    assert [item.key for item in here.search(("test",), query="first", offset=1)] == ["img1", "doc2"]


CONDITIONS = [
    {},
    {"prefix": ("a", "b")},
    {"suffix": ("f",)},
    {"prefix": ("a",), "suffix": ("f",)},
    {"prefix": ("a", "b"), "max_depth": 3},
    {"prefix": ("a", "b"), "limit": 2},
    {"prefix": ("a", "b"), "offset": 2},
    {"prefix": ("a", "*", "f")},
    {"suffix": ("*", "f")},
    {"prefix": ("none",)},
    {"max_depth": 1},
]


def test_namespaces_are_listed_as_the_store_in_memory_lists_them(items):
    """By their ends, with any labels in between, cut and paged; one that is empty again is not told."""
    memory = InMemoryStore()
    for store in (items, memory):
        for path in PATHS:
            store.put(path, "dummy", {"content": "dummy"})
    for conditions in CONDITIONS:
        assert items.list_namespaces(**conditions) == memory.list_namespaces(**conditions), conditions
    items.delete(("u",), "dummy")
    assert ("u",) not in items.list_namespaces()
    [ending] = items.batch([ListNamespacesOp(match_conditions=(MatchCondition("suffix", "c"),))])
    assert ending == [("a", "b", "c")]


@pytest.mark.parametrize("path", [(), ("the", "thing.about"), ("some", ""), ("langgraph", "foo"), (1,)])
def test_namespaces_that_cannot_be_are_refused(here, path):
    """As LangGraph says, also in a batch that goes past its checks."""
    with pytest.raises(InvalidNamespaceError):
        here.put(path, "foo", {"foo": "bar"})
    if path and path[0] != "langgraph":
        with pytest.raises(InvalidNamespaceError):
            here.batch([GetOp(path, "foo")])


def test_the_calls_without_waiting_do_the_same(here):
    """Many at once too."""

    async def work():
        await asyncio.gather(*(here.aput(("n", f"{at % 3}"), f"k{at}", {"at": at}) for at in range(12)))
        assert (await here.aget(("n", "1"), "k4")).value == {"at": 4}
        assert len(await here.asearch(("n",), limit=20)) == 12
        assert await here.alist_namespaces(max_depth=1) == [("n",)]
        await here.adelete(("n", "1"), "k4")
        assert await here.aget(("n", "1"), "k4") is None

    asyncio.run(work())


def test_what_is_past_its_time_is_not_there(fresh_file):
    """A time to live begins with the put; None takes it away, and the default holds where none is given."""
    with fresh_file() as store:
        items = MemprocStore(store, default_ttl=0)
        items.put(("t",), "default", {"a": 1})
        items.put(("t",), "own", {"a": 1}, ttl=60)
        items.put(("t",), "never", {"a": 1}, ttl=None)
        items.put(("past",), "x", {"a": 1}, ttl=0)
        assert keys(items.search(("t",))) == ["never", "own"]
        assert [items.get(("t",), key) is None for key in ("default", "own", "never")] == [True, False, False]
        assert items.list_namespaces() == [("t",)]
        assert [item.key for item in items.search(("t",), limit=1, offset=1)] == ["own"]
        kept = store.get("own", source="langgraph", namespace="t")
        assert timedelta(minutes=59) < kept.valid_to - kept.created_at <= timedelta(minutes=60)
        items.put(("t",), "default", {"a": 1}, ttl=None)
        assert items.get(("t",), "default").value == {"a": 1}


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_two_places_have_one_name(path):
    """Labels are read back from the namespace, which is a name that no rule of names changes."""
    name = name_of(path)
    assert path_of(name) == tuple(path)
    kept = memproc.Memory(content="x", namespace=name, id=id_of_key(path[0]))
    assert (kept.namespace, kept.id) == (name, id_of_key(path[0]))


def test_odd_keys_are_kept_apart(here):
    """Also those that say "no id" elsewhere, or differ in nothing that is seen."""
    odd = ["", " ", "none", "NaN", "a/b", "a%2Fb", "x", "x ", "\u200b", "ключ"]
    for at, key in enumerate(odd):
        here.put(("odd",), key, {"at": at})
    assert [here.get(("odd",), key).value["at"] for key in odd] == [*range(len(odd))]
    assert keys(here.search(("odd",), limit=20)) == sorted(odd)


def test_an_item_is_a_memory_with_a_history(here):
    """It can be found by its key, said again as it was, and what is changed in the store stands in the value."""
    for place in ("Rome", "Oslo"):
        here.put(("users", "ann"), "home", {"content": f"Lives in {place}", "sure": True})
    store = here._store
    home = store.get("home", source="langgraph", namespace="users/ann")
    assert [step.content for step in store.history(home.id).steps] == ["Lives in Rome", "Lives in Oslo"]
    store.revert(home.id)
    assert here.get(("users", "ann"), "home").value["content"] == "Lives in Rome"
    store.update(home.id, {"content": "Lives in Bergen"})
    assert here.get(("users", "ann"), "home").value == {"content": "Lives in Bergen", "sure": True}


def test_an_export_in_its_shape_has_the_items_as_they_are(here, tmp_path):
    """With labels, keys and values, however odd they are; nothing of them is lost in a store made from it."""
    fill(here)
    here.put(("users", "a/b"), "none", {"text": "Prefers tea", "content": {"memproc": 1}}, ttl=60)
    out = tmp_path / "items.json"
    here._store.export_as(out, "langgraph")
    written = json.loads(out.read_text())
    told = [(tuple(one["namespace"]), one["key"], one["value"]) for one in written]
    shown = [(item.namespace, item.key, item.value) for item in here.search((), limit=100)]
    assert sorted(told, key=repr) == sorted(shown, key=repr)
    assert [one["key"] for one in written if "expires_at" in one] == ["none"]
    report = memproc.ingest(out, tmp_path / "copy.db")
    assert (report.format, report.read, report.quarantined) == ("langgraph", 4, 0)


def test_memories_of_others_are_no_items(here):
    """They stay as they are, in whatever namespace."""
    here._store.add({"content": "Prefers tea", "namespace": "ann"})
    here._store.add({"content": "Prefers tea", "namespace": "50%"})
    assert here.search(()) == []
    assert here.list_namespaces() == []
    with pytest.raises(ValueError, match="object is no operation of a store"):
        here.batch([object()])


def test_an_item_without_a_date_hides_no_other(here):
    """As whoever ingests may bring one: it is the oldest."""
    here.put(("ann",), "new", {"content": "Prefers tea"})
    item = {"key": "old", "value": {"content": "Prefers water"}}
    record = {"content": "Prefers water", "id": "old", "namespace": "ann", "source": "langgraph", "kind": "event"}
    here._store.add({**record, "metadata": {"langgraph_item": item}})
    assert [one.key for one in here.search(())] == [one.key for one in here.search(("ann",))] == ["new", "old"]
    assert here.get(("ann",), "old").value == item["value"]
    assert here.list_namespaces() == [("ann",)]
    here.put(("ann",), "old", {"content": "Prefers milk"})
    assert [one.key for one in here.search(("ann",))] == ["old", "new"]


def test_many_namespaces_are_read_as_one(here, monkeypatch):
    """With the same items in the same order, and not by a query each."""
    for number in range(12):
        here.put(("user", str(number)), "k", {"n": number})
        here.put(("other", str(number)), "k", {"n": number})
    side_by_side = here.search(("user",), limit=20)
    assert [item.value["n"] for item in side_by_side] == [*reversed(range(12))]
    asked, find = [], here._store.find
    monkeypatch.setattr(here._store, "find", lambda **which: asked.append(which) or find(**which))
    monkeypatch.setattr("memproc.integrations.langgraph.store._MOST_MERGED", 5)
    assert here.search(("user",), limit=20) == side_by_side
    assert len(asked) == 2


def test_it_can_be_opened_by_itself(tmp_path):
    """By a path, for the length of a block; it is there again later, also in a store that merges nothing."""
    for dedup in ("near", "off"):
        path, settings = tmp_path / f"{dedup}.db", memproc.Settings(dedup=dedup)
        with MemprocStore.from_conn_string(path, settings=settings) as items:
            items.put(("a",), "k", {"content": "x"})
        with MemprocStore.from_conn_string(path, settings=settings) as items:
            assert items.get(("a",), "k").value == {"content": "x"}


def test_a_page_of_namespaces_looks_into_no_more(here, monkeypatch):
    """One look a name that is given, and none for those that have the same labels as far as they are asked for."""
    for number in range(30):
        here.put(("user", f"{number:02}", "notes"), "k", {"n": number})
    asked, find = [], here._store.find
    monkeypatch.setattr(here._store, "find", lambda **which: asked.append(which) or find(**which))
    assert here.list_namespaces(limit=3, offset=1) == [("user", f"{number:02}", "notes") for number in (1, 2, 3)]
    assert len(asked) == 4
    assert here.list_namespaces(max_depth=1) == [("user",)]
    assert len(asked) == 5
