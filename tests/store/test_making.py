"""A store beside the tables of an application: names with a prefix, a schema of its own, and made whole or not at all."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine

import memproc
from faults.child import Task, is_killed, started
from faults.points import MAKING, POINTS, Verb, listening
from faults.stores import Server, stores
from memproc.config import LONGEST_PREFIX
from memproc.store.sql import tables
from memproc.store.sql.naming import OBJECTS, Names
from memproc.store.sql.urls import url_of
from memproc.store.sql.views import VIEWS
from tests.command_line import run_memproc
from tests.conftest import ROOT
from tests.databases import NAMES, connected, reason_to_skip, server_url
from tests.exports import export_of
from tests.waiting import LIMIT_SECONDS

TEA = {"content": "Prefers tea"}
BARE = sorted(name.removeprefix(tables.PREFIX) for name in OBJECTS)
PREFIXES = ("app_", "a", "APP_", "1st_", "_", "select_", "memproc_two_", "x" * LONGEST_PREFIX, "memproc")


def under(prefix, **more):
    """Return settings with a prefix."""
    return memproc.Settings(table_prefix=prefix, **more)


@pytest.fixture(params=NAMES)
def place(request, tmp_path):
    """Give the path or URL of an empty database."""
    if reason := reason_to_skip(request.param):
        pytest.skip(reason)
    with stores("sqlite" if request.param == "sqlite" else server_url(request.param), tmp_path) as new:
        yield new()


def objects(place):
    """Return the names of all tables and views, and of their indexes."""
    with connected(place) as connection:
        there = inspect(connection)
        names = [*there.get_table_names(), *there.get_view_names()]
        return sorted(
            [*names, *(f"{name}.{index['name']}" for name in there.get_table_names() for index in there.get_indexes(name))]
        )


def test_all_names_have_the_prefix():
    """Tables, views and indexes; and in a statement nothing else is changed."""
    assert all(name.startswith("memproc_") for name in OBJECTS)
    assert {
        "memproc_observations",
        "memproc_memories",
        "memproc_batch_status",
        "memproc_error_patterns",
        "memproc_jobs_identity",
    } < OBJECTS
    assert all(len(Names("x" * LONGEST_PREFIX).of(name)) <= 63 for name in OBJECTS)  # PostgreSQL cuts longer ones


@pytest.mark.costly
def test_a_store_lives_beside_tables_of_any_name(place):
    """An application has tables of all the names that memproc's have without the prefix; they stay as they are."""
    with connected(place) as connection:
        for at, name in enumerate(BARE):
            connection.execute(text(f"CREATE TABLE {name} (id INTEGER, content VARCHAR(20))"))
            connection.execute(text(f"CREATE INDEX app_{at} ON {name} (id)"))
            connection.execute(text(f"INSERT INTO {name} VALUES (1, 'theirs')"))
    before = objects(place)
    with memproc.open(place) as store:
        memproc.ingest(ROOT / "fixtures" / "memories.jsonl", store)
        assert store.doctor() == ()
        store.rebuild(settings=memproc.Settings(dedup="exact"))
        store.forget(next(iter(store)).id)
        assert store.recount().is_whole
        assert store.doctor() == ()
    assert [name for name in objects(place) if not name.startswith("memproc_")] == before
    with connected(place) as connection:
        for name in BARE:
            assert connection.execute(text(f"SELECT id, content FROM {name}")).all() == [(1, "theirs")]


@pytest.mark.costly
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.sampled(4)
def test_a_prefix_is_that_of_every_name(place, prefix):
    """And everything works as it does under the usual one."""
    with memproc.open(place, settings=under(prefix)) as store:
        memproc.ingest(ROOT / "fixtures" / "memories.jsonl", store)
        store.add({**TEA, "importance": 7})
        assert store.doctor() == ()
        for review in store.reviews()[:1]:
            store.resolve(review, "merge")
        store.forget(store.find(limit=1)[0].id)
        store.replay()
        store.rebuild()
        assert store.doctor() == ()
        assert store.recount().is_whole
        assert {"forgotten", "jobs", "batches"} < store.stats().keys()
    assert all(name.startswith(prefix.lower()) for name in objects(place))
    with memproc.open(place, settings=under(prefix.swapcase())) as store:  # the same store: databases do not agree about case
        assert store.recount().read > 0
    code, out, _ = run_memproc("--table-prefix", prefix, "doctor", place)
    assert (code, out) == (0, "nothing is wrong\n")


