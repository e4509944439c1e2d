"""Where sides write: a new SQLite file, or a schema of PostgreSQL or a database of MariaDB that is made and dropped.

The part that talks to a server runs in a process of its own, so that the measuring one stays small:
``python -m benchmarks.places make|size|drop|version URL [NAME]``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from benchmarks.database import is_server, print_json
from benchmarks.measure import run_python

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

SQLITE: Final = "sqlite"
DRIVERS: Final = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}


@contextmanager
def new_place(database: str, folder: Path) -> Iterator[str]:
    """Give an empty place: a SQLite file in the folder, or the URL of a schema or database, which is dropped at the end."""
    folder.mkdir()
    if not is_server(database):
        yield str(folder / "memory.db")
        return
    name = f"memproc_bench_{uuid4().hex[:12]}"
    place = asked(folder, "make", database, name)
    try:
        yield place
    finally:
        asked(folder, "drop", database, name)


def size_bytes(place: str, folder: Path) -> int:
    """Give the bytes on disk: all files of the folder, or the tables and indexes of a schema or database."""
    if is_server(place):
        return int(asked(folder, "size", place))
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def kind_of(database: str) -> str:
    """Give the kind of a database, such as "sqlite" or "postgresql", which names no server and no user."""
    return database.split(":", 1)[0].split("+", 1)[0] if is_server(database) else SQLITE


def asked(folder: Path, *arguments: str) -> Any:
    """Give what this module answers in a process of its own."""
    return run_python("-m", "benchmarks.places", *arguments, to=folder.parent / f"{folder.name}.asked.json").value()


def url_of(place: str) -> URL:
    """Give the URL of a place for SQLAlchemy, with the driver that memproc uses too."""
    from sqlalchemy import make_url  # noqa: PLC0415 - not in the measuring process

    url = make_url(place if is_server(place) else f"sqlite:///{place}")
    return url.set(drivername=DRIVERS[url.get_backend_name()])


def make(connection: Connection, url: URL, name: str, charset: str = "utf8mb4") -> str:
    """Make a schema or a database; give its URL. `charset` is that of a MariaDB database, nothing for the server's own."""
    if url.get_backend_name() == "postgresql":
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        own = url.update_query_dict({"options": f"-csearch_path={name}", "application_name": name})
    else:
        connection.exec_driver_sql(f"CREATE DATABASE {name}" + (f" CHARACTER SET {charset}" if charset else ""))
        own = url.set(database=name)
    return own.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


def drop(connection: Connection, url: URL, name: str) -> None:
    """Drop a schema or a database, and all in it."""
    is_postgresql = url.get_backend_name() == "postgresql"
    connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE" if is_postgresql else f"DROP DATABASE {name}")


def _size(connection: Connection, url: URL) -> int:
    if url.get_backend_name() == "postgresql":
        query = (
            "SELECT sum(pg_total_relation_size(pg_class.oid)) FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid "
            "WHERE nspname = current_schema() AND relkind = 'r'"
        )
    else:
        query = f"SELECT sum(file_size) FROM information_schema.innodb_sys_tablespaces WHERE name LIKE '{url.database}/%%'"
    return int(connection.exec_driver_sql(query).scalar_one() or 0)


def _version(connection: Connection, _url: URL) -> str:
    own = connection.exec_driver_sql("SHOW server_version" if connection.dialect.name == "postgresql" else "SELECT version()")
    return str(own.scalar_one()).split(" ", 1)[0]


ANSWERS: Final[dict[str, Callable[..., object]]] = {"make": make, "drop": drop, "size": _size, "version": _version}


def main() -> None:
    """Answer the command line."""
    from sqlalchemy import create_engine  # noqa: PLC0415 - as above

    what, where, *rest = sys.argv[1:]
    url = url_of(where)
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        print_json(ANSWERS[what](connection, url, *rest))


if __name__ == "__main__":
    main()
