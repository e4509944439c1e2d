"""What a batch asks of the store is asked once, and holds no longer than it is so."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest

import memproc
from faults.points import listening
from memproc.store.changes import landing
from memproc.store.changes.landing import Landing

MOST_STATEMENTS = 14  # of them SQLite's own are BEGIN, SAVEPOINT and RELEASE


@contextmanager
def statements_of(store):
    """Give a list that fills with the statements that a store sends."""
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(" ".join(statement.split()))

    with listening(store._opened.database.engine, "before_cursor_execute", note):
        yield sent


def test_a_single_record_takes_few_statements(fresh):
    """Each costs more than what it asks."""
    with fresh() as store:
        store.add({"content": "She likes the old kitchen by the sea"})
        with statements_of(store) as sent:
            store.add({"content": "He plays the violin on Sundays"})
        assert len(sent) <= MOST_STATEMENTS, sent


def test_the_index_is_not_listed_again_where_nobody_else_wrote(fresh):
    """The epoch tells; after another process has written, it is."""
    with fresh() as store, memproc.open(store.place) as other:
        lists = []
        for number, writer in enumerate([store, store, store, other, store, store]):
            with statements_of(writer) as sent:
                writer.add({"content": f"{('kestrel', 'anvil', 'harbour')[number % 3]} {number}"})
            lists.append(any("GROUP BY" in statement for statement in sent))
        assert lists == [True, False, False, True, True, False]


def test_what_another_process_adds_in_between_is_compared(fresh):
    """As if one had added them all."""
    texts = [train(7), room(3), room(4), train(9)]
    with fresh() as alone, fresh() as store, memproc.open(store.place) as other:
        for record, writer in zip(dated(texts), [store, other, store, other], strict=True):
            writer.add(record)
            alone.add(record)
        assert len(alone.reviews()) == 2
        assert [*map(_told, store.reviews())] == [*map(_told, alone.reviews())]
        assert store.doctor() == ()


def room(number):
    """Say in which room it is; two of them with different dates are a review."""
    return f"The doctor moved the appointment at the clinic in Springfield to room {number} of the house"


def train(hour):
    """Say when it leaves."""
    return f"The train to Lisbon leaves at {hour} o'clock from the old station of the town"


def dated(texts):
    """Return a record of each text, one a day."""
    return [{"content": text, "created_at": f"2025-01-0{day}"} for day, text in enumerate(texts, 1)]


def are_held(store):
    """Tell whether the entries in memory are those in the database."""
    with store._opened.transactions.reading() as tx:
        written = memproc.store.index.segments.Segments().all(tx)
        held = store._opened.segments._held.values()
    return np.sort(np.concatenate([*held])).tolist() == np.sort(np.concatenate(written)).tolist()


def _told(review):
    return review.number, review.kind, review.confidence, review.reason, review.one.content, review.other.content


@pytest.mark.parametrize("what", ["forgotten", "held distinct"])
def test_what_another_process_decides_in_between_holds(fresh, what):
    """Tombstones and decisions are looked for in each transaction."""
    with fresh() as store, memproc.open(store.place) as other:
        store.add({"content": "She likes the old kitchen"})
        merged = store.add({"content": "She likes the old kithcen"})
        assert merged.outcome == "merged"
        if what == "forgotten":
            other.forget(merged.memory.id)
            assert store.add({"content": "She likes the old kitchen"}).reason == "forgotten"
        else:
            other.unmerge(merged.memory.id)
            store.add({"content": "She likes the old kithcen!"})
            assert store.count() == 2
        assert store.doctor() == ()


def test_the_second_half_of_a_batch_knows_what_the_first_wrote(fresh, monkeypatch):
    """That there are links to what an odd token stands for, and which number is next."""
    write = Landing._write

    def refuse(self, tx, accepted, there, batch):
        if len(accepted) > 1:
            raise OverflowError("too much of value")
        return write(self, tx, accepted, there, batch)

    monkeypatch.setattr(Landing, "_write", refuse)
    monkeypatch.setattr(Landing, "_refused_rows", lambda *_: {})
    with fresh() as store:
        memproc.ingest([{"content": f"She likes the old {word}"} for word in ("kithcen", "kitchen", "violin")], store)
        assert store.count() == 2
        assert store.recount().is_whole
        assert store.doctor() == ()


def test_the_second_half_of_a_batch_is_compared_with_all(fresh, monkeypatch):
    """Though what the whole had written of the index was undone."""
    planned = landing.looking_planned

    def refuse(plan, *rest):
        if len(plan.fresh) > 1:
            raise OverflowError("too much of value")
        return planned(plan, *rest)

    first, *rest = dated([room(3), train(7), room(4), train(9)])
    with fresh() as alone, fresh() as store:
        alone.add(first)
        memproc.ingest(rest, alone)
        store.add(first)
        monkeypatch.setattr(landing, "looking_planned", refuse)
        monkeypatch.setattr(Landing, "_refused_rows", lambda *_: {})
        memproc.ingest(rest, store)
        assert len(alone.reviews()) == 2
        assert {_told(review)[1:] for review in store.reviews()} == {_told(review)[1:] for review in alone.reviews()}
        assert store.doctor() == ()


def test_what_is_forgotten_in_a_rehearsal_is_no_more_held(fresh):
    """All its transactions have one epoch."""
    with fresh() as store, store.rehearsal():
        gone, _ = [store.add({"content": room(number)}) for number in (3, 4)]
        store.forget(gone.memory.id)
        store.add({"content": train(9)})
        assert are_held(store)


def test_what_is_merged_in_a_rehearsal_is_held(fresh, monkeypatch):
    """So is what is left of it in memory."""
    monkeypatch.setattr("memproc.dedup.minhash.index.FAN_OUT_OF_SMALL", 3)
    monkeypatch.setattr("memproc.store.index.segments.SMALL_ENTRIES", 60)
    with fresh() as store:
        store.add({"content": train(1)})
        with store.rehearsal():
            for number in range(4):
                store.add({"content": room(number)})
                store._writer.merge_index()
                store.add({"content": train(100 + number)})
                assert are_held(store)


def test_a_record_that_the_database_refuses_leaves_the_index_whole(fresh, monkeypatch):
    """What was written of it is undone, and the next takes its number."""
    planned = landing.looking_planned

    def refuse(plan, *rest):
        if "poison" in plan.fresh.text[0]:
            raise OverflowError("too much of value")
        return planned(plan, *rest)

    with fresh() as store:
        store.add({"content": "She likes the old kitchen"})
        with monkeypatch.context() as broken:
            broken.setattr(landing, "looking_planned", refuse)
            assert store.add({"content": "The poison is in the cup"}).outcome == "quarantined"
        store.add({"content": "He plays the violin on Sundays"})
        assert store.doctor() == ()


def test_the_index_is_whole_after_a_rehearsal(fresh):
    """What it added is gone, though its epoch is given again."""
    with fresh() as store, memproc.open(store.place) as other:
        store.add({"content": "She likes the old kitchen"})
        with store.rehearsal():
            store.add({"content": "The poison is in the cup"})
            store.add({"content": "The poison is in the cups"})
        other.add({"content": "He plays the violin on Sundays"})
        store.add({"content": "Her cousin paints the harbour"})
        assert are_held(store)
        assert store.doctor() == ()


def test_the_memory_that_an_added_record_is_in_is_the_one_that_is_read(fresh):
    """By itself or not, and in any way."""
    records = [
        {"content": "She likes the old kitchen"},
        {"content": "She likes the old kithcen"},
        {"content": "She likes the old kitchen", "tags": ["home"]},
        {"content": "She likes the old kitchen"},
        {"id": "1", "source": "app", "content": "He plays the violin", "importance": 0.5},
        {"id": "1", "source": "app", "content": "He plays the cello"},
        {"id": "2", "kind": "message", "conversation": "c", "content": "Thanks!", "created_at": "2024-01-01T00:00:00Z"},
    ]
    with fresh() as store:
        for record in records:
            added = store.add(record)
            assert added.memory == store.get(added.memory.id)
