"""What a database's refusal means: each driver's own errors, as it makes them."""

from __future__ import annotations

import sqlite3
import struct

import psycopg
import pymysql
import pytest

from memproc.failures import UNKNOWN, failure_of, wait_seconds


def from_mariadb(number, state="HY000"):
    """Return the error that the driver makes of what a server sends."""
    with pytest.raises(pymysql.err.Error) as told:
        pymysql.err.raise_mysql_exception(b"\xff" + struct.pack("<H", number) + b"#" + state.encode() + b"told by the server")
    return told.value


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("data", "1364 1644 1690 3819 4025"),
        ("transient", "1020 1040 1205 1203 1213 1317 1927 2006 2013"),
        ("capacity", "1038 1153 1390 1969"),
        ("critical", "1021 1030 1034 1036 1044 1045 1049 1054 1114 1146 1290 9999"),
    ],
)
def test_mariadb_tells_by_a_number(kind, numbers):
    """The state that comes with it says nothing: HY000 is a full disk as well as a lock that was waited for."""
    for number in map(int, numbers.split()):
        failure = failure_of(from_mariadb(number))
        assert (number, failure.kind) == (number, kind)
        assert (failure is UNKNOWN) == (number == 9999)


@pytest.mark.parametrize(("number", "state"), [(1048, "23000"), (1264, "22003"), (1366, "22007"), (1644, "45000"), (1644, "45XYZ")])
def test_mariadb_tells_what_is_wrong_with_a_value_by_a_state(number, state):
    """As do triggers."""
    assert failure_of(from_mariadb(number, state)).kind == "data"


def test_a_connection_that_is_gone_has_the_number_0():
    """So the driver tells that it has none any more."""
    assert failure_of(pymysql.err.InterfaceError(0, "")).kind == "transient"


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("data", "22001 22P02 23505 23514 44000 P0001"),
        ("transient", "40001 40P01 55P03 57P01 57P03 57014 53300"),
        ("capacity", "54000 53200"),
        ("critical", "53100 25006 28P01 28000 3D000 42P01 42703 42501 XX001 0A000"),
    ],
)
def test_postgresql_tells_by_a_state(kind, states):
    """Of five characters."""
    assert {
        state: failure_of(psycopg.errors.lookup(state)("told by the server")).kind for state in states.split()
    } == dict.fromkeys(states.split(), kind)


REFUSED = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "kind", "advice"),
    [
        (REFUSED + 'FATAL:  database "nowhere" does not exist', "critical", "create it first"),
        (REFUSED + 'FATAL:  role "nobody" does not exist', "critical", "no such user or password"),
        (REFUSED + 'FATAL:  password authentication failed for user "connection"', "critical", "no such user or password"),
        (REFUSED + 'FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "a"', "critical", "no such user or password"),
        (REFUSED + "FATAL:  the database system is starting up", "transient", "takes no connection now"),
        (REFUSED + "FATAL:  sorry, too many clients already", "transient", "takes no connection now"),
        (REFUSED + "FATAL:  unrecognized configuration parameter", "critical", "the database refused"),
        (REFUSED + "Connection refused", "transient", "the connection was lost"),
        ("server closed the connection unexpectedly", "transient", "the connection was lost"),
        ("consuming input failed: terminating connection due to administrator command", "transient", "the connection was lost"),
    ],
)
def test_where_a_connection_is_refused_postgresql_tells_by_words_only(said, kind, advice):
    """The driver gives no state then."""
    failure = failure_of(psycopg.OperationalError(said))
    assert failure.kind == kind
    assert advice in failure.advice


@pytest.mark.parametrize("statement", ["SELECT a FROM gone", "SELECT gone FROM here", "INSERT INTO here (gone) VALUES (1)"])
def test_sqlite_tells_by_words_that_tables_are_others(statement):
    """It has one name for all errors in statements."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE here (a)")
    with pytest.raises(sqlite3.OperationalError) as told:
        connection.execute(statement)
    connection.close()
    failure = failure_of(told.value)
    assert (failure.kind, "memproc doctor" in failure.advice) == ("critical", True)


def test_sqlite_tells_by_a_name():
    """Of which the beginning is enough."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_WRITE"
    assert "mind the disk" in failure_of(error).advice


def test_what_is_not_known_is_critical():
    """Nobody knows what it leaves behind."""
    assert failure_of(ValueError("what")) is UNKNOWN
    assert UNKNOWN.kind == "critical"


def test_waits_grow_and_are_random():
    """Between nothing and twice as long as before, up to a bound."""
    assert [wait_seconds(attempt, 1.0) for attempt in range(4)] == [0.05, 0.1, 0.2, 0.4]
    assert wait_seconds(50, 1.0) == 5
    assert wait_seconds(50, 0.0) == 0
