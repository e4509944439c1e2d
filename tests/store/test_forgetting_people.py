"""Forgetting all of a person: a namespace, a subject, or both, with a receipt."""

from __future__ import annotations

import dataclasses

import pytest

import memproc
from tests.databases import all_text

ANN = [
    {"content": "Prefers oolong tea", "namespace": "ann", "id": "1", "source": "app"},
    {"content": "prefers oolong tea!", "namespace": "ann"},
    {"content": "Prefers sencha tea", "namespace": "ann", "id": "1", "source": "app", "updated_at": "2025-01-01"},
    {"content": "Swims with Leo on Mondays", "namespace": "ann", "subject": "Leo", "importance": 7},
    {"content": "Leo swims on Mondays in the lake", "namespace": "ann", "subject": "Leo", "created_at": "2020-01-01"},
]
OTHERS = [
    {"content": "Told ann about the lake", "namespace": "bob"},
    {"content": "Told ann about the sea", "namespace": "bob", "importance": 7},
    {"content": "Leo plays chess in the park", "namespace": "bob", "subject": "Leo"},
    {"content": "Nothing of it", "namespace": "bob", "importance": 9},
]


def fill(store):
    """Ingest what is of one person, and of others; something of it is rejected."""
    memproc.ingest(ANN + OTHERS, store)
    store.expire(namespace="ann", older_than="1d")
    return store


def test_a_namespace_is_forgotten_with_all_that_is_rejected_of_it(fresh):
    """The receipt tells from where; what only speaks of the person is told, and stays."""
    with fresh() as store:
        fill(store)
        before = store.stats()
        receipt = store.forget(namespace="ann", note="asked for")
        after = store.stats()
        assert (receipt.namespace, receipt.subject, receipt.is_trial) == ("ann", None, False)
        assert (receipt.observations, receipt.quarantine, receipt.expired) == (4, 1, 2)
        assert receipt.hashes == 5
        assert receipt.memories == before["memories"] - after["memories"]
        [unclear] = receipt.unclear
        assert b"about the sea" in store.quarantined(unclear).raw
        text = all_text(store)
        assert not [word for word in ("oolong", "sencha", "Swims with") if word in text]
        assert store.find(namespace="ann", expired=True) == []
        assert len(store.find(namespace="bob")) == 2
        assert store.doctor() == ()
        assert store.recount().is_whole
        assert memproc.ingest(ANN, store).forgotten == 4
        assert not [one for one in store.quarantine() if b"Swims with" in one.raw]
        assert store.count() == 2
        with pytest.raises(dataclasses.FrozenInstanceError):
            receipt.observations = 0


def test_a_subject_is_forgotten_in_one_namespace_or_in_all(fresh):
    """Its rejected records too."""
    with fresh() as store:
        fill(store)
        assert store.forget(subject="Leo", namespace="bob").observations == 1
        receipt = store.forget(subject="Leo")
        assert (receipt.observations, receipt.quarantine) == (1, 1)
        assert store.find(subject="Leo", expired=True) == []
        assert store.forget(subject="Leo").hashes == 0
        assert store.doctor() == ()


def test_a_trial_forgets_nothing(fresh):
    """Its receipt is that of forgetting."""
    with fresh() as store:
        fill(store)
        text = all_text(store)
        trial = store.forget(namespace="ann", dry_run=True)
        assert trial.is_trial
        assert all_text(store) == text
        made = store.forget(namespace="ann")
        assert dataclasses.replace(trial, is_trial=False, made_at="") == dataclasses.replace(made, made_at="")


def test_whom_to_forget_has_to_be_told(fresh):
    """An id, or whom: not both, and not neither."""
    with fresh() as store:
        memory = store.add({"content": "Prefers tea"}).memory
        for given in ({}, {"identifier": memory.id, "namespace": "default"}, {"identifier": memory.id, "dry_run": True}):
            with pytest.raises(memproc.UsageError, match="forget takes the id of a memory"):
                store.forget(**given)
        assert store.forget(memory.id) == 1


@pytest.mark.parametrize("blank", ["", " ", "\u200b"])
@pytest.mark.parametrize("whom", [{"namespace": "ann"}, {"subject": "Leo"}], ids=str)
def test_a_blank_name_never_widens_what_is_forgotten(whom, blank, fresh_file):
    """It is what a variable gives that is not set, and what was forgotten does not come back."""
    with fresh_file() as store:
        fill(store)
        before = store.stats()
        other = "subject" if "namespace" in whom else "namespace"
        with pytest.raises(memproc.UsageError, match=f"{other}=.*: give a name, or leave it out"):
            store.forget(**whom, **{other: blank})
        assert store.stats() == before
