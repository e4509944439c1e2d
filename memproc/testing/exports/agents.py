"""Memories that stand beside chats or form a graph: Letta, Graphiti, MCP, LoCoMo, and what Claude keeps."""

from __future__ import annotations

import json
from typing import Any

from memproc.testing.exports.drawn import SOME, Built, Group, Groups, Piece, Said, System, each, fact, iso, message, pieces_of
from memproc.testing.exports.memories import EMBEDDINGS, VECTOR


def _lines(piece: Piece, said: Said) -> tuple[Said, ...]:
    """Return a fact for each line of a text, as blocks of memory have them."""
    return tuple(said._replace(content=line) for line in piece.text.splitlines() if line)


def _envelope(kind: str, text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": json.dumps({"type": kind, "message": text, "time": "2025-03-21 10:00:00 AM UTC+0000"})}]


def _letta_message(piece: Piece) -> dict[str, Any]:
    thoughts = [{"type": "text", "text": "I think of it"}]
    calls = [_call("send_message", {"message": piece.text})]
    said: dict[str, Any] = {
        "heartbeat": {"role": "user", "content": _envelope("heartbeat", "wake up")},
        "tool": {"role": "tool", "content": [{"type": "text", "text": '{"status": "OK"}'}]},
        "system": {"role": "system", "content": [{"type": "text", "text": "You are kind"}]},
        "call": {"role": "assistant", "content": None, "tool_calls": [_call("archival_memory_search", {"query": "tea"})]},
        "thoughts": {"role": "assistant", "content": thoughts, "tool_calls": calls},
        "plain answer": {"role": "assistant", "content": [{"type": "text", "text": piece.text}], "tool_calls": None},
    }
    usual = (
        {"role": "user", "content": _envelope("user_message", piece.text)}
        if piece.is_user
        else said["thoughts"] | {"content": None}
    )
    return {"id": f"message-{piece.number}", "created_at": piece.iso.removesuffix("Z") + "+00:00", **said.get(piece.sort, usual)}


def _call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def _letta_block(group: Group) -> dict[str, Any]:
    value = "\n".join(piece.text for piece in group.pieces if piece.sort == "block")
    return {"id": f"block-{group.number}", "label": "human", "value": value, "limit": 4000, "read_only": False}


def _letta(found: Groups) -> Built:
    persona = {"id": "block-9", "label": "persona", "value": "I am a helper", "limit": 4000}
    blocks = [_letta_block(group) for group in found if any(piece.sort == "block" for piece in group.pieces)]
    agents = [
        {"id": f"agent-{group.number}", "block_ids": [], "name": group.head.owner, "messages": _talk(group)} for group in found
    ]
    return {"agents": agents, "blocks": [*blocks, persona], "tools": [], "created_at": "2025-10-10T07:14:33.457962+00:00"}


def _talk(group: Group) -> list[dict[str, Any]]:
    return [_letta_message(piece) for piece in group.pieces if piece.sort != "block"]


def _letta_old(found: Groups) -> Built:
    [group] = found
    messages = [{**one, "created_at": one["created_at"].removesuffix("+00:00")} for one in _talk(group)]
    about = {"agent_type": "memgpt_agent", "name": "helper", "version": "0.6.50", "created_at": "2025-04-01T03:47:27"}
    return {
        **about,
        "core_memory": [_letta_block(group)] if any(p.sort == "block" for p in group.pieces) else [],
        "messages": messages,
    }


def _to_letta(piece: Piece) -> Said | tuple[Said, ...]:
    if piece.sort == "block":
        return _lines(piece, Said("", subject="human"))
    spoken = piece.sort in ("thoughts", "plain answer") or not piece.is_user
    return message(piece, subject="assistant" if spoken else "user", id=SOME, conversation=SOME)


def _letta_row(piece: Piece) -> dict[str, Any]:
    about = {"id": piece.id, "is_deleted": piece.sort == "deleted", "created_at": piece.iso, "agents": [piece.owner]}
    block = {"table": "block", "label": "human", "value": piece.text}
    said = {"table": "messages", "role": "user", "agent_id": piece.owner}
    rows: dict[str, Any] = {
        "block": block,
        "persona": {**block, "label": "persona"},
        "message": {**said, "content": _envelope("user_message", piece.text)},
        "message as text": {**said, "content": json.dumps(_envelope("user_message", piece.text))},
    }
    shared = {"agents": ["ann", "bob"]} if piece.sort == "shared" else {}
    vector = {"embedding": VECTOR} if piece.sort == "vector" else {}
    passage = {"table": "archival_passages", "text": piece.text, "archive_id": "archive-1", "tags": ["food"], "metadata_": {}}
    return {**about, **rows.get(piece.sort, {**passage, **shared, **vector})}


def _to_letta_store(piece: Piece) -> Said | tuple[Said, ...]:
    if piece.sort == "block":
        return _lines(piece, fact(piece, id=None, subject="human"))
    if piece.sort.startswith("message"):
        return message(piece, subject="user", namespace=piece.owner, conversation=piece.owner)
    return fact(piece, tags=("food",), namespace="archive-1" if piece.sort == "shared" else piece.owner)


def _graphiti(found: Groups) -> Built:
    graph: dict[str, list[Any]] = {"episodes": [], "entities": [], "edges": []}
    graph["entities"] += [{"uuid": name, "name": name.title(), "labels": ["Entity"], "summary": ""} for name in ("ann", "kent")]
    for piece in pieces_of(found):
        about = {"uuid": piece.id, "group_id": piece.owner, "created_at": piece.iso}
        if "edge" in piece.sort or piece.sort == "vector":
            ends = {"invalid_at": iso(piece.begun) if piece.sort == "past edge" else None, "expired_at": None, "episodes": ["e1"]}
            vector = {"fact_embedding": VECTOR} if piece.sort == "vector" else {}
            nodes = {"source_node_uuid": "ann", "target_node_uuid": "kent", "name": "LIVES_IN", "fact": piece.text}
            graph["edges"].append({**about, **nodes, **ends, **vector, "valid_at": piece.iso})
        elif "entity" in piece.sort:
            summary = piece.text if piece.sort == "entity" else ""
            graph["entities"].append({**about, "name": piece.name, "labels": ["Entity"], "summary": summary, "attributes": {}})
        else:
            kind, text = ("text", piece.text) if piece.sort == "document" else ("message", f"{piece.name}: {piece.text}")
            graph["episodes"].append(
                {**about, "name": "talk", "source": kind, "content": text, "entity_edges": [], "valid_at": piece.iso}
            )
    return graph


def _to_graphiti(piece: Piece) -> Said:
    said = fact(piece)
    if "edge" in piece.sort or piece.sort == "vector":
        ended = piece.begun if piece.sort == "past edge" else None
        return said._replace(subject="Ann", relations=(("LIVES_IN", "Kent"),), valid_to=ended)
    if piece.sort == "entity":
        return said._replace(kind="summary", subject=piece.name)
    return said if piece.sort == "document" else said._replace(kind="message", subject=piece.name)


def _graphiti_place(piece: Piece) -> int:
    return 2 if "edge" in piece.sort or piece.sort == "vector" else int(piece.sort == "entity")


def _mcp(found: Groups) -> Built:
    """Return lines; the second entity stands on one line with its relation, as where the server appended without a line end."""
    lines, relations = [], []
    for group in found:
        seen = [
            {"content": piece.text} if piece.sort == "object" else piece.text for piece in group.pieces if piece.sort != "dangling"
        ]
        entity = {"type": "entity", "name": group.head.owner, "entityType": "person", "observations": seen}
        link = {"type": "relation", "from": group.head.owner, "to": "Kent", "relationType": "lives_in"}
        lines.append(json.dumps(entity) + ("\n" if not group.number else "") + (f"{json.dumps(link)}\n" if seen else ""))
        relations += [
            f"{json.dumps({'type': 'relation', 'from_id': 'Nobody', 'to_id': piece.text, 'relation_type': 'ever_said'})}\n"
            for piece in group.pieces
            if piece.sort == "dangling"
        ]
    return "".join([*(line if line.endswith("\n") else f"{line}\n" for line in lines), *relations])


def _to_mcp(piece: Piece) -> Said:
    if piece.sort == "dangling":
        return Said(f"Nobody ever said {piece.text}", subject="Nobody", relations=(("ever_said", piece.text),))
    return Said(piece.text, subject=piece.owner, relations=(("lives_in", "Kent"),) if piece.number == 0 else ())


def _locomo(found: Groups) -> Built:
    samples = []
    for group in found:
        at = group.head.begun
        date = f"{at:%I:%M} am on {at.day} March, {at.year}"
        turns = [_locomo_turn(piece) for piece in group.pieces if piece.sort != "observation"]
        seen = [[piece.text, "D1:1"] for piece in group.pieces if piece.sort == "observation"]
        talk = {
            "speaker_a": "Ann",
            "speaker_b": "Zoë",
            "session_1_date_time": date,
            "session_1": turns,
            "session_2_date_time": date,
        }
        asked = [{"question": "What?", "answer": 4, "evidence": ["D1:1"], "category": 1}]
        about = {"session_1_observation": {"Ann": seen}}
        samples.append({"sample_id": group.head.owner, "conversation": talk, "observation": about, "qa": asked})
    return samples


def _locomo_turn(piece: Piece) -> dict[str, Any]:
    caption = {"blip_caption": piece.text, "img_url": ["https://example.org/a.png"]} if piece.sort == "image" else {}
    text = "" if piece.sort in ("image", "empty") else piece.text
    return {"speaker": piece.name, "dia_id": f"D1:{piece.number + 1}", "text": text, **caption}


def _to_locomo(piece: Piece) -> Said:
    whose: dict[str, Any] = {"namespace": piece.owner, "conversation": "session_1", "created_at": piece.begun}
    if piece.sort == "observation":
        return Said(piece.text, subject="Ann", relations=(("about", "D1:1"),), **whose)
    return message(piece, **whose, subject=piece.name, id=f"D1:{piece.number + 1}")


AGENTS: dict[str, System] = {
    "letta": System(
        "helper.af",
        _letta,
        _to_letta,
        odd=("block", "plain answer"),
        left={"heartbeat": "events", "tool": "tool", "system": "system", "call": "tool"},
        partly={"thoughts": "thinking"},
        once={"persona": 1},
        order=lambda piece: piece.sort != "block",
    ),
    "letta-v1": System(
        "helper.af",
        _letta_old,
        _to_letta,
        odd=("block",),
        left={"heartbeat": "events", "tool": "tool"},
        order=lambda piece: piece.sort != "block",
        most=1,
        format="letta",
    ),
    "letta-store": System(
        "letta.json",
        each(_letta_row),
        _to_letta_store,
        odd=("block", "message", "message as text", "shared"),
        left={"deleted": "deleted", "persona": "persona"},
        partly=EMBEDDINGS,
    ),
    "graphiti": System(
        "graph.json",
        _graphiti,
        _to_graphiti,
        odd=("edge", "past edge", "entity", "document"),
        left={"bare entity": "entities without a summary"},
        partly=EMBEDDINGS,
        once={"entities without a summary": 2},
        order=_graphiti_place,
    ),
    "mcp-memory": System(
        "memory.jsonl",
        _mcp,
        _to_mcp,
        odd=("object", "dangling"),
        order=lambda piece: piece.sort == "dangling",
        empty="entities without observations",
    ),
    "locomo": System(
        "locomo10.json",
        _locomo,
        _to_locomo,
        odd=("image", "observation"),
        left={"empty": "empty"},
        beside={"dates_without_session": 1, "questions": 1},
        order=lambda piece: (piece.group, piece.sort == "observation"),
    ),
}
