"""Chains in a store: what is offered as a change, and that it does not depend on what came first."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest

import memproc
from memproc.dedup.changes.chains import MOST_IN_CHAIN
from tests.changes import BOTH_TRUE, CHANGES

CITIES = ("Rome", "Oslo", "Bonn", "Lima", "Kyiv", "Quito", "Perth", "Turin", "Lyon", "Ghent")
HOMES = [{"content": f"Lives in {city}", "created_at": f"{2010 + at}-03-01"} for at, city in enumerate(CITIES)]
WEIGHTS = [{"content": f"Her weight is {80 - at} kg", "created_at": f"2024-{at + 1:02}-01"} for at in range(10)]
ORDERS = {
    "as it was": [*range(10)],
    "backwards": [*range(9, -1, -1)],
    "the middle last": [0, 9, 8, 1, 2, 7, 6, 3, 5, 4],
}


def offered(store):
    """Return the pairs of texts that wait as changes, in the order of the alphabet."""
    return sorted((review.one.content, review.other.content) for review in store.reviews() if review.kind == "changed")


def neighbours(records):
    """Return the texts of each record and the one behind it."""
    return sorted(pairwise(record["content"] for record in records))


@pytest.mark.costly
def test_a_change_waits_and_what_is_true_at_once_does_not(fresh):
    """Of many pairs, each of a namespace of its own: as they are told, a year apart."""
    with fresh() as store:
        pairs = [*CHANGES, *BOTH_TRUE]
        memproc.ingest(
            [
                {"content": text, "namespace": str(at), "created_at": f"{year}-01-01"}
                for at, pair in enumerate(pairs)
                for year, text in zip((2024, 2025), pair, strict=True)
            ],
            store,
        )
        waiting = {(review.one.content, review.other.content) for review in store.reviews() if review.kind == "changed"}
        assert {*CHANGES} - waiting == set()
        assert waiting & {*BOTH_TRUE} == set()
        assert store.doctor() == ()


@pytest.mark.parametrize("records", [HOMES, WEIGHTS], ids=["homes", "weights"])
@pytest.mark.parametrize("order", ORDERS.values(), ids=[*ORDERS])
@pytest.mark.parametrize("batch_size", [1, 3, 100])
@pytest.mark.sampled(4)
def test_ten_values_are_nine_offers_whatever_came_first(fresh, records, order, batch_size):
    """Each with the one before it in time; what comes between two takes their offer back."""
    with fresh() as store:
        memproc.ingest([records[at] for at in order], store, settings=memproc.Settings(batch_size=batch_size))
        assert offered(store) == neighbours(records)
        store.rebuild()
        assert offered(store) == neighbours(records)


def test_what_was_decided_stays_when_something_comes_between(fresh):
    """And is not offered again."""
    with fresh() as store:
        for record in (HOMES[0], HOMES[2]):
            store.add(record)
        (review,) = store.reviews()
        store.resolve(review, "distinct")
        store.add(HOMES[1])
        assert offered(store) == neighbours(HOMES[:3])
        assert [settled.verdict for settled in store.settled_reviews()] == ["distinct"]
        store.add({**HOMES[2], "tags": ["again"]})
        assert offered(store) == neighbours(HOMES[:3])


def test_what_superseded_another_is_one_memory_in_the_chain(fresh):
    """The next change is offered with what it says now."""
    with fresh() as store:
        for record in HOMES[:2]:
            store.add(record)
        store.resolve(store.reviews()[0], "supersedes")
        store.add(HOMES[2])
        assert offered(store) == neighbours(HOMES[1:3])


@pytest.mark.parametrize("batch_size", [1_000, pytest.param(7, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.slow)])
def test_a_chain_that_nobody_would_read_is_none(fresh, batch_size):
    """Not even its first links, once it shows; however many more come at once."""
    with fresh() as store:
        days = [{"content": f"She weighs {40 + at} kg", "created_at": 1_600_000_000 + at} for at in range(4 * MOST_IN_CHAIN)]
        memproc.ingest(days[:10], store)
        assert offered(store) == neighbours(days[:10])
        memproc.ingest(days[10:], store, settings=memproc.Settings(batch_size=batch_size))
        assert store.reviews() == []


def test_facts_without_a_date_or_of_others_do_not_meet(fresh):
    """Whose they are, and when they were so, is asked first."""
    with fresh() as store:
        store.add({"content": "Lives in Rome"})
        store.add({"content": "Lives in Oslo", "created_at": "2024-01-01"})
        store.add({"content": "Lives in Bonn", "created_at": "2025-01-01", "namespace": "bob"})
        store.add({"content": "Lives in Lima", "created_at": "2025-01-01", "subject": "Ann"})
        assert store.reviews() == []


def came_back(store):
    """Tell a store of a home that was left and taken again; return what it answers to the last."""
    store.add({"content": "Lives in Berlin", "created_at": "2020-01-01"})
    store.add({"content": "Lives in Paris", "created_at": "2021-01-01"})
    return store.add({"content": "Lives in Berlin", "created_at": "2023-01-01"})


def test_a_value_that_comes_back_has_returned(fresh):
    """It is as new as its last telling, and replaces what had replaced it."""
    with fresh() as store:
        added = came_back(store)
        assert (added.outcome, added.reason) == ("duplicate", "returned")
        assert (added.memory.created_at.year, added.memory.updated_at.year) == (2020, 2023)
        assert offered(store) == [("Lives in Paris", "Lives in Berlin")]
        assert [entry.kind for entry in store.trace(added.memory.id).ledger].count("returned") == 1
        assert [memory.content for memory in store.find()] == ["Lives in Berlin", "Lives in Paris"]
        store.resolve(store.reviews()[0], "supersedes")
        assert [memory.content for memory in store] == ["Lives in Berlin"]
        assert store.recount().is_whole
        assert store.doctor() == ()


@pytest.mark.parametrize("date", ["2020-06-01", "2021-01-01"])
def test_what_was_told_again_in_its_time_has_not_returned(fresh, date):
    """Nothing had taken its place by then."""
    with fresh() as store:
        store.add({"content": "Lives in Berlin", "created_at": "2020-01-01"})
        store.add({"content": "Lives in Paris", "created_at": "2021-01-01"})
        assert store.add({"content": "Lives in Berlin", "created_at": date}).reason == "same content"


def test_it_returns_to_what_superseded_it(fresh):
    """A decision that was made then does not hold it back."""
    with fresh() as store:
        for at, city in enumerate(("Berlin", "Paris")):
            store.add({"content": f"Lives in {city}", "created_at": f"{2020 + at}-01-01"})
        store.resolve(store.reviews()[0], "supersedes")
        assert store.add({"content": "Lives in Berlin", "created_at": "2023-01-01"}).reason == "returned"
        assert [memory.content for memory in store] == ["Lives in Berlin"]


@pytest.mark.parametrize("more", [{}, {"tags": ["again"]}], ids=["the same record", "another record"])
def test_the_dates_of_exports_order_a_chain_too(fresh, more):
    """Where the records have none: what an export holds is so on its day, and what a later one holds again has come back."""
    with fresh() as store:
        for year, city in ((2020, "Berlin"), (2021, "Paris")):
            memproc.ingest([{"content": f"Lives in {city}"}], store, as_of=f"{year}-01-01")
        assert offered(store) == [("Lives in Berlin", "Lives in Paris")]
        memproc.ingest([{"content": "Lives in Berlin", **more}], store, as_of="2023-01-01")
        assert offered(store) == [("Lives in Paris", "Lives in Berlin")]


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_what_is_offered_no_more_by_any_chain_is_taken_back(fresh, order):
    """What was and what is over share two chains, by their relation and by their topic; here both were told last on one day."""
    told = [("No longer lives in Rome", 2014), ("Lives in Rome", 2023), ("No longer lives in Rome", 2023)]
    with fresh() as store:
        for text, year in (told[at] for at in order):
            store.add({"content": text, "created_at": f"{year}-01-01"})
        assert store.reviews() == []
