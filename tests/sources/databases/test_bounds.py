"""Files of SQLite whose rows are large or have no end: neither memory nor time without bounds."""

from __future__ import annotations

import json
import re
from contextlib import closing

import pytest
from sqlalchemy import text

import memproc
from memproc.sources.databases import connecting, large_rows, reading, sqlite_files
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


def with_large(file_app, monkeypatch, *, columns="id INTEGER PRIMARY KEY, content TEXT, note TEXT", end="", longest=1_000_000):
    """Make a table of ten rows, of which two are larger than may be held."""
    monkeypatch.setattr(sqlite_files, "LONGEST_BYTES", longest)
    monkeypatch.setattr(large_rows, "LONGEST_BYTES", longest)
    file_app.do(f"CREATE TABLE T ({columns}) {end}")
    file_app.add(*({"id": number, "content": f"Keeps {number} hens", "note": "x"} for number in range(11, 21)))
    for number, name in ((14, "content"), (20, "note")):
        file_app.do(f"UPDATE T SET {name} = printf('%.*c', 2500000, 'y') WHERE id = {number}")


KEYS = {
    "the number of the row": {},
    "a text": {"columns": "id TEXT PRIMARY KEY, content TEXT, note TEXT"},
    "no number of the row": {"columns": "id TEXT PRIMARY KEY, content TEXT, note TEXT", "end": "WITHOUT ROWID"},
    "no index": {"columns": "id INTEGER, content TEXT, note TEXT"},
}


@pytest.mark.parametrize("made", KEYS.values(), ids=KEYS)
def test_a_row_that_is_too_large_is_one_rejection_with_its_key(file_app, fresh_file, monkeypatch, made):
    """And those behind it are read, also where the database has to sort them."""
    with_large(file_app, monkeypatch, **made)
    with fresh_file() as store:
        report = memproc.ingest(memproc.SqlTable(file_app.path, file_app.name, key="id"), store)
        assert (report.status, report.read, report.stored, report.quarantined) == ("done", 10, 8, 2)
        entries = sorted(store.quarantine(), key=lambda entry: entry.position)
        assert [entry.position for entry in entries] == [4 - 1, 10 - 1]
        assert [entry.faults[0].code for entry in entries] == ["row_too_large"] * 2
        size = "" if "WITHOUT" in str(made) else r" \(2,500,000 bytes\)"
        assert re.match(rf"'?content'?{size} is larger than 0 MiB", entries[0].faults[0].message)
        assert re.match(rf"'?note'?{size} is larger", entries[1].faults[0].message)
        assert json.loads(entries[0].raw) in ({"id": 14}, {"id": "14"})
        assert "leave the column out" in entries[0].faults[0].hint


def test_a_job_goes_on_behind_a_row_that_is_too_large(file_app, fresh_file, monkeypatch):
    """Wherever a batch ends, and with a cursor."""
    with_large(file_app, monkeypatch)
    monkeypatch.setattr(reading, "FIRST_ROWS", 2)
    table = memproc.SqlTable(file_app.path, file_app.name, cursor="id")
    with fresh_file() as store:
        for _ in range(12):
            report = memproc.ingest(table, store, settings=memproc.Settings(batch_size=1, max_seconds=1e-9))
            if report.status == "done":
                break
        assert (report.status, report.read, report.stored, report.quarantined) == ("done", 10, 8, 2)


def test_a_value_of_a_view_that_is_too_long_is_never_held(file_app, fresh_file, monkeypatch):
    """A view can give one of any length from a file of a few bytes."""
    monkeypatch.setattr(sqlite_files, "LONGEST_BYTES", 1_000_000)
    file_app.make("id INTEGER PRIMARY KEY", [{"id": 1}, {"id": 2}])
    file_app.do(
        "CREATE VIEW big AS SELECT id, CASE id WHEN 1 THEN hex(zeroblob(450000000)) ELSE 'Keeps hens' END AS content "
        f"FROM {file_app.name}"
    )
    with fresh_file() as store:
        report = memproc.ingest(memproc.SqlTable(file_app.path, "big", key="id"), store)
        assert (report.stored, report.quarantined) == (1, 1)


def test_a_key_that_is_too_long_is_told(file_app, monkeypatch):
    """No place can be kept by it."""
    monkeypatch.setattr(sqlite_files, "LONGEST_BYTES", 1_000_000)
    file_app.make("id TEXT PRIMARY KEY, content TEXT")
    file_app.do("INSERT INTO T VALUES (printf('%.*c', 2500000, 'y'), 'x')")
    with pytest.raises(memproc.SourceError, match=r"a row has more than .* MiB, in what tells rows apart"):
        [*memproc.SqlTable(file_app.path, file_app.name).found(None)]


def test_a_view_without_an_end_is_told(file_app, monkeypatch):
    """After a time, as it is checked whether its key is one."""
    monkeypatch.setattr(sqlite_files, "STATEMENT_SECONDS", 0.1)
    file_app.do(
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'x' AS content FROM n"
    )
    with pytest.raises(memproc.SourceError, match=r"a statement took longer than it may: give the columns of the key .* an index"):
        [*memproc.SqlTable(file_app.path, "v", key="id").found(None)]