@pytest.mark.costly
def test_several_stores_live_in_one_database(place):
    """Each with its own memories; what is done to one is not done to another."""
    source = ROOT / "fixtures" / "memories.jsonl"
    with (
        memproc.open(place) as one,
        memproc.open(place, settings=under("two_")) as two,
        memproc.open(place, settings=under("memproc_three_")) as three,
    ):
        memproc.ingest(source, one)
        before = export_of(one, full=True)
        two.add(TEA)
        three.add({"content": "Was in Rome"})
        memproc.ingest([TEA, {"content": "Keeps hens"}], two)
        two.forget(two.find(text="tea")[0].id)
        two.rebuild()
        assert [memory.content for memory in two] == ["Keeps hens"]
        assert [memory.content for memory in three] == ["Was in Rome"]
        assert export_of(one, full=True) == before
        assert not any(store.doctor() for store in (one, two, three))
    code, _, told = run_memproc("--table-prefix", "four_", "stats", place)
    assert code == 2
    assert "memproc_, memproc_three_ and two_" in told or all(prefix in told for prefix in ("memproc_", "memproc_three_", "two_"))


@pytest.mark.costly
def test_each_command_takes_the_prefix_from_an_option_or_from_the_environment(place, tmp_path, monkeypatch):
    """Those that write and those that read."""
    (tmp_path / "a.jsonl").write_text('{"content": "Prefers tea"}\n{"content": "x", "importance": 7}\n')
    commands = [
        ["ingest", tmp_path / "a.jsonl", "--into", place],
        ["ingest", tmp_path / "a.jsonl", "--into", place, "--dry-run"],
        *([name, place] for name in ("stats", "jobs", "quarantine", "review", "recall", "rebuild", "doctor")),
        ["export", place, "--to", tmp_path / "out.jsonl"],
    ]
    for command in commands:
        assert run_memproc("--table-prefix", "app_", *command)[0] == 0, command
    assert run_memproc("--table-prefix", "app_", "retry", place)[0] == 1  # it fails again
    assert all(name.startswith("app_") for name in objects(place))
    assert run_memproc("stats", place)[0] == 2
    monkeypatch.setenv("MEMPROC_TABLE_PREFIX", "app_")
    for command in commands:
        assert run_memproc(*command)[0] == 0, command
    assert run_memproc("--table-prefix", "memproc_", "stats", place)[0] == 2  # what is said counts


@pytest.mark.parametrize(
    "prefix", ["", " ", "a b", "a-b", "a.b", 'a"', "a;", "ä", "x" * (LONGEST_PREFIX + 1), "a\n", None, 5, b"a"], ids=repr
)
def test_a_prefix_that_is_none_is_refused(prefix):
    """An empty one too: it is an unset variable, and names that an application may have."""
    with pytest.raises(memproc.UsageError, match="table_prefix="):
        under(prefix)
    if isinstance(prefix, str):
        assert run_memproc("--table-prefix", prefix, "stats", "m.db")[0] == 2


@pytest.mark.parametrize("schema", ["", " ", 5, b"a", "x" * 64, "a\0", "a\n"], ids=repr)
def test_a_schema_that_is_none_is_refused(schema):
    """Before any work."""
    with pytest.raises(memproc.UsageError, match="table_schema="):
        memproc.Settings(table_schema=schema)


def test_a_schema_is_for_postgresql(place):
    """Elsewhere the message tells what serves instead, and nothing is made."""
    if url_of(place).get_backend_name() == "postgresql":
        pytest.skip("it is served")
    with pytest.raises(memproc.UsageError, match=r"table_schema='mem' is for PostgreSQL.*table_prefix"):
        memproc.open(place, settings=memproc.Settings(table_schema="mem"))
    assert run_memproc("--table-schema", "mem", "stats", place)[0] == 2
    if url_of(place).get_backend_name() == "sqlite":
        assert not Path(place).exists()


