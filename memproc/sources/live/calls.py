"""The calls by which an item is deleted where it stands: as its program does it, and as SQL where that is all it does.

Rules: a call names the item by what its program knows it by. SQL has bound values, and is given only where it leaves nothing
behind; elsewhere the program keeps more in step than one table (a history, an index), and its own call is the only one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from memproc.sources.live.address import Address

Item = Mapping[str, Any]


class Call(NamedTuple):
    """How an item is deleted: a line of Python, and SQL with the values bound to its names, None where there is no safe one."""

    python: str
    sql: str | None = None
    values: Mapping[str, Any] = {}


def of_mem0(_address: Address, item: Item) -> Call:
    """Return the call for a point of mem0's: its history and entities are kept in step by mem0 alone."""
    return Call(f"memory.delete({str(item['id'])!r})")


def of_langgraph(address: Address, item: Item) -> Call:
    """Return the call for an item of a LangGraph store; what is indexed of it goes along by the foreign key."""
    prefix, key = item["prefix"], item["key"]
    sql = f"DELETE FROM {table_in('store', address)} WHERE prefix = :prefix AND key = :key"
    return Call(f"store.delete({tuple(prefix.split('.'))!r}, {key!r})", sql, {"prefix": prefix, "key": key})


def of_letta(address: Address, item: Item) -> Call | None:
    """Return the call for a passage, whose tags go along by the foreign key; a line of a block and a message have none."""
    if item.get("table") != "archival_passages":
        return None
    agents = item.get("agents") or []
    python = f"client.agents.passages.delete({item['id']!r}, agent_id={agents[0]!r})" if agents else ""
    sql = f"DELETE FROM {table_in('archival_passages', address)} WHERE id = :id"
    return Call(python or f"# no agent has the archive of {item['id']!r}", sql, {"id": item["id"]})


def of_mcp_memory_service(_address: Address, item: Item) -> Call:
    """Return the call for a memory of mcp-memory-service, whose index of embeddings needs an extension of SQLite."""
    return Call(f"await storage.delete({item['content_hash']!r})")


def of_graphiti(_address: Address, item: Item) -> Call | None:
    """Return the call for a fact of Graphiti's. Facts rest on entities and episodes, so these have none."""
    if "fact" not in item:
        return None
    return Call(f"await Edge.delete_by_uuids({driver_of(item)}, [{item['uuid']!r}])")


def driver_of(item: Item) -> str:
    """Return the driver of Graphiti for an item: on FalkorDB one of its graph."""
    return f"driver.clone(database={item['graph']!r})" if item.get("graph") else "driver"


def of_memori(address: Address, item: Item) -> Call | None:
    """Return the call for a fact of Memori's, which has none of its own but the SQL."""
    table = item.get("table")
    if table not in ("memori_entity_fact", "memori_process_attribute", "memori_knowledge_graph"):
        return None
    sql = f"DELETE FROM {table_in(str(table), address)} WHERE uuid = :uuid"
    return Call(f"connection.execute(text({sql!r}), {{'uuid': {item['uuid']!r}}})", sql, {"uuid": item["uuid"]})


def table_in(name: str, address: Address) -> str:
    """Return the name of a table as SQL has it, in the schema of an address."""
    schema = address.options.get("schema")
    return name if schema is None else '"' + schema.replace('"', '""') + f'".{name}'
