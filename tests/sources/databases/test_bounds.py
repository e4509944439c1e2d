"""Files of SQLite whose rows are large or have no end: neither memory nor time without bounds."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import text

import memproc
from memproc.sources.databases import connecting, sqlite_files
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.urls import url_of

LARGE = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50) "
    "SELECT i AS id, printf('%.*c', 100000, 'x') AS content FROM n"
)


def test_of_large_rows_only_a_few_are_held(file_app, monkeypatch):
    """A page ends with the row that fills it, and all of them come in the end."""
    monkeypatch.setattr(connecting, "FILE_PAGE_BYTES", 300_000)
    file_app.make("id INTEGER PRIMARY KEY, content TEXT")
    file_app.do(f"INSERT INTO T {LARGE}")
    with closing(Database(url_of(file_app.path))) as database:
        assert len([*database.rows(text(f"SELECT * FROM {file_app.name}"))]) == 3
    assert len([*memproc.SqlTable(file_app.path, file_app.name).found(None)]) == 50


def test_a_value_that_is_too_long_is_told_and_never_held(file_app, monkeypatch):
    """With the way around it. A view can give one of any length from a file of a few bytes."""
    monkeypatch.setattr(sqlite_files, "LONGEST_BYTES", 1_000_000)
    file_app.make("id INTEGER PRIMARY KEY", [{"id": 1}])
    file_app.do(f"CREATE VIEW big AS SELECT id, hex(zeroblob(450000000)) AS content FROM {file_app.name}")
    with pytest.raises(memproc.SourceError, match=r"big cannot be read: a row has more than .* MiB: leave its column out"):
        [*memproc.SqlTable(file_app.path, "big", key="id").found(None)]


def test_a_view_without_an_end_is_told(file_app, monkeypatch):
    """After a time, as it is checked whether its key is one."""
    monkeypatch.setattr(sqlite_files, "STATEMENT_SECONDS", 0.1)
    file_app.do(
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'x' AS content FROM n"
    )
    with pytest.raises(memproc.SourceError, match=r"a statement took more than .* seconds: give the columns of the key an index"):
        [*memproc.SqlTable(file_app.path, "v", key="id").found(None)]
