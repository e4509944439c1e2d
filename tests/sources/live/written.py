"""Stores as other programs write them, made by the same tables and pickles without those programs.

Each was compared with a store that the program itself wrote (`test_programs.py` does it again where they are installed): mem0ai
2.2.1 on qdrant-client 1.20.0 and chromadb 1.5.9, langgraph-checkpoint-sqlite 3.1.2, mcp-memory-service 12.4.0, memori 3.3.6. The
tables of Letta are those of its server 0.16.8, as its classes name them.
"""

from __future__ import annotations

import base64
import copyreg
import json
import pickle
import sqlite3
import sys
import types
from contextlib import closing, contextmanager

MOMENT = "2026-03-01T08:00:00.000000+00:00"


def payload(text, **more):
    """Return the payload of a point of mem0's."""
    return {
        "user_id": "ann",
        "data": text,
        "hash": "0" * 32,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "text_lemmatized": text,
        **more,
    }


class PointStruct:
    """A point as qdrant-client pickles it: a model of pydantic, which sets four things when it is made again."""

    def __init__(self, number, vector, given):
        self.state = {
            "__dict__": {"id": number, "vector": vector, "payload": given},
            "__pydantic_extra__": None,
            "__pydantic_fields_set__": {"id", "vector", "payload"},
            "__pydantic_private__": None,
        }

    def __reduce__(self):
        """Pickle it as an object of that class which is made without its `__init__`."""
        return copyreg.__newobj__, (type(self),), self.state


@contextmanager
def _named_as_in_qdrant():
    """Let the class above have the name that the pickles of qdrant-client have in them."""
    names = ["qdrant_client", "qdrant_client.http", "qdrant_client.http.models", "qdrant_client.http.models.models"]
    before = {name: sys.modules.get(name) for name in names}
    module = types.ModuleType(names[-1])
    module.PointStruct = PointStruct
    sys.modules.update({name: types.ModuleType(name) for name in names[:-1]} | {names[-1]: module})
    own, PointStruct.__module__ = PointStruct.__module__, names[-1]
    try:
        yield
    finally:
        PointStruct.__module__ = own
        for name, was in before.items():
            if was is None:
                del sys.modules[name]
            else:
                sys.modules[name] = was


def qdrant_folder(folder, points, collection="mem0"):
    """Write a collection of Qdrant on disk: points by id, each a payload, or bytes as they are."""
    file = folder / "collection" / collection / "storage.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as connection, connection, _named_as_in_qdrant():
        connection.execute("CREATE TABLE IF NOT EXISTS points (id TEXT PRIMARY KEY, point BLOB)")
        for number, given in points.items():
            point = given if isinstance(given, bytes) else pickle.dumps(PointStruct(number, {"": [0.5, 0.25]}, given))
            key = base64.b64encode(pickle.dumps(number, protocol=4)).decode()
            connection.execute("INSERT OR REPLACE INTO points VALUES (?, ?)", (key, point))
    return folder


def qdrant_delete(folder, number, collection="mem0"):
    """Delete a point as qdrant-client does it."""
    key = base64.b64encode(pickle.dumps(number, protocol=4)).decode()
    with closing(sqlite3.connect(folder / "collection" / collection / "storage.sqlite")) as connection, connection:
        connection.execute("DELETE FROM points WHERE id = ?", (key,))


