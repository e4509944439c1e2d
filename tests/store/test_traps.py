"""What databases, drivers and JSON do to those who trust them: each trap a test by its name, on the databases concerned.

Facts were measured on SQLite 3.40, PostgreSQL 15 and MariaDB 10.11 with a program that knows nothing of memproc: each docstring
says what happens there.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, takewhile

import orjson
import pytest
from sqlalchemy import select

import memproc
from benchmarks.corpus import make_corpus
from faults.points import listening, plain
from faults.stores import Server
from memproc.records import encode
from memproc.store.sql import tables
from tests.conftest import ROOT
from tests.databases import VARIABLES, reason_to_skip, refuse_rows, server_url, sql
from tests.store.test_databases import TRICKY
from tests.waiting import LIMIT_SECONDS

TEA = {"content": "Prefers tea in the morning"}
SOURCES = (
    [{"content": own.content, "metadata": {"n": number}} for number, own in enumerate(make_corpus(records=400, seed=9))],
    *(ROOT / "fixtures" / name for name in ("memories.jsonl", "chatgpt.json", "claude.json", "locomo.json", "mem0.json")),
    [*TRICKY, {"content": "x", "importance": 7}, "no record", {"content": "y", "created_at": "never"}],
)


def on(fresh, *names):
    """Give an empty store on one of these databases; skip on others."""
    store = fresh()
    if store._opened.database.url.get_backend_name() not in names:
        store.close()
        pytest.skip("no trap of this database")
    return store


@contextmanager
def statements_of(store):
    """Give the list of the statements that a store sends meanwhile, each transaction after the word begin."""
    sent = []

    def begun(_connection):
        sent.append("begin")

    def executed(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "PRAGMA")):
            sent.append(plain(statement))

    engine = store._opened.database.engine
    with listening(engine, "begin", begun), listening(engine, "before_cursor_execute", executed):
        yield sent


@contextmanager
def another_writer(store):
    """Let another writer hold the lock, and commit only when the block has had half a second for itself."""
    is_held, errors = threading.Event(), []

    def hold():
        try:
            with memproc.open(store.place) as other, other._opened.database.write():
                is_held.set()
                time.sleep(0.5)
        except BaseException as error:
            errors.append(error)
            is_held.set()
            raise

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(LIMIT_SECONDS)
    try:
        yield
    finally:
        thread.join(LIMIT_SECONDS)
    assert not errors


def numbers(store, table):
    """Return the numbers of the rows of a table as a reader sees them now."""
    with store._opened.database.read() as tx:
        return sorted(tx.execute(sql(f"SELECT number FROM {table}")).scalars())


def line(number, **values):
    """Return a line of the ledger."""
    return {"number": number, "made_at": "", "kind": "review", "amount": 1, "reason": "", **values}


def test_a_reader_that_tails_by_the_highest_number_misses_nothing(fresh):
    """PostgreSQL: A gets 1, B gets 2 and commits; who tails by `max(id)` sees 2, then A commits 1, never seen. Here numbers are
    given under the lock, so they rise in the order of commits.
    """
    with fresh() as store, ThreadPoolExecutor(3) as pool:

        def write(_turn):
            with store._opened.database.write() as tx:
                tx.insert_rows(tables.ledger, [line(tx.next_number(tables.ledger))])
                time.sleep(0.02)  # between the number and the commit the others have time for theirs

        writing = [pool.submit(write, turn) for turn in range(12)]
        seen = []
        while not all(done.done() for done in writing):
            seen += [number for number in numbers(store, "ledger") if number > max(seen, default=0)]
        seen += [number for number in numbers(store, "ledger") if number > max(seen, default=0)]
        assert seen == list(range(1, 13))


def test_who_waits_for_the_lock_gets_no_serialisation_failure(fresh):
    """PostgreSQL at REPEATABLE READ: a waiter fails when the other commits. Writers are at READ COMMITTED."""
    with on(fresh, "postgresql", "mysql") as store:
        levels = {"postgresql": "SHOW transaction_isolation", "mysql": "SELECT @@tx_isolation"}
        with store._opened.database.write() as tx:
            level = tx.exec_driver_sql(levels[store._opened.database.url.get_backend_name()]).scalar_one()
        assert level.upper().replace("-", " ") == "READ COMMITTED"
        store.add(TEA)
        with another_writer(store), statements_of(store) as sent:
            assert store.add({"content": "Was in Rome"}).outcome is memproc.Outcome.STORED
        locks = [one for one in sent if one.startswith("update store set epoch")]
        assert len(locks) == sum("insert into batches" in one for one in sent)  # none was begun anew


@pytest.mark.costly
def test_who_waited_for_the_lock_decides_by_what_was_committed_meanwhile(fresh):
    """MariaDB: a plain SELECT before the lock leaves a snapshot of before. So the lock is each writing transaction's first word."""
    with fresh() as store:
        store.add({"content": "Was in Rome"})
        with statements_of(store) as sent:
            results = [None, None]

            def add(at):
                with memproc.open(store.place) as other:
                    results[at] = other.add(TEA).outcome

            with another_writer(store):
                threads = [threading.Thread(target=add, args=(at,)) for at in range(2)]
                for thread in threads:
                    thread.start()
            for thread in threads:
                thread.join(LIMIT_SECONDS)
            store.add(TEA)
        assert sorted(results) == [memproc.Outcome.DUPLICATE, memproc.Outcome.STORED]
        starts = [own.strip(" ;").split(" ; ") for own in " ; ".join(sent).split("begin")]
        writing = [own for own in starts if any(one.startswith(("insert", "update", "delete")) for one in own)]
        assert writing
        assert all(own[0].startswith("update store set epoch") for own in writing)


