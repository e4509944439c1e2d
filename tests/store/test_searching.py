"""The search index: what is found by it is what reading all gives, after any history; what was forgotten is not in it."""

from __future__ import annotations

from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.dedup.text.canonical import canonical
from memproc.store.rows import finding, searched
from memproc.store.rows.searched import parts_in, wrong_parts
from memproc.store.rows.slices import SLICES, bits_of, slices_of, slices_of_name, slices_of_text
from memproc.testing import memories, records
from tests.databases import work_of
from tests.test_laws import acts, live_through, to_decide


@contextmanager
def small_parts():
    """Let parts of the index be of few observations, and no namespace be too small for it."""
    with patch.multiple(searched, SHORT=8, LONG=16), patch.object(finding, "SMALL", 0):
        yield


def indexed(store):
    """Return the parts of the index of a store, which must be what the records give."""
    with store._opened.transactions.reading() as tx:
        assert wrong_parts(tx) == []
        return parts_in(tx)


def asked_of(store):
    """Return things to ask a store for: every name in it, beginnings and middles of its texts, and what nothing has."""
    told = store.find(limit=None, expired=True)
    asked = [{name: getattr(one, name)} for one in told for name in ("subject", "conversation", "kind") if getattr(one, name)]
    asked += [{"tag": tag} for one in told for tag in one.tags]
    asked += [{"emotion": one.emotion.label} for one in told if one.emotion and one.emotion.label]
    asked += [{"relation": relation.target} for one in told for relation in one.relations]
    asked += [{"text": text} for one in told for text in (one.content[:9], one.content[4:30].upper(), one.content[-3:])]
    dates = sorted({str(date) for one in told if (date := one.updated_at or one.created_at)})
    asked += [{"kind": "fact", "since": date, "until": until} for date, until in zip(dates, dates[2:], strict=False)]
    asked += [{**one, **other} for one, other in zip(asked, asked[::-1], strict=True)]
    distinct = {repr(one): one for one in [*asked, {"text": "no such word"}, {"tag": "none"}]}
    return [*distinct.values()]


@pytest.mark.costly
@given(to_decide, st.lists(records() | memories().map(memproc.Memory.model_dump), max_size=12), acts)
def test_it_gives_what_reading_all_gives_after_any_history(fresh, first, second, acts):
    """In one go and page by page, whatever was merged, undone, updated, forgotten or has expired since it was made."""
    with small_parts(), fresh() as store:
        memproc.ingest(first, store)
        store.index()
        live_through(store, acts[::2])
        for memory in store.find(limit=2):
            store.update(memory.id, {"tags": ["changed"], "content": f"{memory.content} by now"})
        store.index()
        memproc.ingest(second, store)
        live_through(store, acts[1::2])
        parts = indexed(store)
        for which in asked_of(store):
            with patch.object(finding, "parts_in", lambda _: []):
                read = store.find(limit=None, **which)
            assert store.find(limit=None, **which) == read, (which, parts)
            assert store.find(limit=2, after=read[0], **which) == read[1:3] if read else True
        store.index()
        assert len(indexed(store)) >= len(parts)
        assert {finding.code for finding in store.doctor()} <= {"decisions_contradict"}  # what a person did may contradict itself


def filled(store, count=300):
    """Put observations into a store and its index, of which number 0 has what no other has."""
    items = ({"content": f"Bought item {at} of the list", "tags": [f"t{at % 50}"], "kind": "message"} for at in range(1, count))
    memproc.ingest([{"content": "Keeps a giraffe", "tags": ["zoo"], "id": "g"}, *items], store)
    return store.index()


def test_what_is_forgotten_leaves_it_in_the_same_transaction(fresh):
    """No bit of it stays, of the first ones and of the newest, whose numbers are given again."""
    with small_parts(), fresh() as store:
        assert filled(store, 100) == 96
        [giraffe] = store.find(tag="zoo")
        before = len(indexed(store))
        store.forget(giraffe.id)
        assert len(indexed(store)) == before
        assert store.find(tag="zoo") == store.find(text="giraffe") == []
        newest = [store.find(text=f"item {at} of")[0].id for at in range(90, 100)]
        for identifier in newest:
            store.forget(identifier)
        indexed(store)
        again = store.add({"content": "Keeps a zebra", "tags": ["zoo"]}).memory
        assert store.find(tag="zoo") == store.find(text="ZEBRA") == [again]
        indexed(store)


