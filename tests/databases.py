"""Empty stores for the tests, on each database that is at hand.

SQLite always; PostgreSQL and MariaDB or MySQL where `MEMPROC_TEST_POSTGRES_URL` and `MEMPROC_TEST_MYSQL_URL` name a server. On a
server every store is a schema or a database of its own, made once, emptied and used again.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text

import memproc
from faults.points import listening
from faults.refusals import refuse
from faults.stores import Server
from memproc.config import Policy
from memproc.store.sql import tables
from memproc.store.sql.naming import OBJECTS
from memproc.store.sql.opening import row_of_new
from memproc.store.sql.seals import seal_of
from memproc.store.sql.urls import url_of

VARIABLES = {"postgresql": "MEMPROC_TEST_POSTGRES_URL", "mysql": "MEMPROC_TEST_MYSQL_URL"}
NAMES = ("sqlite", *VARIABLES)
STEPS_A_CALL = 10
LOCAL = ("127.0.0.1", "localhost", "::1")


def reason_to_skip(name):
    """Return why there is nothing to test on, nothing where there is."""
    variable = VARIABLES.get(name)
    return f"no server: set {variable} to the URL of one" if variable and not os.environ.get(variable) else ""


def server_url(name):
    """Return the URL of a server; that of MySQL or MariaDB on this machine is asked without TLS, unless its URL speaks of TLS.

    The driver makes the context of TLS anew for each connection, and reads every certificate of the system for it.
    """
    url = url_of(os.environ[VARIABLES[name]])
    if name == "mysql" and url.host in LOCAL and not any(option.startswith("ssl") for option in url.query):
        url = url.update_query_dict({"ssl_disabled": "true"})
    return url.render_as_string(hide_password=False)


_OBJECT = "|".join(sorted((name.removeprefix(tables.PREFIX) for name in OBJECTS), key=len, reverse=True))
_BARE = re.compile(
    rf"(?<=FROM )(?:{_OBJECT})\b|(?<=(?:INTO|VIEW|JOIN) )(?:{_OBJECT})\b|(?<=(?:TABLE|INDEX) )(?:{_OBJECT})\b"
    rf"|(?<=UPDATE )(?:{_OBJECT})\b|(?<= ON )(?:{_OBJECT})\b(?! *=)|(?<![\w.])(?:{_OBJECT})(?=\.)"
)


def named(statement):
    """Return a statement in which the tables, views and indexes have their names: tests write them without the prefix."""
    return _BARE.sub(lambda found: tables.PREFIX + found[0], statement)


def sql(statement):
    """Return a statement for SQLAlchemy, as `named` gives it."""
    return text(named(statement))


class Files:
    """Stores in SQLite files, each a copy of an empty one."""

    def __init__(self, folder: Path):
        """Know where the files go."""
        self.folder, self.numbers, self.templates = folder, count(), {}

    def new(self, settings):
        """Return the path of an empty store."""
        if settings.dedup not in self.templates:
            self.templates[settings.dedup] = self.folder / f"empty-{settings.dedup}.db"
            memproc.open(self.templates[settings.dedup], settings=settings).close()
        path = self.folder / f"{next(self.numbers)}.db"
        shutil.copy(self.templates[settings.dedup], path)
        return str(path)

    def close(self):
        """Leave the files to the test run."""


class Lender:
    """Stores on a server. What no test uses any more is emptied for the next."""

    def __init__(self, name):
        """Know the server; nothing is made yet."""
        url = server_url(name)
        self.server, self.idle, self.engine = Server(url), [], create_engine(url_of(url))

    def new(self, settings):
        """Return the URL of an empty store."""
        if not self.idle:
            url = self.server.new()
            memproc.open(url, settings=settings).close()
            return url
        url = self.idle.pop()
        self.empty(url_of(url), settings)
        return url

    def empty(self, url, settings):
        """Make a store as good as new: by one connection for all of them, whose statements are compiled once."""
        schema = url.query.get("application_name", url.database)
        row = row_of_new(Policy(dedup=settings.dedup or "near"))
        with self.engine.execution_options(schema_translate_map={None: schema}).begin() as connection:
            for table in tables.metadata.sorted_tables:
                connection.execute(table.delete())
            connection.execute(tables.store.insert(), {**row, "seal": seal_of(tables.store, row)})

    def close(self):
        """Drop all that was made."""
        self.engine.dispose()
        self.server.close()


class Lent(memproc.Store):
    """A store that goes back to its server when it is closed. `place` is its URL, with the password if it has one."""

    give_back = staticmethod(lambda _url: None)

    def __init__(self, place, settings):
        """Open the store."""
        self.place = place
        super().__init__(place, settings=settings)

    def close(self):
        """Close the store, once."""
        is_open = not self._opened.transactions.is_closed
        super().close()
        if is_open:
            self.give_back(self.place)


@contextmanager
def stores_on(name, folder):
    """Give a function that opens an empty store of its own, each time it is called."""
    source = Files(folder) if name == "sqlite" else Lender(name)

    def make(dedup="near"):
        settings = memproc.Settings(dedup=dedup)
        store = Lent(source.new(settings), settings)
        if isinstance(source, Lender):
            store.give_back = source.idle.append
        return store

    try:
        yield make
    finally:
        source.close()


@contextmanager
def connected(place):
    """Give a connection of SQLAlchemy's own."""
    engine = create_engine(url_of(place))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def damage(path):
    """Spoil a page of an index in the file of a store."""
    with closing(sqlite3.connect(path)) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'memproc_observations_node'")
        [(size,)] = connection.execute("PRAGMA page_size")
    with path.open("r+b") as stream:
        stream.seek((page - 1) * size + 8)
        stream.write(b"\xff" * 64)


def refuse_rows(store, word):
    """Let the database refuse observations that hold a word. The store serves no other test."""
    store.give_back = lambda _url: None
    refuse(store, word)


@dataclass
class Work:
    """What a store asked of its database: statements, and in SQLite also steps of its machine, of which each row takes some."""

    statements: int = 0
    steps: int = 0


@contextmanager
def work_of(store):
    """Give what a store asks of its database meanwhile. This counts what would take time, and does not depend on the machine."""
    work, engine, counted = Work(), store._opened.database.engine, set()

    def step():
        work.steps += STEPS_A_CALL

    def note(connection, *_):
        work.statements += 1
        driver = connection.connection.driver_connection
        if hasattr(driver, "set_progress_handler") and driver not in counted:
            counted.add(driver)
            driver.set_progress_handler(step, STEPS_A_CALL)

    try:
        with listening(engine, "before_cursor_execute", note):
            yield work
    finally:
        for driver in counted:
            driver.set_progress_handler(None, 0)


def all_text(store):
    """Return everything that stands in the tables of a store, as text."""
    with store._opened.transactions.reading() as tx:
        return "\n".join(str([*row]) for table in tables.metadata.sorted_tables for row in tx.execute(table.select()))
