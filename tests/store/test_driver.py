"""Statements that go to SQLite's driver by themselves: they act as those that SQLAlchemy sends."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError, NoResultFound

from memproc.config import Policy
from memproc.store.sql import tables
from memproc.store.sql.database import Database
from memproc.store.sql.driver import Driver, Found, Savepoint, driver_of
from memproc.store.sql.making import make
from memproc.store.sql.opening import row_of_new

LINK = {"meant": [1, 2], "core": [3, 4]}


@pytest.fixture
def database(tmp_path):
    """Return the database of a new store."""
    found = Database(tmp_path / "m.db")
    make(found, row_of_new(Policy()))
    yield found
    found.close()


def links(tx):
    """Return the rows of the table that is written."""
    return sorted(map(tuple, tx.execute(select(tables.typo_links.c.meant, tables.typo_links.c.core))))


def test_both_ways_are_one_transaction(database):
    """What went past SQLAlchemy is seen by what did not, and the other way round."""
    with database.write() as tx:
        tx.insert_columns(tables.typo_links, LINK)
        assert links(tx) == [(1, 3), (2, 4)]
        query = select(tables.typo_links.c.meant, tables.typo_links.c.core)
        (row,) = tx.select_by_keys(query, tables.typo_links.c.core, [4])
        assert (row.meant, tuple(row)) == (2, (2, 4))
        tx.connection.rollback()
    with database.read() as tx:
        assert links(tx) == []


def test_parts_of_a_transaction_are_undone_by_themselves(database):
    """Also one within another: what is around it stays, and so does what comes after it."""
    with database.write() as tx:
        with tx.savepoint() as outer:
            assert isinstance(outer, Savepoint)
            tx.insert_columns(tables.typo_links, {"meant": [1], "core": [1]})
            inner = tx.savepoint()
            tx.insert_columns(tables.typo_links, {"meant": [2], "core": [2]})
            inner.rollback()
            with suppress(ZeroDivisionError), tx.savepoint():
                tx.insert_columns(tables.typo_links, {"meant": [3], "core": [3]})
                raise ZeroDivisionError
            tx.insert_columns(tables.typo_links, {"meant": [4], "core": [4]})
        assert links(tx) == [(1, 1), (4, 4)]
    with database.read() as tx:
        assert links(tx) == [(1, 1), (4, 4)]


def test_what_ended_the_whole_transaction_is_raised_as_it_was(database):
    """As where the disk is full, and SQLite undoes all of it by itself: then there is no part to undo."""

    def undone(tx):
        with tx.savepoint():
            tx.insert_columns(tables.typo_links, LINK)
            tx.connection.connection.driver_connection.rollback()
            raise ZeroDivisionError

    with database.write() as tx, pytest.raises(ZeroDivisionError):
        undone(tx)
    with database.read() as tx:
        assert links(tx) == []


def test_errors_are_those_of_sqlalchemy(database):
    """Whoever handles a refused row need not know which way it went."""
    with database.write() as tx:
        tx.insert_columns(tables.typo_links, LINK)
        with pytest.raises(IntegrityError), tx.savepoint():
            tx.insert_columns(tables.typo_links, LINK)
        assert len(links(tx)) == 2


def test_whoever_listens_hears_every_statement(database):
    """Nothing goes past SQLAlchemy then."""
    said = []
    with database.read() as tx:
        assert isinstance(driver_of(tx.connection), Driver)
    event.listen(database.engine, "before_cursor_execute", lambda *given: said.append(given[2].split()[0]))
    with database.write() as tx:
        assert driver_of(tx.connection) is None
        tx.insert_columns(tables.typo_links, LINK)
        with tx.savepoint():
            pass
    assert said == ["UPDATE", "INSERT", "SAVEPOINT", "RELEASE"]


def test_no_row_is_told_as_sqlalchemy_tells_it():
    """A value of none is None, and a row that must be there is missed."""
    assert Found().scalar() is None
    with pytest.raises(NoResultFound):
        Found().scalar_one()
