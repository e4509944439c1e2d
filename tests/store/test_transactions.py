"""Whatever reads or writes gets through a failure that may pass: nothing is done twice, nothing is told twice."""

from __future__ import annotations

import io
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

import memproc
from faults.points import listening
from faults.stores import end_connections
from memproc.errors import DatabaseError
from memproc.failures import Failure, Kind
from memproc.store.sql import opening, tables
from tests.events import CutOffError, batches
from tests.exports import export_of
from tests.waiting import LIMIT_SECONDS

LOST = Failure(Kind.TRANSIENT, "the connection was lost")
RENTS = ((800, 2022), (950, 2024))
RECORDS = [
    *({"content": f"{very} prefers strong tea at breakfast"} for very in ("She", "She really", "She just")),
    *({"content": f"She moved to Lisbon and pays {rent} euros a month", "created_at": f"{year}-01-01"} for rent, year in RENTS),
    *({"content": f"Memory of the {word}"} for word in ("sea", "hill", "wood", "town")),
    *({"content": f"Likes {word}", "importance": 7} for word in ("tea", "jam")),
]


def filled(fresh):
    """Return a store that holds the records, in an ingestion that did not end."""
    store = fresh()
    with pytest.raises(CutOffError):
        memproc.ingest(RECORDS, store, settings=memproc.Settings(batch_size=len(RECORDS)), on_event=batches(lambda _: 1 / 0))
    return store


def tea(store):
    """Return the id of an observation in the memory that was merged."""
    (memory,) = store.find(text="tea")
    return store.trace(memory.id).observations[0].observation


def rents(store):
    """Return the number of the surest review, that of the recipes."""
    return max(store.reviews(), key=lambda review: review.confidence).number


def job_of(store):
    """Return the only job."""
    (job,) = store.jobs()
    return job


def mended(record):
    """Return a record as it should have been."""
    return {**record, "importance": 1.0}


WAYS = {
    "forget": lambda store: partial(store.forget, tea(store)),
    "unmerge": lambda store: partial(store.unmerge, tea(store), note="two"),
    "unmerge_job": lambda store: partial(store.unmerge_job, 1),
    "withdraw": lambda store: partial(store.withdraw, store.unmerge(tea(store))),
    "resolve": lambda store: partial(store.resolve, rents(store), "merge"),
    "rebuild": lambda store: partial(store.rebuild, settings=memproc.Settings(dedup="exact")),
    "discard": lambda store: partial(store.discard, [1, 2], "no use"),
    "cancel": lambda store: job_of(store).cancel,
    "replay": lambda store: lambda: store.replay(transform=mended).stored,
    "add": lambda store: lambda: store.add({"content": "Memory of the lake"}).outcome,
}


class Cut:
    """A writing transaction that loses its connection: behind the commit, or before it."""

    def __init__(self, write, *, is_committed):
        """Take the place of a transaction."""
        self.inner, self.is_committed = write(), is_committed

    def __enter__(self):
        """Begin."""
        return self.inner.__enter__()

    def __exit__(self, *error):
        """End, and say that nobody knows how."""
        lost = DatabaseError(LOST, "")
        if self.is_committed:
            self.inner.__exit__(*error)
        elif not self.inner.__exit__(DatabaseError, lost, None):
            pass
        raise lost


def cut(store, monkeypatch):
    """Let the store lose its connection in each writing transaction twice: before the commit and behind it."""
    write, calls = store._opened.database.write, count()

    def writing():
        at = next(calls) % 3
        return write() if at == 2 else Cut(write, is_committed=at == 1)

    monkeypatch.setattr(store._opened.database, "write", writing)
    return calls


def state(store):
    """Return all of a store that can be compared."""
    with store._opened.transactions.reading() as tx:
        rows = [tx.execute(select(func.count()).select_from(table)).scalar_one() for table in tables.metadata.sorted_tables]
    jobs = [(job.status, job.read) for job in store.jobs()]
    return list(store), store.decisions(), jobs, rows, export_of(store, full=True)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.sampled(3)
