"""Chats as programs keep them: roles and their content in all their wrappings, and sessions of coding agents."""

from __future__ import annotations

from typing import Any

from memproc.testing.exports.drawn import SOME, Built, Group, Groups, Piece, Said, System, each, message, pieces_of

_EMPTY = "empty_conversations"
_CALL = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"query": "tea"}'}}
_LEFT = {"system": "system", "tool": "tool", "empty": "empty", "call": "tool"}
_PARTLY = {"words and call": "tool", "image": "other_parts"}
_ODD = ("parts", "named")


def _turn(piece: Piece) -> dict[str, Any]:
    """Return a message of a chat of OpenAI's."""
    words = {"type": "text", "text": piece.text}
    contents: dict[str, Any] = {
        "parts": [words],
        "image": [words, {"type": "image_url", "image_url": {"url": "https://example.org/leaf.png"}}],
        "call": None,
        "empty": "",
    }
    more: dict[str, Any] = {
        "call": {"tool_calls": [_CALL]},
        "words and call": {"tool_calls": [_CALL]},
        "tool": {"tool_call_id": "c1"},
        "named": {"name": "ann_of_kent"},
    }
    role = piece.sort if piece.sort in ("system", "tool") else piece.role
    return {"role": role, "content": contents.get(piece.sort, piece.text), **more.get(piece.sort, {})}


def _untold(piece: Piece, **others: Any) -> Said:
    """Return what is read of a message without an id and a time."""
    return message(piece, **{"id": SOME, "created_at": None, "conversation": SOME, **others})


def _turns(group: Group) -> list[dict[str, Any]]:
    return [_turn(piece) for piece in group.pieces]


def _sharegpt(found: Groups) -> Built:
    names = {"system": "system", "tool": "observation"}
    talks = [
        [(names.get(piece.sort, "human" if piece.is_user else "gpt"), piece.text) for piece in group.pieces] for group in found
    ]
    return [
        {"id": group.head.talk, "conversations": [{"from": author, "value": text} for author, text in said]}
        for group, said in zip(found, talks, strict=True)
    ]


def _sessions(found: Groups) -> Built:
    sessions = [
        {"session_id": group.head.talk, "messages": [{**_turn(piece), "timestamp": piece.iso} for piece in group.pieces]}
        for group in found
    ]
    return {"user_id": "ann", "sessions": sessions}


def _pair(piece: Piece) -> dict[str, Any]:
    return {"user": piece.text, "bot": piece.text, "timestamp": piece.iso}


def _both(piece: Piece) -> tuple[Said, Said]:
    said = message(piece, id=SOME, conversation=SOME)
    return said._replace(subject="user"), said._replace(subject="bot")


def _langchain_row(piece: Piece) -> dict[str, Any]:
    kinds = {"system": "system", "tool": "tool"}
    kind = kinds.get(piece.sort, "human" if piece.is_user else "ai")
    content = [{"type": "text", "text": piece.text}] if piece.sort == "parts" else piece.text
    data: dict[str, Any] = {
        "content": content,
        "additional_kwargs": {},
        "response_metadata": {},
        "type": kind,
        "name": None,
        "id": None,
    }
    row: dict[str, Any] = {"type": kind, "data": data}
    if piece.sort == "dumped":
        path = ["langchain", "schema", "messages", "HumanMessage" if piece.is_user else "AIMessage"]
        row = {"lc": 1, "type": "constructor", "id": path, "kwargs": {"content": piece.text, "type": kind}}
    return {"session_id": piece.talk, "message": row}


def _claude_code_line(piece: Piece) -> dict[str, Any]:
    words, thoughts = {"type": "text", "text": piece.text}, {"type": "thinking", "thinking": "So be it", "signature": "x"}
    said: dict[str, Any] = {
        "thinking": [thoughts],
        "thoughts": [thoughts, words],
        "tool": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}],
        "result": [{"type": "tool_result", "tool_use_id": "t1", "content": "a.txt"}],
        "command": "<command-name>/clear</command-name>",
    }
    if piece.sort == "summary line":
        return {"type": "summary", "summary": "A talk", "leafUuid": piece.id}
    marks = {"sidechain": "isSidechain", "meta": "isMeta", "compact": "isCompactSummary"}
    mark = {marks[piece.sort]: True} if piece.sort in marks else {}
    above = None if piece.number == 0 else f"m-{piece.group}-{piece.number - 1}"
    where = {"sessionId": piece.talk, "isSidechain": False, "cwd": "/home/ann", "version": "1.0.50", "timestamp": piece.iso, **mark}
    content = said.get(piece.sort, piece.text if piece.is_user else [words])
    return {"type": piece.role, "uuid": piece.id, "parentUuid": above, **where, "message": {"role": piece.role, "content": content}}


