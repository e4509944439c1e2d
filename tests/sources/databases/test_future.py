"""Nights by a cursor of which some values are later than now, and what is asked of a database only once."""

from __future__ import annotations

import pytest
from sqlalchemy import event

import memproc
from memproc.sources.databases import connecting, reading, sqlite_files
from tests.sources.databases.applications import notes

FUTURE = "2099-01-01 00:00:00"
SMALL = memproc.Settings(batch_size=2)


def on(day, *numbers):
    """Return rows that were changed on a day of January 2026."""
    return notes(*numbers, changed=f"2026-01-{day:02} 00:00:00")


@pytest.fixture
def table(app):
    """Give a table with a row of the future, and how it is followed."""
    app.make("id INTEGER PRIMARY KEY, content VARCHAR(99), changed DATETIME")
    app.add(*on(1, 1), *on(2, 2), *notes(50, changed=FUTURE))
    return app, memproc.SqlTable(app.url, app.name, cursor="changed")


def test_a_row_of_the_future_hides_no_later_night(table, fresh_file):
    """It is told with its place, and read again each night."""
    app, followed = table
    with fresh_file() as store:
        first = memproc.ingest(followed, store, source="app")
        [told] = [note for note in first.notes if "later than now" in note]
        assert "1 record has a changed later than now, record 3 (" in told
        app.add(*on(3, 3))
        second = memproc.ingest(followed, store, source="app")
        assert (second.read, second.stored) == (3, 1)
        third = memproc.ingest(followed, store, source="app")
        assert (third.read, third.stored) == (2, 0)


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_job_that_was_cut_off_goes_on_and_the_next_night_begins_before_the_future(file_app, fresh_file, cut):
    """Wherever it was cut off."""
    file_app.make("id INTEGER PRIMARY KEY, content TEXT, changed TEXT")
    file_app.add(*on(1, 1, 2), *notes(50, 51, 52, changed=FUTURE))
    followed = memproc.SqlTable(file_app.path, file_app.name, cursor="changed")
    with fresh_file() as store:
        for _ in range(9):
            short = memproc.Settings(batch_size=cut, max_seconds=1e-9)
            if (report := memproc.ingest(followed, store, source="app", settings=short)).status == "done":
                break
        assert (report.read, report.duplicate) == (5, 0)
        file_app.add(*on(2, 3))
        night = memproc.ingest(followed, store, source="app")
        assert (night.stored, night.read) == (1, 6)


def test_where_all_rows_are_of_the_future_the_next_night_reads_all(file_app, fresh_file):
    """And finds what is of today."""
    file_app.make("id INTEGER PRIMARY KEY, content TEXT, changed TEXT", notes(50, changed=FUTURE))
    followed = memproc.SqlTable(file_app.path, file_app.name, cursor="changed")
    with fresh_file() as store:
        memproc.ingest(followed, store, source="app")
        file_app.add(*on(2, 3))
        assert memproc.ingest(followed, store, source="app").stored == 1


@pytest.mark.usefixtures("small_pages")
def test_a_row_that_goes_back_in_time_while_it_is_read_comes_once(file_app):
    """Its new place is behind the reading, where it was read already."""
    file_app.make("id INTEGER PRIMARY KEY, content TEXT, changed TEXT", [row for day in range(1, 10) for row in on(day, day)])
    followed, seen = memproc.SqlTable(file_app.path, file_app.name, cursor="changed"), []
    for one in followed.found(None):
        seen.append(one.item.value["id"])
        if len(seen) == 2:
            file_app.do("UPDATE T SET changed = '2025-01-01 00:00:00' WHERE id = 2")
    assert seen == [*range(1, 10)]


def test_a_text_key_is_checked_once_a_job(file_app, fresh_file, monkeypatch):
    """It takes a look at all rows; the next job checks it again, as there may be others."""
    file_app.make("id TEXT PRIMARY KEY, content TEXT, changed TEXT", on(1, 1, 2, 3))
    asked, made = [], connecting.create_engine

    def watched(*given, **named):
        engine = made(*given, **named)
        event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
        return engine

    monkeypatch.setattr(connecting, "create_engine", watched)
    followed = memproc.SqlTable(file_app.path, file_app.name, cursor="changed")
    with fresh_file() as store:
        for night in (1, 2):
            memproc.ingest(followed, store, source="app")
            assert sum("HAVING" in one for one in asked) == night


def test_a_table_whose_rows_vanish_while_one_of_them_is_looked_at_ends(file_app, monkeypatch):
    """The one that is too large is removed before its columns are read: it is no record."""
    monkeypatch.setattr(sqlite_files, "LONGEST_BYTES", 1_000_000)
    file_app.make("id INTEGER PRIMARY KEY, content TEXT", notes(*range(1, 6)))
    file_app.do("UPDATE T SET content = printf('%.*c', 2500000, 'y') WHERE id = 3")
    looked = reading.row_behind

    def vanishing(database, selection, start):
        rows = database.rows

        def first(statement, again=None):
            found = [*rows(statement, again)]
            file_app.do("DELETE FROM T WHERE id = 3")
            return found

        monkeypatch.setattr(database, "rows", first)
        try:
            return looked(database, selection, start)
        finally:
            monkeypatch.setattr(database, "rows", rows)

    monkeypatch.setattr(reading, "row_behind", vanishing)
    assert [one.item.value["id"] for one in memproc.SqlTable(file_app.path, file_app.name).found(None)] == [1, 2, 4, 5]
