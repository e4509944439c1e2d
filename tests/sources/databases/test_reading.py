"""Tables and queries: every row once, wherever reading goes on, and by whatever key."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

import memproc
from memproc.sources.databases import connecting, reading
from memproc.sources.databases.urls import url_of
from memproc.sources.remote import Remote, Visit
from tests.databases import reason_to_skip
from tests.sources.databases.applications import application, contents, notes

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
WORDS = [
    "Zoe",
    "anna",
    "Anton",
    "\u00c4nne",
    "zo\u00eb",
    "\u6771",
    "",
    "a b",
    "ann%",
    "ann'",
    "O:x",
    "\\n",
    "B\u00e9a",
    "mia",
    "Li",
]
KEYS = {
    "a number": ("id INT PRIMARY KEY", [{"id": 3 * number - 20} for number in range(15)]),
    "a text": ("id VARCHAR(40) PRIMARY KEY", [{"id": word} for word in WORDS]),
    "a unique text": ("id VARCHAR(40) NOT NULL UNIQUE", [{"id": word} for word in WORDS]),
    "a text and a number": (
        "name VARCHAR(40), part INT, PRIMARY KEY (name, part)",
        [{"name": word, "part": number} for word in WORDS[:5] for number in range(3)],
    ),
    "three numbers": (
        "a INT, b INT, c INT, PRIMARY KEY (a, b, c)",
        [{"a": n % 2, "b": n % 4, "c": n} for n in range(15)],
    ),
    "a decimal": ("id DECIMAL(20, 6) PRIMARY KEY", [{"id": str(Decimal(n) / 4 - 2)} for n in range(15)]),
    "a moment": ("id DATETIME PRIMARY KEY", [{"id": NOON.replace(tzinfo=None) + timedelta(microseconds=n)} for n in range(15)]),
    "a day": ("id DATE PRIMARY KEY", [{"id": date(2024, 2, 20) + timedelta(days=n)} for n in range(15)]),
    "bytes": ("id BINARY(8) PRIMARY KEY", [{"id": bytes([n * 17, 255]) + b"123456"} for n in range(15)]),
    "a large number": ("id BIGINT PRIMARY KEY", [{"id": 2**62 + n} for n in range(15)]),
    "a double": ("id DOUBLE PRIMARY KEY", [{"id": n / 7} for n in range(15)]),
    "a name that is a word of SQL": ('"select" INT PRIMARY KEY', [{"select": n} for n in range(15)]),
}
SKIPPED = {("mysql", "a name that is a word of SQL")}  # it is quoted otherwise there


def texts(remote, behind=None):
    """Return the texts of the rows behind a mark, and the marks, as they are kept."""
    found = [*remote.found(behind)]
    return [one.item.value["content"] for one in found], [json.loads(json.dumps(one.mark)) for one in found]


def made(app, name):
    """Make the table of a case and return its texts."""
    columns, rows = KEYS[name]
    if app.kind == "postgresql":
        rows = [{key: Decimal(value) if "DECIMAL" in columns else value for key, value in row.items()} for row in rows]
    if app.kind == "sqlite":  # which has no such types
        rows = [{key: str(value) if isinstance(value, date) else value for key, value in row.items()} for row in rows]
    if app.kind == "mysql" and "VARCHAR" in columns:  # by its collation some of the words are equal
        rows = [row for row in rows if row.get("id", row.get("name")) not in ("zo\u00eb", "\u00c4nne")]
    rows = [{**row, "content": f"Keeps {number} hens"} for number, row in enumerate(rows)]
    shown = [{name.replace("select", "chosen"): value for name, value in row.items()} for row in rows]
    if '"select"' in columns:
        app.make(f"{columns}, content TEXT")
        app.do('INSERT INTO T ("select", content) VALUES (:chosen, :content)', shown)
    else:
        before, _, key = columns.partition(", PRIMARY KEY")
        app.make(f"{before}, content TEXT{', PRIMARY KEY' + key if key else ''}", rows)
    return [row["content"] for row in rows]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.sampled(4)
@pytest.mark.usefixtures("small_pages")
def test_each_row_is_read_once_by_any_key_and_behind_any_mark(app, name):
    """What comes behind a mark is what came behind it before, in the same order."""
    if (app.kind, name) in SKIPPED:
        pytest.skip("not said so here")
    expected = made(app, name)
    table = memproc.SqlTable(app.url, app.name)
    assert isinstance(table, Remote)
    whole, marks = texts(table)
    assert sorted(whole) == sorted(expected)
    for at, mark in [*enumerate(marks)][::4]:
        assert texts(table, mark) == (whole[at + 1 :], marks[at + 1 :])


@pytest.mark.usefixtures("small_pages")
def test_a_key_may_be_a_uuid_or_a_member_of_a_closed_set(app):
    """Which sort otherwise than their texts do."""
    kinds = {"sqlite": ("TEXT", "TEXT"), "postgresql": ("UUID", "mood"), "mysql": ("CHAR(36)", "ENUM('sad', 'ok', 'happy')")}
    number, mood = kinds[app.kind]
    if app.kind == "postgresql":
        app.do(f"CREATE TYPE mood_{app.name} AS ENUM ('sad', 'ok', 'happy')")
        mood = f"mood_{app.name}"
    try:
        app.make(f"mood {mood}, id {number}, content TEXT, PRIMARY KEY (mood, id)")
        for at in range(15):
            told = {"id": str(UUID(int=at * 2**120)), "mood": ("sad", "ok", "happy")[at % 3], "content": f"Note {at}"}
            values = f"'{told['mood']}', '{told['id']}', '{told['content']}'"
            app.do(f"INSERT INTO T (mood, id, content) VALUES ({values})")
        table = memproc.SqlTable(app.url, app.name)
        whole, marks = texts(table)
        assert sorted(whole) == sorted(f"Note {at}" for at in range(15))
        for at, mark in [*enumerate(marks)][::4]:
            assert texts(table, mark)[0] == whole[at + 1 :]
    finally:
        app.do("DROP TABLE T")
        if app.kind == "postgresql":
            app.do(f"DROP TYPE mood_{app.name}")


@pytest.mark.usefixtures("small_pages")
def test_rows_without_a_cursor_come_first_and_each_once(app):
    """Behind any mark too; of equal cursors the key decides."""
    rows = [
        {
            "id": at,
            "content": f"Note {at}",
            "changed": None if at % 3 == 0 else (NOON + timedelta(days=at // 4)).replace(tzinfo=None),
        }
        for at in range(20)
    ]
    app.make("id INT PRIMARY KEY, content TEXT, changed DATETIME", rows)
    table = memproc.SqlTable(app.url, app.name, cursor="changed")
    whole, marks = texts(table)
    order = sorted(rows, key=lambda row: (row["changed"] is not None, row["changed"] or NOON.replace(tzinfo=None), row["id"]))
    assert whole == [row["content"] for row in order]
    for at, mark in [*enumerate(marks)][::4]:
        assert texts(table, mark)[0] == whole[at + 1 :]
    latest = [row["content"] for row in order if row["changed"] == order[-1]["changed"]]
    assert texts(table, table.next_start(marks[-1]))[0] == latest
    assert table.remarks(Visit()) == (
        f"{table.label}: 7 rows have no changed, and cannot be told to be new: read when everything is read, and first",
    )


@pytest.mark.costly
def test_a_nightly_run_reads_only_what_is_new(app, fresh_file):
    """And the last one once more, as others may have got its time since. A changed row takes the place of the older one."""
    app.make("id INT PRIMARY KEY, content TEXT, updated_at DATETIME")
    days = [(NOON + timedelta(days=day)).replace(tzinfo=None) for day in range(9)]
    app.add(*notes(*range(1, 101), updated_at=days[0]))
    table = memproc.SqlTable(app.url, app.name, cursor="updated_at")
    with fresh_file() as store:

        def night(**options):
            report = memproc.ingest(options.pop("table", table), store, source="notes", **options)
            assert report.status == "done"
            return report.read

        assert night() == 100
        app.add(*notes(101, 102, updated_at=days[1]))
        assert night() == 102  # all of the first day have one time
        assert night() == 2
        app.do("UPDATE T SET content = 'Has a dog', updated_at = :day WHERE id = 7", {"day": days[2]})
        app.do("DELETE FROM T WHERE id = 8")
        assert night() == 3
        assert night() == 1
        found = contents(store)
        assert "Has a dog" in found
        assert "Keeps 7 hens" not in found
        assert night(table=memproc.SqlTable(app.url, app.name, cursor="updated_at", from_start=True)) == 101
        assert night() == 1
        assert store.doctor() == ()


def test_a_query_is_read_as_a_table(app, fresh_file):
    """Whatever stands in it: comments, colons, signs of per cent, an end."""
    app.make("id INT PRIMARY KEY, content TEXT", notes(*range(40)))
    query = f"SELECT id AS number, content, ':x' AS colon, 17 % 5 AS rest FROM {app.name} -- all of 100% :them\nWHERE id < 30 ;"
    with fresh_file() as store:
        report = memproc.ingest(memproc.SqlQuery(app.url, query, key="number"), store)
        assert (report.status, report.read) == ("done", 30)
        memory = next(iter(store.find(limit=1)))
        assert (memory.metadata["colon"], int(memory.metadata["rest"])) == (":x", 2)


REFUSED = {
    "the key is of several rows": ("SELECT 1 AS a, content FROM {}", "a", "several rows of the same a: name more columns"),
    "the key is NULL": ("SELECT NULLIF(id, 3) AS a, content FROM {}", "a", "rows whose a is NULL"),
    "no such key": ("SELECT id, content FROM {}", "number", "has no column number, as --key names it: it has id, content"),
    "a column twice": ("SELECT id, content, content FROM {}", "id", "."),
    "no query": ("SELEKT id FROM {}", "id", "(?i)syntax"),
    "no table": ("SELECT id FROM not_{}", "id", "not_notes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_query_that_cannot_be_paged_through_is_refused(app, case):
    """Before any work, and the message says what to do."""
    query, key, message = REFUSED[case]
    app.make("id INT PRIMARY KEY, content TEXT", notes(1, 2, 3, 4))
    if case == "a column twice" and app.kind == "sqlite":
        pytest.skip("SQLite gives it another name")
    with pytest.raises(memproc.SourceError, match=message):
        [*memproc.SqlQuery(app.url, query.format(app.name), key=key).found(None)]


def test_a_table_that_tells_no_rows_apart_is_refused(app):
    """But in SQLite, which numbers its rows; a key that is named is believed only if it is one."""
    app.make("id INT, content TEXT", notes(1, 1, 2))
    table = memproc.SqlTable(app.url, app.name)
    if app.kind == "sqlite":
        assert len(texts(table)[0]) == 3
    else:
        with pytest.raises(
            memproc.SourceError, match="no primary key, and no unique columns that are never NULL: name the columns"
        ):
            table.found(None).__next__()
    with pytest.raises(memproc.SourceError, match="several rows of the same id"):
        next(memproc.SqlTable(app.url, app.name, key="id").found(None))
    app.do("DELETE FROM T WHERE id = 1")
    assert len(texts(memproc.SqlTable(app.url, app.name, key=["id"]))[0]) == 1


@pytest.mark.usefixtures("small_pages")
def test_who_has_enough_leaves_no_connection(app):
    """In the middle of a page, also where the connection was lost by then."""
    app.make("id INT PRIMARY KEY, content TEXT", notes(*range(50)))
    rows = memproc.SqlTable(app.url, app.name).found(None)
    assert [next(rows).item.value["id"] for _ in range(5)] == [*range(5)]
    rows.close()
    app.do("DELETE FROM T")
    app.do("ALTER TABLE T ADD COLUMN more INT")  # waits for who still reads


def test_a_view_is_read_by_the_key_that_is_named(app):
    """It has none of its own."""
    app.make("id INT PRIMARY KEY, content TEXT", notes(*range(30)))
    app.do(f"CREATE VIEW v_{app.name} AS SELECT id, content FROM {app.name} WHERE id < 20")
    try:
        with pytest.raises(memproc.SourceError, match="no primary key"):
            next(memproc.SqlTable(app.url, f"v_{app.name}").found(None))
        assert len(texts(memproc.SqlTable(app.url, f"v_{app.name}", key="id"))[0]) == 20
    finally:
        app.do(f"DROP VIEW v_{app.name}")


def test_nothing_can_be_written(app):
    """Whatever is asked: the connection only reads."""
    app.make("id INT PRIMARY KEY, content TEXT", notes(1, 2))
    with (
        closing(connecting.Database(url_of(app.url))) as database,
        database.connection() as connection,
        pytest.raises(DBAPIError, match=r"(?i)read.?only"),
    ):
        connection.execute(text(f"DELETE FROM {app.name}"))
    assert len(texts(memproc.SqlTable(app.url, app.name))[0]) == 2


@pytest.mark.usefixtures("small_pages")
def test_reading_goes_on_after_the_connection_was_lost(app, monkeypatch):
    """Behind the last row, within a page too: none is left out and none comes twice."""
    if app.kind == "sqlite":
        pytest.skip("a file has no connection to lose")
    monkeypatch.setattr(connecting, "PAGE_ROWS", 60)
    app.make("id INT PRIMARY KEY, content TEXT", notes(*range(400)))
    connect, numbers = connecting.Database.connection, []

    def connected(self):
        made = connect(self)
        driver = made.connection.driver_connection
        numbers.append(driver.info.backend_pid if app.kind == "postgresql" else driver.thread_id())
        return made

    monkeypatch.setattr(connecting.Database, "connection", connected)
    kill = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}[app.kind]
    found, killed = [], []
    for one in memproc.SqlTable(app.url, app.name).found(None):
        found.append(one.item.value["id"])
        if len(found) in (2, 50, 120, 200, 300) and numbers[-1] not in killed:
            killed.append(numbers[-1])
            app.do(kill.format(numbers[-1]))
    assert found == [*range(400)]
    assert len(killed) > 2


def test_a_connection_that_cannot_be_had_again_ends_the_reading(app, monkeypatch):
    """It is told without the password, and the job can be resumed."""
    if app.kind == "sqlite":
        pytest.skip("a file has no connection to lose")
    app.make("id INT PRIMARY KEY, content TEXT", notes(*range(100)))
    monkeypatch.setattr(reading, "MOST_RETRIES", 1)
    monkeypatch.setattr(reading, "sleep", lambda _seconds: None)
    rows = memproc.SqlTable(app.url, app.name).found(None)
    assert next(rows).item.value["id"] == 0

    def refused(_self):
        said = {"postgresql": Exception("connection refused"), "mysql": Exception(2003, "gone")}
        raise OperationalError("SELECT", {}, said[app.kind])

    monkeypatch.setattr(connecting.Database, "connection", refused)
    with pytest.raises(memproc.SourceEndedError, match="could not be read to its end"):
        list(rows)


def test_a_table_of_roles_and_contents_is_a_chat(app, fresh_file):
    """As it is in a file."""
    app.make(
        "id INT PRIMARY KEY, role VARCHAR(20), content TEXT",
        [{"id": 1, "role": "user", "content": "I moved to Lima"}, {"id": 2, "role": "assistant", "content": "How is it?"}],
    )
    with fresh_file() as store:
        memproc.ingest(memproc.SqlTable(app.url, app.name), store)
        assert {(memory.kind, memory.subject) for memory in store.find(limit=9)} == {("message", "user"), ("message", "assistant")}


def test_a_row_that_is_too_large_is_quarantined(app, fresh_file):
    """And those behind it are read."""
    app.make("id INT PRIMARY KEY, content TEXT", [*notes(1), {"id": 2, "content": "x" * 5_000}, *notes(3)])
    settings = memproc.Settings(max_record_bytes=2_000)
    with fresh_file() as store:
        report = memproc.ingest(memproc.SqlTable(app.url, app.name), store, settings=settings)
        assert (report.status, report.stored, report.quarantined) == ("done", 2, 1)
        assert store.quarantine()[0].faults[0].code == "record_too_long"


def test_what_is_no_time_in_python_is_read_as_text(tmp_path):
    """`infinity` in one row does not end the reading."""
    if reason := reason_to_skip("postgresql"):
        pytest.skip(reason)
    with application("postgresql", tmp_path) as app:
        app.make("id INT PRIMARY KEY, content TEXT, valid_to TIMESTAMP", notes(1, 2, 3))
        app.do("UPDATE T SET valid_to = 'infinity' WHERE id = 2")
        found = [one.item.value["valid_to"] for one in memproc.SqlTable(app.url, app.name).found(None)]
        assert found == [None, "infinity", None]


def test_a_table_may_be_in_another_schema(tmp_path):
    """Which is a part of what it is."""
    if reason := reason_to_skip("postgresql"):
        pytest.skip(reason)
    with application("postgresql", tmp_path) as app:
        app.do(f"CREATE SCHEMA s_{app.name}")
        try:
            app.do(f"CREATE TABLE s_{app.name}.notes (id INT PRIMARY KEY, content TEXT)")
            app.do(f"INSERT INTO s_{app.name}.notes VALUES (1, 'Prefers tea')")
            table = memproc.SqlTable(app.url, "notes", schema=f"s_{app.name}")
            assert texts(table)[0] == ["Prefers tea"]
            assert [*table.identity] != [*memproc.SqlTable(app.url, "notes").identity]
            with pytest.raises(memproc.SourceError, match="has no table notes"):
                next(memproc.SqlTable(app.url, "notes").found(None))
        finally:
            app.do(f"DROP SCHEMA s_{app.name} CASCADE")
