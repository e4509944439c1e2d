"""mem0 with `infer=False`: each record added as it is, with a constant embedder and an in-process qdrant.

Facts: without `infer` mem0 asks no model, searches for nothing and drops nothing. It commits each record by itself, once to
qdrant and once to its history; both are SQLite files. The constant embedder is mem0's own, of ten dimensions, so neither a
model nor the size of vectors counts. Without fastembed and spaCy it makes no sparse vectors either. Telemetry is off.

Run as ``python -m benchmarks.mem0_run ingest FILE PLACE``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import orjson

from benchmarks.database import PRAGMAS, SOURCE, Run, run_side, stopwatch

DIMENSIONS: Final = 10  # of the constant embedding


def ingest(path: Path, place: str) -> Run:
    """Add the records of a JSON Lines file one by one."""
    folder = Path(place).parent
    os.environ.update(MEM0_TELEMETRY="False", MEM0_DIR=str(folder / "mem0"), OPENAI_API_KEY="never asked")
    from mem0 import Memory  # noqa: PLC0415 - it reads the environment as it is imported
    from mem0.embeddings.mock import MockEmbeddings  # noqa: PLC0415 - as above

    spent = stopwatch()
    store = {"path": str(folder / "qdrant"), "on_disk": True, "embedding_model_dims": DIMENSIONS, "collection_name": "memory"}
    memory = Memory.from_config({"vector_store": {"provider": "qdrant", "config": store}, "history_db_path": place})
    memory.embedding_model = MockEmbeddings()
    read = 0
    with path.open("rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            memory.add(record["content"], user_id=SOURCE, metadata=record["metadata"], infer=False)
            read += 1
    seconds, cpu_seconds = spent()
    stored = memory.vector_store.client.count("memory").count
    memory.vector_store.client.close()
    memory.close()
    return Run(seconds, cpu_seconds, read=read, stored=stored)


if __name__ == "__main__":
    run_side(ingest, pragmas=PRAGMAS)
