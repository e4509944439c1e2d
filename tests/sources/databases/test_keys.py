"""Keys that tell rows apart by another rule than the one that rows are compared by: no row is lost, or the reading is refused."""

from __future__ import annotations

import pytest

import memproc
from tests.databases import reason_to_skip
from tests.sources.databases.applications import application, notes

OTHERWISE = {  # of SQLite: an index compares texts by another collation than their column
    "a unique index": ("a TEXT COLLATE NOCASE NOT NULL, content TEXT", "CREATE UNIQUE INDEX i_T ON T (a COLLATE BINARY)", 120),
    "a primary key": ("a TEXT COLLATE NOCASE, content TEXT, PRIMARY KEY (a COLLATE BINARY)", "SELECT 1", 120),
    "another key is as good": (
        "a TEXT COLLATE NOCASE NOT NULL, b TEXT NOT NULL UNIQUE, content TEXT",
        "CREATE UNIQUE INDEX i_T ON T (a COLLATE BINARY)",
        120,
    ),
    "no other key": ("a TEXT COLLATE NOCASE NOT NULL, content TEXT, PRIMARY KEY (a COLLATE BINARY)) WITHOUT ROWID", "SELECT 1", 0),
}


def in_two_cases(kind=""):
    """Return rows whose names are the same but for their case."""
    rows = [{"a": f"{mark}{at:03}", "content": f"Keeps {mark} {at} hens"} for at in range(60) for mark in "kK"]
    return [{**row, "b": row["content"]} for row in rows] if "b TEXT" in kind else rows


def read(app, **options):
    """Return the texts of all rows of the table."""
    return [one.item.value["content"] for one in memproc.SqlTable(app.url, app.name, **options).found(None)]


@pytest.mark.parametrize("case", OTHERWISE)
@pytest.mark.usefixtures("small_pages")
def test_a_key_by_another_collation_than_its_column_loses_no_row(file_app, case):
    """Another key is taken, or the number of the row; where there is none, the table is refused."""
    columns, index, count = OTHERWISE[case]
    file_app.do(f"CREATE TABLE T ({columns})" if count else f"CREATE TABLE T ({columns}")
    file_app.do(index.replace("i_T", f"i_{file_app.name}"))
    file_app.add(*in_two_cases(columns))
    if count:
        assert len({*read(file_app)}) == count
    else:
        with pytest.raises(memproc.SourceError, match="several rows of the same a, as that column compares texts"):
            read(file_app)
    with pytest.raises(memproc.SourceError, match="several rows of the same a: name more columns"):
        read(file_app, key="a")


@pytest.mark.usefixtures("small_pages")
def test_a_server_may_have_such_a_key_too(tmp_path):
    """PostgreSQL, by a collation that takes upper and lower case for the same."""
    if reason := reason_to_skip("postgresql"):
        pytest.skip(reason)
    with application("postgresql", tmp_path) as app:
        collation = f"c_{app.name}"
        app.do(f"CREATE COLLATION {collation} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
        try:
            app.make(f"a TEXT COLLATE {collation} NOT NULL, content TEXT")
            app.do(f'CREATE UNIQUE INDEX i_{app.name} ON {app.name} (a COLLATE "C")')
            app.add(*in_two_cases())
            with pytest.raises(memproc.SourceError, match="several rows of the same a, as that column compares texts"):
                read(app)
        finally:
            app.drop()
            app.do(f"DROP COLLATION {collation}")


@pytest.mark.usefixtures("small_pages")
def test_a_float_of_single_precision_is_refused_where_rows_would_be_lost(app):
    """Its driver gives it as another number. SQLite has none: what is called so there is a double."""
    rows = [{"id": at, "c": at / 10, "content": f"Keeps {at} hens"} for at in range(100)]
    single = "FLOAT" if app.kind == "mysql" else "REAL"
    app.make(f"id INT PRIMARY KEY, c {single} NOT NULL UNIQUE, content TEXT", rows)
    query = f"SELECT c, content FROM {app.name}"
    ways = [
        lambda: read(app, cursor="c"),
        lambda: read(app, key="c"),
        lambda: [*memproc.SqlQuery(app.url, query, key="c").found(None)],
        lambda: [*memproc.SqlQuery(app.url, f"SELECT id, c, content FROM {app.name}", key="id", cursor="c").found(None)],
    ]
    for way in ways:
        if app.kind == "sqlite":
            assert len(way()) == 100
            continue
        with pytest.raises(memproc.SourceError, match=r"c, as --(key|cursor) names it, is a float of single precision"):
            way()
    exact = query.replace("c,", "CAST(c AS DECIMAL(20, 6)) AS d,")
    assert len([*memproc.SqlQuery(app.url, exact, key="d").found(None)]) == 100


def test_a_primary_key_of_single_precision_is_refused_by_name(tmp_path):
    """Although nobody named it."""
    if reason := reason_to_skip("postgresql"):
        pytest.skip(reason)
    with application("postgresql", tmp_path) as app:
        app.make("id REAL PRIMARY KEY, content TEXT", [{"id": at / 10, "content": "x"} for at in range(9)])
        with pytest.raises(memproc.SourceError, match="id, as --key names it, is a float of single precision"):
            read(app)


def test_a_key_that_is_another_one_each_time_ends_the_reading(app):
    """As a random number is, by which rows would be lost or never end."""
    app.make("id INT PRIMARY KEY, content TEXT", notes(*range(9)))
    word = {"sqlite": "abs(random())", "postgresql": "random()", "mysql": "rand()"}[app.kind]
    query = f"SELECT {word} AS n, content FROM {app.name}"
    with pytest.raises(memproc.SourceError, match="is another one each time it is asked"):
        [*memproc.SqlQuery(app.url, query, key="n").found(None)]


def test_a_query_that_writes_is_rolled_back(tmp_path):
    """PostgreSQL makes large objects in transactions that are READ ONLY, too; nor is the end of such a query waited for."""
    if reason := reason_to_skip("postgresql"):
        pytest.skip(reason)
    with application("postgresql", tmp_path) as app:
        count = "SELECT count(*) FROM pg_largeobject_metadata"
        before = app.do(count)
        query = memproc.SqlQuery(app.url, "SELECT lo_create(0) AS id, 'x' AS content", key="id")
        with pytest.raises(memproc.SourceError):
            [*query.found(None)]
        assert app.do(count) == before


def test_a_table_without_a_key_is_told_how_to_number_its_rows(app):
    """Which is done by the database."""
    app.make("id INT, content TEXT", notes(1, 1, 2))
    if app.kind != "sqlite":
        with pytest.raises(memproc.SourceError, match=r"or number them: --query 'SELECT \*, row_number\(\) OVER"):
            read(app)
    query = f"SELECT t.*, row_number() OVER (ORDER BY content) AS n FROM {app.name} t"
    assert len([*memproc.SqlQuery(app.url, query, key="n").found(None)]) == 3
