"""A reading that is killed goes on exactly, and nights of reading what is new end with each row's last state."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from tests.conftest import ROOT
from tests.sources.databases.applications import application, contents, notes
from tests.waiting import LIMIT_SECONDS

KILLED = """
import os, signal, sys
import memproc

url, table, store, cursor, batches = sys.argv[1:]
left = [int(batches)]

def on_event(event):
    left[0] -= isinstance(event, memproc.BatchLanded)
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

table = memproc.SqlTable(url, table, cursor=cursor or None)
memproc.ingest(table, store, settings=memproc.Settings(batch_size=20), source="notes", on_event=on_event)
"""


def kill_in_the_middle(app, path, cursor, batches):
    """Ingest in a process that is killed after some batches."""
    command = [sys.executable, "-c", KILLED, app.url, app.name, str(path), cursor, str(batches)]
    done = subprocess.run(command, check=False, timeout=LIMIT_SECONDS, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL


@pytest.mark.costly
@pytest.mark.parametrize("cursor", ["", "changed"])
@pytest.mark.sampled(4)
def test_a_killed_job_goes_on_behind_its_last_committed_row(app, tmp_path, cursor):
    """Every row once, although rows before the place were deleted meanwhile, and others were added behind it."""
    app.make("id INT PRIMARY KEY, content TEXT, changed INT")
    app.add(*({**row, "changed": row["id"] // 3} for row in notes(*range(200))))
    path = tmp_path / "memories.db"
    kill_in_the_middle(app, path, cursor, 4)
    with memproc.open(path) as store:
        [job] = store.jobs()
        assert (job.status, job.read) == ("running", 80)
        app.do("DELETE FROM T WHERE id < 70 AND id <> 5")
        app.add(*({**row, "changed": row["id"] // 3} for row in notes(*range(300, 310))))
        table = memproc.SqlTable(app.url, app.name, cursor=cursor or None)
        report = memproc.ingest(table, store, source="notes", resume=True)
        assert (report.status, report.job, report.read, report.stored, report.duplicate) == ("done", job.number, 210, 210, 0)
        assert contents(store) == sorted(f"Keeps {number} hens" for number in (*range(200), *range(300, 310)))
        assert store.doctor() == ()


CHANGES = st.lists(st.tuples(st.sampled_from(["change", "change", "delete", "tick", "read"]), st.integers(0, 5)), max_size=20)


@pytest.mark.slow
@given(CHANGES)
def test_nights_of_reading_what_is_new_end_with_the_last_state_of_each_row(changes):
    """Whatever is added, changed or deleted between them: of a row that was not read in between, too. The clock may stand still."""
    with TemporaryDirectory() as folder, application("sqlite", Path(folder)) as app, memproc.open("sqlite://") as store:
        app.make("id INTEGER PRIMARY KEY, content TEXT, updated_at TEXT")
        table = memproc.SqlTable(app.path, app.name, cursor="updated_at")
        now, touched, last = 1, set[int](), dict[int, str]()
        for number, (what, row) in enumerate([*changes, ("read", 0)]):
            if what == "tick" or (what == "change" and row in touched):  # each change of a row moves its time
                now, touched = now + 1, set()
            content = f"Note {row} as of change {number}"
            if what == "change":
                told = {"id": row, "content": content, "at": f"2024-01-01T00:{now // 60:02}:{now % 60:02}Z"}
                app.do("INSERT OR REPLACE INTO T VALUES (:id, :content, :at)", told)
                last[row] = content
                touched.add(row)
            elif what == "delete":
                app.do("DELETE FROM T WHERE id = :id", {"id": row})
                last.pop(row, None)
            elif what == "read":
                assert memproc.ingest(table, store, source="notes").status == "done"
                assert last.items() <= by_row(store).items()
        assert store.doctor() == ()


def by_row(store):
    """Return the content that a store has for each row, by its id in the application."""
    return {int(memory.content.split()[1]): memory.content for memory in store.find(limit=100)}


@pytest.mark.parametrize("what", ["table", "query"])
def test_no_password_is_shown(tmp_path, what):
    """Neither by what names a source nor when it fails."""
    url = "postgresql://ann:Tig3r-in-t4nk@127.0.0.1:1/db?sslpassword=L10n&connect_timeout=2"
    source = memproc.SqlTable(url, "notes") if what == "table" else memproc.SqlQuery(url, "SELECT 1 AS id", key="id")
    shown = [repr(source), source.label, repr([*source.identity])]
    with pytest.raises(memproc.SourceError) as told:
        memproc.ingest(source, tmp_path / "m.db")
    shown += [str(told.value), repr(told.value.__cause__)]
    assert not any(secret in text for secret in ("Tig3r", "L10n") for text in shown)
    assert not (tmp_path / "m.db").exists()


WRONG = {
    "no url": (("", "notes"), {}, "give the URL of a database"),
    "no table": (("app.db", ""), {}, "give the name of a table"),
    "a url that is none": (("postgresql://ann:a@b@h/db", "notes"), {}, "write an @ in a password as %40"),
    "a file with a host": (("sqlite://h/app.db", "notes"), {}, "sqlite:/// and the path of a file"),
    "an empty key": (("app.db", "notes"), {"key": [""]}, "give the name of a column"),
    "all of what has no cursor": (("app.db", "notes"), {"from_start": True}, "from_start is for a cursor"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_meant_is_refused_at_once(case):
    """Before a database is asked."""
    arguments, options, message = WRONG[case]
    with pytest.raises(memproc.UsageError, match=message):
        memproc.SqlTable(*arguments, **options)


def test_a_query_needs_a_key():
    """Nothing tells what its rows are."""
    with pytest.raises(memproc.UsageError, match="name the columns of the query that tell its rows apart"):
        memproc.SqlQuery("app.db", "SELECT 1", key=())


def test_a_driver_that_is_missing_is_told():
    """With what to install, where memproc knows it."""
    with pytest.raises(memproc.SourceError, match="the driver for nosuch is not installed"):
        next(memproc.SqlTable("nosuch://h/db", "notes").found(None))
