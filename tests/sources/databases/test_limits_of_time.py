"""Statements that take too long, and how often what may pass is tried again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

import memproc
from memproc.sources.databases import connecting, reading
from tests.sources.databases.applications import notes

SLOW = {  # a row of each that takes longer than it may; SQLite cannot sleep, and counts instead
    "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 90000000) SELECT max(i) FROM n)",
    "postgresql": "(SELECT 1 FROM pg_sleep(30))",
    "mysql": "SLEEP(30)",
}


def test_a_statement_that_takes_too_long_is_told(app):
    """With what to do, and on every database."""
    app.make("id INTEGER PRIMARY KEY, content TEXT", notes(1))
    query = f"SELECT id, content, {SLOW[app.kind]} AS slow FROM {app.name}"
    with pytest.raises(memproc.SourceError, match=r"took longer than it may: .*statement_seconds \(--statement-seconds\)"):
        [*memproc.SqlQuery(app.url, query, key="id", statement_seconds=0.3).found(None)]


def test_a_page_that_takes_too_long_is_read_in_smaller_ones(app, monkeypatch):
    """Where rows came before its time was over: who stores them may take long."""
    if app.kind != "mysql":
        pytest.skip("a page of a file is taken at once, and on PostgreSQL each part of a page is a statement of its own")
    monkeypatch.setattr(connecting, "AT_ONCE_ROWS", 1)
    monkeypatch.setattr(reading, "FIRST_ROWS", 3)
    monkeypatch.setattr(connecting, "PAGE_ROWS", 50)
    app.make("id INTEGER PRIMARY KEY, content TEXT", notes(*range(40)))
    query = f"SELECT id, content, CASE WHEN id > 5 THEN SLEEP(0.04) ELSE NULL END AS slow FROM {app.name}"
    found = [one.item.value["id"] for one in memproc.SqlQuery(app.url, query, key="id", statement_seconds=0.6).found(None)]
    assert found == [*range(40)]


def test_the_limit_leaves_nothing_behind_on_a_server(app):
    """A pool of connections that others use would keep what is set for the session."""
    if app.kind != "postgresql":
        pytest.skip("for PostgreSQL")
    app.make("id INTEGER PRIMARY KEY, content TEXT", notes(1))
    database = connecting.Database(memproc.SqlTable(app.url, app.name)._url, 7.0)
    with database.connection() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "7s"
        connection.rollback()
        driver = connection.connection.cursor()
        driver.execute("SHOW statement_timeout")
        assert driver.fetchone() == ("0",)


@pytest.mark.parametrize(
    "options",
    [{"statement_seconds": 0}, {"statement_seconds": True}, {"statement_seconds": float("inf")}, {"retries": -1}, {"retries": 1.5}],
    ids=str,
)
def test_limits_that_are_none_are_refused(options):
    """Before work."""
    with pytest.raises(memproc.UsageError, match=f"{next(iter(options))}="):
        memproc.SqlTable("app.db", "notes", **options)
