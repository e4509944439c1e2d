"""Nights by a cursor: it is the date of a row, it has to grow with time, and what makes changed rows stand twice is told."""

from __future__ import annotations

import pytest

import memproc
from memproc.sources.databases.cursors import check_cursor
from tests.sources.databases.applications import contents, notes


@pytest.mark.costly
def test_a_changed_row_replaces_the_old_one_by_its_cursor(file_app, fresh_file):
    """Whatever the name of that column is."""
    file_app.make("id INTEGER PRIMARY KEY, content TEXT, zuletzt TEXT", notes(*range(30), zuletzt="2024-05-01T12:00:00Z"))
    table = memproc.SqlTable(file_app.path, file_app.name, cursor="zuletzt")
    with fresh_file() as store:
        assert memproc.ingest(table, store, source="notes").notes == []
        file_app.do("UPDATE T SET content = 'Sold hens of pen ' || id, zuletzt = '2024-06-01T12:00:00Z' WHERE id < 3")
        report = memproc.ingest(table, store, source="notes")
        assert (report.status, report.quarantined) == ("done", 0)
        found = contents(store)
        assert len(found) == 30
        assert "Keeps 1 hens" not in found
        assert {str(one.updated_at)[:7] for one in store if one.content.startswith("Sold")} == {"2024-06"}
        assert store.doctor() == ()


@pytest.mark.parametrize("values", [(1, 2), ("v1", "v2")], ids=str)
def test_a_cursor_that_holds_other_than_times_is_no_date(file_app, fresh_file, values):
    """It stays what it is, in the metadata."""
    file_app.make("id INTEGER PRIMARY KEY, content TEXT, stand")
    file_app.add(*({**row, "stand": value} for row, value in zip(notes(1, 2), values, strict=True)))
    with fresh_file() as store:
        memproc.ingest(memproc.SqlTable(file_app.path, file_app.name, cursor="stand"), store, source="notes")
        found = [*store.find(limit=9)]
        assert sorted(one.metadata["stand"] for one in found) == [*values]
        assert {one.updated_at for one in found} == {None}


def test_a_row_with_an_id_and_no_named_source_is_told(file_app, fresh_file):
    """Where it is read each night: a changed one stands beside the old one."""
    file_app.make("id INTEGER PRIMARY KEY, content TEXT, changed INTEGER", notes(1, 2, changed=1))
    followed = memproc.SqlTable(file_app.path, file_app.name, cursor="changed")
    with fresh_file() as store:
        assert any("name the system with --source" in note for note in memproc.ingest(followed, store).notes)
        for table, source in ((followed, "notes"), (memproc.SqlTable(file_app.path, file_app.name), None)):
            assert memproc.ingest(table, store, source=source).notes == []


SORTED = [
    "2024-12-25",
    "2024-12-25T10:00:00Z",
    "2024-12",
    "2024/12/25 10:00",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "0000012",
    "",
    7,
    7.5,
    None,
]
UNSORTED = ["25.12.2024", "12/25/2024", "5.1.2024 10:00", "2024-5-1", "24-11-25", "not yet", "Dec 25 2024"]


@pytest.mark.parametrize("value", SORTED, ids=repr)
def test_a_value_that_may_sort_as_time_is_taken(value):
    """Also what only a program knows the order of."""
    check_cursor("changed", value, None)


@pytest.mark.parametrize("value", UNSORTED)
def test_a_value_that_does_not_sort_as_time_is_refused(value):
    """Without showing it."""
    with pytest.raises(memproc.SourceError, match=r"changed has texts like .*, which do not sort as time does") as told:
        check_cursor("changed", value, None)
    assert value not in str(told.value)


def test_a_table_with_such_a_cursor_is_refused_before_work(file_app, fresh_file):
    """As the rows of the next nights would be lost; and so is one with values of several types."""
    file_app.make("id INTEGER PRIMARY KEY, content TEXT, changed", notes(*range(5), changed="25.12.2024"))
    table = memproc.SqlTable(file_app.path, file_app.name, cursor="changed")
    with (
        fresh_file() as store,
        pytest.raises(memproc.SourceError, match=r"like 99\.99\.9999, .* give --query that converts changed"),
    ):
        memproc.ingest(table, store, source="notes")
    file_app.do("UPDATE T SET changed = CASE WHEN id < 3 THEN id ELSE 'x' END")
    with fresh_file() as store, pytest.raises(memproc.SourceEndedError, match="changed has both texts and numbers"):
        [*table.found(None)]
