"""What is SQLite's own in a check-up: the files of a database, and what it says of itself.

Facts: the newest commits lie in a file beside the database, which ends in -wal, and are lost without it. It is there as long as any
connection is open, and goes with the last one. Whatever has its name when the database is opened is read as if it belonged to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memproc.store.checkup.findings import Found
from memproc.store.sql.tx import Tx

WAL_MAGIC = b"\x37\x7f\x06"  # the last byte of its header's first word tells the order of bytes


@contextmanager
def reading_only(tx: Tx) -> Iterator[None]:
    """See to it that nothing is written, where the database can."""
    if tx.database.file is None:
        yield
        return
    tx.exec_driver_sql("PRAGMA query_only=ON")
    try:
        yield
    finally:
        tx.exec_driver_sql("PRAGMA query_only=OFF")


def check_files(file: Path, found: Found) -> None:
    """Look at the files beside a database before it is opened: SQLite takes them for its own, or makes them anew."""
    file = file.resolve()  # SQLite has them beside what a link leads to
    with file.open("rb") as stream:
        header = stream.read(100)
    wal, shared, journal = (file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal"))
    if journal.exists() and journal.stat().st_size:
        found.add("foreign_file", journal.name)
    if wal.exists() and wal.stat().st_size:
        with wal.open("rb") as stream:
            start = stream.read(12)
        if not start.startswith(WAL_MAGIC) or _page_bytes(header[16:18]) != int.from_bytes(start[8:12]):
            found.add("foreign_file", wal.name)
    elif shared.exists() and not wal.exists():
        found.add("wal_missing", wal.name)


def check_sqlite(tx: Tx, found: Found) -> None:
    """Ask SQLite, where it is one, whether its file is whole, and see whether its log is there while it is in use."""
    if tx.database.file is None:
        return
    for check in ("quick_check", "integrity_check"):  # the second breaks off where the first finds a page that cannot be read
        said = tx.exec_driver_sql(f"PRAGMA {check}").scalars().all()
        found.add("integrity", *(line for line in said if line != "ok"))
        if found.has("integrity"):
            return
    file = tx.database.file.resolve()
    wal = file.with_name(f"{file.name}-wal")
    if tx.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal" and not wal.exists():
        found.add("wal_missing", wal.name)


def _page_bytes(field: bytes) -> int:
    """Return the size of pages that a database's header gives: 1 stands for 65,536."""
    size = int.from_bytes(field)
    return 65_536 if size == 1 else size
