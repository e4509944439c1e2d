"""A disk that becomes full in the middle: a clear message, a store that can be read, and with room `--resume` goes on to the end.

Twice: SQLite's own limit of pages, in this process; and, where this process may mount one, a file system that is too small, by the
command line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import orjson
from sqlalchemy import event

import memproc
from faults.stores import NewStore, check_whole, exported, filled

BATCHES: Final = 40
PAGES: Final = 1_000_000
LIMIT_SECONDS: Final = 300


class Filled(NamedTuple):
    """How many records had landed when the disk was full: by pages, and by a file system, where one could be mounted."""

    by_pages: int
    by_mount: int | None

    def __str__(self) -> str:
        """Return the figures as a line."""
        mounted = "no file system was mounted: that takes root" if self.by_mount is None else f"{self.by_mount} in a full tmpfs"
        return f"landed when it was full: {self.by_pages} by max_page_count, {mounted}; with room the same store as undisturbed"


def fill_up(new_store: NewStore, source: Path, records: int, folder: Path) -> Filled:
    """Ingest onto disks that become full. Raises AssertionError where that is not told, or something is lost."""
    url = filled(new_store(), source)
    expected, size_bytes = exported(url), Path(url).stat().st_size
    by_pages = _by_pages(new_store(), source, records, expected)
    with _mounted(folder, size_bytes) as mount:
        return Filled(by_pages, _by_mount(mount, source, records, size_bytes, expected) if mount else None)


def _by_pages(url: str, source: Path, records: int, expected: bytes) -> int:
    """Fill a store whose pages are limited to half of what it needs more than an empty one; go on in the same process."""
    with memproc.open(url) as store:
        engine = store._opened.database.engine  # noqa: SLF001 - the limit is set behind its back
        with engine.connect() as connection:
            empty = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        pages = [empty + len(expected) // 4_096 // 2]

        @event.listens_for(engine, "begin")
        def limited(connection: memproc.Store) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}")  # type: ignore[attr-defined]

        settings = memproc.Settings(batch_size=records // BATCHES)
        try:
            memproc.ingest(source, store, settings=settings)
        except memproc.StoreError as error:
            assert "the disk is full: make room, then go on with --resume" in str(error), error
        else:
            raise AssertionError("the limit of pages was no limit")
        landed = _landed(store, records)
        pages[0] = PAGES
        assert memproc.ingest(source, store, settings=settings, resume=True).read == records
    _check_end(url, expected)
    return landed


def _by_mount(mount: Path, source: Path, records: int, size_bytes: int, expected: bytes) -> int:
    """Fill a file system by the command line, remount it larger, and go on."""
    url = str(mount / "memories.db")
    command = [sys.executable, "-m", "memproc", "ingest", str(source), "--into", url, "--resume", "--json"]
    command += ["--batch-size", str(records // BATCHES)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=LIMIT_SECONDS)
    assert done.returncode == 1, (done.returncode, done.stderr.decode())
    assert b"the disk is full: make room, then go on with --resume" in done.stderr, done.stderr.decode()
    with memproc.open(url) as store:
        landed = _landed(store, records)
    _mount(mount, f"remount,size={size_bytes * 10}")
    done = subprocess.run(command, capture_output=True, check=False, timeout=LIMIT_SECONDS)
    assert done.returncode == 0, (done.returncode, done.stderr.decode())
    assert orjson.loads(done.stdout)["read"] == records, done.stdout
    _check_end(url, expected)
    return landed


def _landed(store: memproc.Store, records: int) -> int:
    """Read the whole store on a disk that is full; return how many records have landed."""
    recount = store.recount()
    assert recount.is_whole, recount
    assert 0 < recount.read < records, recount
    assert len(list(store)) == recount.memories
    return recount.read


def _check_end(url: str, expected: bytes) -> None:
    with memproc.open(url) as store:
        (job,) = store.jobs()
        assert job.status == "done", job
    assert exported(url) == expected
    check_whole(url)


@contextmanager
def _mounted(folder: Path, size_bytes: int) -> Iterator[Path | None]:
    """Give a file system that holds no more than so many bytes, None where none may be mounted."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield None
        return
    mount = folder / "small"
    mount.mkdir()
    try:
        _mount(mount, f"size={size_bytes}", "-t", "tmpfs", "tmpfs")
    except subprocess.CalledProcessError:  # root of a container, perhaps
        yield None
        return
    try:
        yield mount
    finally:
        subprocess.run(["umount", str(mount)], check=True, timeout=LIMIT_SECONDS)  # noqa: S607 - it is where the system keeps it


def _mount(mount: Path, options: str, *more: str) -> None:
    command = ["mount", *more, "-o", options, str(mount)]
    subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_SECONDS)