def test_nul_is_refused_before_the_database_refuses_it(fresh):
    """PostgreSQL takes no NUL in text; the others do. So it is a fault of the record everywhere."""
    with fresh() as store:
        report = memproc.ingest([{"content": "a \0 b"}, {"content": "x", "metadata": {"a\0": "b"}}, TEA], store)
        assert (report.stored, report.quarantined) == (1, 2)
        assert {fault.code for one in store.quarantine() for fault in one.faults} == {"nul_character"}


def test_json_is_kept_as_it_was_written(fresh):
    """PostgreSQL's jsonb reorders names and makes 1000 of 1e3. Records are text, from one encoder."""
    record = {**TEA, "metadata": {"zoo": 1000.0, "b": 1e-7, "apple": [1.5e300, 0.1], "aa": {"y": 1, "x": 2}}}
    with fresh() as store:
        store.add(record)
        with store._opened.database.read() as tx:
            (kept,) = tx.execute(sql("SELECT record FROM observations")).scalars()
        assert encode(orjson.loads(kept)).decode() == kept
        assert orjson.loads(kept)["metadata"] == record["metadata"]
        assert "1000.0" in kept
        assert next(iter(store)).metadata == record["metadata"]


def test_names_that_a_collation_holds_equal_are_told_apart(fresh):
    """MariaDB: 'Alice' = 'alice' = 'Álice' as a key. What is compared are hashes."""
    with fresh() as store:
        for namespace in ("Alice", "alice", "Álice"):
            assert store.add({**TEA, "namespace": namespace, "subject": namespace}).outcome is memproc.Outcome.STORED
        for namespace in ("Alice", "alice", "Álice"):
            (own,) = store.find(namespace=namespace)
            assert (own.namespace, own.subject) == (namespace, namespace)


@pytest.mark.server
def test_a_database_of_mysql_made_for_latin_text_takes_emoji():
    """MariaDB: a database made without a character set, or as latin1, refuses them. The columns name their own."""
    if reason := reason_to_skip("mysql"):
        pytest.skip(reason)
    server = Server(server_url("mysql"))
    try:
        with memproc.open(server.new(charset="latin1")) as store:
            record = {"content": "Prefers tea 😀🫖", "tags": ["日本"], "namespace": "Ωmega", "metadata": {"🔑": "ключ"}}
            assert store.add(record).outcome is memproc.Outcome.STORED
            assert store.add(b"\xff\xfe no text".decode("latin-1") + "😀").outcome is memproc.Outcome.QUARANTINED
            with store._opened.database.read() as tx:
                assert tx.execute(sql("SELECT @@character_set_database")).scalar_one() == "latin1"
            (own,) = store.find(text="😀🫖")
            assert (own.content, own.tags, own.metadata) == (record["content"], ("日本",), record["metadata"])
    finally:
        server.close()


def test_a_number_keeps_all_its_digits(fresh):
    """MariaDB: SQLAlchemy's `Float` is FLOAT there, and 0.1234567890123 comes back as 0.123457."""
    with fresh() as store:
        with store._opened.database.write() as tx:
            tx.insert_rows(tables.ledger, [line(1, confidence=0.1234567890123)])
        with store._opened.database.read() as tx:
            assert tx.execute(tables.ledger.select()).one().confidence == 0.1234567890123