CHROMA = """
CREATE TABLE collections (id TEXT PRIMARY KEY, name TEXT NOT NULL, dimension INTEGER, database_id TEXT, config_json_str TEXT);
CREATE TABLE segments (id TEXT PRIMARY KEY, type TEXT NOT NULL, scope TEXT NOT NULL, collection TEXT NOT NULL);
CREATE TABLE embeddings (id INTEGER PRIMARY KEY, segment_id TEXT NOT NULL, embedding_id TEXT NOT NULL, seq_id BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, UNIQUE (segment_id, embedding_id));
CREATE TABLE embedding_metadata (id INTEGER REFERENCES embeddings(id), key TEXT NOT NULL, string_value TEXT, int_value INTEGER,
    float_value REAL, bool_value INTEGER, PRIMARY KEY (id, key));
CREATE TABLE embedding_metadata_array (id INTEGER NOT NULL, key TEXT NOT NULL, string_value TEXT, int_value INTEGER,
    float_value REAL, bool_value INTEGER);
INSERT INTO collections VALUES ('c-1', 'mem0', 2, 'd-1', '{}'), ('c-2', 'other', 2, 'd-1', '{}');
INSERT INTO segments VALUES
    ('s-1', 'hnsw', 'VECTOR', 'c-1'), ('s-2', 'sqlite', 'METADATA', 'c-1'), ('s-3', 'sqlite', 'METADATA', 'c-2');
"""


def chroma_folder(folder, records):
    """Write a collection of Chroma on disk, payloads by id, and beside it one with a record of its own."""
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(folder / "chroma.sqlite3")) as connection, connection:
        connection.executescript(CHROMA)
        connection.execute("INSERT INTO embeddings VALUES (1000000, 's-3', 'x', 1, '2026-03-01 08:00:00')")
        connection.execute("INSERT INTO embedding_metadata VALUES (1000000, 'data', 'Not of this collection', NULL, NULL, NULL)")
        for number, (name, given) in enumerate(records.items(), 1):
            connection.execute(
                "INSERT INTO embeddings VALUES (?, ?, ?, ?, ?)", (number, "s-2", name, number, "2026-03-01 08:00:00")
            )
            for key, value in given.items():
                of_list = isinstance(value, list)
                for one in value if of_list else [value]:
                    cells = _cells(one)
                    table = "embedding_metadata_array" if of_list else "embedding_metadata"
                    connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)", (number, key, *cells))
    return folder


def _cells(value):
    kinds = (str, int, float, bool)
    return [(int(value) if kind is bool else value) if type(value) is kind else None for kind in kinds]


LANGGRAPH = """
CREATE TABLE store (prefix text NOT NULL, key text NOT NULL, value text NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, expires_at TIMESTAMP, ttl_minutes REAL, PRIMARY KEY (prefix, key));
"""


def langgraph_file(file, items):
    """Write a SQLite store of LangGraph: values by namespace and key. It is in WAL mode, and values are bytes of JSON."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(LANGGRAPH)
        with connection:
            for (prefix, key), value in items.items():
                row = (prefix, key, json.dumps(value).encode(), "2026-03-01 08:00:00", "2026-03-01 08:00:00", None, None)
                connection.execute("INSERT OR REPLACE INTO store VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return file


MCP_MEMORY_SERVICE = """
CREATE TABLE memories (id INTEGER PRIMARY KEY AUTOINCREMENT, content_hash TEXT UNIQUE NOT NULL, content TEXT NOT NULL, tags TEXT,
    memory_type TEXT, metadata TEXT, created_at REAL, updated_at REAL, created_at_iso TEXT, updated_at_iso TEXT,
    deleted_at REAL DEFAULT NULL, store TEXT DEFAULT 'default', parent_id TEXT, version INTEGER DEFAULT 1,
    confidence REAL DEFAULT 1.0, last_accessed INTEGER, superseded_by TEXT, embedding_pending INTEGER NOT NULL DEFAULT 0);
"""


def mcp_memory_service_file(file, texts, deleted=()):
    """Write a store of mcp-memory-service: texts by hash."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(MCP_MEMORY_SERVICE)
        names = "content_hash, content, tags, metadata, created_at, updated_at, deleted_at"
        insert = f"INSERT INTO memories ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)"
        for name, text in texts.items():
            connection.execute(
                insert, (name, text, "shed,tools", "{}", 1772352000.5, 1772352000.5, 1.0 if name in deleted else None)
            )
    return file


