"""Memories in groups, whatever order they come in: kept in an unnamed file on disk, so memory is bounded.

Facts: SQLite keeps the database "" in a file without a name, only as far as it does not fit its cache, and the system takes it away
with the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, overload

import orjson

from memproc.records import Plain, last_changed
from memproc.times import to_micros

AT_ONCE = 1_000
_UNDATED = -(1 << 62)  # what has no date comes first, and backwards last
_PRAGMAS = ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -32768")  # KiB
_MADE = "CREATE TABLE memories (kind TEXT, date INTEGER, id TEXT, record BLOB, PRIMARY KEY (kind, date, id)) WITHOUT ROWID"
_PUT = "INSERT OR REPLACE INTO memories VALUES (?, ?, ?, ?)"
_GROUPS = "SELECT kind, count(*) FROM memories GROUP BY kind ORDER BY kind"
_OF_GROUP = "SELECT record FROM memories WHERE kind = ? ORDER BY date, id"
_SOME = f"{_OF_GROUP} LIMIT ? OFFSET ?"
_BACKWARDS = "SELECT record FROM memories WHERE kind = ? ORDER BY date DESC, id DESC"


class Group(NamedTuple):
    """Memories that belong together: what they have in common, and how many there are."""

    key: tuple[str | None, ...]
    size: int


class Spool:
    """Memories by group, in the order of their dates."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        for statement in (*_PRAGMAS, _MADE):
            self._file.execute(statement)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def put(self, memories: Iterable[tuple[tuple[str | None, ...], Plain]]) -> None:
        """Add memories, each with what it has in common with those of its group."""
        self._file.execute("BEGIN")
        rows = ((orjson.dumps(key).decode(), _date_of(memory), memory["id"], orjson.dumps(memory)) for key, memory in memories)
        self._file.executemany(_PUT, rows)
        self._file.execute("COMMIT")

    def groups(self) -> list[Group]:
        """Return the groups, sorted by what they have in common."""
        return [Group(tuple(orjson.loads(key)), count) for key, count in self._file.execute(_GROUPS)]

    def memories(self, group: Group) -> Memories:
        """Return the memories of a group."""
        return Memories(self._file, orjson.dumps(group.key).decode(), group.size)


class Memories(Sequence[Plain]):
    """The memories of a group, the oldest first, read as they are gone through: a template may go through them several times."""

    __slots__ = ("_count", "_file", "_key")

    def __init__(self, file: sqlite3.Connection, key: str, count: int) -> None:
        self._file, self._key, self._count = file, key, count

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    def __iter__(self) -> Iterator[Plain]:
        """Yield them, the oldest first."""
        return map(_record, self._file.execute(_OF_GROUP, (self._key,)))

    def __reversed__(self) -> Iterator[Plain]:
        """Yield them, the newest first."""
        return map(_record, self._file.execute(_BACKWARDS, (self._key,)))

    @overload
    def __getitem__(self, at: int) -> Plain: ...

    @overload
    def __getitem__(self, at: slice) -> list[Plain]: ...

    def __getitem__(self, at: int | slice) -> Plain | list[Plain]:
        """Return one of them, or some. Raises IndexError."""
        if isinstance(at, slice):
            places = range(self._count)[at]
            if places.step != 1:
                return [self[place] for place in places]
            return [*map(_record, self._file.execute(_SOME, (self._key, len(places), places.start)))]
        place = range(self._count)[at]
        return _record(self._file.execute(_SOME, (self._key, 1, place)).fetchone())


def _record(row: tuple[bytes]) -> Plain:
    record: Plain = orjson.loads(row[0])
    return record


def _date_of(memory: Plain) -> int:
    date: Any = memory.get("created_at") or last_changed(memory)
    return to_micros(date) if date else _UNDATED
