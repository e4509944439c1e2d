"""Servers that keep graphs, asked by queries in Cypher: Neo4j by its own driver, FalkorDB by its client.

Facts: a server of Neo4j has databases, of which one is meant where none is named. One of FalkorDB has many graphs, and each query
names its graph. Both take values apart from the text of a query.

Rules: nothing is written. A password stands in the address or in the environment, under the name that Graphiti takes it from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from memproc.errors import SourceError, UsageError
from memproc.masking import without
from memproc.sources.live.address import Address, shown
from memproc.validation import in_one_line

OPTION = "database"  # which database of Neo4j, or which graph of FalkorDB
NEO4J = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
FALKORDB = ("falkordb", "falkordb+s")
CONNECT_SECONDS, ANSWER_SECONDS = 30.0, 300.0
_ROWS_AT_ONCE = 100  # that Neo4j sends before it is asked for more: a row may be long


class Graphs(Protocol):
    """A server with graphs."""

    def names(self) -> Sequence[str]:
        """Return the names of the graphs that are meant, in the order of the names."""

    def rows(self, graph: str, query: str, values: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        """Yield the rows that a query finds in a graph."""


class Login(NamedTuple):
    """A host, its port if one is given, and who logs in."""

    host: str
    port: int | None
    user: str
    password: str


@contextmanager
def opened(address: Address) -> Iterator[Graphs]:
    """Give the server of an address. Raises SourceError where it fails, in its own words, without the password."""
    is_neo4j = address.backend in NEO4J
    login = login_of(address, *(("NEO4J_USER", "NEO4J_PASSWORD") if is_neo4j else ("FALKORDB_USER", "FALKORDB_PASSWORD")))
    package = "neo4j" if is_neo4j else "falkordb"
    try:
        client = import_module(package)
    except ImportError as error:
        raise SourceError(f"{shown(address)} needs a package: pip install 'memproc-sdk[{package}]'") from error
    failures: tuple[type[Exception], ...] = (OSError,)
    if is_neo4j:
        failures += (client.exceptions.Neo4jError, client.exceptions.DriverError)
    else:
        failures += (import_module("redis.exceptions").RedisError,)
    try:
        with _neo4j(client, address, login) if is_neo4j else _falkordb(client, address, login) as graphs:
            yield graphs
    except failures as error:
        said = in_one_line(without([login.password] if login.password else [], str(error))) or type(error).__name__
        raise SourceError(f"{shown(address)} cannot be read: {said}") from None


def login_of(address: Address, user: str, password: str) -> Login:
    """Return where to connect and as whom; what the address lacks of it is taken from the environment variables that are named.

    Raises UsageError if the address has more than these.
    """
    parts = _split(address)
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise UsageError(f"{shown(address)}: give host and port behind ://, and what is meant there as in ?{OPTION}=NAME")
    given = [
        unquote(one) if one else os.environ.get(name, "") for one, name in ((parts.username, user), (parts.password, password))
    ]
    return Login(parts.hostname, parts.port, given[0], given[1])


def _split(address: Address) -> SplitResult:
    try:
        parts = urlsplit(f"graph://{address.where}")
        _ = parts.port
    except ValueError:
        raise UsageError(f"{shown(address)}: behind ://, give a host and a port, as in localhost:7687") from None
    return parts


@contextmanager
def _neo4j(client: Any, address: Address, login: Login) -> Iterator[Graphs]:
    host = f"[{login.host}]" if ":" in login.host else login.host
    where = f"{address.backend}://{host}" + (f":{login.port}" if login.port else "")
    auth = (login.user or "neo4j", login.password) if login.password or login.user else None
    with (
        client.GraphDatabase.driver(where, auth=auth, connection_timeout=CONNECT_SECONDS, user_agent="memproc") as driver,
        driver.session(
            database=address.options.get(OPTION) or None, default_access_mode=client.READ_ACCESS, fetch_size=_ROWS_AT_ONCE
        ) as session,
    ):
        yield _OfNeo4j(session, address.options.get(OPTION, ""))


class _OfNeo4j(NamedTuple):
    """A database of Neo4j, in a session that only reads."""

    session: Any
    database: str

    def names(self) -> Sequence[str]:
        return (self.database,)

    def rows(self, _graph: str, query: str, values: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        for record in self.session.run(query, dict(values)):
            yield record.values()


@contextmanager
def _falkordb(client: Any, address: Address, login: Login) -> Iterator[Graphs]:
    connection = client.FalkorDB(
        host=login.host,
        port=login.port or 6379,
        username=login.user or None,
        password=login.password or None,
        ssl=address.backend == "falkordb+s",
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
    )
    try:
        yield _OfFalkorDB(connection, address)
    finally:
        connection.close()


class _OfFalkorDB(NamedTuple):
    """Graphs of FalkorDB, by queries that only read."""

    connection: Any
    address: Address

    def names(self) -> Sequence[str]:
        there = sorted(self.connection.list_graphs())
        wanted = self.address.options.get(OPTION)
        if wanted is None:
            return there
        if wanted not in there:
            told = ", ".join(map(repr, there)) or "none"
            raise SourceError(f"{shown(self.address)} has no graph {wanted!r}, but {told}: give one, as in ?{OPTION}=NAME")
        return (wanted,)

    def rows(self, graph: str, query: str, values: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        yield from self.connection.select_graph(graph).ro_query(query, dict(values)).result_set
