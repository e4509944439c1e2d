"""Databases of an application, as the tests have it: tables on each kind of database that is at hand."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from itertools import count

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from memproc.store.sql.urls import url_of
from tests.databases import VARIABLES, server_url

_NUMBERS = count(1)
WORDS = {  # of column types, by database
    "sqlite": {},
    "postgresql": {"DATETIME": "TIMESTAMPTZ", "BINARY(8)": "BYTEA", "DOUBLE": "DOUBLE PRECISION"},
    "mysql": {"DATETIME": "DATETIME(6)"},
}


class Application:
    """One table of an application, and whatever it does to it. `url` is for readers, `name` that of the table."""

    def __init__(self, kind, folder):
        """Know the database; nothing is made yet."""
        self.kind, self.name = kind, f"notes_{os.getpid()}_{next(_NUMBERS)}"
        self.path = folder / f"{self.name}.db"
        self.url = server_url(kind) if kind in VARIABLES else f"sqlite:///{self.path}"
        self.engine = create_engine(url_of(self.url), poolclass=NullPool)

    def do(self, statement, rows=None):
        """Execute a statement, in which T is the table, and return its rows, if it gives any."""
        with self.engine.begin() as connection:
            done = connection.execute(text(re.sub(r"\bT\b", self.name, statement, count=1)), rows)
            return done.all() if done.returns_rows else None

    def make(self, columns, rows=()):
        """Make the table and fill it."""
        for word, instead in WORDS[self.kind].items():
            columns = columns.replace(word, instead)
        self.do(f"CREATE TABLE T ({columns})")
        self.add(*rows)

    def add(self, *rows):
        """Add rows."""
        if rows:
            names = [*rows[0]]
            places = ", ".join(f":{name}" for name in names)
            self.do(f"INSERT INTO T ({', '.join(names)}) VALUES ({places})", [*rows])

    def drop(self):
        """Remove the table."""
        self.do("DROP TABLE IF EXISTS T")
        self.engine.dispose()


@contextmanager
def application(kind, folder):
    """Give an application with a table of its own."""
    made = Application(kind, folder)
    try:
        yield made
    finally:
        made.drop()


def notes(*numbers, **more):
    """Return rows with an id and a content."""
    return [{"id": number, "content": f"Keeps {number} hens", **more} for number in numbers]


def contents(store):
    """Return what a store remembers, sorted."""
    return sorted(memory.content for memory in store.find(limit=1_000))