def test_a_time_keeps_its_microseconds(fresh):
    """MariaDB: SQLAlchemy's `DateTime` cuts them. Times are text, or whole microseconds."""
    with fresh() as store:
        store.add({**TEA, "created_at": "2024-05-01T10:00:00.123456Z"})
        assert next(iter(store)).created_at.microsecond == 123_456
        with store._opened.database.read() as tx:
            assert tx.execute(sql("SELECT date FROM observations")).scalar_one() % 1_000_000 == 123_456


def test_a_long_text_is_whole(fresh):
    """MariaDB: SQLAlchemy's `Text` holds 64 KB."""
    long = {"content": "tea " * 50_000 + "and milk", "metadata": {"note": "é" * 70_000}}
    with fresh() as store:
        store.add(long)
        own = next(iter(store))
        assert (own.content, own.metadata) == (long["content"], long["metadata"])


def test_long_bytes_are_whole(fresh):
    """MariaDB: SQLAlchemy's `LargeBinary` holds 64 KB. So long are the bytes of a rejected record, and a segment of the index."""
    raw = bytes(range(256)) * 10_000
    with fresh() as store:
        with store._opened.database.write() as tx:
            parts = [raw[at : at + tables.PART_BYTES] for at in range(0, len(raw), tables.PART_BYTES)]
            rows = [{"quarantine": 7, "part": at, "bytes": part} for at, part in enumerate(parts)]
            tx.insert_rows(tables.quarantine_parts, rows)
        with store._opened.database.read() as tx:
            parts = tx.execute(sql("SELECT bytes FROM quarantine_parts ORDER BY part")).scalars()
            assert b"".join(map(bytes, parts)) == raw
        store.add({"content": "y" * 300_000 + "\0"})
        assert len(store.quarantine()[0].raw) > 300_000


def test_no_row_is_cut_to_fit(fresh):
    """MariaDB: `INSERT IGNORE` cuts a text to the length of its column without an error. A value that does not fit is refused."""
    with on(fresh, "mysql") as store:
        refuse_rows(store, "poison")  # from here on the store serves no other test
        with store._opened.database.engine.begin() as connection:
            connection.execute(sql("ALTER TABLE observations MODIFY record VARCHAR(120) NOT NULL"))
        with statements_of(store) as sent:
            report = memproc.ingest([TEA, {"content": "Prefers tea " + "and more tea " * 20}], store)
        assert (report.stored, report.quarantined) == (1, 1)
        assert [memory.content for memory in store] == [TEA["content"]]
        assert not any("ignore" in one or "replace into" in one for one in sent)