def _codex_line(piece: Piece) -> dict[str, Any]:
    part = {"type": "input_text" if piece.is_user else "output_text", "text": piece.text}
    program = {"type": "input_text", "text": "<environment_context>\n  <cwd>/home/ann</cwd>\n</environment_context>"}
    call = {"name": "shell", "arguments": '{"command": ["ls"]}', "call_id": "c1"}
    payloads: dict[str, Any] = {
        "call": {"type": "function_call", **call},
        "output": {"type": "function_call_output", "call_id": "c1", "output": "a.txt"},
        "reasoning": {"type": "reasoning", "summary": [{"type": "summary_text", "text": "So be it"}], "encrypted_content": "x"},
        "environment": {"type": "message", "role": "user", "content": [program]},
        "developer": {"type": "message", "role": "developer", "content": [part]},
    }
    payload = payloads.get(piece.sort, {"type": "message", "role": piece.role, "content": [part]})
    if piece.sort == "event":
        return {"timestamp": piece.iso, "type": "event_msg", "payload": {"type": "agent_message", "message": piece.text}}
    return {"timestamp": piece.iso, "type": "response_item", "payload": payload}


def _codex(found: Groups) -> Built:
    head = found[0].head
    meta = {"id": head.talk, "cwd": "/home/ann", "originator": "codex_cli_rs", "cli_version": "0.46.0"}
    return [{"timestamp": head.iso, "type": "session_meta", "payload": meta}, *map(_codex_line, pieces_of(found))]


CONVERSATIONS: dict[str, System] = {
    "messages": System("chat.json", each(_turn), _untold, odd=_ODD, left=_LEFT, partly=_PARTLY, most=1),
    "messages-pairs": System("log.jsonl", each(_pair), _both, most=1, format="messages"),
    "langchain": System(
        "history.json",
        each(_langchain_row),
        lambda piece: _untold(piece, subject="human" if piece.is_user else "ai", conversation=piece.talk),
        odd=("parts", "dumped"),
        left={"system": "system", "tool": "tool"},
        format="messages",
    ),
    "chat": System(
        "training.jsonl",
        lambda found: [{"messages": _turns(group)} for group in found],
        _untold,
        odd=_ODD,
        left=_LEFT,
        partly=_PARTLY,
        empty=_EMPTY,
    ),
    "chat-sharegpt": System(
        "sharegpt.json",
        _sharegpt,
        lambda piece: _untold(piece, subject="human" if piece.is_user else "gpt", conversation=piece.talk),
        left={"system": "system", "tool": "tool"},
        empty=_EMPTY,
        format="chat",
    ),
    "chat-sessions": System(
        "sessions.json",
        _sessions,
        lambda piece: message(piece, id=SOME, namespace="ann"),
        odd=_ODD,
        left=_LEFT,
        partly=_PARTLY,
        empty=_EMPTY,
        format="chat",
    ),
    "claude-code": System(
        "session.jsonl",
        each(_claude_code_line),
        message,
        left={"thinking": "thinking", "tool": "tool", "result": "tool", "command": "commands", "summary line": "other"}
        | {"sidechain": "sidechains", "meta": "hidden", "compact": "summaries"},
        partly={"thoughts": "thinking"},
    ),
    "codex": System(
        "rollout.jsonl",
        _codex,
        lambda piece: message(piece, id=SOME),
        left={"event": "other", "call": "tool", "output": "tool", "reasoning": "thinking"}
        | {"environment": "hidden", "developer": "system"},
        beside={"other": 1},
        most=1,
    ),
}
