"""What is said again and again: its memory costs no more the more often it was said, and is what all of it gives."""

from __future__ import annotations

from contextlib import contextmanager
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

import memproc
from memproc.dedup import regrouping, speakers
from memproc.dedup.cluster import Cluster
from memproc.dedup.memory import memory_of
from memproc.store.rows.observations import ROWS, to_row
from memproc.store.sql import tables
from tests.databases import work_of
from tests.test_laws import exported

DAYS = ("2024-01-01", "2024-01-02", "2024-01-03")
TEXT = "She likes green tea"
FEWEST = 2  # of one alone it would not be seen that it stands for several


@st.composite
def said(draw):
    """Give a record of one of three texts, with something of its own."""
    text = draw(st.sampled_from((TEXT, TEXT, "She really likes green tea", "She likes coffee in the morning")))
    record = {"content": text, "metadata": {draw(st.sampled_from("abc")): draw(st.integers(0, 9))}}
    optional = {
        "id": st.sampled_from(("1", "2")),
        "created_at": st.sampled_from(DAYS),
        "updated_at": st.sampled_from(DAYS),
        "tags": st.lists(st.sampled_from("xyz"), max_size=2),
        "importance": st.sampled_from((0.1, 0.9)),
        "relations": st.sampled_from(([{"type": "knows", "target": "Ann"}], [{"type": "knows", "target": "Bob"}])),
    }
    for name in draw(st.sets(st.sampled_from(sorted(optional)), max_size=3)):
        record[name] = draw(optional[name])
    return record


parts = st.lists(
    st.tuples(st.lists(said(), min_size=1, max_size=20), st.sampled_from((None, *DAYS)), st.sampled_from((1, 3, 100))),
    min_size=1,
    max_size=4,
)
acts = st.lists(
    st.tuples(st.sampled_from(("unmerge", "unmerge_job", "withdraw", "forget", "part", "resolve")), st.integers(0, 100_000)),
    max_size=3,
)


@contextmanager
def kept(number):
    """Let so many observations of a version speak anyway."""
    with mock.patch.object(speakers, "KEPT", number), mock.patch.object(regrouping, "KEPT", number):
        yield


@pytest.mark.slow
@given(parts, acts)
def test_what_is_not_looked_at_changes_nothing(fresh_file, source, acts):
    """With as few that speak as can be, the memories and the outcomes are what they are where all of them are looked at."""
    with fresh_file() as store, fresh_file() as whole:
        for records, as_of, size in source:
            for one, most in ((store, FEWEST), (whole, 10**9)):
                with kept(most):
                    memproc.ingest(records, one, settings=memproc.Settings(batch_size=size), source="app", as_of=as_of)
                    for act, choice in acts:
                        do(one, act, choice)
            assert exported(store) == exported(whole)
            assert column_in(store, "outcome") == column_in(whole, "outcome")
            assert column_in(store, "as_of") == column_in(whole, "as_of")
            assert store.recount().is_whole
        with kept(FEWEST):
            assert store.doctor() == ()
            assert store.rebuild() == (0, 0)
        assert exported(store) == exported(whole)


@pytest.mark.costly
@given(st.lists(said(), min_size=1, max_size=30), st.integers(0, 30))
def test_who_suffices_for_parts_suffices_for_the_whole(records, at):
    """And for a text that is said once more."""
    with kept(FEWEST), memproc.open("sqlite://") as store:
        for record in records:
            store.add({name: value for name, value in {**record, "content": TEXT}.items() if name != "id"})
        with store._opened.transactions.reading() as tx:
            seen = [to_row(row).observation for row in tx.execute(ROWS)]
        few = speakers.speakers([*speakers.speakers(seen[:at]), *seen[at:]])
        assert few == speakers.speakers(seen)
        assert memory_of(Cluster(b"", tuple(few), ())) == memory_of(Cluster(b"", tuple(sorted(seen, key=lambda s: s.key)), ()))


def do(store, act, choice):
    """Do one thing that a person may do to a store, or that a full export tells of."""
    keys = column_in(store, "key")
    if act == "unmerge_job":
        store.unmerge_job(store.jobs()[choice % len(store.jobs())].number)
    elif act == "withdraw":
        store.withdraw(store.decisions()[choice % 3 :])
    elif act == "resolve":
        for review in sorted(store.reviews(), key=lambda review: (review.one.id, review.other.id))[:1]:
            store.resolve(review, ("merge", "distinct")[choice % 2])
    elif keys and act in ("unmerge", "forget"):
        getattr(store, act)(keys[choice % len(keys)].hex())
    elif keys:
        gone = {"decision": "forgotten", "keys": [keys[choice % len(keys)].hex()]}
        memproc.ingest([gone], store, format="memproc-full", trust_decisions=True)


def column_in(store, name):
    """Return a column of all observations, in the order of their keys."""
    own = tables.observations.c
    with store._opened.transactions.reading() as tx:
        return tx.execute(select(own[name]).order_by(own.key)).scalars().all()


def say(store, numbers):
    """Take in one text again and again, each time with other metadata."""
    memproc.ingest(({"content": TEXT, "metadata": {"turn": number}} for number in numbers), store, format="json")


def work_of_an_add(store):
    """Return how much the database does for one more."""
    store.add({"content": TEXT, "metadata": {"turn": -1}})  # the first add begins a job
    with work_of(store) as work:
        store.add({"content": TEXT, "metadata": {"turn": -2}})
    return work.steps + work.statements


@pytest.mark.parametrize(
    "counts", [(300, 3_000), pytest.param((1_000, 100_000), marks=pytest.mark.slow)], ids=["thousands", "a hundred thousand"]
)
def test_one_more_costs_no_more_the_more_there_are(fresh_file, counts):
    """What the database does for an `add` stays the same."""
    few, many = counts
    with fresh_file() as store, fresh_file() as larger:
        say(store, range(few))
        say(larger, range(many))
        assert len(larger) == 1
        assert work_of_an_add(larger) < 2 * work_of_an_add(store)