def test_a_value_larger_than_a_packet_ends_no_ingestion(fresh):
    """MariaDB: a value over 16 MB ends the connection. The record is quarantined, its neighbours land."""
    with on(fresh, "mysql") as store:
        limit = store._opened.database.largest_row_bytes()
        large = {**TEA, "metadata": {f"note {number}": "y" * 500_000 for number in range(limit // 500_000 + 1)}}
        report = memproc.ingest([{"content": "Was in Rome"}, large, {"content": "Keeps hens"}], store)
        assert (report.stored, dict(report.errors)) == (2, {"resource": 1})


@pytest.mark.costly
def test_a_writer_leaves_the_lock_to_others(fresh, monkeypatch):
    """SQLite: who takes `BEGIN IMMEDIATE` again at once starves the other (260 commits against 1). So it waits 10 ms between."""
    gaps, sleep = [], time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: gaps.append(seconds) or sleep(seconds))
    with fresh() as store, memproc.open(store.place) as other:
        is_over, added = threading.Event(), []

        def add():
            while not is_over.is_set():
                added.append(other.add({"content": f"Was in town number {len(added)} this year"}))
                time.sleep(0.02)

        thread = threading.Thread(target=add)
        thread.start()
        has_gaps = store._opened.database.file is not None

        def is_enough(number):
            return number >= 60 and len(added) > 5 and (gaps.count(0.01) > 5 or not has_gaps)

        numbers = takewhile(lambda number: not is_enough(number), count())
        records = ({"content": f"She keeps {number} hens and feeds them"} for number in numbers)
        report = memproc.ingest(records, store, settings=memproc.Settings(batch_size=10, max_seconds=LIMIT_SECONDS))
        is_over.set()
        thread.join(LIMIT_SECONDS)
        assert report.status == "done"
        assert len(added) > 5
        assert gaps.count(0.01) > 5 or not has_gaps


def test_a_read_takes_no_lock(fresh):
    """SQLite: SQLAlchemy's usual recipe for `begin` makes every plain read take the write lock."""
    with fresh() as store, memproc.open(store.place) as other:
        store.add(TEA)
        with store._opened.database.write():
            assert (other.count(), len(list(other)), len(other.jobs())) == (1, 1, 1)  # it would wait for a minute, and fail


def test_a_savepoint_rolls_back_the_inner_part_alone(fresh):
    """SQLite's driver used to end the transaction at a savepoint; what was before it must stay, and what comes after it land."""
    lines = [line(number) for number in (1, 2, 3)]
    with fresh() as store:
        with store._opened.database.write() as tx:
            tx.insert_rows(tables.ledger, lines[:1])
            inner = tx.savepoint()
            tx.insert_rows(tables.ledger, lines[1:2])
            inner.rollback()
            tx.insert_rows(tables.ledger, lines[2:])
        assert numbers(store, "ledger") == [1, 3]


def test_nesting_that_can_be_read_and_not_written_is_refused(fresh):
    """The JSON library reads 1,024 levels and writes about 250: such a record would raise in the middle of a batch."""
    deep = orjson.loads(b'{"content": "deep", "metadata": {"a": ' + b"[" * 300 + b"]" * 300 + b"}}")
    with fresh() as store:
        report = memproc.ingest([TEA, deep, {"content": "Was in Rome"}], store)
        assert (report.stored, report.quarantined) == (2, 1)
        assert store.quarantine()[0].faults[0].code == "nested_too_deep"


def test_a_long_integer_becomes_no_float(fresh, tmp_path):
    """The JSON library makes a float of 123456789012345678901234567890 without a word."""
    path = tmp_path / "long.jsonl"
    path.write_text('{"content": "x", "metadata": {"n": 123456789012345678901234567890}}\n{"content": "y"}\n')
    with fresh() as store:
        report = memproc.ingest(path, store)
        assert (report.stored, report.quarantined) == (1, 1)
        assert b"123456789012345678901234567890" in store.quarantine()[0].raw


def test_a_name_given_twice_loses_no_value(fresh, tmp_path):
    """The JSON library, as most: the last wins without a word."""
    path = tmp_path / "twice.jsonl"
    path.write_text('{"content": "tea", "content": "milk"}\n{"content": "y"}\n')
    with fresh() as store:
        report = memproc.ingest(path, store)
        assert (report.stored, report.quarantined) == (1, 1)
        assert store.quarantine()[0].faults[0].code == "duplicate_name"


def test_the_place_to_go_on_and_the_rows_are_one_transaction(fresh, tmp_path):
    """A marker written after the commit took 450 of 6,000 records twice, one before it lost 200."""
    path = tmp_path / "facts.jsonl"
    path.write_text("".join(f'{{"content": "She keeps {number} hens at home"}}\n' for number in range(20)))
    for moment in ("insert into batches", "update jobs set"):
        with fresh() as store:

            def fail(_connection, _cursor, statement, *_rest, moment=moment):
                said = plain(statement)
                if said.startswith(moment) and (moment != "update jobs set" or "checkpoint=" in said):
                    raise ZeroDivisionError

            engine = store._opened.database.engine
            with listening(engine, "after_cursor_execute", fail), pytest.raises(ZeroDivisionError):
                memproc.ingest(path, store, settings=memproc.Settings(batch_size=5))
            with store._opened.database.read() as tx:
                assert tx.execute(sql("SELECT landed, checkpoint FROM jobs")).one() == (0, None)
            assert (store.count(), store.recount().read) == (0, 0)
            assert memproc.ingest(path, store, resume=True).stored == 20


@pytest.mark.costly
def test_more_savepoints_than_postgresql_keeps_in_memory_are_no_trouble(fresh):
    """PostgreSQL keeps 64 subtransactions of a transaction in memory, and is slow for all beyond them."""
    with fresh() as store:
        refuse_rows(store, "poison")
        records = [{"content": f"She bought {number} bags of {'poison' if number % 2 else 'tea'}"} for number in range(200)]
        report = memproc.ingest(records, store, settings=memproc.Settings(batch_size=200))
        assert (report.stored, report.quarantined, report.batches) == (100, 100, 1)
        assert store.recount().is_whole


def test_a_refused_row_leaves_the_transaction_alive(fresh):
    """PostgreSQL: after an error every statement fails until the roll-back (Spring Batch #5361). A savepoint is rolled back."""
    with fresh() as store:
        refuse_rows(store, "poison")
        assert store.add({"content": "This is poison"}).outcome is memproc.Outcome.QUARANTINED
        report = memproc.ingest([TEA, {"content": "poison again"}, {"content": "Was in Rome"}], store)
        assert (report.stored, report.quarantined, report.batches) == (2, 1, 1)


def test_a_refused_row_takes_no_neighbour_and_makes_none_twice(fresh):
    """Spring Batch lost the rest of a chunk (#5182, #5493), or wrote it twice (#5210), when a row was skipped."""
    with fresh() as store:
        refuse_rows(store, "poison")
        records = [{"content": f"Day {number}: {'poison' if number in (0, 7, 8, 19) else 'tea'}"} for number in range(20)]
        report = memproc.ingest(records, store, settings=memproc.Settings(batch_size=20))
        assert (report.read, report.stored, report.quarantined) == (20, 16, 4)
        assert sorted(memory.content for memory in store) == sorted(own["content"] for own in records if "tea" in own["content"])
        assert [one.position for one in store.quarantine()] == [0, 7, 8, 19]
        assert memproc.ingest(records, store).duplicate == 16


@pytest.mark.costly
def test_more_keys_are_looked_up_than_a_statement_takes(fresh):
    """PostgreSQL and MariaDB take 65,535 parameters a statement, SQLite 32,766 (or what it was compiled for)."""
    with fresh() as store:
        keys = {store.add(TEA).memory.id, *(f"{number:032x}" for number in range(300_000))}
        with store._opened.database.read() as tx:
            query, column = select(tables.observations.c.number), tables.observations.c.node
            found = tx.select_by_keys(query, column, map(bytes.fromhex, keys))
            assert [number for (number,) in found] == [1]


def test_a_batch_of_more_values_than_a_statement_takes_lands(fresh):
    """As above: a batch of 4,000 records has 80,000 values."""
    with fresh(dedup="exact") as store:
        records = [{"content": f"Is at home on day {number}"} for number in range(4_000)]
        report = memproc.ingest(records, store, settings=memproc.Settings(batch_size=4_000))
        assert (report.stored, report.batches) == (4_000, 1)


def test_importing_memproc_loads_none_of_what_is_slow():
    """`import datasketch` takes 0.67 s, as it loads scipy."""
    code = "import sys, memproc; print(sorted({'datasketch', 'scipy', 'numpy', 'sqlalchemy'} & sys.modules.keys()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS)
    assert told.stdout.strip() == "[]"


def exports_of(place):
    """Take a corpus, every fixture, what is tricky and what is bad; unmerge, forget, replay; return both exports."""
    plain, full = io.BytesIO(), io.BytesIO()
    with memproc.open(place) as store:
        for source in SOURCES:
            memproc.ingest(source, store, settings=memproc.Settings(batch_size=50))
        merged = [memory.id for memory in store if len(store.trace(memory.id).observations) > 1]
        for identifier in merged[::5]:
            store.unmerge(store.trace(identifier).observations[0].observation)
        for review, verdict in zip(store.reviews(), ("merge", "distinct"), strict=False):
            store.resolve(review, verdict)
        store.forget(merged[1])
        store.replay(transform=lambda value: {**value, "importance": 0.5} if isinstance(value, dict) else None)
        store.export(plain)
        store.export(full, full=True)
    return plain.getvalue(), full.getvalue()


@pytest.mark.server
def test_the_same_input_gives_the_same_export_byte_for_byte_on_sqlite_postgresql_and_mysql(tmp_path):
    """Both exports, positions and confidence included: what databases do to text, numbers, order and time shows here."""
    if reason := reason_to_skip("postgresql") or reason_to_skip("mysql"):
        pytest.skip(reason)
    servers = [Server(os.environ[variable]) for variable in VARIABLES.values()]
    try:
        places = [str(tmp_path / "here.db"), *(server.new() for server in servers)]
        exports = {place: exports_of(place) for place in places}
    finally:
        for server in servers:
            server.close()
    first, *others = exports.values()
    assert len(first[0]) > 10_000
    assert b"decision" in first[1]
    assert all(other == first for other in others)
