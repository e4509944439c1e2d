"""A copy of a store that is in use: of one moment, whole, checked, and never in the place of something else."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import threading
from contextlib import closing
from functools import partial
from types import SimpleNamespace

import pytest
from sqlalchemy import make_url

import memproc
from memproc.store.sql import backup as backups
from tests.command_line import run_memproc
from tests.databases import damage
from tests.waiting import LIMIT_SECONDS

BATCH = 20


def records(count):
    """Return records, of which four of five repeat the one before in other words."""
    return [
        {"content": f"memory {'really ' * (at % 5 == 1)}number {at - (at % 5 == 1)} of many that are kept"} for at in range(count)
    ]


def export(store):
    """Return an export and a full export."""
    streams = io.BytesIO(), io.BytesIO()
    for full, stream in enumerate(streams):
        store.export(stream, full=bool(full))
    return [stream.getvalue() for stream in streams]


def names(folder):
    """Return the names of all files of a folder."""
    return sorted(file.name for file in folder.iterdir())


def test_a_copy_is_what_the_store_is(fresh_file, tmp_path):
    """The same exports, whole, and one file with nothing beside it; its size is told."""
    with fresh_file() as store:
        memproc.ingest(records(50), into=store)
        size_bytes = store.backup(tmp_path / "copy.db")
        assert names(tmp_path) == ["copy.db"]
        assert (tmp_path / "copy.db").stat().st_size == size_bytes
        with closing(sqlite3.connect(tmp_path / "copy.db")) as copied:
            assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        with memproc.open(tmp_path / "copy.db") as copy:
            assert export(copy) == export(store)
            assert copy.recount().is_whole
            assert copy.doctor() == ()
            copy.add({"content": "Prefers tea"})
            assert copy.count() == store.count() + 1


@pytest.mark.slow
def test_a_copy_beside_a_writer_is_of_one_moment(fresh_file, tmp_path, monkeypatch):
    """Batches land all the time. Each copy holds the first so many of them, whole, and equals a store that read no more."""
    monkeypatch.setattr(backups, "PAGES_A_STEP", 20)  # so that much can happen between two steps
    source = records(BATCH * 60)
    with fresh_file() as store:
        settings = memproc.Settings(batch_size=BATCH)
        memproc.ingest(source[: BATCH * 10], into=store, settings=settings)
        writer = threading.Thread(target=memproc.ingest, args=(source[BATCH * 10 :], store), kwargs={"settings": settings})
        writer.start()
        copies = []
        while writer.is_alive():
            copies.append(tmp_path / f"{len(copies)}.db")
            before = store.recount().read
            store.backup(copies[-1])
            assert store.recount().read >= before
        writer.join(LIMIT_SECONDS)
        landed = store.recount().read
    told = []
    for path in copies[:: max(1, len(copies) // 4)]:
        with memproc.open(path) as copy, fresh_file() as other:
            recount = copy.recount()
            assert recount.is_whole
            assert recount.read % BATCH == 0
            told.append(recount.read)
            memproc.ingest(source[: recount.read], into=other)
            assert export(copy)[1] == export(other)[1]
            assert [memory.content for memory in copy] == [memory.content for memory in other]
    assert landed == len(source)
    assert told == sorted(told)
    assert any(read < landed for read in told)  # or nothing was written meanwhile


def test_a_writer_need_not_wait_for_a_copy(fresh_file, tmp_path, monkeypatch):
    """While the copy is held at its first step, a batch lands; the copy does not know of it and is not begun anew."""
    monkeypatch.setattr(backups, "PAGES_A_STEP", 1)
    with fresh_file() as store:
        memproc.ingest(records(50), into=store)
        steps = []

        def landing_meanwhile(source, target, **options):
            def step(_status, remaining, _total):
                steps.append(remaining)
                if len(steps) == 3:
                    store.add({"content": "Prefers tea"})

            source.backup(target, progress=step, **options)

        monkeypatch.setattr(backups, "_steps", landing_meanwhile)
        store.backup(tmp_path / "copy.db")
        assert steps == sorted(steps, reverse=True)  # never more left than before
        assert store.find(text="tea")
        with memproc.open(tmp_path / "copy.db") as copy:
            assert not copy.find(text="tea")
            assert copy.recount().is_whole


def test_within_a_rehearsal_the_copy_is_of_what_is_committed(fresh_file, tmp_path):
    """And it does not wait for its own rehearsal for ever."""
    with fresh_file() as store:
        store.add({"content": "Prefers tea"})
        with store.rehearsal():
            store.add({"content": "Prefers milk"})
            store.backup(tmp_path / "copy.db")
        with memproc.open(tmp_path / "copy.db") as copy:
            assert [memory.content for memory in copy] == ["Prefers tea"]


def test_nothing_is_overwritten_unless_it_is_said(fresh_file, tmp_path):
    """Not a file, not a database in use, never the store itself; what failed leaves nothing behind."""
    target = tmp_path / "copy.db"
    with fresh_file() as store:
        store.add({"content": "Prefers tea"})
        target.write_text("mine")
        with pytest.raises(memproc.UsageError, match="is there: give another file, or overwrite it"):
            store.backup(target)
        assert target.read_text() == "mine"
        store.backup(target, overwrite=True)
        for overwrite in (False, True):
            with pytest.raises(memproc.UsageError, match="is the store itself"):
                store.backup(store._opened.database.file, overwrite=overwrite)
            with pytest.raises(memproc.UsageError, match="is there"):
                store.backup(tmp_path, overwrite=overwrite)
        with memproc.open(target) as copy:
            copy.add({"content": "Prefers milk"})
            with pytest.raises(memproc.UsageError, match="is a database in use"):
                store.backup(target, overwrite=True)
        with pytest.raises(memproc.UsageError, match="cannot be written: No such file"):
            store.backup(tmp_path / "no such folder" / "copy.db")
        assert names(tmp_path) == ["copy.db"]
        assert store.count() == 1


def test_a_log_that_was_left_behind_is_not_given_to_the_copy(fresh_file, tmp_path):
    """SQLite would play it into the copy."""
    (tmp_path / "copy.db-wal").write_bytes(b"of another database")
    with fresh_file() as store, pytest.raises(memproc.UsageError, match="-wal is there"):
        store.backup(tmp_path / "copy.db")


def test_what_appears_while_the_copy_is_made_is_not_overwritten(fresh_file, tmp_path, monkeypatch):
    """Two copies to one place: the first stays."""
    check = backups._check
    monkeypatch.setattr(backups, "_check", lambda part: (check(part), (tmp_path / "copy.db").write_text("mine")))
    with fresh_file() as store, pytest.raises(memproc.UsageError, match="is there"):
        store.backup(tmp_path / "copy.db")
    assert names(tmp_path) == ["copy.db"]
    assert (tmp_path / "copy.db").read_text() == "mine"


@pytest.mark.parametrize("fails", [OSError(28, "No space left on device"), sqlite3.OperationalError("disk I/O error")])
def test_a_copy_that_fails_leaves_the_old_one(fresh_file, tmp_path, monkeypatch, fails):
    """A StoreError, the old file, and nothing beside it."""

    def failing(*_given, **_options):
        raise fails

    (tmp_path / "copy.db").write_text("the old one")
    monkeypatch.setattr(backups, "_steps", failing)
    with fresh_file() as store, pytest.raises(memproc.StoreError, match="cannot be"):
        store.backup(tmp_path / "copy.db", overwrite=True)
    assert names(tmp_path) == ["copy.db"]
    assert (tmp_path / "copy.db").read_text() == "the old one"


def test_a_damaged_store_gives_no_copy(fresh_file, tmp_path):
    """Or the last good one would be thrown away for it."""
    with fresh_file() as store:
        memproc.ingest(records(50), into=store)
        path = store._opened.database.file
    damage(path)
    with memproc.open(path) as store, pytest.raises(memproc.StoreError, match="memproc doctor"):
        store.backup(tmp_path / "copy.db")
    assert names(tmp_path) == []


def test_a_new_copy_is_private_and_an_older_one_keeps_its_mode(fresh_file, tmp_path):
    """Whatever the store's own mode is."""
    with fresh_file() as store:
        store.add({"content": "Prefers tea"})
        store._opened.database.file.chmod(0o644)
        store.backup(tmp_path / "copy.db")
        assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
        (tmp_path / "copy.db").chmod(0o640)
        store.backup(tmp_path / "copy.db", overwrite=True)
        assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(("name", "tool"), [("postgresql", "pg_dump"), ("mysql", "mariadb-dump"), ("mariadb", "mariadb-dump")])
