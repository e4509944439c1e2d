"""The options that name a source which is in no file."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.command_line import as_json, run_memproc

WRONG = {
    "a key without a table": (["--key", "id"], "go with --table or --query"),
    "a cursor without a table": (["--cursor", "at"], "go with --table or --query"),
    "a table and a query": (["--table", "notes", "--query", "SELECT 1"], "--table and --query: give one of them"),
    "a query without a key": (["--query", "SELECT 1 AS content"], "as in --key id"),
    "a query in a schema": (
        ["--query", "SELECT 1 AS content", "--key", "id", "--db-schema", "main"],
        "--db-schema goes with --table",
    ),
    "no such table": (["--table", "note"], "has no table note: did you mean notes?"),
    "no such cursor": (["--table", "notes", "--cursor", "at"], "has no column at, as --cursor names it: it has id, content"),
    "all of what has no cursor": (["--table", "notes", "--from-start"], "from_start is for a cursor"),
}


@pytest.fixture
def folder(tmp_path):
    """Give a folder with the SQLite file of an application."""
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection, connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, content TEXT, changed INTEGER)")
        connection.executemany("INSERT INTO notes VALUES (?, ?, ?)", [(at, f"Keeps {at} hens", at) for at in range(5)])
    return tmp_path


@pytest.mark.parametrize("case", WRONG)
def test_options_that_cannot_be_meant_are_refused(folder, case):
    """With what would be right, and before a store is made."""
    options, message = WRONG[case]
    code, _, told = run_memproc("ingest", "app.db", *options, "--into", "m.db", folder=folder)
    assert (code, message in told) == (2, True), told
    assert not (folder / "m.db").exists()


def test_a_table_is_read_by_each_command_that_reads(folder):
    """And `--show` prints its rows as they would be stored."""
    assert as_json(run_memproc("validate", "app.db", "--table", "notes", "--json", folder=folder))["valid"] == 5
    assert as_json(run_memproc("inspect", "app.db", "--table", "notes", "--json", folder=folder))["records"] == 5
    made = as_json(run_memproc("transform", "app.db", "--query", "SELECT * FROM notes", "--key", "id", "--json", folder=folder))
    assert made["transformed"] == 5
    code, shown, _ = run_memproc("ingest", "sqlite:///app.db", "--table", "notes", "--show", "2", folder=folder)
    assert (code, shown.count("\n")) == (0, 2)


@pytest.mark.costly
def test_a_cursor_is_followed_from_run_to_run(folder):
    """Until everything is asked for once more."""
    command = ("ingest", "app.db", "--table", "notes", "--cursor", "changed", "--into", "m.db", "--source", "app", "--json")
    assert [as_json(run_memproc(*command, *more, folder=folder))["read"] for more in ((), (), ("--from-start",), ())] == [
        5,
        1,
        5,
        1,
    ]


def test_commands_to_run_next_show_no_password(folder):
    """Nor does the message of what failed."""
    url = "postgresql://ann:Tig3r@127.0.0.1:1/db?connect_timeout=2"
    for options in ((), ("--table", "notes")):
        for command in (("inspect", url, *options), ("ingest", url, *options, "--into", "m.db")):
            code, out, told = run_memproc(*command, folder=folder)
            assert (code, "Tig3r" in out + told) == (2, False)
            assert "ann:***@127.0.0.1:1/db" in told
