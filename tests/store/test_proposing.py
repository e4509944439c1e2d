"""Pairs that are alike in meaning are proposed to a person, and nothing else changes."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from sqlalchemy import select, update

import memproc
from memproc.dedup.meaning import AT_LEAST
from memproc.store.answers import Proposed
from memproc.store.reviews.proposing import Proposer
from memproc.store.sql import tables
from tests.exports import export_of

NOW = "2026-01-01T00:00:00.000000Z"
# A model of our own: the words of one line have one meaning, and words that no line has say nothing.
MEANINGS = (
    "grateful appreciates thankful",
    "help support",
    "neighbour",
    "cycles bicycle bike",
    "work office job",
    "soup",
    "potatoes",
)
MEANING_OF = {word: at for at, line in enumerate(MEANINGS) for word in line.split()}

THANKS = "She is grateful for the help of her neighbour"
SUPPORT = "She appreciates the support of her neighbour"
THANKFUL = "The help of the neighbour makes her thankful"
RIDES = "She cycles to her office"
BIKE = "She takes the bike to work"
COOKS = "She makes soup of potatoes"


def embed(texts):
    """Return vectors by which words of one meaning are one, each of length 1."""
    vectors = np.zeros((len(texts), len(MEANINGS)), np.float32)
    for at, text in enumerate(texts):
        for word in text.split():
            if word in MEANING_OF:
                vectors[at, MEANING_OF[word]] += 1
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)


def propose(store, at_least=AT_LEAST, limit=None, by=embed):
    """Propose by a model of our own, so that no extra is needed."""
    return Proposer(store._opened.transactions, by).propose(at_least, limit)


def take(store, *contents, **shared):
    """Take facts in one batch."""
    settings = memproc.Settings(review_at=1.0)  # so that nothing waits that is not proposed
    memproc.ingest([{"content": content, **shared} for content in contents], store, settings=settings)


def waiting(store):
    """Return the pairs that wait, each as a set of texts."""
    return [{review.one.content, review.other.content} for review in store.reviews() if review.kind == "meaning"]


def test_what_is_alike_in_meaning_waits_for_a_person(fresh):
    """With a reason and without a confidence. Nothing is merged, and the store is as whole as before."""
    with fresh() as store:
        take(store, THANKS, SUPPORT, COOKS)
        before, stats = export_of(store, full=True), store.stats()
        assert propose(store) == Proposed(facts=3, proposed=1, known=0, left=0)
        [review] = store.reviews()
        assert (review.kind, review.confidence, review.reason) == ("meaning", None, "alike in meaning (cosine 1.00)")
        assert {review.one.content, review.other.content} == {THANKS, SUPPORT}
        assert export_of(store, full=True) == before
        changed = {name for name, count in store.stats().items() if count != stats[name]}
        assert changed <= {"open_reviews", "ledger"}
        assert store.doctor() == ()
        assert store.recount().is_whole
        entry = next(entry for entry in store.trace(review.one.id).ledger if entry.kind == "review")
        assert (entry.confidence, entry.reason) == (None, "meaning, alike in meaning (cosine 1.00)")


def test_it_is_decided_like_any_other_review(fresh):
    """And taken back."""
    with fresh() as store:
        take(store, THANKS, SUPPORT)
        propose(store)
        decision = store.resolve(store.reviews()[0], "merge")
        assert (len(store), store.reviews()) == (1, [])
        assert [settled.confidence for settled in store.settled_reviews()] == [None]
        store.withdraw([decision])
        assert (len(store), waiting(store)) == (2, [{THANKS, SUPPORT}])
        assert store.doctor() == ()


def test_the_guard_comes_before_the_choice(fresh):
    """One that contradicts is the nearest by its words, and does not hide the one that says the same."""
    with fresh() as store:
        take(store, THANKS, "She is not grateful for the help of her neighbour", "She is grateful for the support, no less")
        assert propose(store).proposed == 0
        take(store, SUPPORT)
        assert propose(store).proposed == 1
        assert waiting(store) == [{THANKS, SUPPORT}]


APART = {
    "namespace": {"namespace": "ann"},
    "subject": {"subject": "ann"},
    "validity": {"valid_from": "2020-01-01"},
    "event": {"kind": "event"},
}


@pytest.mark.parametrize("name", APART)
def test_what_must_never_meet_is_not_proposed(fresh, name):
    """Another namespace, another subject, another time; and an event is no fact."""
    with fresh() as store:
        take(store, THANKS)
        take(store, SUPPORT, **APART[name])
        assert propose(store).proposed == 0


def test_the_same_words_are_apart_for_a_reason(fresh):
    """Two that say the same words were held apart when they came: they are no pair, and hide none."""
    with fresh() as store:
        store.rebuild(settings=memproc.Settings(dedup="off"))
        take(store, THANKS)
        take(store, THANKS, tags=["b"])
        assert len(store) == 2
        assert propose(store).proposed == 0
        take(store, SUPPORT)
        assert propose(store).proposed == 1


def test_only_what_is_new_is_looked_at(fresh):
    """And it is compared with all that was there."""
    with fresh() as store:
        seen = []

        def counting(texts):
            seen.append(sorted(texts))
            return embed(texts)

        take(store, THANKS, RIDES, "She owns 4 bicycles", "She grows 4 potatoes")
        take(store, COOKS, namespace="ann")
        assert propose(store, by=counting) == Proposed(5, 0, 0, 0)
        assert propose(store, by=counting) == Proposed(0, 0, 0, 0)
        assert sorted(map(len, seen)) == [2, 2]
        store.add({"content": BIKE})
        assert propose(store, by=counting) == Proposed(1, 1, 0, 0)
        assert waiting(store) == [{RIDES, BIKE}]
        assert sorted(map(len, seen[2:])) == [3]  # those with another number are not embedded again
        assert propose(store, by=counting) == Proposed(0, 0, 0, 0)


def test_what_was_said_again_is_nothing_new(fresh):
    """A repeat brings no pair; a number that is given anew does not hide what bears it."""
    with fresh() as store:
        take(store, THANKS, COOKS)
        propose(store)
        take(store, THANKS)
        assert propose(store).facts == 0
        store.forget(store.find(text="soup")[0].id)
        take(store, SUPPORT)
        assert propose(store) == Proposed(1, 1, 0, 0)


def test_who_asks_for_less_alike_pairs_looks_at_all_again(fresh):
    """Those that were found before are known."""
    with fresh() as store:
        take(store, THANKS, SUPPORT, "She has potatoes at work", "She has soup at the office and potatoes")
        assert propose(store, at_least=0.99) == Proposed(4, 1, 0, 0)
        assert propose(store, at_least=0.999) == Proposed(0, 0, 0, 0)
        assert propose(store, at_least=0.8) == Proposed(4, 1, 1, 0)
        assert propose(store, at_least=0.9) == Proposed(0, 0, 0, 0)


def test_a_limit_takes_the_nearest_and_the_rest_is_found_the_next_time(fresh):
    """As long as some are left, what was looked at is looked at again."""
    with fresh() as store:
        take(store, THANKS, SUPPORT, "She has potatoes at work", "She has soup at the office and potatoes")
        assert propose(store, limit=1) == Proposed(4, 1, 0, 1)
        assert waiting(store) == [{THANKS, SUPPORT}]
        assert propose(store, limit=1) == Proposed(4, 1, 1, 0)
        assert len(waiting(store)) == 2
        assert propose(store, limit=1) == Proposed(0, 0, 0, 0)


def test_a_pair_that_waits_holds_its_facts_until_it_is_decided(fresh):
    """Held distinct it is not proposed again, and the next nearest is."""
    with fresh() as store:
        take(store, THANKS, SUPPORT)
        propose(store)
        take(store, "She is thankful for help with the potatoes of her neighbour")
        assert propose(store).proposed == 0
        [review] = store.reviews()
        store.resolve(review, "distinct")
        found = propose(store)
        assert found.proposed == 1
        assert {THANKS, SUPPORT} not in waiting(store)
        assert propose(store, at_least=0.1).proposed == 0


def test_a_memory_that_a_person_made_is_compared_anew(fresh):
    """So of three that say the same the third is found."""
    with fresh() as store:
        take(store, THANKS, SUPPORT, THANKFUL)
        assert propose(store).proposed == 1
        [review] = store.reviews()
        store.resolve(review, "merge")
        assert propose(store).proposed == 1
        store.resolve(store.reviews()[0], "merge")
        assert propose(store).proposed == 0
        assert len(store) == 1


def test_the_newest_observation_of_a_memory_is_compared(fresh):
    """What was said before is history."""
    with fresh() as store:
        memproc.ingest([{"id": "1", "content": THANKS, "updated_at": "2024-01-01"}], into=store, source="crm")
        memproc.ingest([{"id": "1", "content": COOKS, "updated_at": "2025-01-01"}], into=store, source="crm")
        memproc.ingest([{"id": "2", "content": SUPPORT, "updated_at": "2025-01-01"}], into=store, source="crm")
        assert propose(store).proposed == 0
        memproc.ingest([{"id": "1", "content": THANKFUL, "updated_at": "2026-01-01"}], into=store, source="crm")
        assert propose(store).proposed == 1


def test_what_is_forgotten_leaves_nothing(fresh_file):
    """Neither a review nor a byte of its text."""
    with fresh_file() as store:
        take(store, THANKS, SUPPORT)
        propose(store)
        store.forget(store.find(text="grateful")[0].id)
        assert store.reviews() == []
        assert store.doctor() == ()
        assert propose(store).proposed == 0
        files = [path.read_bytes() for path in store._opened.database.file.parent.glob(f"{store._opened.database.file.name}*")]
    assert files
    assert not any(b"grateful" in file for file in files)


def test_what_changes_while_it_is_compared_is_looked_at_again_as_it_is_written(fresh):
    """Forgotten, merged or reviewed meanwhile."""

    def meanwhile(do, texts):
        do()
        return embed(texts)

    with fresh() as store:
        take(store, THANKS, SUPPORT)
        [thanks] = store.find(text="grateful")
        assert propose(store, by=partial(meanwhile, lambda: propose(store))) == Proposed(2, 0, 1, 0)
        assert len(waiting(store)) == 1
    with fresh() as store:
        take(store, THANKS, SUPPORT)
        [thanks] = store.find(text="grateful")
        assert propose(store, by=partial(meanwhile, lambda: store.forget(thanks.id))) == Proposed(2, 0, 0, 0)
        assert store.doctor() == ()


@pytest.mark.parametrize("settings", [None, {"review_at": 0.1}, {"recall": "high"}, {"dedup": "exact"}], ids=str)
def test_a_rebuild_keeps_what_was_proposed(fresh, settings):
    """Also where it finds the other reviews anew, which does not find these."""
    with fresh() as store:
        take(store, THANKS, SUPPORT, RIDES, BIKE)
        propose(store)
        store.resolve(store.reviews()[0], "distinct")
        before = [(review.number, review.kind) for review in store.reviews()]
        store.rebuild(settings=settings and memproc.Settings(**settings))
        assert [(review.number, review.kind) for review in store.reviews() if review.kind == "meaning"] == before
        assert store.doctor() == ()
        assert propose(store).proposed == 0


def test_a_full_export_holds_the_decisions_and_not_what_waits(fresh, tmp_path):
    """Read into another store, what was decided is not proposed there, and what waited is."""
    with fresh() as store, fresh() as other:
        take(store, THANKS, SUPPORT, RIDES, BIKE)
        propose(store)
        store.resolve(next(review for review in store.reviews() if "bike" in review.one.content + review.other.content), "distinct")
        store.export(tmp_path / "full.jsonl", full=True)
        memproc.ingest(tmp_path / "full.jsonl", into=other, trust_decisions=True)
        assert export_of(other, full=True) == export_of(store, full=True)
        assert propose(other).proposed == 1
        assert waiting(other) == [{THANKS, SUPPORT}]
        assert other.doctor() == ()


def test_reviews_without_a_confidence_stand_last(fresh):
    """On each database, of which some hold NULL to be more than any number."""
    with fresh() as store:
        take(store, THANKS, SUPPORT)
        propose(store)
        memproc.ingest([{"id": "8", "content": f"Works in {place}"} for place in ("Oslo", "Kyiv")], into=store, source="crm")
        assert [review.kind for review in store.reviews()] == ["undated", "meaning"]


def test_a_cursor_that_was_changed_by_hand_is_told_and_does_not_stop_it(fresh):
    """It begins anew; what it finds is known."""
    with fresh() as store:
        take(store, THANKS, SUPPORT)
        propose(store)
        with store._opened.database.write() as tx:
            assert "batch" in tx.execute(select(tables.store.c.proposed)).scalar_one()
            tx.execute(update(tables.store).values(proposed="x"))
        assert [finding.code for finding in store.doctor()] == ["seals"]
        assert propose(store) == Proposed(2, 0, 1, 0)


@pytest.mark.parametrize("at_least", [-0.1, 1.1, float("nan"), "0.5", True, None], ids=repr)
def test_a_cosine_that_is_none_is_refused(fresh_file, at_least):
    """Before anything is done."""
    with fresh_file() as store, pytest.raises(memproc.UsageError, match="at_least="):
        store.propose(at_least=at_least)


def test_an_empty_store_has_nothing_to_propose(fresh):
    """And is whole."""
    with fresh() as store:
        assert propose(store) == Proposed(0, 0, 0, 0)
        assert store.doctor() == ()
