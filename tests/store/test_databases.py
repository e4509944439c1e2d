"""What databases do to those who trust them: each trap a test, on each database that is at hand."""

from __future__ import annotations

import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

import memproc
from faults.stores import end_connections, stores
from memproc.errors import DatabaseError
from memproc.store.changes.landing import Landing
from tests.databases import NAMES, VARIABLES, reason_to_skip, refuse_rows, server_url
from tests.events import CutOffError, batches
from tests.waiting import LIMIT_SECONDS

TRICKY = [
    {"content": "Prefers tea 😀🫖 in the morning", "namespace": "Alice"},
    {"content": "Prefers tea 😀🫖 in the morning", "namespace": "alice"},
    {"content": "Prefers tea 😀🫖 in the morning", "namespace": "al ice"},
    {"content": "Prefers tea 😀🫖 in the morning", "namespace": "Álice"},
    {"content": "Prefers tea 😢🫖 in the morning", "namespace": "Alice"},
    {"content": "A quote ' a backslash \\ a percent % a %s and a colon :name", "tags": ["%", "'", "\\"]},
    {"content": "Stayed at that hotel", "created_at": "2024-05-01T10:00:00.123456Z", "importance": 0.1234567890123},
    {"content": "x" * 200_000},
    {"content": "Mixed: Ελληνικά, 日本語, हिन्दी, العربية, \u2028 and \x85", "metadata": {"1e3": 1000.0, "n": 2**53}},
]


def written(tmp_path, count):
    """Write a file of facts."""
    path = tmp_path / "facts.jsonl"
    path.write_text("".join(f'{{"content": "She keeps {number} hens at home and feeds them"}}\n' for number in range(count)))
    return path