MEMORI = """
CREATE TABLE memori_entity (id INTEGER PRIMARY KEY, uuid TEXT, external_id TEXT, date_created TEXT, date_updated TEXT);
CREATE TABLE memori_process (id INTEGER PRIMARY KEY, uuid TEXT, external_id TEXT, date_created TEXT, date_updated TEXT);
CREATE TABLE memori_session (id INTEGER PRIMARY KEY, uuid TEXT, entity_id INTEGER, process_id INTEGER);
CREATE TABLE memori_conversation (id INTEGER PRIMARY KEY, uuid TEXT, session_id INTEGER,
    summary TEXT, date_created TEXT, date_updated TEXT);
CREATE TABLE memori_conversation_message (id INTEGER PRIMARY KEY, uuid TEXT, conversation_id INTEGER, role TEXT, type TEXT,
    content TEXT, date_created TEXT, date_updated TEXT);
CREATE TABLE memori_entity_fact (id INTEGER PRIMARY KEY, uuid TEXT, entity_id INTEGER, content TEXT, content_embedding BLOB,
    num_times INTEGER, date_last_time TEXT, uniq TEXT, date_created TEXT, date_updated TEXT);
CREATE TABLE memori_process_attribute (id INTEGER PRIMARY KEY, uuid TEXT, process_id INTEGER, content TEXT, num_times INTEGER,
    date_last_time TEXT, uniq TEXT, date_created TEXT, date_updated TEXT);
CREATE TABLE memori_subject (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE memori_predicate (id INTEGER PRIMARY KEY, content TEXT);
CREATE TABLE memori_object (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE memori_knowledge_graph (id INTEGER PRIMARY KEY, uuid TEXT, entity_id INTEGER, subject_id INTEGER, predicate_id INTEGER,
    object_id INTEGER, num_times INTEGER, date_last_time TEXT, date_created TEXT, date_updated TEXT);
INSERT INTO memori_entity VALUES (1, 'u-1', 'ines', '2026-02-01 08:00:00', NULL);
INSERT INTO memori_process VALUES (1, 'u-2', 'bot', '2026-02-01 08:00:00', NULL);
INSERT INTO memori_session VALUES (1, 'u-3', 1, 1);
INSERT INTO memori_conversation VALUES (1, 'u-4', 1, 'The clock is ready on Friday', '2026-02-01 08:00:00', NULL);
INSERT INTO memori_conversation_message VALUES (1, 'u-5', 1, 'user', 'text', 'When is it ready?', '2026-02-01 08:00:00', NULL);
INSERT INTO memori_entity_fact VALUES
    (1, 'u-6', 1, 'Ines repairs clocks', x'00ff', 2, '2026-02-01 08:00:00', 'x', '2026-02-01 08:00:00', NULL);
INSERT INTO memori_entity_fact VALUES
    (2, 'u-9', 1, 'Ines repairs  clocks!', x'00ff', 1, '2026-02-02 08:00:00', 'y', '2026-02-02 08:00:00', NULL);
INSERT INTO memori_process_attribute VALUES
    (1, 'u-7', 1, 'Answers briefly', 1, '2026-02-01 08:00:00', 'x', '2026-02-01 08:00:00', NULL);
INSERT INTO memori_subject VALUES
    (1, 'Ines'); INSERT INTO memori_predicate VALUES (1, 'lives_in'); INSERT INTO memori_object VALUES (1, 'Porto');
INSERT INTO memori_knowledge_graph VALUES (1, 'u-8', 1, 1, 1, 1, 1, '2026-02-01 08:00:00', '2026-02-01 08:00:00', NULL);
"""


