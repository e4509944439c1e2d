"""The files of stores that are open in this process: they are never opened as a source or written as a target.

Facts: SQLite's locks are POSIX locks. A process that closes any descriptor of a file loses all its locks on that file (fcntl(2);
"How To Corrupt An SQLite Database File", 2.2). Another process that then closes the store believes it is the last one and deletes
the log, and what this process adds afterwards is in no file. So the file of a store must not be opened, not even to read one byte.

Strategy: before a file is opened, its device and inode are compared with those in use. That needs no descriptor, and hard and
symbolic links lead to the same inode. Names are compared too, because a log may not exist yet.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

SQLITE_START = b"SQLite format 3\0"
ENDS = ("-wal", "-shm", "-journal")  # of the names of the files that SQLite keeps next to a database


class Held:
    """A database file that this process has open, from `hold` to `release`, or until this object is garbage."""

    def __init__(self, file: Path) -> None:
        """Take the path of the file, which need not exist yet."""
        self.file = Path(os.path.realpath(file))
        self._seen: set[tuple[int, int]] = set()  # the file may be renamed while it is open

    def hold(self) -> None:
        """Note that the file is in use."""
        _held[id(self)] = self
        self._seen.update(identity_of(self.file))

    def release(self) -> None:
        """Note that the file is not in use any more."""
        _held.pop(id(self), None)

    def is_at(self, place: str, identity: set[tuple[int, int]]) -> str:
        """Return in words what of this store is at a real path or has an identity, or an empty text."""
        if place == str(self.file) or identity & (self._seen | identity_of(self.file)):
            return "is the store itself, or is a database in use"
        for beside in (f"{self.file}{end}" for end in ENDS):
            if place == beside or identity & identity_of(beside):
                return f"belongs to {self.file.name}, which is a database in use"
        return ""


_held: WeakValueDictionary[int, Held] = WeakValueDictionary()


def whose(path: str | Path | int) -> str:
    """Return in words what of an open store is at a path or descriptor, to follow the path in a message; else an empty text."""
    held = [one for reference in _held.valuerefs() if (one := reference()) is not None]
    if not held:
        return ""
    place = "" if isinstance(path, int) else os.path.realpath(path)
    identity = identity_of(path)
    return next((told for one in held if (told := one.is_at(place, identity))), "")


def database_at(path: str | Path) -> str:
    """Return in words what of a SQLite database is at a path, to follow the path in a message, else an empty text: also of an open
    store, which is not looked into.
    """
    place = os.path.realpath(path)
    if _is_database(place):
        return "is a SQLite database"
    of = next((place.removesuffix(end) for end in ENDS if place.endswith(end)), None)
    return f"belongs to {os.path.basename(of)}, a SQLite database" if of and _is_database(of) else ""  # noqa: PTH119 - it is text


def _is_database(place: str) -> bool:
    if not os.path.isfile(place) or whose(place):  # noqa: PTH113 - raises on nothing
        return False
    with suppress(OSError), Path(place).open("rb") as opened:
        return opened.read(len(SQLITE_START)) == SQLITE_START
    return False


def identity_of(path: str | Path | int) -> set[tuple[int, int]]:
    """Return the device and inode that a path leads to, or an empty set if nothing is there."""
    with suppress(OSError, ValueError):
        found = os.fstat(path) if isinstance(path, int) else Path(path).stat()
        return {(found.st_dev, found.st_ino)}
    return set()