def exported(store, tmp_path):
    """Return the memories of a store with the keys of their observations."""
    store.export(tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").split("\n") if line]
    return [{**line, "observations": [seen["observation"] for seen in line["observations"]]} for line in lines]


def in_batches(size):
    """Give settings of so many records a transaction."""
    return memproc.Settings(batch_size=size)


@pytest.mark.costly
def test_what_goes_in_comes_out(fresh, fresh_file, tmp_path):
    """Case, spaces and accents are told apart, emoji and long texts are whole, numbers keep their digits, microseconds stay."""
    with fresh() as store, fresh_file() as expected:
        for one in (store, expected):
            report = memproc.ingest(TRICKY, one)
            assert (report.stored, report.duplicate, report.merged, report.quarantined) == (len(TRICKY), 0, 0, 0)
        assert exported(store, tmp_path) == exported(expected, tmp_path)
        assert len(store.find(namespace="alice")) == 1
        assert store.find(text="hotel")[0].importance == 0.1234567890123
        again = memproc.ingest(TRICKY[::-1], store, settings=in_batches(2))
        assert again.duplicate == len(TRICKY)
        assert store.rebuild() == (0, 0)


def test_a_nul_is_no_text_anywhere(fresh):
    """PostgreSQL refuses it; so it is a fault on every database."""
    with fresh() as store:
        report = memproc.ingest([{"content": "a \0 b"}, {"content": "fine"}], store)
        assert (report.stored, report.errors["validation"]) == (1, 1)


def test_many_refused_rows_are_isolated(fresh):
    """Three in ten: each goes to quarantine, the rest lands, however many savepoints that takes."""
    with fresh() as store:
        refuse_rows(store, "poison")
        words = itertools.cycle(["tea", "milk", "poison"])
        report = memproc.ingest([{"content": f"She bought {number} bags of {next(words)}"} for number in range(150)], store)
        assert (report.stored, report.quarantined) == (100, 50)
        assert store.recount().is_whole


@pytest.mark.costly
@pytest.mark.parametrize("name", NAMES)
def test_several_who_open_a_new_store_at_once_make_one(name, tmp_path):
    """MariaDB commits with each table that is made, so the others see half a store: who comes second waits for the first."""
    if reason := reason_to_skip(name):
        pytest.skip(reason)
    barrier = threading.Barrier(6)

    def opened(url):
        barrier.wait(LIMIT_SECONDS)
        with memproc.open(url) as store:
            return store.add({"content": "Prefers tea"}).outcome

    with stores(server_url(name) if name in VARIABLES else "sqlite", tmp_path) as new, ThreadPoolExecutor(6) as pool:
        for _ in range(3):
            outcomes = sorted(pool.map(opened, [new()] * 6))
            assert outcomes == ["duplicate"] * 5 + ["stored"]


def test_a_pool_is_as_large_as_the_settings_say(fresh):
    """Who finds no connection free is told, after the time that was set, what would help."""
    with fresh() as store:
        settings = memproc.Settings(pool_size=1, pool_overflow=1, pool_timeout_seconds=0.2, pool_recycle_seconds=60)
        with memproc.open(store.place, settings=settings) as small:
            with small._opened.transactions.reading(), small._opened.transactions.reading():
                assert small._opened.database.engine.pool.timeout() == 0.2
                with pytest.raises(DatabaseError, match="raise pool_size or pool_overflow"):
                    small.count()
            assert small.count() == 0


def test_a_key_that_is_taken_is_a_conflict(fresh, monkeypatch):
    """A row that the store has under a record's key, and does not find: the record is quarantined, and the rest lands."""
    records = [{"content": f"She bought {number} bags of tea"} for number in range(9)]
    with fresh() as store:
        memproc.ingest(records[3:5], store)
        known_and_forgotten = Landing._known_and_forgotten
        monkeypatch.setattr(Landing, "_known_and_forgotten", lambda *_given: ({}, set()))
        report = memproc.ingest(records, store)
        monkeypatch.setattr(Landing, "_known_and_forgotten", known_and_forgotten)
        assert (report.stored, dict(report.errors)) == (7, {"dedup_conflict": 2})
        assert {fault.code for one in store.quarantine() for fault in one.faults} == {"key_taken"}
        assert "memproc doctor" in store.quarantine()[0].faults[0].hint
        assert store.recount().is_whole
        assert store.replay().duplicate == 2


RULES = {
    "sqlite": [
        (
            "CREATE TRIGGER refuse BEFORE INSERT ON memproc_observations WHEN new.record LIKE '%poison%' "
            "BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END"
        )
    ],
    "postgresql": [
        "ALTER TABLE memproc_observations ADD CONSTRAINT refuse CHECK (record NOT LIKE '%%poison%%')",
        (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.record LIKE '%%venom%%' THEN "
            "RAISE EXCEPTION 'refused by a trigger'; END IF; RETURN NEW; END $$"
        ),
        "CREATE TRIGGER refuse BEFORE INSERT ON memproc_observations FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
    "mysql": [
        "ALTER TABLE memproc_observations ADD CONSTRAINT refuse CHECK (record NOT LIKE '%%poison%%')",
        (
            "CREATE TRIGGER refuse BEFORE INSERT ON memproc_observations FOR EACH ROW BEGIN IF NEW.record LIKE '%%venom%%' THEN "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused by a trigger'; END IF; END"
        ),
    ],
}


def test_what_a_check_or_a_trigger_refuses_is_isolated(fresh):
    """In the way that the database's own documentation shows: the rest of the batch lands."""
    with fresh() as store:
        store.give_back = lambda _url: None
        dialect = store._opened.database.engine.dialect.name
        with store._opened.database.write() as tx:
            for rule in RULES[dialect]:
                tx.exec_driver_sql(rule)
        words = ["tea", "poison"] if dialect == "sqlite" else ["tea", "poison", "venom"]
        report = memproc.ingest(
            [{"content": f"She bought {number} bags of {words[number % len(words)]}"} for number in range(30)], store
        )
        assert (report.stored, report.errors["database"]) == (30 // len(words), 30 - 30 // len(words))
        assert store.recount().is_whole


def test_a_server_tells_what_it_means(fresh):
    """By its own errors: a lock that was waited for, a table that is gone, a statement that was too long."""
    with fresh() as store:
        dialect = store._opened.database.engine.dialect.name
        signals = {
            "mysql": "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {}",
            "postgresql": "DO $$ BEGIN RAISE EXCEPTION 'told' USING ERRCODE = '{}'; END $$",
        }
        codes = {"mysql": ("1205", "1153", "1114"), "postgresql": ("55P03", "54000", "53100"), "sqlite": ()}[dialect]
        for code, kind in zip(codes, ("transient", "capacity", "critical"), strict=False):
            with pytest.raises(DatabaseError) as told, store._opened.database.write() as tx:
                tx.exec_driver_sql(signals[dialect].format(code))
            assert told.value.failure.kind == kind
        with pytest.raises(DatabaseError, match="memproc doctor"), store._opened.database.read() as tx:
            tx.exec_driver_sql("SELECT a FROM gone")


@pytest.mark.parametrize(("change", "advice"), [("database", "create it first"), ("username", "no such user or password")])
def test_a_server_that_refuses_a_connection_is_told_with_advice(fresh, change, advice):
    """No database of that name, and no such user."""
    with fresh() as store:
        if store._opened.database.file is not None:
            pytest.skip("a file has no server")
        url = store._opened.database.url.set(query={}, **{change: "nobody"})
        with pytest.raises(memproc.StoreError, match=advice):
            memproc.open(url.render_as_string(hide_password=False))


def test_a_record_too_large_for_the_server_is_quarantined(fresh):
    """MariaDB ends the connection at a value larger than its packet; the rest of the batch lands."""
    with fresh() as store:
        limit = store._opened.database.largest_row_bytes()
        if limit is None:
            pytest.skip("this database takes rows of any size")
        records = [{"content": f"She keeps {number} hens"} for number in range(10)]
        records[4]["metadata"] = {f"note {number}": "y" * 500_000 for number in range(limit // 500_000 + 1)}
        report = memproc.ingest(records, store)
        assert (report.stored, dict(report.errors)) == (9, {"resource": 1})
        assert store.recount().is_whole


def test_a_connection_that_the_server_ends_is_made_anew(fresh, tmp_path):
    """Between batches and within one: the batch is begun again, nothing is lost and nothing is there twice."""
    path = written(tmp_path, 60)
    with fresh() as store, fresh() as undisturbed:
        if store._opened.database.file is not None:
            pytest.skip("a file has no server")
        kills = itertools.count()

        def kill(_connection, _cursor, statement, *_rest):
            if "observations" in statement.lower() and statement.startswith("INSERT") and next(kills) in (1, 4):
                end_connections(store.place)

        event.listen(store._opened.database.engine, "before_cursor_execute", kill)
        report = memproc.ingest(path, store, settings=in_batches(10))
        memproc.ingest(path, undisturbed)
        assert next(kills) > 6
        assert (report.read, report.stored) == (60, 60)
        assert exported(store, tmp_path) == exported(undisturbed, tmp_path)
        assert store.recount().is_whole


@pytest.mark.slow
def test_a_full_disk_stops_the_job_and_room_lets_it_go_on(fresh_file, tmp_path):
    """A clear message, a store that can be read, and the same store in the end."""
    path = written(tmp_path, 3_000)
    with fresh_file() as store, fresh_file() as undisturbed:
        pages = [0]

        @event.listens_for(store._opened.database.engine, "begin")
        def limited(connection):
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}")

        pages[0] = 400
        with pytest.raises(memproc.StoreError, match="the disk is full: make room, then go on with --resume"):
            memproc.ingest(path, store, settings=in_batches(200))
        before = store.recount()
        assert before.is_whole
        assert 0 < before.read < 3_000
        assert len(list(store)) == before.memories
        pages[0] = 1_000_000
        report = memproc.ingest(path, store, resume=True)
        memproc.ingest(path, undisturbed)
        assert (report.job, report.read, report.stored) == (1, 3_000, 3_000)
        assert exported(store, tmp_path) == exported(undisturbed, tmp_path)


@pytest.mark.costly
def test_a_database_that_is_locked_for_a_while_is_waited_for(fresh, tmp_path):
    """Whoever holds the lock."""
    path = written(tmp_path, 100)
    with fresh() as store, memproc.open(store.place) as other:
        is_held, is_waited_for, is_over = threading.Event(), threading.Event(), threading.Event()

        def hold():
            with other._opened.database.write():
                is_held.set()
                assert is_waited_for.wait(LIMIT_SECONDS)
                time.sleep(1)
                is_over.set()

        thread = threading.Thread(target=hold)
        thread.start()
        assert is_held.wait(LIMIT_SECONDS)
        is_waited_for.set()
        assert memproc.ingest(path, store).stored == 100
        assert is_over.is_set()
        thread.join(LIMIT_SECONDS)


def test_a_clock_that_jumps_loses_nothing(fresh, tmp_path, monkeypatch):
    """Back by a year between two batches, and on by ten: jobs, stories and the recount are as they should be."""
    path = written(tmp_path, 60)
    times = itertools.cycle(["2026-01-01T00:00:00.000000Z", "2025-01-01T00:00:00.000000Z", "2036-01-01T00:00:00.000000Z"])
    monkeypatch.setattr("memproc.store.sql.tx.time_now", lambda: next(times))
    with fresh() as store, fresh() as undisturbed:
        with pytest.raises(CutOffError):
            memproc.ingest(path, store, settings=in_batches(10), on_event=batches(lambda progress: 1 / (progress.read - 30)))
        report = memproc.ingest(path, store, settings=in_batches(10), resume=True)
        assert (report.read, report.stored) == (60, 60)
        memproc.ingest(path, undisturbed)
        assert exported(store, tmp_path) == exported(undisturbed, tmp_path)
        assert store.recount().is_whole


@pytest.mark.costly
def test_a_server_that_is_not_there_is_told():
    """With what to do about it, and not the password."""
    with pytest.raises(memproc.StoreError) as told:
        memproc.open("postgresql://memproc:secret@127.0.0.1:1/nowhere")
    assert "secret" not in str(told.value)
    with pytest.raises(memproc.StoreError, match="cannot be opened as a store"):
        memproc.open("mysql://memproc:secret@127.0.0.1:1/nowhere")


def test_a_query_of_a_url_reaches_the_driver(fresh):
    """What the driver is told by the URL stands: here, where the tables go."""
    with fresh() as store, memproc.open(store.place) as again:
        store.add({"content": "Prefers tea"})
        assert again.count() == 1
