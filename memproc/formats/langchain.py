"""The messages of LangChain, in the forms that it writes.

Facts: `message_to_dict` writes `type` and `data`, whose `content` is text or parts; `dumpd` writes `lc`, the path of the class as
`id`, and `kwargs`; a history in a database has rows of `session_id` and one of these as `message`. The type is `human`, `ai`,
`system`, `tool`, `function` or `chat`, and `AIMessageChunk` for a part of a stream. There are no times.

Rules: the type is the role. Fields that say how a model answered (`response_metadata`, `usage_metadata`, `example`) are left out.
"""

from __future__ import annotations

from typing import Any

from memproc.formats.draft import Item

_TYPES = ("human", "ai", "system", "tool", "function", "chat", "remove", "humanmessagechunk", "aimessagechunk")
_LEFT = frozenset(("type", "example", "response_metadata", "usage_metadata", "additional_kwargs", "invalid_tool_calls"))


def plain(value: Item) -> Item:
    """Return a message of LangChain as role and content; any other object as it is."""
    inner = value.get("message")
    message, row = value, dict[str, Any]()
    if isinstance(inner, dict) and _data_of(inner) is not None:
        message, row = inner, {name: given for name, given in value.items() if name != "message"}
    data = _data_of(message)
    if data is None:
        return value
    rest = {name: given for name, given in data.items() if name not in _LEFT and given is not None}
    more = data.get("additional_kwargs")
    calls = {name: more[name] for name in ("tool_calls", "function_call") if more.get(name)} if isinstance(more, dict) else {}
    return {**row, **calls, **rest, "role": _role(message, data)}


def _data_of(value: Item) -> dict[str, Any] | None:
    """Return what a message of LangChain holds, or None if the value is no such message."""
    told = value.get("type")
    if told == "constructor" and isinstance(value.get("kwargs"), dict) and _class_of(value).endswith(("Message", "MessageChunk")):
        data = value["kwargs"]
    elif isinstance(told, str) and told.lower() in _TYPES and isinstance(value.get("data"), dict):
        data = value["data"]
    else:
        return None
    return data if "content" in data else None


def _role(value: Item, data: dict[str, Any]) -> str:
    """Return the role of a message: of a chat message its own, else its type, else that of its class."""
    own = data.get("role")
    if isinstance(own, str):
        return own
    given = value["type"] if value["type"] != "constructor" else data.get("type", _class_of(value))
    name = given if isinstance(given, str) else _class_of(value)
    return name.removesuffix("Chunk").removesuffix("Message").lower()


def _class_of(value: Item) -> str:
    path = value.get("id")
    return path[-1] if isinstance(path, list) and path and isinstance(path[-1], str) else ""
