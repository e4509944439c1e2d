"""Versions of one identity: dates decide which is newer, nothing else does, and an id leads to one memory for ever."""

from __future__ import annotations

from itertools import permutations

import pytest

import memproc
from memproc.dedup import keys

TEA = {"id": "7", "source": "app", "content": "likes tea"}
COFFEE = {"id": "7", "source": "app", "content": "likes coffee"}
SAME_DAY = {"updated_at": "2024-05-01"}


def texts(store):
    """Return what is visible, sorted."""
    return sorted(memory.content for memory in store)


def dumped(store, day, *records):
    """Take in a dump of a table that says when it was made."""
    return memproc.ingest(list(records), into=store, source="crm", as_of=day, format="json")


def edited(number, *, is_edited):
    """Return a row that keeps its date when it is edited."""
    text = f"Customer {number} pays by {'card' if is_edited else 'invoice'} in shop {number}"
    return {"id": str(number), "content": text, "created_at": "2023-06-01T10:00:00Z"}


@pytest.mark.parametrize("days", [("2024-02-01", "2024-03-01"), ("2024-03-01", "2024-02-01")])
def test_a_later_export_decides_between_equal_dates(fresh, days):
    """In whatever order the dumps come."""
    with fresh() as store:
        for day in days:
            dumped(store, day, *(edited(number, is_edited=day == max(days)) for number in range(10)))
        assert texts(store) == sorted(edited(number, is_edited=True)["content"] for number in range(10))
        assert store.reviews() == []


def test_without_a_date_of_the_export_equal_dates_decide_nothing(fresh):
    """Both texts are visible, and the pair waits; no hash hides one."""
    with fresh() as store:
        for is_edited in (False, True):
            dumped(store, None, *(edited(number, is_edited=is_edited) for number in range(10)))
        assert len(texts(store)) == 20
        assert [review.kind for review in store.reviews()] == ["undated"] * 10


@pytest.mark.costly
@pytest.mark.parametrize("dates", [{}, SAME_DAY, {"created_at": "2024-05-01T10:00:00Z", "updated_at": None}])
def test_equal_dates_hide_nothing(fresh, dates):
    """Whatever comes first, both are there and their memories are the same."""
    exports = []
    for order in permutations([TEA, COFFEE, {**TEA, "content": "likes cocoa"}]):
        with fresh() as store:
            for record in order:
                store.add({**record, **dates})
            assert texts(store) == ["likes cocoa", "likes coffee", "likes tea"]
            assert {review.kind for review in store.reviews()} == {"undated"}
            exports.append([(memory.id, memory.content) for memory in store])
            store.rebuild()
            assert [(memory.id, memory.content) for memory in store] == exports[-1]
    assert all(export == exports[0] for export in exports)


def test_equal_dates_of_one_source_stay_visible_and_a_later_one_replaces_them(fresh):
    """What is surely older than a later version is its history, also where it could not be placed before."""
    with fresh() as store:
        store.add({**TEA, **SAME_DAY})
        store.add({**COFFEE, **SAME_DAY})
        assert len(store) == 2
        later = store.add({**TEA, "content": "likes water", "updated_at": "2024-05-02"})
        assert texts(store) == ["likes water"]
        assert store.reviews() == []
        assert {seen.record["content"] for seen in store.trace(later.memory.id).observations} == {
            "likes tea",
            "likes coffee",
            "likes water",
        }


def test_a_date_that_a_source_gives_later_places_what_could_not_be(fresh):
    """Read again from an export that says when it was made, the newer version is known."""
    with fresh() as store:
        dumped(store, None, edited(1, is_edited=False))
        dumped(store, None, edited(1, is_edited=True))
        assert len(store) == 2
        dumped(store, "2024-02-01", edited(1, is_edited=False))
        assert len(store) == 2, "of the other it is not known when it was so"
        dumped(store, "2024-03-01", edited(1, is_edited=True))
        assert texts(store) == [edited(1, is_edited=True)["content"]]
        assert store.reviews() == []


def test_two_that_come_to_have_equal_dates_wait_for_a_person(fresh):
    """A version that was history is visible again when its source says of it what it says of the newer."""
    with fresh() as store:
        dumped(store, "2024-02-01", edited(1, is_edited=False))
        dumped(store, "2024-03-01", edited(1, is_edited=True))
        assert len(store) == 1
        dumped(store, "2024-03-01", edited(1, is_edited=False))
        assert len(store) == 2
        (review,) = store.reviews()
        assert review.kind == "undated"
        assert "supersedes" not in review.verdicts


