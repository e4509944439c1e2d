"""Whose decisions count: those of who owns the store, and with a namespace none that reaches beyond it."""

from __future__ import annotations

import pytest

import memproc
from tests.exports import exported

TEXTS = ("Has a dog", "Owns a hound", "Keeps a pet")


def ids_in(store, namespace):
    """Add the texts for a namespace; return the ids of their memories, sorted."""
    return sorted(store.add({"content": text}, namespace=namespace).memory.id for text in TEXTS)


def key_of(store, identifier):
    """Return the key of the first observation of a memory."""
    return store.trace(identifier).observations[0].observation


def decided(store, verdict, keys, **options):
    """Ingest one decision, trusted; return the report."""
    line = {"decision": verdict, "keys": sorted(keys)}
    return memproc.ingest([line], store, format="memproc-full", trust_decisions=True, **options)


@pytest.mark.parametrize("verdict", ["merge", "distinct", "supersedes"])
def test_a_decision_does_not_reach_beyond_the_namespace(fresh, verdict):
    """Not with both ends, not with one, not by the key of an observation, not on what is not there; within it does."""
    with fresh() as store:
        ann, mallory = ids_in(store, "ann"), ids_in(store, "mallory")
        before = exported(store, full=True)
        foreign = [
            ann[:2],
            [ann[0], mallory[0]],
            [key_of(store, one) for one in ann[:2]],
            ["0" * 32, mallory[0]],
            ["0" * 32, "1" * 32],
        ]
        for keys in foreign:
            report = decided(store, verdict, keys, namespace="mallory")
            assert report.left_out == {"decisions beyond the namespace": 1}
            assert any("not acted on" in note for note in report.notes)
        assert exported(store, full=True) == before
        assert decided(store, verdict, mallory[:2], namespace="mallory").left_out == {}
        assert {decision.verdict for decision in store.decisions()} == {verdict}
        assert decided(store, verdict, ann[:2]).left_out == {}  # who owns the store, and names no namespace
        assert len(store.decisions()) == 2


def test_a_tombstone_does_not_reach_beyond_the_namespace(fresh):
    """Nor does one of what is not there, which would keep it out for ever; within the namespace it forgets."""
    with fresh() as store:
        ann, mallory = ids_in(store, "ann"), ids_in(store, "mallory")
        for key in (key_of(store, ann[0]), ann[0], mallory[0], "0" * 32):
            assert decided(store, "forgotten", [key], namespace="mallory").left_out == {"decisions beyond the namespace": 1}
        assert (store.count(), store.stats()["forgotten"]) == (6, 0)
        assert decided(store, "forgotten", [key_of(store, mallory[0])], namespace="mallory").left_out == {}
        assert (store.count(), store.stats()["forgotten"]) == (5, 1)
        assert store.recount().is_whole


def test_a_guessed_text_is_no_way_to_another_namespace(fresh):
    """Who computes keys from a text in a store of their own, and writes them into an import, changes nothing of others."""
    with fresh() as store, fresh() as own:
        store.add({"content": "Is ill", "namespace": "ann"})
        guessed = own.add({"content": "Is ill", "namespace": "ann"})
        keys = [guessed.memory.id, key_of(own, guessed.memory.id)]
        lines = [{"memproc_version": 1, "export": "full"}, *({"decision": "forgotten", "keys": [key]} for key in keys)]
        before = exported(store, full=True)
        for options in ({}, {"namespace": "mallory"}, {"namespace": "mallory", "trust_decisions": True}):
            memproc.ingest(lines, store, **options)
            assert exported(store, full=True) == before
        memproc.ingest(lines, store, trust_decisions=True)
        assert store.count() == 0


def test_observations_in_the_same_batch_count_as_there(fresh):
    """A full export of one namespace is taken whole under that namespace, whatever the batch size."""
    with fresh() as first:
        ids = ids_in(first, "ann")
        decided(first, "merge", ids[:2])
        lines = exported(first, full=True)
    for size in (1, 2, 1_000):
        with fresh() as store:
            settings = memproc.Settings(batch_size=size)
            report = memproc.ingest(lines, store, namespace="ann", trust_decisions=True, settings=settings)
            assert (report.left_out, exported(store, full=True)) == ({}, lines)


@pytest.mark.parametrize("namespace", ["", "  "])
def test_a_namespace_that_is_no_name_is_refused(fresh, namespace):
    """An unset variable must not stand for no limit at all."""
    with fresh() as store, pytest.raises(memproc.UsageError, match="give a name"):
        memproc.ingest([{"content": "Likes tea"}], store, namespace=namespace, trust_decisions=True)


def test_trust_without_a_full_export_is_told(fresh):
    """It has no effect, and the note says which format would have."""
    with fresh() as store:
        report = memproc.ingest([{"content": "Likes tea"}], store, trust_decisions=True)
        assert any("memproc-full" in note for note in report.notes)
