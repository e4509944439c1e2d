"""The calls by which an item gets another text where it stands, or is marked as replaced by another one.

Rules: as for deletions, a call names the item by what its program knows it by, and every value in it is written as Python writes
it, so that none can end the text it stands in. Where a text has an embedding, only the program itself gives it a new one, so its
own call is the only one; Memori has none, and takes SQL. Where a program cannot change an item, it is written anew and deleted.
"""

from __future__ import annotations

from memproc.formats.langgraph import with_text
from memproc.sources.live.address import Address
from memproc.sources.live.calls import Call, Item, driver_of, of_letta, table_in

_FACTS = ("memori_entity_fact", "memori_process_attribute")
_EXPIRES = "MATCH ()-[e:RELATES_TO {uuid: $uuid}]->() SET e.expired_at = $at, e.invalid_at = coalesce(e.invalid_at, $at)"


def text_in_mem0(_address: Address, item: Item, text: str) -> Call:
    """Return the call for a point of mem0's."""
    return Call(f"memory.update({str(item['id'])!r}, {text!r})")


def text_in_langgraph(_address: Address, item: Item, text: str) -> Call | None:
    """Return the call for an item of a LangGraph store, None if its text is made of several values."""
    value = with_text(item, text)
    if value is None:
        return None
    return Call(f"store.put({tuple(item['prefix'].split('.'))!r}, {item['key']!r}, {value!r})")


def text_in_letta(address: Address, item: Item, text: str) -> Call | None:
    """Return the calls for a passage of Letta's, which is written anew."""
    deletion, agents = of_letta(address, item), item.get("agents") or []
    if deletion is None or not agents:
        return None
    tags = item.get("tags")
    more = f", tags={[*tags]!r}" if isinstance(tags, list) and tags else ""
    return Call(f"client.agents.passages.create({agents[0]!r}, text={text!r}{more}); {deletion.python}")


def text_in_mcp_memory_service(_address: Address, item: Item, text: str) -> Call:
    """Return the call for a memory of mcp-memory-service, which keeps the text before as superseded."""
    return Call(f"await storage.update_memory_versioned({item['content_hash']!r}, {text!r})")


def text_in_memori(address: Address, item: Item, text: str) -> Call | None:
    """Return the call for a fact of Memori's."""
    if item.get("table") not in _FACTS:
        return None
    table = table_in(str(item["table"]), address)
    sql = f"UPDATE {table} SET content = :content, date_updated = CURRENT_TIMESTAMP WHERE uuid = :uuid"
    values = {"content": text, "uuid": item["uuid"]}
    return Call(f"connection.execute(text({sql!r}), {values!r})", sql, values)


def text_in_graphiti(_address: Address, item: Item, text: str) -> Call | None:
    """Return the calls for a fact of Graphiti's."""
    if "fact" not in item:
        return None
    driver = driver_of(item)
    steps = (
        f"edge = await EntityEdge.get_by_uuid({driver}, {item['uuid']!r})",
        f"edge.fact = {text!r}",
        "await edge.generate_embedding(embedder)",
        f"await edge.save({driver})",
    )
    return Call("; ".join(steps))


def replaced_in_mcp_memory_service(_address: Address, item: Item, by: Item, _at: str) -> Call:
    """Return the call for a memory of mcp-memory-service, which keeps it and no longer finds it."""
    changed = {"superseded_by": by["content_hash"]}
    return Call(f"await storage.update_memory_metadata({item['content_hash']!r}, {changed!r})")


def replaced_in_graphiti(_address: Address, item: Item, _by: Item, at: str) -> Call | None:
    """Return the call for a fact of Graphiti's, which is history then; None if it is already."""
    if "fact" not in item or item.get("expired_at"):
        return None
    return Call(f"await {driver_of(item)}.execute_query({_EXPIRES!r}, uuid={item['uuid']!r}, at=datetime.fromisoformat({at!r}))")