def test_another_database_has_a_tool_of_its_own(tmp_path, name, tool):
    """Wrong use, which names it."""
    database = SimpleNamespace(file=None, url=make_url(f"{name}://localhost/memories"))
    with pytest.raises(memproc.UsageError, match=tool):
        backups.backup(database, tmp_path / "copy.db")


def test_a_closed_store_is_not_copied(fresh_file, tmp_path):
    """It does not open itself again."""
    store = fresh_file()
    store.close()
    with pytest.raises(memproc.StoreError, match="is closed"):
        store.backup(tmp_path / "copy.db")


def test_the_command_copies(fresh_file, tmp_path):
    """Text and JSON; wrong use exits with 2, and `--force` overwrites."""
    run = partial(run_memproc, "backup", folder=tmp_path)

    with fresh_file() as store:
        store.add({"content": "Prefers tea"})
    path = shutil.copy(store._opened.database.file, tmp_path / "m.db")
    code, told, _ = run(path, "copy.db")
    assert (code, told.endswith(" bytes to copy.db\n")) == (0, True)
    code, told, error = run(path, "copy.db", "--json")
    assert (code, told) == (2, "")
    assert "--force" in error
    code, told, _ = run(path, "copy.db", "--force", "--json")
    assert (code, json.loads(told)) == (0, {"to": "copy.db", "bytes": (tmp_path / "copy.db").stat().st_size})
    assert run("none.db", "other.db")[0] == 2
    assert names(tmp_path) == ["copy.db", "m.db"]