def test_what_is_written_is_written_once(fresh, monkeypatch, way):
    """Also where the connection was lost behind the commit: the answer is that of the attempt that came through."""
    with filled(fresh) as store, filled(fresh) as undisturbed:
        act, expected = WAYS[way](store), WAYS[way](undisturbed)()
        calls = cut(store, monkeypatch)
        assert act() == expected
        assert next(calls) >= 3
        monkeypatch.undo()
        assert state(store) == state(undisturbed)
        assert store.recount().is_whole


def broken_at(store, statements, behind=lambda: None):
    """Let these reading statements of a store lose the connection; `behind` is called each time."""
    seen = count()

    def lose(_connection, _cursor, statement, *_rest):
        if statement.startswith("SELECT") and next(seen) in statements:
            behind()
            told = sqlite3.OperationalError("database is locked")
            raise OperationalError(statement, {}, told)

    event.listen(store._opened.database.engine, "before_cursor_execute", lose)
    return lambda: event.remove(store._opened.database.engine, "before_cursor_execute", lose)


READS = {
    "get": lambda store: store.get(tea(store)),
    "find": lambda store: store.find(text="memory", limit=3),
    "count": memproc.Store.count,
    "trace": lambda store: store.trace(tea(store)).memory,
    "decisions": memproc.Store.decisions,
    "reviews": memproc.Store.reviews,
    "quarantine": memproc.Store.quarantine,
    "quarantined": lambda store: store.quarantined(1),
    "patterns": memproc.Store.patterns,
    "stats": memproc.Store.stats,
    "recount": memproc.Store.recount,
    "recall": memproc.Store.index_recall,
    "doctor": memproc.Store.doctor,
    "jobs": memproc.Store.jobs,
    "list": list,
}


@pytest.mark.parametrize("way", READS)
@pytest.mark.sampled(3)
def test_what_is_read_is_read_again(fresh, way):
    """From the beginning, in a new transaction."""
    with filled(fresh) as store:
        expected = READS[way](store)
        mend = broken_at(store, {0, 2})
        assert READS[way](store) == expected
        mend()


@pytest.mark.costly
@pytest.mark.parametrize("full", [False, True])
def test_a_long_read_goes_on_behind_the_last_line(fresh, monkeypatch, tmp_path, full):
    """No line is there twice, wherever the connection is lost; a file is written anew."""
    monkeypatch.setattr("memproc.store.rows.memories.CHUNK", 2)
    with filled(fresh) as store:
        whole, listed = io.BytesIO(), list(store)
        store.export(whole, full=full)
        for at in range(12):
            mend = broken_at(store, {at})
            stream = io.BytesIO()
            lines = store.export(stream, full=full)
            mend()
            assert (lines, stream.getvalue()) == (len(whole.getvalue().splitlines()), whole.getvalue())
            mend = broken_at(store, {at})
            assert store.export(tmp_path / "out.jsonl", full=full) == lines
            mend()
            assert (tmp_path / "out.jsonl").read_bytes() == whole.getvalue()
            mend = broken_at(store, {at})
            assert list(store) == listed
            mend()


def test_a_long_read_does_not_go_on_in_another_store(fresh, monkeypatch):
    """If something was written meanwhile the rest would be of another moment, so the failure is told; a file is begun anew."""
    monkeypatch.setattr("memproc.store.rows.memories.CHUNK", 2)
    with filled(fresh) as store, memproc.open(store.place) as other:
        names = count()
        mend = broken_at(store, {8}, lambda: other.add({"content": f"Memory of lake {next(names)}"}))
        given = []
        with pytest.raises(DatabaseError, match="another process holds the database"):
            given += map(given.append, iter(store))
        mend()
        assert len({memory.id for memory in given if memory}) > 1
        assert len(list(store)) == store.count()


def test_a_failure_that_does_not_pass_is_told(fresh, monkeypatch):
    """After ten attempts."""
    monkeypatch.setattr("memproc.failures.FIRST_WAIT_SECONDS", 0.0001)
    with filled(fresh) as store:
        mend = broken_at(store, set(range(10)))
        with pytest.raises(DatabaseError):
            store.count()
        mend()
        assert store.count() == 7