def test_conditions_may_be_met_by_different_observations_of_a_memory(fresh):
    """Its tags are those of all of them, and its text is that of one."""
    with small_parts(), fresh() as store:
        store.add({"content": "Prefers tea in the morning", "tags": ["drink"]})
        memory = store.add({"content": "prefers tea, in the morning!", "tags": ["habit"]}).memory
        assert memory.tags == ("drink", "habit")
        memproc.ingest([{"content": f"Bought item {at}"} for at in range(30)], store)
        store.index()
        for text in ("Prefers tea in", "tea, in the morning!"):
            held = [memory] if canonical(text) in canonical(memory.content) else []
            assert [store.find(tag=tag, text=text) for tag in memory.tags] == [held, held]


def test_dates_bound_what_is_found_by_it(fresh_file):
    """The date is that of the memory, which may be another one than that of the observation that has the name."""
    with small_parts(), fresh_file() as store:
        memory = store.add({"content": "Keeps a giraffe", "tags": ["zoo"], "created_at": "2020-01-01"}).memory
        memproc.ingest([{"content": f"Bought item {at}", "created_at": "2020-01-01"} for at in range(30)], store)
        store.index()
        assert store.find(tag="zoo", since="2020-01-01", until="2020-01-02") == [memory]
        later = store.update(memory.id, {"content": "Keeps a zebra", "updated_at": "2024-01-01"}).memory
        assert store.find(tag="zoo", until="2024-01-01") == store.find(tag="zoo", since="2024-01-02") == []
        assert store.find(tag="zoo", since="2024-01-01") == [later]


def test_rebuild_drops_it_and_it_is_made_again(fresh):
    """As another memproc may have other canonical texts."""
    with small_parts(), fresh() as store:
        filled(store, 20)
        store.rebuild()
        assert indexed(store) == []
        assert store.index() == 16
        assert indexed(store) == [searched.Part(0, 16)]


def test_with_it_little_is_read(fresh_file):
    """Of a name or a text that few have, and of an id of the caller's own; its steps are counted."""
    with patch.object(searched, "SHORT", 256), fresh_file() as store:
        filled(store, 1_300)
        for work in (
            lambda: store.find(tag="zoo"),
            lambda: store.find(text="giraffe"),
            lambda: store.find(subject="nobody", namespace="default"),
            lambda: store.get("g", namespace="default"),
        ):
            work()
            with work_of(store) as with_index:
                found = work()
            with patch.object(finding, "parts_in", lambda _: []), work_of(store) as without:
                assert work() == found
            assert with_index.steps < without.steps / 2


def test_it_is_made_aside_when_something_was_looked_for(fresh_file):
    """And not by what lists a namespace, nor within a rehearsal."""
    with small_parts(), patch.object(finding, "SHORT", 8), fresh_file() as store:
        filled(store, 12)
        memproc.ingest([{"content": f"Sold thing {at}"} for at in range(30)], store)
        before = indexed(store)
        store.find(namespace="default")
        with store.rehearsal():
            store.find(tag="zoo")
        store._opened.search_index.stop()
        assert indexed(store) == before
        store._opened.search_index._is_stopping = False
        store.find(tag="zoo")
        store._opened.search_index._thread.join(timeout=60)
        assert indexed(store) == [searched.Part(0, 16), searched.Part(16, 16), searched.Part(32, 8)]


@given(st.lists(memories().map(lambda memory: memory.model_dump(mode="json", exclude_none=True)), min_size=1, max_size=9))
def test_a_record_stands_in_the_slices_of_all_that_it_holds(plain):
    """Computed for one alone, or for many at once; and what stands alone in a text or a name is in few slices."""
    bits = bits_of([*enumerate(plain)], 16)
    for at, (record, slices) in enumerate(zip(plain, slices_of(plain), strict=True)):
        assert {number for number in range(SLICES) if bits[number][at // 8] >> at % 8 & 1} == slices
        text = canonical(record["content"])
        for start in range(0, len(text), 7):
            assert slices.issuperset(slices_of_text(text[start : start + 20]))
        assert slices.issuperset(slices_of_name("kind", record["kind"]))
    assert not bits[:, 2:].any()
    assert slices_of_text("ab") == []