def memori_file(file):
    """Write a store of Memori, with a row in each of its tables."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(MEMORI)
    return file


LETTA = """
CREATE TABLE block (id VARCHAR PRIMARY KEY, label VARCHAR NOT NULL, value VARCHAR NOT NULL, description VARCHAR, metadata_ JSON,
    is_deleted BOOLEAN DEFAULT FALSE, created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE blocks_agents (agent_id VARCHAR, block_id VARCHAR, block_label VARCHAR);
CREATE TABLE archival_passages (id VARCHAR PRIMARY KEY, text VARCHAR NOT NULL, embedding_config JSON, metadata_ JSON, tags JSON,
    embedding VARCHAR, archive_id VARCHAR, is_deleted BOOLEAN DEFAULT FALSE, created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE archives_agents (agent_id VARCHAR, archive_id VARCHAR);
CREATE TABLE messages (id VARCHAR PRIMARY KEY, role VARCHAR NOT NULL, text VARCHAR, content JSON, tool_calls JSON, agent_id VARCHAR,
    conversation_id VARCHAR, sequence_id BIGINT, is_deleted BOOLEAN DEFAULT FALSE, created_at TIMESTAMP);
INSERT INTO block (id, label, value) VALUES ('block-1', 'human', 'Teaches the cello');
INSERT INTO blocks_agents VALUES ('agent-2', 'block-1', 'human'), ('agent-1', 'block-1', 'human');
INSERT INTO archives_agents VALUES ('agent-1', 'archive-1');
INSERT INTO archival_passages (id, text, embedding_config, metadata_, tags, embedding, archive_id) VALUES
    ('passage-1', 'The recital is in the old hall', '{}', '{"page": 3}', '["recital"]', '[0.5]', 'archive-1'),
    ('passage-2', 'The recital is in the old hall!', '{}', '{}', NULL, '[0.5]', 'archive-1');
INSERT INTO archival_passages (id, text, archive_id, is_deleted) VALUES ('passage-3', 'Bows are lent', 'archive-1', TRUE);
INSERT INTO messages (id, role, content, tool_calls, agent_id, sequence_id) VALUES
    ('message-1', 'user', '[{"type": "text", "text": "When is the recital?"}]', '[]', 'agent-1', 1);
"""


def letta_tables(run):
    """Write the tables of a Letta server; `run` runs a statement."""
    for statement in LETTA.split(";"):
        if statement.strip():
            run(statement)


GRAPHITI = """
CREATE (a:Entity {uuid: 'n-1', name: 'Ines', group_id: $group, summary: 'Ines repairs clocks in Porto', created_at: $at}),
       (b:Entity:City {uuid: 'n-2', name: 'Porto', group_id: $group, summary: '', created_at: $at, river: 'Douro'}),
       (e:Episodic {uuid: 'e-1', name: 'talk', group_id: $group, source: 'message', source_description: 'chat',
        content: 'Ines: I live in Porto', entity_edges: ['f-1'], created_at: $at,
        valid_at: '2026-01-31T09:00:00+00:00'}),
       (c:Community {uuid: 'c-1', name: 'Porto', group_id: $group, summary: 'People of Porto', created_at: $at}),
       (e)-[:MENTIONS {uuid: 'm-1', group_id: $group, created_at: $at}]->(a),
       (a)-[:RELATES_TO {uuid: 'f-1', name: 'LIVES_IN', fact: 'Ines lives in Porto', group_id: $group, episodes: ['e-1'],
        source_uuid: 'n-1', target_uuid: 'n-2', created_at: $at, valid_at: '2026-01-31T09:00:00+00:00'}]->(b),
       (a)-[:RELATES_TO {uuid: 'f-2', name: 'LIVES_IN', fact: 'Ines lives in Lyon', group_id: $group, episodes: [],
        created_at: '2025-02-01T08:00:00+00:00', valid_at: '2025-01-31T09:00:00+00:00', invalid_at: '2026-01-31T09:00:00+00:00',
        expired_at: $at, mood: 'glad'}]->(b)
"""
GRAPHITI_VECTORS = (
    "MATCH (n:Entity) SET n.name_embedding = vecf32([0.5, 0.25])",
    "MATCH ()-[e:RELATES_TO]->() SET e.fact_embedding = vecf32([0.5, 0.25])",
)


def graphiti_graph(query, group):
    """Write a graph as Graphiti does; `query` runs a query with values."""
    query(GRAPHITI, {"group": group, "at": "2026-02-01T08:00:00+00:00"})
    for one in GRAPHITI_VECTORS:
        query(one, {})
