# ruff: noqa: PLC0415, T201 - each function has packages of its own, and what it prints is read
"""What the programs themselves do: each function is run in a Python of its own, with the packages of its program.

`python programs.py NAME FOLDER` writes a store into a folder, `python programs.py NAME FOLDER CALL...` runs calls on it that
delete. Each prints a JSON object: `read`, how many items there are, and `capped`, how many its list gives where nobody asks for
more.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

HENS = [f"Ann keeps {number} hens" for number in range(130)]
AGAIN = ["ann keeps 5 hens.", "Ann keeps  7 hens"]  # each says what one above says


def _mem0(folder, calls, provider):
    os.environ |= {"MEM0_TELEMETRY": "False", "OPENAI_API_KEY": "none", "MEM0_DIR": str(folder / "home")}
    from mem0 import Memory
    from mem0.embeddings.mock import MockEmbeddings

    where = {"path": str(folder / "store"), "collection_name": "mem0"}
    where |= {"embedding_model_dims": 10, "on_disk": True} if provider == "qdrant" else {}
    memory = Memory.from_config(
        {"history_db_path": str(folder / "history.db"), "vector_store": {"provider": provider, "config": where}}
    )
    memory.embedding_model = MockEmbeddings()
    if not calls:
        for text in [*HENS, *AGAIN]:
            found = memory.add(text, user_id="ann", metadata={"farm": "hill"}, infer=False)
        memory.update(found["results"][0]["id"], AGAIN[-1])
    for call in calls:
        exec(call, {"memory": memory})
    everyone = {"user_id": "ann"}
    counts = [len(memory.get_all(filters=everyone, **more)["results"]) for more in ({"top_k": 10_000}, {})]
    return dict(zip(("read", "capped"), counts, strict=True))


def mem0_qdrant(folder, calls):
    """Use mem0 on Qdrant on disk, with embeddings that mean nothing and without a language model."""
    return _mem0(folder, calls, "qdrant")


def mem0_chroma(folder, calls):
    """Use mem0 on Chroma on disk."""
    return _mem0(folder, calls, "chroma")


def langgraph(folder, calls):
    """Use LangGraph's store in SQLite."""
    from langgraph.store.sqlite import SqliteStore

    with SqliteStore.from_conn_string(str(folder / "store")) as store:
        if not calls:
            store.setup()
            for number, text in enumerate([*HENS, *AGAIN]):
                store.put(("users", "ann", "memories"), f"{number:04x}-aa", {"kind": "Memory", "content": {"content": text}})
            store.put(("users", "ann", "memories"), "ffff-aa", {"text": "Was here"})
            store.delete(("users", "ann", "memories"), "ffff-aa")
        for call in calls:
            exec(call, {"store": store})
        return {"read": len(store.search((), limit=10_000)), "capped": len(store.search(()))}


def mcp_memory_service(folder, calls):
    """Use the storage of mcp-memory-service, with the embeddings that it makes where it has no model."""
    return asyncio.run(_mcp_memory_service(folder, calls))


async def _mcp_memory_service(folder, calls):
    os.environ["MCP_MEMORY_BASE_DIR"] = str(folder / "home")
    from mcp_memory_service.models.memory import Memory
    from mcp_memory_service.storage.mixins import embeddings
    from mcp_memory_service.storage.sqlite_vec import SqliteVecMemoryStorage
    from mcp_memory_service.utils.hashing import generate_content_hash

    async def nothing(*_arguments, **_named):
        pass

    storage = SqliteVecMemoryStorage(str(folder / "store"))
    storage.embedding_model, storage.embedding_dimension = embeddings._HashEmbeddingModel(384), 384
    storage._initialize_embedding_model = nothing
    await storage.initialize()
    if not calls:
        for text in [*HENS, *AGAIN, "Was here"]:
            await storage.store(Memory(content=text, content_hash=generate_content_hash(text), tags=["farm"]))
        await storage.delete(generate_content_hash("Was here"))
    for call in calls:
        await eval(call.removeprefix("await "), {"storage": storage})
    counts = {"read": len(await storage.get_all_memories()), "capped": len(await storage.get_recent_memories())}
    await storage.close()
    return counts


def memori(folder, calls):
    """Use the storage of Memori in SQLite."""
    import sqlite3

    from memori import Memori
    from memori.storage._registry import Registry
    from sqlalchemy import create_engine, text

    def connected():
        return sqlite3.connect(folder / "store")

    if not calls:
        Memori(conn=connected).config.storage.build()
        driver = Registry().driver(Registry().adapter(connected))
        entity = driver.entity.create("ann")
        driver.entity_fact.create(entity, [*HENS, "Ann keeps five hens", *AGAIN], [[0.5]] * (len(HENS) + 3))
    with create_engine(f"sqlite:///{folder / 'store'}").begin() as connection:
        for call in calls:
            exec(call, {"connection": connection, "text": text})
        count = connection.execute(text("SELECT count(*) FROM memori_entity_fact")).scalar_one()
    return {"read": count, "capped": count}


PROGRAMS = {one.__name__: one for one in (mem0_qdrant, mem0_chroma, langgraph, mcp_memory_service, memori)}

if __name__ == "__main__":
    name, where, *given = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        told = PROGRAMS[name](Path(where), given)
    print(json.dumps(told))