def test_neither_supersedes_the_other_where_dates_are_equal(fresh):
    """A person who said so when one was later did not say which of two equals a reader sees."""
    with fresh() as store:
        one = store.add({"content": "The doctor moved the appointment at the clinic to 16 October", "created_at": "2025-01-01"})
        store.add({"content": "The doctor moved the appointment at the clinic to 18 October", "created_at": "2025-01-02"})
        (review,) = store.reviews()
        store.resolve(review, "supersedes")
        assert texts(store) == ["The doctor moved the appointment at the clinic to 18 October"]
        store.add({"content": one.memory.content, "created_at": "2025-01-02"})
        assert len(texts(store)) == 2
        store.rebuild()
        assert len(texts(store)) == 2
        assert store.doctor() == ()


@pytest.mark.parametrize("dates", [{}, SAME_DAY])
def test_an_id_leads_for_ever_to_what_it_was_given_out_for(fresh, dates):
    """Another record of the same id changes neither what `get` gives nor what `forget` removes."""
    with fresh() as store:
        tea, coffee = (store.add({**record, **dates}).memory.id for record in (TEA, COFFEE))
        assert (store.get(tea).content, store.get(coffee).content) == ("likes tea", "likes coffee")
        store.rebuild()
        assert (store.get(tea).content, store.get(coffee).content) == ("likes tea", "likes coffee")
        store.forget(tea)
        assert texts(store) == ["likes coffee"]
        assert store.get(tea) is None
        assert store.get(coffee).content == "likes coffee"
        assert store.get(next(iter(store)).id).content == "likes coffee"
        assert {entry.kind for entry in store.trace(tea).ledger} >= {"forgotten"}
        store.rebuild()
        assert (store.get(tea), store.get(coffee).content) == (None, "likes coffee")
        assert store.doctor() == ()


def test_an_id_is_not_given_out_again_for_another_version(fresh):
    """What was forgotten stays gone under its id, whatever comes of its identity later."""
    with fresh() as store:
        tea, coffee = (store.add({**record, **SAME_DAY}).memory.id for record in (TEA, COFFEE))
        store.forget(coffee)
        assert store.get(tea).content == "likes tea"
        water = store.add({**TEA, "content": "likes water", "updated_at": "2024-06-01"}).memory
        assert store.get(tea) == water
        assert store.get(coffee) is None


def test_an_identity_keeps_its_id_through_its_versions(fresh):
    """Newer and older ones, exact repeats, and a person who merges what could not be placed."""
    with fresh() as store:
        one = store.add({**TEA, "updated_at": "2024-05-01"}).memory.id
        for text, day in (("likes coffee", "2024-06-01"), ("likes cocoa", "2024-01-01"), ("likes coffee", "2024-07-01")):
            assert store.add({**TEA, "content": text, "updated_at": day}).memory.id == one
        store.add({**TEA, "content": "likes water"})
        (review,) = store.reviews()
        assert store.get(one).content == "likes coffee"
        store.resolve(review, "merge")
        (memory,) = store
        assert store.get(one) == memory


def test_records_with_one_hash_are_both_kept(fresh, monkeypatch):
    """The hash finds, the record confirms: who makes two texts with one hash hides nothing."""
    weak = keys.key_of
    monkeypatch.setattr(keys, "key_of", lambda said: weak(said[-2:]))
    with fresh() as store:
        one = store.add({"content": "likes tea"})
        other = store.add({"content": "likes tea in the garden with her sister"})
        again = store.add({"content": "likes tea"})
        assert (one.outcome, again.outcome) == ("stored", "duplicate")
        assert other.outcome == "quarantined"
        assert [row.category for row in store.quarantine()] == ["dedup_conflict"]
        report = memproc.ingest([{"content": f"number {number}"} for number in range(5)], into=store, format="json")
        assert (report.read, report.stored + report.duplicate + report.merged, report.quarantined) == (5, 0, 5)
        assert store.recount().is_whole


def test_what_a_person_merged_and_forgot_is_the_same_after_a_round_trip(fresh, tmp_path):
    """A tombstone bears a node only where memories of that were told apart, also beside decisions on two keys."""
    with fresh() as store, fresh() as copy:
        store.add(TEA)
        store.add(COFFEE)
        store.resolve(store.reviews()[0], "merge")
        store.forget(next(iter(store)).id)
        store.export(tmp_path / "full.jsonl", full=True)
        memproc.ingest(tmp_path / "full.jsonl", copy, trust_decisions=True)
        copy.export(tmp_path / "again.jsonl", full=True)
    assert (tmp_path / "full.jsonl").read_bytes() == (tmp_path / "again.jsonl").read_bytes()