@pytest.mark.server
@pytest.mark.parametrize("schema", ["memproc_test_mem", "Memproc Test; \"q\" 'é'", "memproc_test.public", "memproc_test_%s"])
def test_a_schema_is_made_and_used(schema):
    """Whatever its name; tables that the search path would find elsewhere are none of this store."""
    if reason := reason_to_skip("postgresql"):
        pytest.skip(reason)
    server = Server(server_url("postgresql"))
    place = server.new()
    quoted = '"' + schema.replace('"', '""') + '"'
    drop = text(f"DROP SCHEMA IF EXISTS {quoted} CASCADE".replace(":", r"\:"))
    settings = memproc.Settings(table_schema=schema)
    try:
        memproc.open(place).close()
        for _ in range(2):  # it is made, and then it is there
            with memproc.open(place, settings=settings) as store:
                store.add(TEA)
                assert store.doctor() == ()
                assert store.count() == 1
        with memproc.open(place) as other:
            assert other.count() == 0
        with connected(place) as connection:
            names = inspect(connection).get_table_names(schema=schema)
            assert names
            assert all(name.startswith("memproc_") for name in names)
        with connected(place) as connection:
            connection.execute(text("CREATE TABLE unrelated (x INTEGER)"))
        rehearsal = ["ingest", ROOT / "fixtures" / "memories.jsonl", "--into", place, "--dry-run"]
        assert run_memproc("--table-schema", "memproc_test_not_there", *rehearsal)[0] == 0
        code, out, _ = run_memproc("--table-schema", schema, "stats", place)
        assert (code, out.split()[:2]) == (0, ["memories", "1"])
        with connected(place) as connection:
            connection.execute(drop)
            connection.execute(text(f"CREATE SCHEMA {quoted}"))
            connection.execute(text(f"CREATE VIEW {quoted}.memproc_memories AS SELECT 1 AS x"))
        with pytest.raises(memproc.UsageError, match="memproc_memories"):
            memproc.open(place, settings=settings)
        with connected(place) as connection:
            assert inspect(connection).get_table_names(schema=schema) == []
            connection.execute(drop)
    finally:
        with connected(place) as connection:
            connection.execute(drop)
        server.close()


def taken(place, name, kind):
    """Let an application have something of a name, with other columns than memproc's."""
    made = {
        "table": [f"CREATE TABLE {name} (id INTEGER, theirs VARCHAR(9))", f"INSERT INTO {name} VALUES (1, 'theirs')"],
        "empty table": [f"CREATE TABLE {name} (id INTEGER, theirs VARCHAR(9))"],
        "view": [f"CREATE VIEW {name} AS SELECT 1 AS theirs"],
        "index": ["CREATE TABLE app (id INTEGER)", f"CREATE INDEX {name} ON app (id)"],
        "sequence": [f"CREATE SEQUENCE {name}"],
        "type": [f"CREATE TYPE {name} AS ENUM ('a')"],
    }
    with connected(place) as connection:
        for statement in made[kind]:
            connection.execute(text(statement))


EVERYWHERE = [(name, kind) for name in sorted(tables.metadata.tables) + list(VIEWS) for kind in ("table", "empty table", "view")]
BY_INDEX = [
    (name, kind)
    for name in ("memproc_jobs", "memproc_observations_node", "memproc_memories")
    for kind in ("index", "table", "view")
]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *EVERYWHERE[::5],
        ("memproc_store", "table"),
        ("memproc_memories", "table"),
        *BY_INDEX,
        ("memproc_jobs", "sequence"),
        ("memproc_jobs", "type"),
    ],
)
@pytest.mark.sampled(5)
def test_a_name_that_is_taken_is_told_and_nothing_is_made(place, name, kind):
    """Neither by opening nor by ingesting; what is there is not changed, and the database is no store."""
    backend = url_of(place).get_backend_name()
    if (backend != "postgresql" and kind in ("sequence", "type")) or (
        backend == "mysql" and (kind == "index" or name.endswith("_node"))
    ):
        pytest.skip("names are no matter there")
    taken(place, name, kind)
    before, raw = objects(place), Path(place).read_bytes() if backend == "sqlite" else b""
    for call in (memproc.open, lambda into: memproc.ingest([TEA], into)):
        with pytest.raises(memproc.UsageError, match=f"{name} already.*table_prefix"):
            call(place)
        assert objects(place) == before
    assert raw == (Path(place).read_bytes() if backend == "sqlite" else b"")  # not even the way it logs
    assert run_memproc("stats", place)[0] == 2
    assert run_memproc("doctor", place)[0] == 2
    with memproc.open(place, settings=under("app_")) as store:  # as advised
        store.add(TEA)
        assert store.doctor() == ()


