"""Merging the index: beside who adds, between batches, and never to the harm of an answer."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest
from sqlalchemy import func, select

import memproc
from memproc.config import Policy
from memproc.dedup.band_hashes import width
from memproc.dedup.minhash import index
from memproc.dedup.minhash.index import FAN_OUT
from memproc.formats import own
from memproc.intake import Intake
from memproc.sources.items import Item
from memproc.store.changes.landed import Arrived
from memproc.store.changes.writer import Batch
from memproc.store.quarantine.records import Origin
from memproc.store.sql import tables


@pytest.fixture(autouse=True)
def _few_are_enough(monkeypatch):
    """Let small segments be merged as early as large ones, so that a few records make enough of them."""
    monkeypatch.setattr(index, "FAN_OUT_OF_SMALL", FAN_OUT)


def segments_of(store):
    """Return how many segments the index has."""
    with store._opened.transactions.reading() as tx:
        return tx.execute(select(func.count(tables.segments.c.number.distinct()))).scalar_one()


def facts(count, start=0):
    """Make facts of which none is near another."""
    return [{"content": f"{word} {number} {word[::-1]}"} for number in range(start, start + count) for word in ("kestrel", "anvil")]


@pytest.mark.costly
def test_single_records_leave_few_segments(fresh):
    """Each adds one, and they are merged aside."""
    with fresh() as store:
        for fact in facts(20):
            store.add(fact)
            store._opened.merger.wait()
        assert segments_of(store) < 2 * FAN_OUT
        assert store.doctor() == ()


def test_no_merge_runs_in_the_thread_that_adds(fresh, monkeypatch):
    """Who adds waits for none."""
    merging = set()
    unite = memproc.store.index.segments.Segments.unite

    def noted(self, connection, numbers):
        merging.add(threading.current_thread().name)
        return unite(self, connection, numbers)

    monkeypatch.setattr(memproc.store.index.segments.Segments, "unite", noted)
    with fresh() as store:
        for fact in facts(10):
            store.add(fact)
        store._opened.merger.wait()
    assert merging == {"memproc-merge"}


@pytest.mark.costly
def test_batches_leave_few_segments(fresh):
    """An ingestion merges between them."""
    settings = memproc.Settings(batch_size=2)
    with fresh() as store:
        memproc.ingest(facts(40), store, settings=settings)
        assert segments_of(store) < 2 * FAN_OUT
        assert store.doctor() == ()


@pytest.mark.costly
def test_what_another_process_merged_or_forgot_is_left_alone(fresh):
    """A segment that is gone is not written again."""
    with fresh() as store, memproc.open(store.place) as other:
        for fact in facts(FAN_OUT // 2):
            store._writer.land(*_batch_of(store, fact))
        stale = store._opened.segments.newest_alike()
        assert len(stale) == FAN_OUT
        other.forget(other.find(text="kestrel 0")[0].id)
        store._writer.merge_index()
        assert store.doctor() == ()
        other._writer.merge_index()
        store.add({"content": "She likes tea"})
        assert store.doctor() == ()


def _batch_of(store, fact):
    claim = store._writer.begin_job("test", "memproc")
    records = Intake(own.FORMAT, Policy()).take(Item(fact)).records
    return claim, Batch(Arrived(records, 0), Origin("test", "memproc", ""))


@pytest.mark.costly
def test_a_merge_that_fails_costs_nothing(fresh, monkeypatch):
    """It is tried again later; the records are in."""

    def fail(_segments, _size):
        raise memproc.StoreError("the store is closed")

    with fresh() as store:
        with monkeypatch.context() as broken:
            broken.setattr("memproc.store.index.segments.index.merged", fail)
            for fact in facts(10):
                store.add(fact)
            store._opened.merger.wait()
        assert store.count() == 20
        store.add({"content": "She likes tea"})
        store._opened.merger.wait()
        assert segments_of(store) < 2 * FAN_OUT
        assert store.doctor() == ()


@pytest.fixture
def _small_parts(monkeypatch):
    """Let a part hold few entries, so that a few records make segments of several."""
    monkeypatch.setattr(tables, "PART_BYTES", 64 * index.ENTRY_BYTES)


@pytest.mark.costly
@pytest.mark.usefixtures("_small_parts")
def test_large_segments_are_merged_searched_and_forgotten_part_by_part(fresh):
    """What is in the database is what was written, and another process reads the same."""
    settings = memproc.Settings(batch_size=5)
    with fresh() as store:
        memproc.ingest(facts(60), store, settings=settings)
        assert store.doctor() == ()
        expected = np.sort(np.concatenate(_held_by(store))).tolist()
        with memproc.open(store.place) as other:
            assert np.sort(np.concatenate(_held_by(other))).tolist() == expected
            other.forget(other.find(text="kestrel 7 ")[0].id)
            assert other.doctor() == ()
        left = np.sort(np.concatenate(_held_by(store))).tolist()
        assert len(left) == len(expected) - width("standard")
        assert set(left) < set(expected)


@pytest.mark.costly
def test_merging_holds_parts_and_not_the_whole(fresh, monkeypatch):
    """However large the segments are; and the new one is read only when it is needed."""
    monkeypatch.setattr(tables, "PART_BYTES", 2**16)
    entries = np.sort(np.random.default_rng(1).integers(0, 2**63, 8 * 2**16, dtype=np.uint64))
    with fresh() as store:
        segments = store._opened.segments

        def written(connection):
            return [segments._write(connection, index.in_parts(entries[start::8], 2**13)) for start in range(8)]

        numbers = store._opened.transactions.write_again(written)
        tracemalloc.start()
        try:
            assert store._opened.transactions.write_again(lambda connection: segments.unite(connection, numbers))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < entries.nbytes / 2
        (held,) = _held_by(store)
        assert np.array_equal(held, entries)


def _held_by(store):
    with store._opened.transactions.reading() as tx:
        return store._opened.segments.all(tx)


def test_what_single_records_added_is_held_in_few_arrays(fresh):
    """So a look-up asks few, before they are merged in the database and after."""
    with fresh() as store:
        for fact in facts(FAN_OUT * 2):
            store.add(fact)
            assert len(store._opened.segments._held) <= 5
        store._opened.merger.wait()
        held = np.sort(np.concatenate(_held_by(store))).tolist()
        store._opened.segments.forget_cached()
        assert np.sort(np.concatenate(_held_by(store))).tolist() == held
