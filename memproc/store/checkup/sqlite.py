"""Checks what is specific to SQLite: the files of a database, and its own integrity checks.

Facts: the newest commits are in a file beside the database, which ends in -wal, and are lost without it. It exists while any
connection is open. SQLite reads any file of this name as part of the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memproc.store.checkup.findings import Findings
from memproc.store.sql.tx import Tx

WAL_MAGIC = b"\x37\x7f\x06"  # the fourth byte of the header tells the byte order


@contextmanager
def reading_only(tx: Tx) -> Iterator[None]:
    """Forbid writing inside the block, if the database supports it."""
    if tx.database.file is None:
        yield
        return
    tx.exec_driver_sql("PRAGMA query_only=ON")
    try:
        yield
    finally:
        tx.exec_driver_sql("PRAGMA query_only=OFF")


def check_files(file: Path, findings: Findings) -> None:
    """Check the files beside a database before it is opened: SQLite reads them as its own, or replaces them."""
    file = file.resolve()  # SQLite puts them beside the target of a link
    with file.open("rb") as stream:
        header = stream.read(100)
    wal, shared, journal = (file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal"))
    if journal.exists() and journal.stat().st_size:
        findings.add("foreign_file", journal.name)
    if wal.exists() and wal.stat().st_size:
        with wal.open("rb") as stream:
            start = stream.read(12)
        if not start.startswith(WAL_MAGIC) or _page_bytes(header[16:18]) != int.from_bytes(start[8:12]):
            findings.add("foreign_file", wal.name)
    elif shared.exists() and not wal.exists():
        findings.add("wal_missing", wal.name)


def check_sqlite(tx: Tx, findings: Findings) -> None:
    """Run the integrity checks of SQLite, and check that its log exists while it is in use."""
    if tx.database.file is None:
        return
    for check in ("quick_check", "integrity_check"):  # the second aborts at an unreadable page, which the first reports
        messages = tx.exec_driver_sql(f"PRAGMA {check}").scalars().all()
        findings.add("integrity", *(line for line in messages if line != "ok"))
        if findings.has("integrity"):
            return
    file = tx.database.file.resolve()
    wal = file.with_name(f"{file.name}-wal")
    if tx.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal" and not wal.exists():
        findings.add("wal_missing", wal.name)


def _page_bytes(field: bytes) -> int:
    """Return the page size in a database header, where 1 stands for 65,536."""
    size = int.from_bytes(field)
    return 65_536 if size == 1 else size
