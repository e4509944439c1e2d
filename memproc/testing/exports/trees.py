"""Chats with assistants that keep their messages as a tree: what was edited or answered again stands beside what is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from memproc.testing.exports.drawn import Built, Group, Groups, Piece, Said, System, iso, message

_SIDE, _EMPTY = {"side": "side_branches"}, "empty_conversations"
_NO_PARENT = "00000000-0000-4000-8000-000000000000"


def _above(group: Group) -> Iterator[tuple[Piece, str | None]]:
    """Yield each piece with the id of the one that it answers; nothing answers a side branch."""
    last = None
    for piece in group.pieces:
        yield piece, last
        last = last if piece.sort == "side" else piece.id


def _tree(group: Group, content: Callable[[Piece], Any], name: Callable[[Piece], str]) -> dict[str, Any]:
    """Return a mapping of nodes as ChatGPT and DeepSeek have it, below a root without a message."""
    names = {piece.id: name(piece) for piece in group.pieces}
    above = {names[piece.id]: "root" if parent is None else names[parent] for piece, parent in _above(group)}
    said = {names[piece.id]: content(piece) for piece in group.pieces}
    nodes = {"root": None, **said}
    return {
        key: {"id": key, "message": held, "parent": above.get(key), "children": [one for one in above if above[one] == key]}
        for key, held in nodes.items()
    }


def _undated(piece: Piece, value: Any) -> Any:
    return None if piece.sort == "undated" else value


def _when(piece: Piece) -> dict[str, Any]:
    """Return the time of a message, that of the conversation if it has none itself."""
    return {"created_at": piece.begun if piece.sort == "undated" else piece.at}


def _chatgpt_message(piece: Piece) -> dict[str, Any]:
    types = {"thinking": "reasoning_recap", "file": "multimodal_text"}
    asset = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-x", "width": 1, "height": 1}
    parts = {"file": [piece.text, asset], "empty": [""], "odd parts": [None, piece.text]}.get(piece.sort, [piece.text])
    content = {"content_type": types.get(piece.sort, "text"), "parts": parts}
    role = piece.sort if piece.sort in ("system", "tool") else piece.role
    metadata = {
        "file": {"attachments": [{"id": "file-x", "name": "leaf.png", "size": 1}]},
        "hidden": {"is_visually_hidden_from_conversation": True},
    }
    return {
        "id": piece.id,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": _undated(piece, piece.at.timestamp()),
        "content": {"content_type": "reasoning_recap", "content": piece.text} if piece.sort == "thinking" else content,
        "recipient": {"memory": "bio", "call": "python"}.get(piece.sort, "all"),
        "status": "finished_successfully",
        "metadata": metadata.get(piece.sort, {}),
    }


def _chatgpt(found: Groups) -> Built:
    talks = []
    for group in found:
        at = group.head.begun.timestamp()
        mapping = _tree(group, _chatgpt_message, lambda piece: piece.id)
        current = group.pieces[-1].id if group.pieces else "root"
        about = {"id": group.head.talk, "conversation_id": group.head.talk, "title": "Talk", "create_time": at, "update_time": at}
        talks.append({**about, "mapping": mapping, "current_node": current})
    return talks


def _chatgpt_zip(found: Groups) -> Built:
    shards = {f"conversations-{number:03}.json": [talk] for number, talk in enumerate(_chatgpt(found))}
    return {**shards, "chat.html": "<html><body>Talk</body></html>"}


def _with_companions(found: Groups) -> Built:
    shared = {"id": "s-1", "conversation_id": "talk-0", "title": "Talk", "is_anonymous": True}
    return {
        "conversations.json": _chatgpt(found),
        "user.json": {"id": "user-1", "email": "ann@example.org", "chatgpt_plus_user": False},
        "shared_conversations.json": [shared],
        "message_feedback.json": [{"id": "f-1", "conversation_id": "talk-0", "user_id": "user-1", "rating": "thumbs_up"}],
    }


def _to_chatgpt(piece: Piece) -> Said:
    said = message(piece, **_when(piece))
    return said._replace(kind="fact", subject="user", tags=("saved-memory",)) if piece.sort == "memory" else said


def _deepseek_message(piece: Piece) -> dict[str, Any]:
    kinds = {"thinking": ("THINK",), "tool": ("SEARCH",), "thoughts": ("THINK", "RESPONSE")}
    told = kinds.get(piece.sort, ("REQUEST" if piece.is_user else "RESPONSE",))
    fragments = [{"type": kind, "content": piece.text} for kind in told]
    return {"files": [], "model": "deepseek-chat", "inserted_at": _undated(piece, piece.iso), "fragments": fragments}


def _deepseek(found: Groups) -> Built:
    times = [iso(group.head.begun) for group in found]
    return [
        {"id": group.head.talk, "title": "Talk", "inserted_at": at, "updated_at": at, "mapping": mapping}
        for group, at in zip(found, times, strict=True)
        if (mapping := _tree(group, _deepseek_message, lambda piece: f"{piece.number + 1}"))
    ]


def _to_deepseek(piece: Piece) -> Said:
    subject = "assistant" if piece.sort == "thoughts" else piece.role
    return message(piece, id=f"{piece.number + 1}", subject=subject, **_when(piece))


def _claude_message(piece: Piece, above: str | None) -> dict[str, Any]:
    text = "" if piece.sort == "empty" else piece.text
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text, "citations": []}]
    more: dict[str, dict[str, Any]] = {
        "thinking": {"type": "thinking", "thinking": "So be it"},
        "tool": {"type": "tool_use", "name": "search", "input": {"query": "tea"}},
        "odd block": {"type": "text", "text": None},
    }
    blocks += [more[piece.sort]] if piece.sort in more else []
    text_of_file = {"file_name": "a.txt", "file_type": "txt", "file_size": 12, "extracted_content": "A list of herbs"}
    return {
        "uuid": piece.id,
        "sender": "human" if piece.is_user else "assistant",
        "text": text,
        "content": [] if piece.sort == "old" else blocks,
        "attachments": [text_of_file] if piece.sort == "attachment" else [],
        "files": [{"file_name": "leaf.png"}] if piece.sort == "file" else [],
        "created_at": _undated(piece, piece.iso),
        "updated_at": _undated(piece, piece.iso),
        "parent_message_uuid": above or _NO_PARENT,
    }


def _claude(found: Groups) -> Built:
    talks = []
    for group in found:
        at, leaf = iso(group.head.begun), group.pieces[-1].id if group.pieces else None
        about = {"uuid": group.head.talk, "name": "", "summary": "", "created_at": at, "updated_at": at}
        said = [_claude_message(piece, above) for piece, above in _above(group)]
        talks.append({**about, "account": {"uuid": group.head.owner}, "chat_messages": said, "current_leaf_message_uuid": leaf})
    return talks


def _to_claude(piece: Piece) -> Said:
    return message(piece, subject="human" if piece.is_user else "assistant", namespace=piece.owner, **_when(piece))


def _openwebui(found: Groups) -> Built:
    chats = []
    for group in found:
        held, at = {}, int(group.head.begun.timestamp())
        for piece, above in _above(group):
            content = (
                [{"type": "text", "text": piece.text}] if piece.sort == "parts" else "" if piece.sort == "empty" else piece.text
            )
            said = {"role": "system" if piece.sort == "system" else piece.role, "content": content}
            below = [one.id for one, parent in _above(group) if parent == piece.id]
            links = {"id": piece.id, "parentId": above, "childrenIds": below}
            held[piece.id] = {**links, **said, "timestamp": _undated(piece, piece.epoch)}
        history = {"messages": held, "currentId": group.pieces[-1].id if group.pieces else None}
        about = {"id": group.head.talk, "user_id": group.head.owner, "title": "Talk", "created_at": at, "updated_at": at}
        chats.append({**about, "chat": {"title": "Talk", "models": ["a-model"], "history": history, "messages": []}})
    return chats


def _librechat(found: Groups) -> Built:
    said = []
    for piece, above in _above(found[0]):
        thoughts = [{"type": "think", "think": "So be it"}] if piece.sort == "thinking" else []
        parts = [*thoughts, {"type": "text", "text": {"value": piece.text}}]
        words = {"text": "", "content": parts} if piece.sort in ("thinking", "parts") else {"text": piece.text}
        about = {"sender": "User" if piece.is_user else "a-model", "isCreatedByUser": piece.is_user, "createdAt": piece.iso}
        said.append({"messageId": piece.id, "parentMessageId": above or _NO_PARENT, **about, **words})
    return {"conversationId": found[0].head.talk, "endpoint": "a-host", "title": "Talk", "options": {}, "messages": said}


def _to_librechat(piece: Piece) -> Said:
    return message(piece, subject="User" if piece.is_user else "a-model")


TREES: dict[str, System] = {
    "chatgpt": System(
        "conversations.json",
        _chatgpt,
        _to_chatgpt,
        odd=("undated", "file", "memory", "odd parts"),
        left={**_SIDE, "tool": "tool", "call": "tool", "system": "system", "hidden": "hidden", "thinking": "thinking"}
        | {"empty": "empty"},
        empty=_EMPTY,
        may_be_empty=True,
    ),
    "chatgpt-zip": System(
        "chatgpt.zip",
        _chatgpt_zip,
        _to_chatgpt,
        odd=("undated", "memory"),
        left=_SIDE,
        once={"files of no known kind": 1},
        format="chatgpt",
    ),
    "companion": System("chatgpt.zip", _with_companions, _to_chatgpt, once={"companions": 3}, most=1, format="chatgpt"),
    "deepseek": System(
        "conversations.json",
        _deepseek,
        _to_deepseek,
        odd=("undated",),
        left={**_SIDE, "thinking": "thinking", "tool": "tool"},
        partly={"thoughts": "thinking"},
        empty=_EMPTY,
        may_be_empty=True,
    ),
    "claude": System(
        "conversations.json",
        _claude,
        _to_claude,
        odd=("undated", "file", "old", "odd block"),
        left={**_SIDE, "empty": "empty"},
        partly={"thinking": "thinking", "tool": "tool", "attachment": "attachments"},
        empty=_EMPTY,
        may_be_empty=True,
    ),
    "openwebui": System(
        "chat-export.json",
        _openwebui,
        lambda piece: message(piece, namespace=piece.owner, **_when(piece)),
        odd=("undated", "parts"),
        left={**_SIDE, "system": "system", "empty": "empty"},
        empty=_EMPTY,
        may_be_empty=True,
    ),
    "librechat": System(
        "talk.json",
        _librechat,
        _to_librechat,
        odd=("parts",),
        left=_SIDE,
        partly={"thinking": "thinking"},
        most=1,
        empty=_EMPTY,
        may_be_empty=True,
    ),
}
