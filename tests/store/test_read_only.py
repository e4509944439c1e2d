"""A store that may not be written: it is read as ever, who writes is told, and nothing is left beside it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager

import pytest

import memproc
from memproc.store.sql.files import is_read_only
from memproc.store.sql.versions import OLDEST
from tests.command_line import run_memproc
from tests.conftest import ROOT
from tests.exports import export_of
from tests.waiting import LIMIT_SECONDS

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
WAYS = ("mount", "file", "folder")
READING = ("stats", "doctor", "jobs", "quarantine", "review", "recall")


@contextmanager
def read_only(folder, way):
    """Let nothing be written in a folder meanwhile: by a mount of its own, by the mode of the file, or by that of the folder."""
    if way == "mount":
        if not IS_ROOT:
            pytest.skip("to mount takes root")
        try:
            subprocess.run(["mount", "--bind", folder, folder], check=True, capture_output=True, timeout=LIMIT_SECONDS)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("nothing may be mounted here")
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True, capture_output=True, timeout=LIMIT_SECONDS)
            yield
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True, timeout=LIMIT_SECONDS)
    else:
        what, mode = (folder / "m.db", 0o444) if way == "file" else (folder, 0o555)
        before = what.stat().st_mode
        what.chmod(mode)
        try:
            if os.access(what, os.W_OK):
                pytest.skip("root may write whatever the mode")
            yield
        finally:
            what.chmod(before)


@pytest.fixture
def folder(tmp_path):
    """Give a folder with a closed store, which has something of everything."""
    folder = tmp_path / "there"
    folder.mkdir()
    with memproc.open(folder / "m.db") as store:
        memproc.ingest(ROOT / "fixtures" / "memories.jsonl", store)
        store.add({"content": "x", "importance": 7})
        store.unmerge(next(iter(store)).id)
    return folder


def names_in(folder):
    """Return the names of the files of a folder."""
    return sorted(file.name for file in folder.iterdir())


def seen(store):
    """Return what reading a store gives."""
    memories = list(store)
    first = memories[0].id
    return [
        memories,
        export_of(store, full=True),
        store.find(),
        store.find(text="tea"),
        store.get(first),
        store.trace(first),
        store.count(),
        store.stats(),
        store.recount(),
        store.reviews(),
        store.settled_reviews(),
        store.decisions(),
        store.quarantine(),
        store.patterns(),
        [(job.number, job.status) for job in store.jobs()],
        store.index_recall(),
        store.doctor(),
    ]


@pytest.mark.costly
@pytest.mark.parametrize("way", WAYS)
def test_a_store_that_may_not_be_written_is_read_as_ever(folder, way):
    """By everything that reads; and no file is made beside it."""
    path = folder / "m.db"
    with memproc.open(path) as store:
        wanted = seen(store)
    assert wanted[-1] == ()
    with read_only(folder, way):
        assert is_read_only(path)
        with memproc.open(path) as store:
            assert seen(store) == wanted
        assert names_in(folder) == ["m.db"]


@pytest.mark.costly
@pytest.mark.parametrize("way", WAYS)
def test_each_command_that_reads_works_on_it(folder, way, tmp_path):
    """And a backup can be made of it, and written to."""
    path, copy = folder / "m.db", tmp_path / "copy.db"
    with memproc.open(path) as store:
        first = next(iter(store)).id
    with read_only(folder, way):
        commands = [*([name, path] for name in READING), ["trace", path, first], ["quarantine", path, "--patterns"]]
        for command in [*commands, ["export", path, "--to", tmp_path / "out.jsonl"], ["backup", path, copy]]:
            code, _, told = run_memproc(*command)
            assert (code, told) == (0, ""), command
        assert names_in(folder) == ["m.db"]
    copy.chmod(0o600)
    with memproc.open(copy) as store:
        store.add({"content": "Was in Rome"})
        assert store.doctor() == ()


@pytest.mark.parametrize("way", WAYS)
def test_who_writes_is_told_that_it_is_read_only(folder, way, tmp_path):
    """Each that writes; it does not wait, and nothing is said of going on."""
    path = folder / "m.db"
    before = path.read_bytes()
    (tmp_path / "a.jsonl").write_text('{"content": "Was in Rome"}\n')
    with read_only(folder, way):
        with memproc.open(path) as store:
            first = next(iter(store)).id
            writing = (
                lambda: store.add({"content": "Was in Rome"}),
                lambda: memproc.ingest([{"content": "Was in Rome"}], store),
                lambda: memproc.ingest(tmp_path / "a.jsonl", store, resume=True),
                lambda: store.forget(first),
                lambda: store.unmerge(first),
                store.rebuild,
                store.replay,
                lambda: store.discard(1),
            )
            for write in writing:
                with pytest.raises(memproc.StoreError, match=r"the store is read-only.*m\.db"):
                    write()
            assert store.count() > 0
        commands = (
            ["ingest", tmp_path / "a.jsonl", "--into", path],
            ["ingest", tmp_path / "a.jsonl", "--into", path, "--resume"],
            ["forget", path, first],
            ["unmerge", path, first],
            ["rebuild", path],
            ["retry", path],
        )
        for command in commands:
            code, _, told = run_memproc(*command)
            assert (code, "the store is read-only" in told, "--resume" in told) == (1, True, False), (command, told)
    assert path.read_bytes() == before


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_store_and_may_not_be_written_is_told(folder, way):
    """Another database, an empty file and none: each as it is."""
    with closing(sqlite3.connect(folder / "app.db")) as connection:
        connection.execute("CREATE TABLE app (x)")
        connection.commit()
    shutil.move(folder / "m.db", folder / "store.db")
    shutil.move(folder / "app.db", folder / "m.db")
    (folder / "empty.db").touch()
    with read_only(folder, way):
        with pytest.raises(memproc.UsageError, match=r"there is no store.*none can be made"):
            memproc.open(folder / "m.db")
        code, _, told = run_memproc("stats", folder / "m.db")
        assert (code, "with the tables app" in told) == (2, True)
        if way != "file":
            with pytest.raises(memproc.UsageError, match="cannot be made: its folder may not be written"):
                memproc.open(folder / "new.db")
            with pytest.raises(memproc.UsageError, match=r"there is no store.*none can be made"):
                memproc.open(folder / "empty.db")
            assert run_memproc("stats", folder / "new.db")[0] == 2


@pytest.mark.parametrize("way", WAYS)
def test_an_older_store_that_may_not_be_written_is_refused(folder, way, tmp_path):
    """The message tells how it is upgraded, as which a copy of it is."""
    shutil.copy(ROOT / "fixtures" / "stores" / f"schema{OLDEST}.db", folder / "m.db")
    before = (folder / "m.db").read_bytes()
    with read_only(folder, way):
        with pytest.raises(
            memproc.StoreError, match=r"made by an older memproc \(schema \d+\), and is upgraded where it may be written"
        ):
            memproc.open(folder / "m.db")
        assert run_memproc("stats", folder / "m.db")[0] == 1
        shutil.copy(folder / "m.db", tmp_path / "copy.db")
    assert names_in(folder) == ["m.db"]
    assert (folder / "m.db").read_bytes() == before
    (tmp_path / "copy.db").chmod(0o600)
    with memproc.open(tmp_path / "copy.db") as store:
        assert store.doctor() == ()


def leave_log(folder):
    """Leave newest commits in the log of a store, as a process does that is killed."""
    path = folder / "m.db"
    store = memproc.open(path)
    store.add({"content": "Is only in the log"})
    kept = {name: (folder / name).read_bytes() for name in names_in(folder)}
    store.close()
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    assert (folder / "m.db-wal").stat().st_size > 0


def test_a_log_is_looked_for_where_a_link_leads(folder, tmp_path):
    """Beside the link there is none, and the newest commits would be left out."""
    leave_log(folder)
    link = tmp_path / "link.db"
    link.symlink_to(folder / "m.db")
    with read_only(folder, "mount"), memproc.open(link) as store:
        assert len(store.find(text="only in the log")) == 1


@pytest.mark.parametrize("way", WAYS)
def test_what_is_only_in_the_log_is_read_too(folder, way):
    """The log was left behind with its index: SQLite reads both, also where it may write neither."""
    leave_log(folder)
    with read_only(folder, way), memproc.open(folder / "m.db") as store:
        assert [memory.content for memory in store.find(text="only in the log")] == ["Is only in the log"]
        if way != "folder":  # there it may be written, as its log and index are there
            with pytest.raises(memproc.StoreError, match="read-only"):
                store.add({"content": "Was in Rome"})


@pytest.mark.parametrize("way", ["mount", "folder"])
def test_a_log_that_cannot_be_read_hides_nothing(folder, way):
    """Without its index SQLite would read the database as if there were no log. So it is refused, with advice that serves."""
    leave_log(folder)
    (folder / "m.db-shm").unlink()
    with read_only(folder, way):
        for call in (lambda: memproc.open(folder / "m.db").close(), lambda: memproc.open(folder / "m.db").count()):
            with pytest.raises(memproc.StoreError, match=r"newest commits.*m\.db-wal.*copy both files"):
                call()
        for command in ("stats", "doctor"):
            code, out, told = run_memproc(command, folder / "m.db")
            assert (code, "m.db-wal" in out + told, "--resume" in told) == (1, True, False)
    (folder / "copy").mkdir()
    for end in ("", "-wal"):
        shutil.copy(folder / f"m.db{end}", folder / "copy" / f"m.db{end}")
    with memproc.open(folder / "copy" / "m.db") as store:
        assert len(store.find(text="only in the log")) == 1


@pytest.mark.costly
def test_what_is_written_meanwhile_is_read_anew(folder, tmp_path):
    """Where it may be written elsewhere, another process may do so in the middle of a read."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if not IS_ROOT:
        pytest.skip("to mount takes root")
    try:
        subprocess.run(["mount", "--bind", folder, elsewhere], check=True, capture_output=True, timeout=LIMIT_SECONDS)
        subprocess.run(["mount", "-o", "remount,ro,bind", elsewhere], check=True, capture_output=True, timeout=LIMIT_SECONDS)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing may be mounted here")
    try:
        with memproc.open(elsewhere / "m.db") as store:
            before = store.count()
            turns = []

            def work(connection):
                turns.append(connection)
                if len(turns) == 1:
                    with memproc.open(folder / "m.db") as other:
                        other.add({"content": "Was in Rome"})
                return len(turns)

            assert store._opened.transactions.read(work) == 2  # the first was of no moment
            assert store.count() == before + 1
            with memproc.open(folder / "m.db") as other:  # while it is open for writing, by its log
                other.add({"content": "Was in Oslo"})
                assert store.count() == before + 2
                assert store.doctor() == other.doctor() == ()
    finally:
        subprocess.run(["umount", "--lazy", elsewhere], check=True, timeout=LIMIT_SECONDS)


def test_a_store_whose_file_was_removed_says_so(tmp_path):
    """What is written into a removed file is nowhere, though the database takes it; and a job that is watched would never end."""
    with memproc.open(tmp_path / "m.db") as store:
        store.add({"content": "Prefers tea"})
        (tmp_path / "m.db").rename(tmp_path / "away.db")
        for call in (lambda: store.add({"content": "Has a cat"}), lambda: memproc.ingest([{"content": "x"}], store), store.jobs):
            with pytest.raises(memproc.DatabaseError, match="was removed while it was open"):
                call()
        (tmp_path / "away.db").rename(tmp_path / "m.db")
        assert [memory.content for memory in store] == ["Prefers tea"]
        assert store.recount().is_whole
