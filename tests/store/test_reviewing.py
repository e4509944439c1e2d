"""Reviews are looked for behind each batch, in a transaction of their own; who is cut off in between looks when it goes on."""

from __future__ import annotations

import pytest
from loguru import logger
from sqlalchemy import Engine, event, select

import memproc
from memproc.errors import DatabaseError
from memproc.failures import Failure, Kind
from memproc.store.changes.writer import Writer
from memproc.store.reviews import open_reviews as module
from memproc.store.reviews.reviewing import Reviewer
from memproc.store.sql import tables

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
    left, catch_up = [times], Writer._catch_up

    def dying(self, job, review_at, fresh=None):
        left[0] -= 1
        if not left[0]:
            raise CutOffError
        return catch_up(self, job, review_at, fresh)

    patch.setattr(Writer, "_catch_up", dying)


def told(store):
    """Return what waits for review, and what returned."""
    waiting = {(one.kind, one.confidence, one.reason, one.one.content, one.other.content) for one in store.reviews()}
    lines = select(tables.ledger).where(tables.ledger.c.kind == "returned")
    return waiting, {(row.subject, row.other) for row in rows_of(store, lines)}


def rows_of(store, query):
    """Return the rows that a query finds."""
    return store._opened.transactions.read(lambda there: there.execute(query).all())


def counted(store):
    """Return what the rows of the batches count of the reviews."""
    names = ("number", "review", "candidates", "verified")
    query = select(*(tables.batches.c[name] for name in names)).order_by(tables.batches.c.number)
    return [*map(tuple, rows_of(store, query))]


def filled(store, file, **how):
    """Take all records in batches of four."""
    return memproc.ingest(file, store, settings=memproc.Settings(batch_size=4), **how)


def leave_behind(monkeypatch, times, store, file):
    """Begin to fill a store, and die behind the batch that lands for the nth time."""
    with monkeypatch.context() as patch:
        cut_off(patch, times)
        with pytest.raises(CutOffError):
            filled(store, file)


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
        leave_behind(monkeypatch, batch, store, file)
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
        leave_behind(monkeypatch, 3, store, file)
        assert told(store) != told(alone)
        memproc.ingest([], store)
        assert told(store) == told(alone)


def test_the_rows_tell_what_the_plan_told(fresh, file, monkeypatch):
    """Of each batch: what is compared with what, with which hashes, and what is dated."""
    seen = []

    def both(self, connection, job, new=None):
        if new is not None:
            [told] = self._plan_from_rows(connection, new.batch, [])
            seen.append((new.parts[0], told))
        return catch_up(self, connection, job, new)

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
    catch_up = Writer._catch_up

    def forgetting(self, job, review_at, new=None):
        if new is not None and new.batch == 1:
            gone = next(memory for memory in store if "room 3" in memory.content)
            store.forget(gone.id)
        return catch_up(self, job, review_at, new)

    monkeypatch.setattr(Writer, "_catch_up", forgetting)
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
        assert looked(store) == [(1, 1)]


@pytest.mark.parametrize("kind", [Kind.CAPACITY, Kind.DATA])
def test_what_the_database_refuses_of_reviews_lands_no_batch_twice(fresh, monkeypatch, kind):
    """The records are in, and all but one are compared."""
    find = Reviewer.find

    def refusing(self, connection, new):
        if "room 4" in str(new.facts.text):
            raise DatabaseError(Failure(kind, "give less"), "refused")
        return find(self, connection, new)

    monkeypatch.setattr(Reviewer, "find", refusing)
    with fresh() as store:
        report = memproc.ingest(RECORDS, store)
        assert (report.read, report.batches) == (len(RECORDS), 1)
        assert any("broke on comparing 1 record" in note for note in report.notes)
        assert "He likes blues and jazz" in {one.other.content for one in store.reviews()}
        assert looked(store) == [(1, 1)]


def test_a_row_that_cannot_be_read_stops_no_other_ingestion(fresh, file, monkeypatch):
    """What it holds is not compared; the rest of its batch is."""
    with fresh() as store:
        leave_behind(monkeypatch, 2, store, file)
        first = tables.observations.c.number == 5
        with store._opened.database.write() as tx:
            tx.execute(tables.observations.update().where(first).values(record="{x"))
        report = memproc.ingest([], store)
        assert any("broke on comparing 1 record" in note for note in report.notes)
        assert looked(store)[0] == (2, 2)


def looked(store):
    """Return of each job how many batches were looked at, and how many landed."""
    query = select(tables.jobs.c.looked, tables.jobs.c.landed).order_by(tables.jobs.c.number)
    return [*map(tuple, rows_of(store, query))]


@pytest.mark.costly
@pytest.mark.parametrize("how", ["add", "replay"])
def test_whoever_begins_a_job_looks_at_what_was_left(fresh, file, monkeypatch, how):
    """From the confidence on that the dead job was given."""
    with fresh() as alone, fresh() as store:
        filled(alone, file)
        leave_behind(monkeypatch, 3, store, file)
        bad = {"content": "She likes tea", "importance": 7}
        for one in (alone, store):
            memproc.ingest([bad], one, settings=memproc.Settings(review_at=1.0)) if how == "replay" else one.add(RECORDS[0])
            if how == "replay":
                one.replay(transform=lambda value: {**value, "importance": 0.7})
        assert told(store) == told(alone)
        assert all(own == there for own, there in looked(store))


