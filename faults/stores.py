"""Places for stores: files, schemas of PostgreSQL, databases of MariaDB, each made for one use and dropped at the end."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from uuid import uuid4

import orjson
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

import memproc
from benchmarks.places import drop, make, url_of

NewStore = Callable[[], str]


class Server:
    """Makes places for stores on a server, and drops them all."""

    def __init__(self, url: str) -> None:
        """Know the server; nothing is made yet."""
        self._url = url_of(url)
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._run, self._numbers = uuid4().hex[:8], count()
        self._made: list[str] = []

    def new(self, charset: str = "") -> str:
        """Return the URL of a place that holds no store yet; `charset` is that of a MariaDB database, else the server's own."""
        name = f"memproc_test_{self._run}_{next(self._numbers)}"
        self._made.append(name)
        with self._engine.connect() as connection:
            return make(connection, self._url, name, charset)

    def close(self) -> None:
        """Drop all that was made."""
        with self._engine.connect() as connection:
            for name in self._made:
                drop(connection, self._url, name)
        self._engine.dispose()


@contextmanager
def stores(database: str, folder: Path) -> Iterator[NewStore]:
    """Give a function that makes a place for a store: a file in a folder for "sqlite", else on the server of a URL."""
    if database == "sqlite":
        numbers = count()
        yield lambda: str(folder / f"store-{next(numbers)}.db")
        return
    server = Server(database)
    try:
        yield server.new
    finally:
        server.close()


def is_file(url: str) -> bool:
    """Tell whether a store is a SQLite file."""
    return url_of(url).get_backend_name() == "sqlite"


def end_connections(url: str) -> int:
    """Let the server end every connection of a store; return how many there were."""
    engine = create_engine(url_of(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            others = (
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()"
            )
            ended = int(connection.execute(text(others)).scalar_one())
        else:
            listed = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            numbers = connection.execute(text(listed)).scalars().all()
            for number in numbers:
                with suppress(OperationalError):  # it is gone already
                    connection.execute(text(f"KILL {number}"))
            ended = len(numbers)
    engine.dispose()
    return ended


def exported(url: str) -> bytes:
    """Return the memories of a store, but for what tells of arrival."""
    stream = io.BytesIO()
    with memproc.open(url) as store:
        store.export(stream)
    lines = [orjson.loads(line) for line in stream.getvalue().splitlines()]
    for line in lines:
        for seen in line["observations"]:
            for name in ("position", "outcome", "confidence"):
                del seen[name]
    return orjson.dumps(lines)


def waiting(url: str) -> frozenset[tuple[str, ...]]:
    """Return the open reviews of a store: the kind of each, why it waits, and the memories."""
    with memproc.open(url) as store:
        return frozenset((one.kind, one.reason, *sorted((str(one.one.id), str(one.other.id)))) for one in store.reviews())


def filled(url: str, *sources: object) -> str:
    """Ingest sources into a store that nobody disturbs; return its URL."""
    for source in sources:
        memproc.ingest(source, url)  # type: ignore[arg-type]
    return url


def check_whole(url: str, but: str = "") -> None:
    """Raise AssertionError unless the store adds up and a check-up finds nothing, but for findings of one code."""
    with memproc.open(url) as store:
        recount, findings = store.recount(), [found for found in store.doctor() if found.code != but]
    assert recount.is_whole, recount
    assert not findings, findings