def test_somebody_elses_tables_of_all_our_names_are_no_store(place):
    """With other columns in each."""
    for name in sorted(tables.metadata.tables):
        taken(place, name, "table")
    for call in (memproc.open, lambda into: memproc.ingest([TEA], into)):
        with pytest.raises(memproc.UsageError, match=r"memproc_batches, .*already"):
            call(place)
    for command in ("stats", "doctor", "rebuild"):
        code, _, told = run_memproc(command, place)
        assert (code, "there is no store" in told) == (2, True)


class CutError(Exception):
    """What ends an attempt in the middle."""


@pytest.mark.parametrize("at", [1, 2, 5, 14, 30, 31])
def test_an_attempt_that_fails_leaves_nothing(place, at):
    """At whatever statement; and the next one makes the store."""
    backend = url_of(place).get_backend_name()
    made = itertools.count(1)

    def fail(_connection, _cursor, statement, *_rest):
        if statement.lstrip().upper().startswith("CREATE") and next(made) == at:
            raise CutError

    with listening(Engine, "before_cursor_execute", fail), pytest.raises(CutError):
        memproc.open(place)
    if backend == "sqlite":
        assert not Path(place).exists()
        assert not any(Path(place).parent.iterdir())
    else:
        assert objects(place) == []
    with memproc.open(place) as store:
        store.add(TEA)
        assert store.doctor() == ()


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.slow
def test_a_maker_that_is_killed_hinders_no_other(place, times):
    """MariaDB keeps what it had made; it is known by its columns, and the rest is made."""
    source = ROOT / "fixtures" / "memories.jsonl"
    assert is_killed(started(Task(Verb.INGEST, place, str(source), point=POINTS.index(MAKING), times=times)))
    assert run_memproc("stats", place)[0] == 2
    with memproc.open(place) as store:
        store.add(TEA)
        assert store.doctor() == ()
        assert store.recount().is_whole


def test_two_make_a_store_at_once(place):
    """Of many threads each gets it, and it is made once."""
    found, errors = [], []
    barrier = threading.Barrier(6)

    def make():
        try:
            barrier.wait(LIMIT_SECONDS)
            with memproc.open(place) as store:
                found.append(store.add(TEA).outcome)
        except Exception as error:  # noqa: BLE001 - whatever it is
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_SECONDS)
    assert not errors
    assert sorted(found) == ["duplicate"] * 5 + ["stored"]


def test_an_application_keeps_its_file_as_it_was_when_it_is_only_asked(tmp_path):
    """SQLite's way of logging is written into the file, so to look for a store must not change it."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE jobs (id INTEGER)")
        connection.commit()
    before = path.read_bytes()
    for command in ("stats", "doctor", "jobs", "quarantine"):
        assert run_memproc(command, path)[0] == 2
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["app.db"]
    with memproc.open(path) as store:
        store.add(TEA)
        assert store.doctor() == ()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_store_that_lost_its_own_row_is_not_made_anew(fresh_file):
    """What is in it would count as nothing."""
    with fresh_file() as store:
        store.add(TEA)
        path = store.place
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM memproc_store")
        connection.commit()
    with pytest.raises(memproc.StoreError, match="memproc doctor"):
        memproc.open(path)


def test_a_dry_run_makes_no_store(tmp_path):
    """Where there is none it is done beside, and tells the same."""
    records = [{"content": "She likes tea"}, {"content": "She likes tea."}]
    report = memproc.ingest(records, tmp_path / "m.db", dry_run=True)
    assert (report.status, report.stored, report.merged) == ("rehearsed", 1, 1)
    assert [*tmp_path.iterdir()] == []