@pytest.mark.parametrize("retries", [0, 2])
def test_how_often_is_tried_again_is_a_setting(tmp_path, monkeypatch, retries):
    """One failure fewer passes, and one more is told."""
    monkeypatch.setattr("memproc.failures.FIRST_WAIT_SECONDS", 0.0001)
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(retries=retries)) as store:
        mend = broken_at(store, set(range(retries)))
        assert store.count() == 0
        mend()
        mend = broken_at(store, set(range(retries + 1)))
        with pytest.raises(DatabaseError):
            store.count()
        mend()


@pytest.mark.parametrize("way", ["forget", "unmerge", "resolve", "rebuild"])
def test_a_server_that_ends_the_connection_is_asked_again(fresh, way):
    """In the middle of the transaction."""
    with filled(fresh) as store, filled(fresh) as undisturbed:
        if store._opened.database.file is not None:
            pytest.skip("a file has no server")
        act, expected = WAYS[way](store), WAYS[way](undisturbed)()
        kills = count()

        def kill(_connection, _cursor, statement, *_rest):
            if statement.startswith(("INSERT", "DELETE")) and next(kills) == 0:
                end_connections(store.place)

        with listening(store._opened.database.engine, "before_cursor_execute", kill):
            assert act() == expected
        assert next(kills) > 1
        assert state(store) == state(undisturbed)


def test_what_goes_wrong_as_a_connection_is_prepared_is_told(fresh, monkeypatch):
    """SQLAlchemy gives it as the driver raised it, before any statement."""
    monkeypatch.setattr("memproc.failures.FIRST_WAIT_SECONDS", 0.0001)
    with fresh() as store:
        driver = store._opened.database.engine.dialect.loaded_dbapi

        def fail(connection):
            connection.invalidate()
            raise driver.OperationalError(2013, "Lost connection to MySQL server during query")

        told = pytest.raises(DatabaseError, match="Lost connection")
        with listening(store._opened.database._reading, "engine_connect", fail), told:
            store.count()
        assert store.count() == 0


class StoreLost:
    """Opens a store, but raises first, so many times."""

    def __init__(self, really):
        """Know what to do in the end."""
        self.really, self.times = really, 2

    def __call__(self, *given, **named):
        """Raise, or open."""
        if self.times:
            self.times -= 1
            raise DatabaseError(LOST, "by the server")
        return self.really(*given, **named)


def test_a_store_is_opened_though_a_connection_is_lost_meanwhile(fresh, monkeypatch):
    """By a new attempt; not for ever."""
    monkeypatch.setattr("memproc.failures.FIRST_WAIT_SECONDS", 0.0001)
    with fresh() as store:
        lost = StoreLost(opening._open_policy)
        monkeypatch.setattr(opening, "_open_policy", lost)
        with memproc.open(store.place) as again:
            assert again.count() == 0
        lost.times = 99
        with pytest.raises(memproc.StoreError, match="connection was lost"):
            memproc.open(store.place)


def test_a_rehearsal_within_a_rehearsal_is_undone_by_itself(fresh):
    """What the outer one did is seen in the inner one and behind it, and gone in the end."""
    with fresh() as store:
        with store.rehearsal():
            store.add({"content": "Prefers tea"})
            report = memproc.ingest([{"content": "Plays the violin"}], store, dry_run=True)
            assert (report.status, report.stored, store.count()) == ("rehearsed", 1, 1)
        assert store.count() == 0
        assert store.add({"content": "Prefers tea"}).outcome == "stored"
        assert store.doctor() == ()


def test_who_does_not_rehearse_is_tried_again_meanwhile(fresh):
    """A failure that may pass ends only what the rehearsing thread does: its transaction is gone."""
    with filled(fresh) as store, ThreadPoolExecutor(1) as other:
        memories = store.count()
        with store.rehearsal():
            broken_at(store, {0})
            assert other.submit(store.count).result(LIMIT_SECONDS) == memories


def test_a_closed_store_rehearses_nothing():
    """It says so before it begins."""
    store = memproc.open("sqlite://")
    store.close()
    with pytest.raises(memproc.StoreError, match="closed"), store.rehearsal():
        pass
