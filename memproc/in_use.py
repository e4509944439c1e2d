"""The files of stores that are open in this process: never opened as a source, never written as a target.

Facts: SQLite's locks are POSIX locks. A process that closes any descriptor of a file loses all its locks on it, whoever took them
(fcntl(2); "How To Corrupt An SQLite Database File", 2.2). Then another process that closes the store takes itself for the last one
and deletes the log, and what this one goes on adding is in no file. So a store's file must not be opened, were it for one byte.

Strategy: before a file is opened, its device and inode are compared with those in use, which needs no descriptor: links of both
kinds lead to the same. Names are compared too, as a log may not be there yet.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

ENDS = ("-wal", "-shm", "-journal")  # of the names of the files that SQLite has beside a database


class Held:
    """A database file that this process has open, from `hold` to `release`, or until nobody knows this object."""

    def __init__(self, file: Path) -> None:
        """Know the file, which need not be there yet."""
        self.file = Path(os.path.realpath(file))
        self._seen: set[tuple[int, int]] = set()  # the file may be renamed while it is open

    def hold(self) -> None:
        """Note that the file is in use."""
        _held[id(self)] = self
        self._seen.update(identity_of(self.file))

    def release(self) -> None:
        """Note that it is not any more."""
        _held.pop(id(self), None)

    def is_at(self, place: str, identity: set[tuple[int, int]]) -> str:
        """Return what of this store is at a real path or has an identity; nothing where it is not of this store."""
        if place == str(self.file) or identity & (self._seen | identity_of(self.file)):
            return "is the store itself, or is a database in use"
        for beside in (f"{self.file}{end}" for end in ENDS):
            if place == beside or identity & identity_of(beside):
                return f"belongs to {self.file.name}, which is a database in use"
        return ""


_held: WeakValueDictionary[int, Held] = WeakValueDictionary()


def whose(path: str | Path | int) -> str:
    """Return what of an open store is at a path (or has a descriptor), to be said behind it; nothing where it is of none."""
    held = [one for reference in _held.valuerefs() if (one := reference()) is not None]
    if not held:
        return ""
    place = "" if isinstance(path, int) else os.path.realpath(path)
    identity = identity_of(path)
    return next((told for one in held if (told := one.is_at(place, identity))), "")


def identity_of(path: str | Path | int) -> set[tuple[int, int]]:
    """Return the device and inode of what a path leads to; nothing where that is not there."""
    with suppress(OSError, ValueError):
        found = os.fstat(path) if isinstance(path, int) else Path(path).stat()
        return {(found.st_dev, found.st_ino)}
    return set()
