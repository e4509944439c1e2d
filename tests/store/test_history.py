"""The history of a memory: what it said in the course of time, the oldest first."""

from __future__ import annotations

import pytest

import memproc


def steps(store, identifier):
    """Return what each step of a history says, when, and how it is linked."""
    return [(step.content, step.date and step.date[:4], step.link) for step in store.history(identifier).steps]


def add(store, text, year, **fields):
    """Add what was told in a year."""
    return store.add({"content": text, "created_at": f"{year}-01-01", **fields}).memory.id


def test_a_history_leads_through_what_is_offered_and_what_was_decided(fresh):
    """From whichever of its memories it is asked for."""
    with fresh() as store:
        rome, oslo, bonn = (add(store, f"Lives in {city}", year) for city, year in (("Rome", 2020), ("Oslo", 2021), ("Bonn", 2022)))
        first = next(review for review in store.reviews() if review.one.id == rome)
        store.resolve(first, "supersedes")
        told = [("Lives in Rome", "2020", "superseded"), ("Lives in Oslo", "2021", "offered"), ("Lives in Bonn", "2022", "current")]
        assert steps(store, bonn) == told
        now = [told[0], ("Lives in Oslo", "2021", "current"), ("Lives in Bonn", "2022", "offered")]
        assert steps(store, oslo) == steps(store, rome) == now
        (review,) = store.reviews()
        assert [step.review for step in store.history(bonn).steps] == [review.number, review.number, None]


def test_a_value_that_came_back_is_told_twice(fresh):
    """Its last telling is how things are."""
    with fresh() as store:
        berlin = add(store, "Lives in Berlin", 2020)
        add(store, "Lives in Paris", 2021)
        add(store, "Lives in Berlin", 2022)
        add(store, "Lives in Berlin", 2023)
        told = [("Lives in Berlin", "2020", "told"), ("Lives in Paris", "2021", "offered"), ("Lives in Berlin", "2022", "current")]
        assert steps(store, berlin) == told


def test_versions_of_one_id_are_its_history(fresh):
    """Each with the date it was told."""
    with fresh() as store:
        for at, text in enumerate(("Likes tea", "Likes green tea", "Likes black tea")):
            last = add(store, text, 2020 + at, id="m-1", source="app")
        told = [("Likes tea", "2020", "version"), ("Likes green tea", "2021", "version"), ("Likes black tea", "2022", "current")]
        assert steps(store, last) == told


def test_what_was_held_distinct_is_no_part_of_a_history(fresh):
    """A person said that it is another thing."""
    with fresh() as store:
        rome = add(store, "Lives in Rome", 2020)
        add(store, "Lives in Oslo", 2021)
        store.resolve(store.reviews()[0], "distinct")
        assert steps(store, rome) == [("Lives in Rome", "2020", "current")]


def test_a_memory_without_a_date_has_a_history_of_one(fresh):
    """And what is not there has none."""
    with fresh() as store:
        tea = store.add({"content": "Likes tea"}).memory
        assert steps(store, tea.id) == [("Likes tea", None, "current")]
        assert store.history(tea.id).memory == tea
        with pytest.raises(memproc.NotFoundError):
            store.history("00")
