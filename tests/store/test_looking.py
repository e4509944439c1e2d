"""Reviews are looked for behind each batch, in a transaction of their own; who is cut off in between looks when it goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import select

import memproc
from memproc.store import tables
from memproc.store.reviews import Reviewer
from memproc.store.store import Store

DAYS = [f"2024-05-{day:02}T09:00:00Z" for day in range(1, 29)]
RECORDS = [
    {"content": "She lives in Berlin", "created_at": DAYS[0]},
    {"content": "She lives in Paris", "created_at": DAYS[3]},
    {"content": "The doctor moved the appointment at the clinic to room 3 of the house"},
    {"content": "He likes jazz and blues"},
    {"content": "He likes blues and jazz"},
    {"content": "The doctor moved the appointment at the clinic to room 4 of the house"},
    {"content": "She lives in Berlin!", "created_at": DAYS[1]},
    {"content": "She lives in Berlin", "created_at": DAYS[12]},
    {"content": "The cousin of the teacher paints the old harbour in Genoa", "id": "a", "source": "app"},
    {"content": "The cousin of the teacher paints the old harbour of Genoa", "id": "b", "source": "app"},
    {"content": "The cousin of the teacher paints the old harbor near Genoa", "id": "a", "source": "app"},
]


class CutOffError(BaseException):
    """As if the process died."""


def cut_off(patch, times):
    """Let the process die behind the batch that lands for the nth time, before it is looked at."""
    left, catch_up = [times], Store._catch_up

    def dying(self, job, review_at, fresh=None):
        left[0] -= 1
        if not left[0]:
            raise CutOffError
        return catch_up(self, job, review_at, fresh)

    patch.setattr(Store, "_catch_up", dying)


def told(store):
    """Return what waits for review, and what returned."""
    waiting = {(one.kind, one.confidence, one.reason, one.one.content, one.other.content) for one in store.reviews()}
    lines = select(tables.ledger).where(tables.ledger.c.kind == "returned")
    return waiting, {(row.subject, row.other) for row in rows_of(store, lines)}


def rows_of(store, query):
    """Return the rows that a query finds."""
    return store._transactions.read(lambda there: there.execute(query).all())


def counted(store):
    """Return what the rows of the batches count of the reviews."""
    names = ("number", "review", "candidates", "verified")
    query = select(*(tables.batches.c[name] for name in names)).order_by(tables.batches.c.number)
    return [*map(tuple, rows_of(store, query))]


def filled(store, file, **how):
    """Take all records in batches of four."""
    return memproc.ingest(file, store, settings=memproc.Settings(batch_size=4), **how)


@pytest.fixture
def file(tmp_path):
    """Return a file of the records."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(memproc.records.encode(record) + b"\n" for record in RECORDS))
    return path


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_what_was_cut_off_behind_a_batch_is_looked_at_when_it_goes_on(fresh, file, monkeypatch, batch):
    """And the same is found, and counted."""
    with fresh() as alone, fresh() as store:
        filled(alone, file)
        with monkeypatch.context() as patch:
            cut_off(patch, batch)
            with pytest.raises(CutOffError):
                filled(store, file)
        assert store.recount().read == min(4 * batch, len(RECORDS))
        filled(store, file, resume=True)
        waiting, returned = told(alone)
        assert {kind for kind, *_ in waiting} == {"similar", "changed", "undated"}
        assert returned
        assert told(store) == (waiting, returned)
        assert counted(store) == counted(alone)
        assert store.doctor() == ()


def test_another_job_looks_at_what_a_dead_one_left(fresh, file, monkeypatch):
    """Whoever comes next, if nobody goes on with that."""
    with fresh() as alone, fresh() as store:
        filled(alone, file)
        with monkeypatch.context() as patch:
            cut_off(patch, 3)
            with pytest.raises(CutOffError):
                filled(store, file)
        assert told(store) != told(alone)
        memproc.ingest([], store)
        assert told(store) == told(alone)


def test_the_rows_tell_what_the_plan_told(fresh, file, monkeypatch):
    """Of each batch: what is compared with what, with which hashes, and what is dated."""
    seen = []

    def both(self, connection, job, now, new=None):
        if new is not None:
            seen.append((new.parts[0], self._told_by_rows(connection, new.batch)))
        return catch_up(self, connection, job, now, new)

    catch_up = Reviewer.catch_up
    monkeypatch.setattr(Reviewer, "catch_up", both)
    with fresh() as store:
        filled(store, file)
    assert len(seen) == 3
    for planned, found in seen:
        assert comparable(planned) == comparable(found)
    assert any(planned.beside for planned, _ in seen)
    assert any(planned.again for planned, _ in seen)


def comparable(new):
    """Return what is to be looked at, without what is only carried along."""
    firsts = {key: (number, row.tobytes()) for key, number, row in zip(new.facts.key, new.numbers, new.hashes, strict=False)}
    late = zip(new.facts.key[len(new.numbers) :], new.beside, strict=True)
    beside = {key: tuple(numbers) for key, numbers in late}
    memories = {key: new.memories.get(key) for key in new.keys}
    return firsts, beside, new.dated, memories, new.again, new.first_number


def test_what_changed_in_between_is_looked_at_as_it_is_by_then(fresh, monkeypatch):
    """What was forgotten is not."""
    catch_up = Store._catch_up

    def forgetting(self, job, review_at, new=None):
        if new is not None and new.batch == 1:
            gone = next(memory for memory in self if "room 3" in memory.content)
            self.forget(gone.id)
        return catch_up(self, job, review_at, new)

    monkeypatch.setattr(Store, "_catch_up", forgetting)
    with fresh() as store:
        memproc.ingest(RECORDS, store)
        texts = {text for one in store.reviews() for text in (one.one.content, one.other.content)}
        assert "He likes blues and jazz" in texts
        assert not any("room" in text for text in texts)
        assert store.doctor() == ()


def test_where_nothing_is_compared_nothing_is_left_to_look_at(tmp_path):
    """As of exact dedup."""
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(dedup="exact")) as store:
        memproc.ingest(RECORDS, store)
        assert [*map(tuple, rows_of(store, select(tables.jobs.c.looked, tables.jobs.c.landed)))] == [(1, 1)]
