"""Reading back under which PRAGMAs a side really wrote, whoever opened the connection.

Facts
-----
- `sqlite3.connect` is what SQLAlchemy, sqlite-utils, dlt, mem0 and qdrant all call; while watched, it gives connections that
  tell their settings as they are closed.
- An attached file has a journal and a level of syncing of its own, so it is asked for them too.
- Databases in memory are left out: nothing of them is durable.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from weakref import WeakSet

ASKED: Final = ("journal_mode", "synchronous", "cache_size", "secure_delete", "page_size", "wal_autocheckpoint", "mmap_size")
LEVELS: Final = {"0": "OFF", "1": "NORMAL", "2": "FULL", "3": "EXTRA"}  # of `synchronous`


@contextmanager
def watched(pragmas: Sequence[str] = ()) -> Iterator[set[str]]:
    """Watch the connections that are opened within; give a set that holds, at the end, each different line of settings.

    With `pragmas`, such as "synchronous=NORMAL", every connection is brought to these as it is opened.
    """
    seen: set[str] = set()
    opened: WeakSet[sqlite3.Connection] = WeakSet()

    def watching(own: type[sqlite3.Connection]) -> type[sqlite3.Connection]:
        class Watched(own):  # type: ignore[valid-type, misc]
            def close(self) -> None:
                with suppress(sqlite3.Error):  # closed already, or of another thread
                    seen.update(settings(self))
                super().close()

        return Watched

    original = sqlite3.connect

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection
        if "?mode=" in str(arguments[0]):  # memproc looks what there is, or wipes; its records come by another
            connection = original(*arguments, **named)
            return connection
        factory = watching(named.pop("factory", sqlite3.Connection))
        connection = original(*arguments, factory=factory, **named)
        opened.add(connection)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    _patch(connect)
    try:
        yield seen
        for connection in opened:
            with suppress(sqlite3.Error):
                seen.update(settings(connection))
    finally:
        _patch(original)


def settings(connection: sqlite3.Connection) -> Iterator[str]:
    """Give a line such as "journal_mode=wal, synchronous=NORMAL, ..." for each file of a connection."""
    for _, schema, file in connection.execute("PRAGMA database_list").fetchall():
        if file:
            yield ", ".join(f"{name}={_value(connection, schema, name)}" for name in ASKED)


def _value(connection: sqlite3.Connection, schema: str, name: str) -> str:
    found = connection.execute(f'PRAGMA "{schema}".{name}').fetchone()
    value = "-" if found is None else str(found[0])
    return LEVELS.get(value, value) if name == "synchronous" else value


def _patch(connect: object) -> None:
    for module in (sqlite3, sqlite3.dbapi2):
        vars(module)["connect"] = connect
