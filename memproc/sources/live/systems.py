"""The table of the programs whose stores are read: a line each, and what they keep their stores in.

To add one: a line in `SYSTEMS`, and a format in `memproc/formats/` that reads its items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from memproc.errors import UsageError
from memproc.sources.databases.urls import url_of
from memproc.sources.live import chroma, chroma_server, graphiti, graphs, letta, memori, qdrant
from memproc.sources.live import updates as to
from memproc.sources.live.address import Address, path_in, shown
from memproc.sources.live.calls import Call, of_graphiti, of_langgraph, of_letta, of_mcp_memory_service, of_mem0, of_memori
from memproc.sources.live.pages import Place, Rows, read
from memproc.sources.remote import Mark, Marked

Reads = Callable[[Address, Mark | None], Iterator[Marked]]
Deletes = Callable[[Address, Mapping[str, Any]], Call | None]
Tells = Callable[[Address, Mapping[str, Any], str], Call | None]
Replaces = Callable[[Address, Mapping[str, Any], Mapping[str, Any], str], Call | None]
_DEFAULT_COLLECTION = "mem0"  # of mem0's own configuration
_DIALECTS = {"mysql": "mysql"}  # of backends that are not PostgreSQL
_SCHEMA, _COLLECTION = frozenset(("schema",)), frozenset(("collection",))
_OWN = _SCHEMA | _COLLECTION  # options that are not the driver's


class Kept(Enum):
    """What a store is kept in: files, a server, or a database, whose driver takes options of its own."""

    IN_FILES = "files"
    ON_A_SERVER = "server"
    IN_A_DATABASE = "database"


class Backend(NamedTuple):
    """What a system keeps its store in: how the items are read, the call by which one is deleted there, and the options of its
    addresses.
    """

    reads: Reads
    deletes: Deletes
    options: frozenset[str] = frozenset()
    kept: Kept = Kept.IN_FILES


class System(NamedTuple):
    """A program with a store: its format in memproc, and its backends by name; the first is meant where an address says none.

    `tells` gives the call by which an item gets another text there, `replaces` that by which it is marked as replaced by another
    one at a time; None where the program has no such mark.
    """

    format: str
    backends: Mapping[str, Backend]
    tells: Tells
    replaces: Replaces | None = None


def _of_file(parts: Sequence[Rows]) -> Reads:
    def reads(address: Address, behind: Mark | None) -> Iterator[Marked]:
        return read(Place(url_of(Path(path_in(address))), None, shown(address)), parts, behind)

    return reads


def _of_database(parts: Callable[[Address], Sequence[Rows]]) -> Reads:
    def reads(address: Address, behind: Mark | None) -> Iterator[Marked]:
        url = url_of(address.url(_DIALECTS.get(address.backend, "postgresql"), _OWN))
        return read(Place(url, address.options.get("schema"), shown(address)), parts(address), behind)

    return reads


def _collection(address: Address) -> str:
    return qdrant.collection_of(address, _DEFAULT_COLLECTION)


def _qdrant(address: Address, behind: Mark | None) -> Iterator[Marked]:
    return qdrant.read_folder(address, _collection(address), behind)


def _qdrant_server(address: Address, behind: Mark | None) -> Iterator[Marked]:
    return qdrant.read_server(address, _collection(address), behind)


def _chroma(address: Address, behind: Mark | None) -> Iterator[Marked]:
    return chroma.read(address, _collection(address), behind)


def _chroma_server(address: Address, behind: Mark | None) -> Iterator[Marked]:
    return chroma_server.read(address, _collection(address), behind)


def _pgvector(address: Address) -> Sequence[Rows]:
    return (Rows(_collection(address), ("id",), ("vector",)),)


_STORE = (Rows("store", ("prefix", "key"), ("ttl_minutes",), utc=("created_at", "updated_at", "expires_at")),)
_MEMORIES = (Rows("memories", ("id",)),)
_GRAPHITI = Backend(graphiti.read, of_graphiti, frozenset((graphs.OPTION,)), Kept.ON_A_SERVER)

SYSTEMS: dict[str, System] = {
    "mem0": System(
        "mem0",
        {
            "qdrant": Backend(_qdrant, of_mem0, _COLLECTION),
            "qdrant+http": Backend(_qdrant_server, of_mem0, _COLLECTION | {"api_key"}, Kept.ON_A_SERVER),
            "qdrant+https": Backend(_qdrant_server, of_mem0, _COLLECTION | {"api_key"}, Kept.ON_A_SERVER),
            "chroma": Backend(_chroma, of_mem0, _COLLECTION),
            "chroma+http": Backend(_chroma_server, of_mem0, _COLLECTION | chroma_server.OPTIONS, Kept.ON_A_SERVER),
            "chroma+https": Backend(_chroma_server, of_mem0, _COLLECTION | chroma_server.OPTIONS, Kept.ON_A_SERVER),
            "pgvector": Backend(_of_database(_pgvector), of_mem0, _COLLECTION | _SCHEMA, Kept.IN_A_DATABASE),
        },
        to.text_in_mem0,
    ),
    "langgraph": System(
        "langgraph",
        {
            "sqlite": Backend(_of_file(_STORE), of_langgraph),
            "postgresql": Backend(_of_database(lambda _: _STORE), of_langgraph, _SCHEMA, Kept.IN_A_DATABASE),
        },
        to.text_in_langgraph,
    ),
    "letta": System(
        "letta-store",
        {
            "postgresql": Backend(_of_database(lambda _: letta.PARTS), of_letta, _SCHEMA, Kept.IN_A_DATABASE),
            "sqlite": Backend(_of_file(letta.PARTS), of_letta),
        },
        to.text_in_letta,
    ),
    "graphiti": System(
        "graphiti",
        dict.fromkeys((*graphs.NEO4J, *graphs.FALKORDB), _GRAPHITI),
        to.text_in_graphiti,
        to.replaced_in_graphiti,
    ),
    "mcp-memory-service": System(
        "mcp-memory-service",
        {"sqlite": Backend(_of_file(_MEMORIES), of_mcp_memory_service)},
        to.text_in_mcp_memory_service,
        to.replaced_in_mcp_memory_service,
    ),
    "memori": System(
        "memori",
        {
            "sqlite": Backend(_of_file(memori.PARTS), of_memori),
            "postgresql": Backend(_of_database(lambda _: memori.PARTS), of_memori, _SCHEMA, Kept.IN_A_DATABASE),
            "mysql": Backend(_of_database(lambda _: memori.PARTS), of_memori, _SCHEMA, Kept.IN_A_DATABASE),
        },
        to.text_in_memori,
    ),
}


def backend_of(address: Address) -> tuple[System, Address, Backend]:
    """Return the system and backend that an address names, with the address made whole. Raises UsageError if it names none, or has
    options that they do not have.
    """
    system = SYSTEMS.get(address.system)
    if system is None:
        raise UsageError(f"{address.system}:// is unknown: choose one of {', '.join(f'{name}://' for name in SYSTEMS)}")
    name = address.backend or next(iter(system.backends))
    backend = system.backends.get(name)
    if backend is None:
        choices = ", ".join(f"{address.system}+{one}://" for one in system.backends)
        raise UsageError(f"{address.system}+{address.backend}:// is unknown: choose one of {choices}")
    whole = address._replace(backend=name)
    unknown = sorted(address.options.keys() - backend.options)
    if unknown and backend.kept is not Kept.IN_A_DATABASE:
        raise UsageError(f"{shown(whole)} has no option {unknown[0]!r}: it has {', '.join(sorted(backend.options)) or 'none'}")
    if not address.where:
        raise UsageError(f"{shown(whole)}: give where it is behind ://")
    return system, whole, backend
