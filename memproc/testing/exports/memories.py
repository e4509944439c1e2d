"""Stores of memories: what an assistant or an agent keeps of its user, as its system gives it out."""

from __future__ import annotations

import json
from typing import Any

from memproc.testing.exports.drawn import Built, Groups, Piece, Said, System, each, fact, iso, pieces_of

VECTOR = [0.125 * (number % 8) for number in range(48)]
EMBEDDINGS = {"vector": "embeddings"}


def _mem0_row(piece: Piece) -> dict[str, Any]:
    owner = (
        {"user_id": None, "agent_id": piece.owner} if piece.sort == "of an agent" else {"user_id": piece.owner, "agent_id": None}
    )
    pacific = f"{piece.at.replace(hour=piece.at.hour - 7):%Y-%m-%dT%H:%M:%S}.000000-07:00"
    more: dict[str, Any] = {
        "in a run": {"run_id": piece.talk},
        "categories": {"categories": ["food"]},
        "expiring": {"expiration_date": iso(piece.begun)},
        "pacific": {"created_at": pacific},
        "undated": {"created_at": None},
        "owner inside": {"user_id": None, "metadata": {"user_id": piece.owner}},
        "vector": {"embedding": VECTOR},
    }
    about = {"id": piece.id, "memory": piece.text, "hash": "5d41402abc4b2a76b9719d911017c592", "created_at": piece.iso}
    return {**about, "updated_at": None, **owner, "metadata": {"category": "hobby"}, "score": None, **more.get(piece.sort, {})}


def _to_mem0(piece: Piece) -> Said:
    differing: dict[str, dict[str, Any]] = {
        "in a run": {"conversation": piece.talk},
        "categories": {"tags": ("food",)},
        "expiring": {"valid_to": piece.begun},
        "undated": {"created_at": None},
    }
    return fact(piece, **differing.get(piece.sort, {}))


def _mem0_point(piece: Piece) -> dict[str, Any]:
    payload = {"data": piece.text, "hash": "x", "created_at": piece.iso, "user_id": piece.owner, "text_lemmatized": "x"}
    return {"id": piece.id, "payload": payload, "vector": VECTOR if piece.sort == "vector" else None}


def _mem0_change(piece: Piece) -> dict[str, Any]:
    events = {"update": "UPDATE", "delete": "DELETE", "none": "NONE"}
    old, new = (piece.text, None) if piece.sort == "delete" else (None, piece.text)
    about = {"id": f"c-{piece.id}", "memory_id": piece.id, "event": events.get(piece.sort, "ADD"), "created_at": piece.iso}
    later = piece.iso if piece.sort in events else None
    return {**about, "old_memory": old, "new_memory": new, "updated_at": later, "is_deleted": int(piece.sort == "delete")}


def _mem0_plugin(found: Groups) -> Built:
    return "".join(
        f"---\nid: {piece.id}\ncreated_at: {piece.iso}\ntype: task_learnings\nconfidence: 0.9\n"
        f"categories: coding, task_learnings\n---\n{_of_plugin(piece)}\n"
        for piece in pieces_of(found)
    )


def _of_plugin(piece: Piece) -> str:
    return f"{piece.text}\n\n---\n\nThat is the rule." if piece.sort == "ruler" else piece.text


def _hex(piece: Piece) -> str:
    return f"9a1e{piece.group:02}{piece.number:02}"


def _langgraph_item(piece: Piece) -> dict[str, Any]:
    values: dict[str, Any] = {
        "nested": {"kind": "Memory", "content": {"content": piece.text}},
        "profile": {"name": piece.name, "home": piece.text},
        "vector": {"text": piece.text, "embedding": VECTOR},
    }
    value = values.get(piece.sort, {"text": piece.text})
    times = {"created_at": piece.iso, "updated_at": piece.iso}
    if piece.sort == "row":
        return {"prefix": f"memories.{piece.owner}", "key": _hex(piece), "value": json.dumps(value), **times, "expires_at": None}
    key = f"tea {piece.number}" if piece.sort == "plain key" else _hex(piece)
    more = {"expires_at": iso(piece.begun)} if piece.sort == "expiring" else {}
    return {"namespace": ["memories", piece.owner], "key": key, "value": value, **times, "score": None, **more}


