"""What a side ran under is read back, and is the same for memproc and for those that are brought to its PRAGMAs."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlalchemy import create_engine

import memproc
from benchmarks.database import PRAGMAS
from benchmarks.watched import watched


def test_all_sides_are_brought_to_the_settings_of_memproc(tmp_path):
    """If memproc changes its own, `PRAGMAS` follows."""
    with watched() as of_memproc:
        memproc.ingest([{"content": "Prefers tea"}], into=tmp_path / "memproc.db")
    with watched(PRAGMAS) as of_others, closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE memory (content)")
    assert len(of_memproc) == 1
    assert of_memproc == of_others


def test_settings_are_those_at_the_end(tmp_path):
    """Also those of a library, and of a connection that nobody closed."""
    with watched() as seen:
        engine = create_engine(f"sqlite:///{tmp_path / 'library.db'}")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
        engine.dispose()
        left_open = sqlite3.connect(tmp_path / "open.db")
        left_open.execute("PRAGMA cache_size=-77")
    left_open.close()
    assert sorted("synchronous=OFF" in line for line in seen) == [False, True]
    assert sorted("cache_size=-77" in line for line in seen) == [False, True]


def test_an_attached_file_counts_and_one_in_memory_does_not(tmp_path):
    """What is attached has a journal of its own."""
    with watched(("journal_mode=WAL",)) as seen, closing(sqlite3.connect(tmp_path / "main.db")) as connection:
        connection.execute("ATTACH ? AS other", (str(tmp_path / "other.db"),))
        connection.execute("CREATE TABLE other.memory (content)")
        sqlite3.connect(":memory:").close()
    assert sorted(line.split(",")[0] for line in seen) == ["journal_mode=delete", "journal_mode=wal"]


def test_nothing_is_watched_afterwards():
    """The function of the library is back."""
    before = sqlite3.connect
    with watched():
        assert sqlite3.connect is not before
    assert sqlite3.connect is before
    assert sqlite3.dbapi2.connect is before
