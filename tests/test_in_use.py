"""The files of open stores: whoever asks for them is refused before they are opened, so that no lock on them is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

import memproc
from memproc.cli.stores import objects_in
from memproc.in_use import Held, whose
from memproc.ingestion.identity import fingerprint_of
from memproc.ingestion.reading import read_file
from memproc.store.checkup.doctor import examine_at
from memproc.store.sql.opening import can_rehearse

LOOK_IN = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM sqlite_master').fetchall(); c.close()"

# What may open a file that is given to it; each with the store that is open.
READERS = {
    "ingest": lambda store, path: memproc.ingest(path, store),
    "ingest of several": lambda store, path: memproc.ingest([*Path(path).parent.glob("*.jsonl"), path], store),
    "ingest into another": lambda _, path: memproc.ingest(path, Path(path).parent / "third.db"),
    "ingest into itself by its path": lambda _, path: memproc.ingest(path, path),
    "resumed ingest": lambda store, path: memproc.ingest(path, store, resume=True),
    "validation before": lambda store, path: memproc.ingest(path, store, settings=memproc.Settings(validate="before")),
    "edited quarantine": lambda store, path: store.replay(edited=path),
    "validate or transform of a file": lambda _, path: [*read_file(Path(path))],
    "labels": lambda _, path: objects_in(Path(path)),
    "fingerprint": lambda _, path: fingerprint_of([Path(path)]),
    "export": lambda store, path: store.export(path),
    "export of quarantine": lambda store, path: store.export_quarantine(path),
    "backup": lambda store, path: store.backup(path, overwrite=True),
}
ASKERS = {"can_rehearse": can_rehearse, "doctor": examine_at, "doctor by another link": lambda path: examine_at(f"{path}.link")}
FILES = ("m.db", "m.db-wal", "m.db-shm", "link", "link to link", "hard link", "link to log", "other.db")


@pytest.fixture
def two_stores(tmp_path):
    """Give two open stores in a folder, with links to the files of the first; each has a memory in its log."""
    (tmp_path / "a.jsonl").write_text('{"content": "Prefers tea"}\n')
    with memproc.open(tmp_path / "m.db") as store, memproc.open(tmp_path / "other.db") as other:
        store.add({"content": "Has a dog"})
        other.add({"content": "Has a cat"})
        (tmp_path / "link").symlink_to("m.db")
        (tmp_path / "link to link").symlink_to(tmp_path / "link")
        (tmp_path / "link to log").symlink_to("m.db-wal")
        (tmp_path / "m.db.link").symlink_to("m.db")
        (tmp_path / "hard link").hardlink_to(tmp_path / "m.db")
        yield store, other


def logs_that_stay(folder):
    """Let another process open and close both stores; return the logs that are still those that this one writes to."""
    before = {name: (folder / name).stat().st_ino for name in ("m.db-wal", "other.db-wal")}
    for name in ("m.db", "other.db"):
        subprocess.run([sys.executable, "-c", LOOK_IN, str(folder / name)], check=True, timeout=60)
    return [name for name, inode in before.items() if (folder / name).exists() and (folder / name).stat().st_ino == inode]


@pytest.mark.costly
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.sampled(8)
def test_no_file_of_an_open_store_is_read_or_written(two_stores, tmp_path, reader):
    """Its own, that of another store, the log, and by links of both kinds; the locks are there when another process looks in."""
    for name in FILES:
        with pytest.raises(memproc.UsageError, match="database in use"):
            reader(two_stores[0], str(tmp_path / name))
        assert logs_that_stay(tmp_path) == ["m.db-wal", "other.db-wal"], name
    assert [store.count() for store in two_stores] == [1, 1]
    assert (tmp_path / "link").is_symlink()


@pytest.mark.usefixtures("two_stores")
@pytest.mark.parametrize("ask", ASKERS.values(), ids=ASKERS)
def test_to_ask_about_an_open_store_costs_no_lock(tmp_path, ask):
    """Neither whether it is a store, nor whether it is well."""
    assert ask(str(tmp_path / "m.db")) in (True, ())
    assert logs_that_stay(tmp_path) == ["m.db-wal", "other.db-wal"]


def test_a_log_that_is_not_there_yet_is_no_target(tmp_path):
    """SQLite would take what is written there for its own."""
    held = Held(tmp_path / "m.db")
    held.hold()
    with memproc.open(tmp_path / "other.db") as store:
        for name in ("m.db", "m.db-wal", "m.db-shm", "m.db-journal"):
            with pytest.raises(memproc.UsageError, match="database in use"):
                store.export(tmp_path / name)


@pytest.mark.usefixtures("two_stores")
def test_a_store_that_was_renamed_is_in_use_all_the_same(tmp_path):
    """What is open is the file, not its name."""
    (tmp_path / "m.db").rename(tmp_path / "renamed.db")
    assert whose(tmp_path / "renamed.db")
    with (tmp_path / "m.db").open("w"):  # another one by that name
        assert whose(tmp_path / "m.db")
    (tmp_path / "renamed.db").rename(tmp_path / "m.db")


@pytest.mark.usefixtures("two_stores")
def test_a_descriptor_tells_its_file(tmp_path):
    """As of a file that somebody else has opened."""
    handle = os.open(tmp_path / "m.db", os.O_RDONLY)  # its lock is lost with this, which is what the look-up saves others
    assert whose(handle)
    os.close(handle)


def test_a_store_that_is_closed_is_in_use_no_more(tmp_path):
    """Nor is one that nobody knows any more."""
    memproc.open(tmp_path / "m.db").close()
    assert whose(tmp_path / "m.db") == ""
    with pytest.raises(memproc.SourceError, match="holds a store of memproc"):
        [*read_file(tmp_path / "m.db")]


@pytest.mark.slow
def test_nothing_is_lost_where_a_source_is_the_store(tmp_path):
    """A process adds, is refused its own file, another opens and closes the store, it adds on, and is killed: all is there."""
    path = tmp_path / "m.db"
    code = f"""
import os, signal, subprocess, sys, memproc
store = memproc.open({str(path)!r})
for number in range(10):
    store.add({{"content": f"memory {{number}} of those before"}})
try:
    memproc.ingest({str(path)!r}, store)
except memproc.UsageError:
    pass
subprocess.run([sys.executable, "-c", {LOOK_IN!r}, {str(path)!r}], check=True, timeout=60)
for number in range(30):
    store.add({{"content": f"memory {{number}} of those behind"}})
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    with memproc.open(path) as store:
        assert store.count() == 40
        assert [finding.code for finding in store.doctor()] in ([], ["jobs"])  # that of the process that was killed


def test_an_empty_file_may_not_become_the_store_that_reads_it(tmp_path):
    """It is no store yet when it is opened, and would be one when it is closed."""
    path = tmp_path / "new.db"
    path.touch()
    with pytest.raises(memproc.UsageError, match="the store itself"):
        memproc.ingest(path, path)
    assert path.read_bytes() == b""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as there:
        assert there.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