def test_a_store_that_was_rebuilt_otherwise_is_opened_again(fresh, file, monkeypatch):
    """Before anything of a dead job is looked at."""
    with fresh() as store, memproc.open(store.place) as other:
        leave_behind(monkeypatch, 1, store, file)
        other.rebuild(settings=memproc.Settings(merge_at=1.0))
        with pytest.raises(memproc.StoreError, match="rebuilt"):
            memproc.ingest([], store)


def test_what_is_forgotten_by_the_batch_itself_waits_for_nobody(fresh, tmp_path):
    """A full export may hold a record and that it was forgotten."""
    with fresh() as source, fresh() as store:
        for record in RECORDS[3:5]:
            added = source.add(record)
        source.export(tmp_path / "whole.jsonl", full=True)
        keys = [source.trace(added.memory.id).observations[0].observation]
        with (tmp_path / "whole.jsonl").open("ab") as lines:
            lines.write(memproc.records.encode({"decision": "forgotten", "keys": keys}) + b"\n")
        memproc.ingest(tmp_path / "whole.jsonl", store, trust_decisions=True)
        assert store.reviews() == []
        assert store.doctor() == ()


def test_a_batch_without_anything_to_look_at_takes_one_transaction(fresh):
    """As when all of it is known."""
    with fresh() as store:
        memproc.ingest(RECORDS, store)
        before = rows_of(store, select(tables.store.c.epoch))[0].epoch
        memproc.ingest(RECORDS, store)
        took = rows_of(store, select(tables.store.c.epoch))[0].epoch - before
        assert took == 3  # the job's begin, the batch, the job's end
        assert looked(store) == [(1, 1), (1, 1)]


def test_nothing_of_a_record_is_logged_where_nothing_is_to_be_told(tmp_path, monkeypatch, caplog_lines):
    """Also where memproc breaks on comparing it."""

    def breaking(*_given):
        raise KeyError("the secret of Ann")

    monkeypatch.setattr(Reviewer, "find", breaking)
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(redact=True)) as store:
        memproc.ingest(RECORDS, store, settings=memproc.Settings(redact=True))
    assert any("was not compared" in line for line in caplog_lines)
    assert not any("Ann" in line for line in caplog_lines)


@pytest.fixture
def caplog_lines():
    """Return the lines that memproc logs, tracebacks and all."""
    lines = []
    logger.enable("memproc")
    number = logger.add(lines.append, backtrace=True, diagnose=True)
    yield lines
    logger.remove(number)
    logger.disable("memproc")


def test_a_value_that_returned_is_told_once_where_looking_goes_by_halves(fresh, monkeypatch):
    """Each half tells of its own."""
    find = Reviewer.find

    def breaking(self, connection, new):
        if "harbour" in str(new.facts.text):
            raise KeyError("harbour")
        return find(self, connection, new)

    cities = (("Berlin", 0), ("Paris", 2), ("Berlin", 11), ("Rome", 13))
    records = [{"content": f"She lives in {city}", "created_at": DAYS[day]} for city, day in cities]
    with fresh() as store:
        memproc.ingest(records[:2], store)
        monkeypatch.setattr(Reviewer, "find", breaking)
        memproc.ingest([*records[2:], {"content": "The cousin paints the old harbour in Genoa"}], store)
        lines = rows_of(store, select(tables.ledger).where(tables.ledger.c.kind == "returned"))
        assert len(lines) == 1


def test_reviews_come_page_by_page(fresh, monkeypatch):
    """By number, those of one namespace if that is asked for, and no more are read than a page takes."""
    read, by_key = [], module.rows_by_key
    monkeypatch.setattr(module, "rows_by_key", lambda tx, keys: read.append(len(keys)) or by_key(tx, keys))
    with fresh() as store:
        for name in ("ann", "bob"):
            cities = ("Berlin", "Paris", "Rome", "Madrid", "Vienna", "Lisbon", "Oslo")
            moves = [{"content": f"She lives in {city}", "created_at": day} for city, day in zip(cities, DAYS, strict=False)]
            memproc.ingest(moves, store, namespace=name)
        every = sorted(review.number for review in store.reviews())
        own = sorted(review.number for review in store.reviews(namespace="bob"))
        assert len(every) > len(own) > 4
        read.clear()
        pages, after = [], 0
        while page := store.reviews(after=after, limit=2, namespace="bob"):
            pages += [review.number for review in page]
            after = pages[-1]
        assert pages == own
        assert max(read) <= 4
        assert [review.number for review in store.reviews(after=own[0])] == [one for one in every if one > own[0]]
        assert [one.number for one in store.reviews(numbers=every[:2], after=every[0])] == [every[1]]
        assert store.reviews(numbers=every[:1], namespace=" carl ") == []


def test_namespaces_are_listed_by_one_statement(fresh):
    """However many there are."""
    with fresh() as store:
        assert store.namespaces() == []
        memproc.ingest([{"content": "Has a cat", "namespace": f"user {number:02}"} for number in range(40)], store)
        sent = []
        counted = lambda _connection, _cursor, sql, *_: sent.append(sql) if "SELECT" in sql else None  # noqa: E731 - it is removed
        event.listen(Engine, "before_cursor_execute", counted)
        try:
            assert store.namespaces() == [f"user {number:02}" for number in range(40)]
        finally:
            event.remove(Engine, "before_cursor_execute", counted)
    assert 1 <= len(sent) <= 3
