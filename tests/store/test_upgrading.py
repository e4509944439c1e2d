"""A store that an older memproc made: upgraded in place when it is opened, once, whole or not at all, after a copy of its file."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from loguru import logger
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Engine

import memproc
from faults.points import listening
from faults.stores import stores
from memproc.ingestion import identity as identities
from memproc.store.checkup.doctor import examine_at
from memproc.store.sql import backends, opening, tables, upgrading, versions
from memproc.store.sql.backends import BACKENDS
from memproc.store.sql.urls import url_of
from tests.command_line import run_memproc
from tests.conftest import ROOT
from tests.databases import NAMES, VARIABLES, connected, damage, reason_to_skip
from tests.exports import export_of
from tests.waiting import LIMIT_SECONDS

STORES = ROOT / "fixtures" / "stores"
VERSIONS = sorted(int(path.stem.removeprefix("schema")) for path in STORES.glob("schema*.db"))
NEWEST = VERSIONS[-1]
CHANGES = ("ALTER", "CREATE", "DROP", "UPDATE")
OPEN = "import sys, memproc\nwith memproc.open(sys.argv[1]) as store:\n    print(store.count())\n"


class CutError(Exception):
    """What ends an upgrade in the middle."""


class Places:
    """Makes stores of older versions on one database: a copy of the file, or the older tables with the file's rows in them."""

    def __init__(self, name, new):
        """Know the database, and what gives an empty place on it."""
        self.name, self._new = name, new

    def older(self, version=NEWEST, prefix="memproc_", schema=None):
        """Return the path or URL of a store of an older version, with these names."""
        place = self._new()
        if self.name == "sqlite" and prefix == "memproc_":
            shutil.copy(STORES / f"schema{version}.db", place)
            return place
        engine = create_engine(url_of(place))
        with engine.begin() as connection, closing(fixture(version)) as source:
            if schema is not None:
                connection.execute(text(f'CREATE SCHEMA "{schema}"'))
                connection.execute(text(f'SET search_path TO "{schema}"'))
            for statement in (STORES / f"schema{version}.{self.name}.sql").read_text().split(";\n"):
                if statement:
                    connection.exec_driver_sql(statement.replace("memproc_", prefix).replace("%", "%%"))
            for (table,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                rows = source.execute(f"SELECT * FROM {table}").fetchall()
                marks = ", ".join(("?" if self.name == "sqlite" else "%s") for _ in rows[0])
                connection.exec_driver_sql(f"INSERT INTO {table.replace('memproc_', prefix)} VALUES ({marks})", rows)
        engine.dispose()
        return place


def fixture(version):
    """Return a connection to the file of an older version, which is not written."""
    return sqlite3.connect(f"{(STORES / f'schema{version}.db').as_uri()}?immutable=1", uri=True)


@pytest.fixture(params=NAMES)
def places(request, tmp_path):
    """Give what makes older stores on each database that is at hand."""
    if reason := reason_to_skip(request.param):
        pytest.skip(reason)
    with stores("sqlite" if request.param == "sqlite" else os.environ[VARIABLES[request.param]], tmp_path) as new:
        yield Places(request.param, new)


@pytest.fixture
def path(tmp_path):
    """Give the path of a file with the newest of the older stores, alone in a folder."""
    (tmp_path / "there").mkdir()
    return Path(shutil.copy(STORES / f"schema{NEWEST}.db", tmp_path / "there" / "m.db"))


def version_in(place, prefix="memproc_"):
    """Return the version that a store bears."""
    with connected(place) as connection:
        return connection.execute(text(f"SELECT schema_version FROM {prefix}store")).scalar_one()


def lines_in(place):
    """Return the reasons in the ledger and of reviews, as they are kept."""
    with connected(place) as connection:
        ledger = connection.execute(text("SELECT number, kind, reason FROM memproc_ledger ORDER BY number")).all()
        reviews = connection.execute(text("SELECT number, kind, reason FROM memproc_reviews ORDER BY number")).all()
    return [*map(tuple, ledger)], [*map(tuple, reviews)]


def expected(name):
    """Return what the older memproc exported."""
    return (STORES / name).read_bytes()


def described(place):
    """Return all tables and views with what they consist of, in words of the database."""
    with connected(place) as connection:
        there = inspect(connection)
        of_table = (there.get_columns, there.get_indexes, there.get_pk_constraint, there.get_unique_constraints)
        parts = [(name, part(name)) for name in sorted(there.get_table_names()) for part in of_table]
        parts += [(name, there.get_columns(name), there.get_view_definition(name)) for name in sorted(there.get_view_names())]
    return [json.dumps(part, default=str, sort_keys=True).replace(url_of(place).database or place, "") for part in parts]


def copies_of(path):
    """Return the names of the copies beside a store, whole or unfinished."""
    return sorted(file.name for file in path.parent.iterdir() if file.name.startswith(f"{path.name}."))


@contextmanager
def statements(on_change=lambda _number, _statement: None):
    """Give the list of the statements that change tables or rows, as they are sent, after a call for each."""
    sent, numbers = [], itertools.count(1)

    def note(_connection, _cursor, statement, *_rest):
        if statement.lstrip().startswith(CHANGES):
            on_change(next(numbers), statement)
            sent.append(statement)

    with listening(Engine, "before_cursor_execute", note):
        yield sent


def check_is_as_it_was(store, version=NEWEST):
    """See whether a store is whole and exports what it exported before the upgrade."""
    assert store.doctor() == ()
    assert store.recount().is_whole
    assert export_of(store, full=True) == expected(f"schema{version}.jsonl")


def test_there_is_a_step_and_a_store_for_each_older_version():
    """A version that was left out could not be opened, or nobody would know."""
    assert sorted(versions.STEPS) == [*range(versions.OLDEST, tables.SCHEMA)] == VERSIONS


@pytest.mark.costly
@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_store_is_upgraded_when_it_is_opened(places, version):
    """It is whole, exports what it did, can be computed again without a change, and has the tables that a new one has."""
    place = places.older(version)
    with memproc.open(place) as store:
        check_is_as_it_was(store, version)
        assert store.rebuild() == (0, 0)
        check_is_as_it_was(store, version)
    assert version_in(place) == tables.SCHEMA
    new = places._new()
    memproc.open(new).close()
    assert described(place) == described(new)
    assert run_memproc("doctor", place)[:2] == (0, "nothing is wrong\n")
    with memproc.open(place) as store:
        assert store.add({"content": "Writes with a pencli"}).outcome == "stored"
        assert store.add({"content": "Writes with a pencil"}).outcome == "merged"
        assert store.doctor() == ()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("prefix", ["app_", "memproc_two_", "m"])
def test_an_older_store_under_another_prefix_is_upgraded(places, version, prefix):
    """And every name in it still has the prefix."""
    place = places.older(version, prefix)
    with memproc.open(place, settings=memproc.Settings(table_prefix=prefix)) as store:
        check_is_as_it_was(store, version)
    assert version_in(place, prefix) == tables.SCHEMA
    with connected(place) as connection:
        there = inspect(connection)
        assert {*there.get_table_names()} == {prefix + name.removeprefix("memproc_") for name in tables.metadata.tables}
        assert [index["name"] for index in there.get_indexes(f"{prefix}typo_links")] == [f"{prefix}typo_links_core"]


@pytest.mark.server
@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_store_in_a_schema_of_postgresql_is_upgraded(tmp_path, version):
    """Beside one in the usual schema, which stays as it is."""
    if reason := reason_to_skip("postgresql"):
        pytest.skip(reason)
    with stores(os.environ[VARIABLES["postgresql"]], tmp_path) as new:
        places = Places("postgresql", new)
        place = places.older(version, schema="Memproc Test Older")
        drop = text('DROP SCHEMA "Memproc Test Older" CASCADE')
        try:
            with memproc.open(place, settings=memproc.Settings(table_schema="Memproc Test Older")) as store:
                check_is_as_it_was(store, version)
            with connected(place) as connection:
                assert inspect(connection).get_table_names() == []
        finally:
            with connected(place) as connection:
                connection.execute(drop)


SLIPS = {  # in the fixture of schema 7: number: (kind, reason before, reason after)
    5: ("similar", "slip", "typo"),
    15: ("similar", "slip", "typo"),
    17: ("similar", "slip", "typo"),
    18: ("similar", "slip", "typo"),
    21: ("similar", "slip, article", "typo, article"),
    23: ("review", "similar, slip", "similar, typo"),
    24: ("similar", "slip", "typo"),
    26: ("similar", "slip", "typo"),
    27: ("discarded", "slip", "slip"),
    28: ("decision", "distinct: slip", "distinct: slip"),
    29: ("decision", "merge: slip", "merge: slip"),
    31: ("decision", "distinct: slip, number", "distinct: slip, number"),
    33: ("forgotten", "slip", "slip"),
    34: ("forgotten", "slip", "slip"),
    36: ("similar", "slip", "typo"),
    37: ("similar", "slip", "typo"),
    38: ("similar", "slip", "typo"),
}


@pytest.mark.parametrize("rows_at_once", [1, 2, 1_000])
def test_slips_of_schema_7_become_typos(places, monkeypatch, rows_at_once):
    """Where they are kinds of difference; what a person noted stays as it was noted, and so does all else."""
    monkeypatch.setattr(versions, "ROWS_AT_ONCE", rows_at_once)
    place = places.older(7)
    before, reviews_before = lines_in(place)
    assert {number: (kind, reason) for number, kind, reason in before if "slip" in reason} == {
        number: told[:2] for number, told in SLIPS.items()
    }
    memproc.open(place).close()
    ledger, reviews = lines_in(place)
    assert ledger == [(number, kind, SLIPS[number][2] if number in SLIPS else reason) for number, kind, reason in before]
    assert [row for row in reviews_before if "slip" in row[2]] == [(8, "similar", "slip")]
    assert reviews == [(number, kind, "typo" if number == 8 else reason) for number, kind, reason in reviews_before]


def test_reasons_of_an_upgraded_store_read_well(places):
    """Of merges, of what waits, and of what one of two texts was forgotten of."""
    with memproc.open(places.older(7)) as store:
        [kitchen] = store.find(text="works in the kitchen")
        told = [entry.reason for entry in store.trace(kitchen.id).ledger if entry.kind == "similar"]
        assert told[0] == "'kithcen' may be a typo for 'kitchen'"
        assert not [reason for reason in told if "slip" in reason]
        assert "'hosue' may be a typo for 'hose'" in [review.reason for review in store.reviews()]
        with closing(fixture(7)) as source:
            [(gone,)] = source.execute("SELECT hex(home) FROM memproc_forgotten LIMIT 1")
        reasons = {entry.kind: entry.reason for entry in store.trace(gone.lower()).ledger}
        assert (reasons["similar"], reasons["forgotten"]) == ("differs in a typing error", "slip")


@pytest.mark.parametrize("version", VERSIONS)
def test_an_interrupted_job_goes_on_after_the_upgrade(places, version, monkeypatch):
    """And the store is in the end what the older memproc would have made of it."""
    place = places.older(version)
    with closing(fixture(version)) as source:
        [(identity,)] = source.execute("SELECT identity FROM memproc_jobs WHERE status = 'interrupted'")
    monkeypatch.setattr(identities, "identity_of", lambda *_: identity)  # in it is where the file was that was read
    with memproc.open(place) as store:
        report = memproc.ingest(STORES / "interrupted.jsonl", store, settings=memproc.Settings(batch_size=3), resume=True)
        assert (report.status, report.read) == ("done", 12)
        assert export_of(store, full=True) == expected(f"schema{version}-resumed.jsonl")
        assert store.doctor() == ()


def test_the_file_is_copied_before(path):
    """The copy is the store as it was, for its owner alone, and what the log says names it."""
    told = []
    sink = logger.add(told.append, level="INFO", format="{message}")
    logger.enable("memproc")
    path.chmod(0o644)
    try:
        memproc.open(path).close()
    finally:
        logger.disable("memproc")
        logger.remove(sink)
    copy = path.with_name(f"m.db.schema{NEWEST}.bak")
    assert copies_of(path) == [copy.name]
    assert [str(copy) in line for line in told] == [True, False]
    assert "was upgraded from schema" in told[1]
    if os.name == "posix":
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(fixture(NEWEST)) as before, closing(sqlite3.connect(copy)) as copied:
        assert [*copied.iterdump()] == [*before.iterdump()]
    with memproc.open(copy) as store:  # which upgrades it in turn
        check_is_as_it_was(store)


def test_a_copy_overwrites_nothing(path):
    """It takes the next name that is free; a link to nowhere is not free."""
    first, second = (path.with_name(f"m.db.schema{NEWEST}{end}.bak") for end in ("", "-2"))
    first.write_text("mine")
    second.symlink_to("nowhere")
    memproc.open(path).close()
    assert copies_of(path) == sorted([first.name, second.name, f"m.db.schema{NEWEST}-3.bak"])
    assert first.read_text() == "mine"
    assert not path.with_name("nowhere").exists()


def test_what_is_in_the_log_alone_is_in_the_copy(path, tmp_path):
    """The newest commits of a store whose process was killed."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE memproc_decisions SET note = 'in the log'")
        connection.commit()
        folder = tmp_path / "killed"
        shutil.copytree(path.parent, folder)
    assert (folder / "m.db-wal").stat().st_size
    memproc.open(folder / "m.db").close()
    for name in ("m.db", f"m.db.schema{NEWEST}.bak"):
        with closing(sqlite3.connect(folder / name)) as connection:
            assert {*connection.execute("SELECT note FROM memproc_decisions")} == {("in the log",)}


def test_a_store_is_upgraded_once(places):
    """Who opens it again finds nothing to do."""
    place = places.older(9)  # a step from there alters a table
    with statements() as sent:
        memproc.open(place).close()
    assert any(statement.startswith("ALTER TABLE") for statement in sent)
    with statements() as sent:
        memproc.open(place).close()
    assert sent == []
    if places.name == "sqlite":
        assert len(copies_of(Path(place))) == 1


def test_two_that_open_at_once_upgrade_once(places, monkeypatch):
    """Each saw the older version before either began; one upgrades, the others wait and find it done."""
    place, errors, counts = places.older(9), [], []  # a step from there alters a table
    barrier, upgrade = threading.Barrier(3), opening.upgrade

    def together(*given):
        barrier.wait(LIMIT_SECONDS)
        upgrade(*given)

    def work():
        try:
            with memproc.open(place) as store:
                counts.append(store.count())
        except Exception as error:  # noqa: BLE001 - whatever it is
            errors.append(error)

    monkeypatch.setattr(opening, "upgrade", together)
    threads = [threading.Thread(target=work) for _ in range(3)]
    with statements() as sent:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_SECONDS)
    assert not errors
    assert len(counts) == 3
    assert len({*counts}) == 1
    assert sum("ALTER TABLE" in statement for statement in sent) == 1
    if places.name == "sqlite":
        assert len(copies_of(Path(place))) == 1
    with memproc.open(place) as store:
        check_is_as_it_was(store)


@pytest.mark.slow
def test_processes_that_open_at_once_upgrade_once(places):
    """Each serves, whichever of them upgraded it."""
    place = places.older()
    command = [sys.executable, "-c", OPEN, place]
    openers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    told = [opener.communicate(timeout=LIMIT_SECONDS) for opener in openers]
    with memproc.open(place) as store:
        assert told == [(f"{store.count()}{os.linesep}".encode(), b"")] * 3
        check_is_as_it_was(store)
    if places.name == "sqlite":
        assert len(copies_of(Path(place))) == 1


def test_who_waited_in_vain_for_the_lock_waits_again(places, monkeypatch):
    """Another process may need longer for a large store than a database lets one wait."""
    if places.name == "postgresql":
        pytest.skip("it waits for ever")
    waits = BACKENDS["mysql"].making.replace(f", {backends.BUSY_SECONDS})", ", 0)")
    monkeypatch.setitem(BACKENDS, "mysql", BACKENDS["mysql"]._replace(making=waits))
    monkeypatch.setattr(backends, "BUSY_SECONDS", 0)
    place, seen = places.older(), []
    engine = create_engine(url_of(place))
    with engine.connect() as holder:
        holder.exec_driver_sql(waits if places.name == "mysql" else "BEGIN IMMEDIATE")

        def asleep(_seconds):
            seen.append(version_in(place))
            if len(seen) == 2:
                holder.exec_driver_sql(BACKENDS["mysql"].made if places.name == "mysql" else "ROLLBACK")

        monkeypatch.setattr(upgrading, "sleep", asleep)
        with memproc.open(place) as store:
            monkeypatch.undo()
            check_is_as_it_was(store)
    engine.dispose()
    assert seen == [NEWEST, NEWEST]


def changes_of_an_upgrade(places):
    """Return how many statements of an upgrade change something."""
    place = places.older(7)
    with statements() as sent:
        memproc.open(place).close()
    return len(sent)


@pytest.mark.costly
def test_an_upgrade_that_fails_changes_nothing_or_is_finished_by_the_next(places):
    """At whichever statement; MariaDB and MySQL keep what was done, which is then not done again."""
    place, count = places.older(7), changes_of_an_upgrade(places)
    assert count >= 8
    for at in range(1, count + 1):

        def cut(number, _statement, at=at):
            if number == at:
                raise CutError

        with statements(cut), pytest.raises(CutError):
            memproc.open(place)
        assert version_in(place) in (range(7, tables.SCHEMA) if places.name == "mysql" else (7,))
        assert [finding.code for finding in examine_at(place)] == ["older"]
        if places.name == "sqlite":
            assert copies_of(Path(place)) == []
        if places.name != "mysql":
            with connected(place) as connection:
                assert "memproc_mends" in inspect(connection).get_table_names()
            continue
        with memproc.open(place) as store:
            check_is_as_it_was(store, 7)
        place = places.older(7)
    with memproc.open(place) as store:
        check_is_as_it_was(store, 7)


KILLED = """
import itertools, os, sys, memproc
from sqlalchemy import event
from sqlalchemy.engine import Engine

numbers = itertools.count(1)

@event.listens_for(Engine, "before_cursor_execute")
def note(_connection, _cursor, statement, *_rest):
    if statement.lstrip().startswith(("ALTER", "CREATE", "DROP", "UPDATE")) and next(numbers) == int(sys.argv[2]):
        os._exit(9)

memproc.open(sys.argv[1])
"""


@pytest.mark.costly
@pytest.mark.parametrize("at", range(2, 12))
@pytest.mark.sampled(6)
def test_an_upgrade_that_is_killed_leaves_a_store_that_opens(places, at):
    """Without any of what a rollback would do; the copy that was made stays, and another one is made."""
    place = places.older(7)
    killed = subprocess.run([sys.executable, "-c", KILLED, place, str(at)], cwd=ROOT, timeout=LIMIT_SECONDS, check=False)
    assert killed.returncode == 9
    assert version_in(place) in (range(7, tables.SCHEMA) if places.name == "mysql" else (7,))
    with memproc.open(place) as store:
        check_is_as_it_was(store, 7)
    if places.name == "sqlite":
        assert copies_of(Path(place)) == [f"{Path(place).name}.schema7{end}.bak" for end in ("-2", "")]


WITHOUT_ROOM = """
import resource, sys, memproc
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    memproc.open(sys.argv[1])
except memproc.StoreError as error:
    sys.exit(str(error))
"""


@pytest.mark.costly
@pytest.mark.skipif(os.name != "posix", reason="the size of files is limited by POSIX's means")
def test_without_room_for_the_copy_nothing_is_changed(path):
    """The message tells how much is needed and where, and nothing is left there."""
    before = path.read_bytes()
    command = [sys.executable, "-c", WITHOUT_ROOM, path]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    assert ended.returncode == 1
    assert re.search(
        rf"older memproc \(schema {NEWEST}\), and was not upgraded, as the copy .* cannot be written: .*"
        rf"Make room for {len(before):,} bytes in {path.parent} .*Nothing was changed",
        ended.stderr,
    )
    assert copies_of(path) == []
    assert path.read_bytes() == before
    with memproc.open(path) as store:
        check_is_as_it_was(store)


def test_a_damaged_store_is_not_upgraded(path):
    """A copy of it would be damaged too; `memproc doctor` tells of the damage."""
    damage(path)
    before = path.read_bytes()
    with pytest.raises(
        memproc.StoreError, match=r"(?s)was not upgraded: the store is damaged.*memproc doctor.*Nothing was changed"
    ):
        memproc.open(path)
    assert path.read_bytes() == before
    assert copies_of(path) == []
    code, out, _ = run_memproc("doctor", path)
    assert (code, "integrity" in out) == (1, True)


@pytest.mark.parametrize(
    ("version", "told"), [(6, r"older memproc \(schema 6\): write it with that one by export --full"), (99, "newer memproc")]
)
def test_what_is_too_old_or_newer_is_refused(places, version, told):
    """And stays as it is."""
    place = places.older()
    with connected(place) as connection:
        connection.execute(text(f"UPDATE memproc_store SET schema_version = {version}"))
    with statements() as sent, pytest.raises(memproc.StoreError, match=told):
        memproc.open(place)
    assert sent == []
    code, out, _ = run_memproc("doctor", place)
    assert (code, "version" in out) == (1, True)
    if places.name == "sqlite":
        assert copies_of(Path(place)) == []


def test_a_check_up_of_an_older_store_tells_how_it_is_upgraded(places):
    """And does not do it."""
    place = places.older()
    with statements() as sent:
        code, out, _ = run_memproc("doctor", place)
    assert code == 1
    assert out.startswith("warning  older (1): ")
    assert "run another command on it, such as `memproc stats DB`" in out
    assert sent == []
    assert run_memproc("stats", place)[0] == 0  # as advised
    assert run_memproc("doctor", place)[:2] == (0, "nothing is wrong\n")


@pytest.mark.costly
def test_a_dry_run_upgrades_nothing(places, tmp_path):
    """It is refused, and tells what upgrades a store."""
    place, source = places.older(), tmp_path / "one.jsonl"
    source.write_text('{"content": "Writes with a pencil"}')
    told = f"made by an older memproc (schema {NEWEST}), and is upgraded as it is opened, which a dry run does not do: open it once"
    with statements() as sent:
        with pytest.raises(memproc.StoreError, match=re.escape(told)):
            memproc.ingest(source, place, dry_run=True)
        code, _, err = run_memproc("ingest", source, "--into", place, "--dry-run")
    assert (code, told in err, sent) == (1, True, [])
    assert version_in(place) < tables.SCHEMA
    assert run_memproc("stats", place)[0] == 0  # as advised
    assert run_memproc("ingest", source, "--into", place, "--dry-run")[0] == 0
    with memproc.open(place) as store:
        check_is_as_it_was(store)


@pytest.mark.costly
def test_a_rebuild_upgrades_too(places):
    """It opens a store in another way."""
    place = places.older()
    assert run_memproc("rebuild", place)[0] == 0
    with memproc.open(place) as store:
        check_is_as_it_was(store)


def test_a_pool_of_one_connection_suffices(path):
    """The copy needs another connection while the first holds the lock."""
    settings = memproc.Settings(pool_size=1, pool_overflow=0, pool_timeout_seconds=1)
    with memproc.open(path, settings=settings) as store:
        check_is_as_it_was(store)


@pytest.mark.parametrize("kind", ["TABLE {} (id INTEGER)", "VIEW {} AS SELECT 1 AS id"])
def test_a_name_that_is_taken_is_told_and_nothing_is_changed(places, kind):
    """An application has given something of its own the name that the store needs now."""
    place = places.older(7)
    with connected(place) as connection:
        connection.execute(text(f"CREATE {kind.format('memproc_typo_links')}"))
    with pytest.raises(memproc.StoreError, match="has memproc_typo_links, which no store has made"):
        memproc.open(place)
    assert version_in(place) == 7
    with connected(place) as connection:
        assert "memproc_mends" in inspect(connection).get_table_names()
        connection.execute(text(f"DROP {kind.partition(' ')[0]} memproc_typo_links"))
    with memproc.open(place) as store:
        check_is_as_it_was(store, 7)


@pytest.mark.parametrize("kind", ["TABLE {} (id INTEGER)", "VIEW {} AS SELECT 1 AS id"])
def test_the_name_of_a_new_table_that_is_taken_is_told_too(places, kind):
    """Else the application's table would be read as the store's."""
    place = places.older(8)
    with connected(place) as connection:
        connection.execute(text(f"CREATE {kind.format('memproc_expired')}"))
    with pytest.raises(memproc.StoreError, match="has memproc_expired, which no store has made"):
        memproc.open(place)
    assert version_in(place) == 8
    with connected(place) as connection:
        connection.execute(text(f"DROP {kind.partition(' ')[0]} memproc_expired"))
    with memproc.open(place) as store:
        check_is_as_it_was(store, 8)


def test_a_broken_view_of_an_application_is_no_hindrance(path):
    """SQLite would rename no table beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW theirs AS SELECT * FROM nowhere")
        connection.commit()
    with memproc.open(path) as store:
        check_is_as_it_was(store)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'theirs'").fetchone() == (1,)


def test_a_broken_seal_stays_broken(places):
    """An upgrade does not make damage look good, though it writes the row."""
    place = places.older(7)
    with connected(place) as connection:
        connection.execute(text("UPDATE memproc_ledger SET amount = 2 WHERE number = 21"))
    with memproc.open(place) as store:
        findings = {finding.code: finding.examples for finding in store.doctor()}
    assert findings["seals"] == ("memproc_ledger 21",)
    assert lines_in(place)[0][20] == (21, "similar", "typo, article")