def _to_langgraph(piece: Piece) -> Said:
    said = fact(piece, id=f"memories/tea {piece.number}" if piece.sort == "plain key" else _hex(piece))
    said = said._replace(valid_to=piece.begun) if piece.sort == "expiring" else said
    return said._replace(content=f"name: {piece.name}\nhome: {piece.text}") if piece.sort == "profile" else said


def _langmem_memory(piece: Piece) -> dict[str, Any]:
    contents: dict[str, Any] = {
        "removal": {"json_doc_id": piece.id},
        "triple": {"subject": piece.name, "predicate": "said", "object": piece.text, "context": None},
        "own schema": {"fact": piece.text, "mood": "calm"},
    }
    vector = {"embedding": VECTOR} if piece.sort == "vector" else {}
    return {"id": piece.id, "content": contents.get(piece.sort, {"content": piece.text, **vector})}


def _to_langmem(piece: Piece) -> Said:
    said = fact(piece, namespace="default", created_at=None)
    told = f"{piece.name} said {piece.text}"
    return said._replace(content=told, subject=piece.name, relations=(("said", piece.text),)) if piece.sort == "triple" else said


def _memori_row(piece: Piece) -> dict[str, Any]:
    about = {"uuid": piece.id, "entity": piece.owner, "date_created": f"{piece.at:%Y-%m-%d %H:%M:%S}Z", "date_updated": None}
    said = {"conversation": piece.talk, "role": "system" if piece.sort == "system" else piece.role, "content": piece.text}
    rows: dict[str, Any] = {
        "attribute": {"table": "memori_process_attribute", "entity": None, "process": "helper", "content": piece.text},
        "triple": {"table": "memori_knowledge_graph", "subject": "Ann", "predicate": "said_of", "object": piece.text},
        "summary": {"table": "memori_conversation", "summary": piece.text},
        "no summary": {"table": "memori_conversation", "summary": None},
        "message": {"table": "memori_conversation_message", **said},
        "system": {"table": "memori_conversation_message", **said},
    }
    return {**about, **rows.get(piece.sort, {"table": "memori_entity_fact", "content": piece.text, "num_times": 1})}


def _to_memori(piece: Piece) -> Said:
    triple = {"content": f"Ann said of {piece.text}", "subject": "Ann", "relations": (("said_of", piece.text),)}
    differing: dict[str, dict[str, Any]] = {
        "attribute": {"namespace": "helper"},
        "triple": triple,
        "summary": {"kind": "summary", "conversation": piece.id},
        "message": {"kind": "message", "conversation": piece.talk, "subject": piece.role},
    }
    return fact(piece)._replace(**differing.get(piece.sort, {}))


def _openmemory_memory(piece: Piece) -> dict[str, Any]:
    state = piece.sort if piece.sort in ("paused", "archived", "deleted") else "active"
    about: dict[str, Any] = {
        "id": piece.id,
        "user_id": "u-1",
        "app_id": "a-1",
        "created_at": piece.iso,
        "updated_at": piece.iso,
        "metadata": {},
    }
    about |= {"vector": VECTOR} if piece.sort == "vector" else {}
    return {**about, "content": piece.text, "state": state, "category_ids": ["c-1"] if piece.sort == "category" else []}


def _openmemory(found: Groups) -> Built:
    named = {"apps": [{"id": "a-1", "name": "an-editor"}], "categories": [{"id": "c-1", "name": "food"}]}
    user = {"id": "u-1", "user_id": found[0].head.owner, "name": None}
    return {"user": user, "memories": [*map(_openmemory_memory, pieces_of(found))], **named}


def _memos_node(piece: Piece) -> dict[str, Any]:
    about = {"user_id": piece.owner, "session_id": piece.talk, "memory_type": "LongTermMemory", "tags": ["food"]}
    status = piece.sort if piece.sort in ("archived", "deleted") else "activated"
    vector = {"embedding": VECTOR} if piece.sort == "vector" else {}
    times = {"created_at": piece.iso, "updated_at": piece.iso}
    return {"id": piece.id, "memory": piece.text, "metadata": {**about, "status": status, **times, **vector}}


