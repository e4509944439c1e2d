"""Merging the index: beside who adds, between batches, and never to the harm of an answer."""

from __future__ import annotations

import threading

from sqlalchemy import func, select

import memproc
from memproc.config import Policy
from memproc.dedup.index import FAN_OUT
from memproc.formats import own
from memproc.intake import Intake
from memproc.sources.items import Item
from memproc.store import tables
from memproc.store.landing import Arrived
from memproc.store.quarantine import Origin


def segments_of(store):
    """Return how many segments the index has."""
    with store._read() as connection:
        return connection.execute(select(func.count(tables.segments.c.number.distinct()))).scalar_one()


def facts(count, start=0):
    """Make facts of which none is near another."""
    return [{"content": f"{word} {number} {word[::-1]}"} for number in range(start, start + count) for word in ("kestrel", "anvil")]


def test_single_records_leave_few_segments(fresh):
    """Each adds one, and they are merged aside."""
    with fresh() as store:
        for fact in facts(20):
            store.add(fact)
            store._merger.wait()
        assert segments_of(store) < 2 * FAN_OUT
        assert store.doctor() == ()


def test_no_merge_runs_in_the_thread_that_adds(fresh, monkeypatch):
    """Who adds waits for none."""
    merging = set()
    replace = memproc.store.segments.Segments.replace

    def noted(self, connection, numbers, entries):
        merging.add(threading.current_thread().name)
        return replace(self, connection, numbers, entries)

    monkeypatch.setattr(memproc.store.segments.Segments, "replace", noted)
    with fresh() as store:
        for fact in facts(10):
            store.add(fact)
        store._merger.wait()
    assert merging == {"memproc-merge"}


def test_batches_leave_few_segments(fresh):
    """An ingestion merges between them."""
    settings = memproc.Settings(batch_size=2)
    with fresh() as store:
        memproc.ingest(facts(40), store, settings=settings)
        assert segments_of(store) < 2 * FAN_OUT
        assert store.doctor() == ()


def test_what_another_process_merged_or_forgot_is_left_alone(fresh):
    """A segment that is gone is not written again."""
    with fresh() as store, memproc.open(store.url) as other:
        for fact in facts(FAN_OUT // 2):
            store.land(*_batch_of(store, fact))
        stale = store._segments.newest_alike()
        assert len(stale) == FAN_OUT
        other.forget(other.find(text="kestrel 0")[0].id)
        store.merge_index()
        assert store.doctor() == ()
        other.merge_index()
        store.add({"content": "She likes tea"})
        assert store.doctor() == ()


def _batch_of(store, fact):
    claim = store.begin_job("test", "memproc")
    records = Intake(own.FORMAT, Policy()).take(Item(fact)).records
    return claim, Arrived.of(records, 0), 1, 0, Origin("test", "memproc", "")


def test_a_merge_that_fails_costs_nothing(fresh, monkeypatch):
    """It is tried again later; the records are in."""

    def fail(_entries):
        raise memproc.StoreError("the store is closed")

    with fresh() as store:
        monkeypatch.setattr("memproc.store.merging.index.merged", fail)
        for fact in facts(10):
            store.add(fact)
        store._merger.wait()
        assert store.count() == 20
        monkeypatch.undo()
        store.merge_index()
        assert segments_of(store) < 2 * FAN_OUT
        assert store.doctor() == ()
