"""Places for stores: files, schemas of PostgreSQL, databases of MariaDB, each made for one use and dropped at the end."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import create_engine, text

from memproc.store.backends import url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Server:
    """Makes places for stores on a server, and drops them all."""

    def __init__(self, url: str) -> None:
        """Know the server; nothing is made yet."""
        self._url = url_of(url)
        self._is_postgresql = self._url.get_backend_name() == "postgresql"
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._run, self._numbers = uuid4().hex[:8], count()
        self._made: list[str] = []

    def new(self) -> str:
        """Return the URL of a place that holds no store yet."""
        name = f"memproc_test_{self._run}_{next(self._numbers)}"
        self._made.append(name)
        with self._engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}" if self._is_postgresql else f"CREATE DATABASE {name}"))
        if self._is_postgresql:
            own = self._url.update_query_dict({"options": f"-csearch_path={name}"})
        else:
            own = self._url.set(database=name)
        return own.render_as_string(hide_password=False)

    def close(self) -> None:
        """Drop all that was made."""
        with self._engine.connect() as connection:
            for name in self._made:
                connection.execute(text(f"DROP SCHEMA {name} CASCADE" if self._is_postgresql else f"DROP DATABASE {name}"))
        self._engine.dispose()


@contextmanager
def stores(database: str, folder: Path) -> Iterator[Callable[[], str]]:
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