def _service_memory(piece: Piece) -> dict[str, Any]:
    tags = {"untagged": ["untagged"], "tags as text": "food, drink"}.get(piece.sort, ["food", "drink"])
    felt = {"emotion": "relief", "emotional_valence": 0.6, "emotional_arousal": 0.3} if piece.sort == "feeling" else {}
    at = {"created_at": piece.at.timestamp(), "updated_at": piece.at.timestamp()}
    about: dict[str, Any] = {"content": piece.text, "content_hash": piece.id, "tags": tags, "memory_type": "note", "metadata": felt}
    marks: dict[str, dict[str, Any]] = {"deleted": {"deleted_at": piece.at.timestamp()}, "superseded": {"superseded_by": "x"}}
    return {**about, **at, "export_source": "a-host", **marks.get(piece.sort, {})}


def _service(found: Groups) -> Built:
    memories = [*map(_service_memory, pieces_of(found))]
    head = {"source_machine": "a-host", "export_timestamp": "2025-08-21T12:00:00.000000", "total_memories": len(memories)}
    return {"export_metadata": {**head, "include_embeddings": False, "exporter_version": "6.2.4"}, "memories": memories}


def _to_service(piece: Piece) -> Said:
    return fact(piece, namespace="default", tags=() if piece.sort == "untagged" else ("food", "drink"))


MEMORIES: dict[str, System] = {
    "mem0": System(
        "mem0.json",
        lambda found: {"results": [*map(_mem0_row, pieces_of(found))]},
        _to_mem0,
        odd=("of an agent", "in a run", "categories", "expiring", "pacific", "undated", "owner inside"),
        partly=EMBEDDINGS,
    ),
    "mem0-points": System(
        "points.json",
        lambda found: {"points": [*map(_mem0_point, pieces_of(found))]},
        fact,
        partly=EMBEDDINGS,
        format="mem0",
    ),
    "mem0-history": System(
        "history.json",
        each(_mem0_change),
        lambda piece: fact(piece, namespace="default", valid_to=piece.at if piece.sort == "delete" else None),
        odd=("update", "delete"),
        left={"none": "changes to nothing"},
    ),
    "mem0-plugin": System(
        "mem0-export-2025.md",
        _mem0_plugin,
        lambda piece: fact(piece, namespace="default", tags=("task_learnings", "coding"))._replace(content=_of_plugin(piece)),
        odd=("ruler",),
    ),
    "langgraph": System(
        "items.json",
        each(_langgraph_item),
        _to_langgraph,
        odd=("nested", "profile", "row", "plain key", "expiring"),
        partly=EMBEDDINGS,
    ),
    "langmem": System(
        "memories.json",
        each(_langmem_memory),
        _to_langmem,
        odd=("triple", "own schema"),
        left={"removal": "removals"},
        partly=EMBEDDINGS,
    ),
    "memori": System(
        "memori.json",
        each(_memori_row),
        _to_memori,
        odd=("attribute", "triple", "summary", "message"),
        left={"system": "system", "no summary": "conversations without a summary"},
    ),
    "openmemory": System(
        "memories.json",
        _openmemory,
        lambda piece: fact(piece, tags=("food",) if piece.sort == "category" else ()),
        odd=("paused", "category"),
        left={"archived": "archived", "deleted": "deleted"},
        partly=EMBEDDINGS,
        most=1,
    ),
    "memos": System(
        "memos.json",
        lambda found: {"nodes": [*map(_memos_node, pieces_of(found))], "edges": []},
        lambda piece: fact(piece, conversation=piece.talk, tags=("food",)),
        left={"archived": "archived", "deleted": "deleted"},
        partly=EMBEDDINGS,
    ),
    "mcp-memory-service": System(
        "mcp_export.json",
        _service,
        _to_service,
        odd=("untagged", "tags as text", "feeling"),
        left={"deleted": "deleted", "superseded": "superseded"},
    ),
}
