"""SQLite files of other applications: nobody is kept waiting, and nothing is left beside them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

import memproc
from memproc.sources.databases import sqlite_files
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.urls import url_of
from tests.command_line import as_json, run_memproc
from tests.sources.databases.applications import notes


@pytest.fixture(params=["delete", "wal"])
def quiet(request, file_app):
    """Give an application that has written its file some time ago, in either mode of SQLite."""
    file_app.do(f"PRAGMA journal_mode={request.param}")
    file_app.make("id INTEGER PRIMARY KEY, content TEXT", notes(*range(30)))
    os.utime(file_app.path, (1, 1))
    return file_app


def ids(app):
    """Return the ids of all rows, as a reader finds them."""
    return [one.item.value["id"] for one in memproc.SqlTable(app.path, app.name).found(None)]


def test_a_file_that_nobody_writes_is_read_without_a_trace(quiet):
    """No lock, no log and no index beside it, not even meanwhile."""
    rows = memproc.SqlTable(quiet.path, quiet.name).found(None)
    next(rows)
    assert [*quiet.path.parent.iterdir()] == [quiet.path]
    assert len([*rows]) == 29
    assert [*quiet.path.parent.iterdir()] == [quiet.path]


def test_a_file_in_a_folder_that_may_not_be_written_is_read(quiet):
    """As one on a disk that is mounted to be read."""
    quiet.path.parent.chmod(0o500)
    try:
        assert ids(quiet) == [*range(30)]
    finally:
        quiet.path.parent.chmod(0o700)


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.usefixtures("small_pages")
def test_the_application_writes_while_it_is_read(file_app, mode):
    """It never waits: between pages the file is not even open. What it adds behind the place is read."""
    file_app.do(f"PRAGMA journal_mode={mode}")
    file_app.make("id INTEGER PRIMARY KEY, content TEXT", notes(*range(0, 60, 2)))
    found = []
    with closing(sqlite3.connect(file_app.path, timeout=0, isolation_level=None)) as other:
        for number, one in enumerate(memproc.SqlTable(file_app.path, file_app.name).found(None)):
            found.append(one.item.value["id"])
            if number < 20:
                other.execute(f"INSERT INTO {file_app.name} VALUES (?, ?)", (101 + number, "Keeps more hens"))
                other.execute(f"DELETE FROM {file_app.name} WHERE id = ?", (found[0],))
    assert found == [*range(0, 60, 2), *range(101, 121)]


def test_what_was_read_while_the_file_changed_is_read_again(quiet, monkeypatch):
    """Without a lock it may be of no moment."""
    database, opened = Database(url_of(quiet.path)), []
    read = Database._taken

    def taken(self, *given):
        rows = read(self, *given)
        opened.append(self._is_immutable)
        if len(opened) == 1:
            quiet.add(*notes(99))
        return rows

    monkeypatch.setattr(Database, "_taken", taken)
    with closing(database):
        assert len([*memproc.SqlTable(quiet.path, quiet.name).found(None)]) == 31
    assert opened[:2] == [True, False]


def test_a_store_that_is_open_is_not_read(fresh_file):
    """As another source would not be: a second descriptor would cost it its locks."""
    with fresh_file() as store:
        store.add({"content": "Prefers tea"})
        with pytest.raises(memproc.SourceError, match="is the store itself, or is a database in use"):
            memproc.ingest(memproc.SqlTable(store.place, "memproc_memories"), store)


@pytest.mark.parametrize("name", ["app.db", "no/such.db"])
def test_a_file_that_is_not_there_is_not_made(tmp_path, name):
    """And the message names it."""
    with pytest.raises(memproc.SourceError, match="does not exist"):
        next(memproc.SqlTable(tmp_path / name, "notes").found(None))
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_is_no_database_is_told(tmp_path):
    """By SQLite's own words."""
    (tmp_path / "app.db").write_text("no database " * 100)
    with pytest.raises(memproc.SourceError, match=r"app\.db!notes cannot be read: file is not a database"):
        next(memproc.SqlTable(tmp_path / "app.db", "notes").found(None))


def test_without_a_table_a_file_is_refused_with_its_tables(quiet, tmp_path):
    """By `ingest` in Python and on the command line; in a folder it is told by name."""
    with pytest.raises(memproc.SourceError, match=f"name one of its tables, as in --table {quiet.name}") as told:
        memproc.ingest(quiet.path, tmp_path / "m.db")
    for given in (quiet.path, f"sqlite:///{quiet.path}"):
        code, _, said = run_memproc("ingest", given, "--into", tmp_path / "m.db")
        assert (code, f"--table {quiet.name}" in said) == (2, True), told
    (tmp_path / "notes.jsonl").write_text('{"content": "Prefers tea"}\n')
    report = memproc.ingest(tmp_path, "sqlite://")
    assert report.stored == 1
    assert any("is a database: name one of its tables" in note for note in report.notes)


def test_a_store_is_told_from_an_application(tmp_path):
    """What it holds is exported."""
    memproc.ingest([{"content": "Prefers tea"}], tmp_path / "m.db")
    with pytest.raises(memproc.SourceError, match="holds a store of memproc: `memproc export` writes that"):
        memproc.ingest(tmp_path / "m.db", "sqlite://")


@pytest.mark.costly
def test_inspect_lists_the_tables_and_what_to_run_next(quiet):
    """With their rows, columns and keys, and a mapping where the names need one."""
    quiet.do("CREATE TABLE places (name TEXT, description TEXT)")
    quiet.do("INSERT INTO places VALUES ('Lima', 'A city by the sea')")
    quiet.do("CREATE TABLE numbers (a, b)")
    found = as_json(run_memproc("inspect", quiet.path.name, "--json", folder=quiet.path.parent))
    assert [(one["table"], one["rows"], one["columns"], one["key"]) for one in found["tables"]] == [
        (quiet.name, 30, ["id", "content"], ["id"]),
        ("places", 1, ["name", "description"], ["rowid"]),
        ("numbers", 0, ["a", "b"], ["rowid"]),
    ]
    assert found["next"] == [
        f"memproc inspect {quiet.path.name} --table {quiet.name}",
        f"memproc inspect {quiet.path.name} --table places --map content=description",
    ]
    for line in found["next"]:
        following = as_json(run_memproc(*line.split()[1:], "--json", folder=quiet.path.parent))
        assert following["records"]
        for command in following["next"]:
            words = command.replace("--namespace NAME", "--namespace ann").split()[1:]
            assert run_memproc(*words, folder=quiet.path.parent)[0] == 0
    _, told, _ = run_memproc("inspect", quiet.path)
    assert "places: 1 row of name, description (by rowid)" in told


def test_a_file_is_quiet_some_time_after_it_was_written(tmp_path):
    """And only with nothing in a log."""
    path = tmp_path / "app.db"
    path.write_bytes(b"x")
    os.utime(path, (1_000, 1_000))
    assert sqlite_files.state_of(path).is_quiet(1_003.0)
    assert not sqlite_files.state_of(path).is_quiet(1_001.0)
    (tmp_path / "app.db-wal").write_bytes(b"x")
    assert not sqlite_files.state_of(path).is_quiet(1_003.0)
