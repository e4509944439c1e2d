"""DeepSeek's data export: `conversations.json`, an array of conversations, each a tree of messages.

Facts: the tree is called `mapping`, as ChatGPT's, but a message has neither author nor content: it holds `fragments`, each with a
`type` and its `content`. REQUEST is what the user wrote, RESPONSE the answer, THINK the thoughts before it, SEARCH and others what
a tool found. `inserted_at` is the time, with its zone; node ids are numbers, unique in their conversation.

Rules: the branch to the newest leaf is read, others on request. Requests are messages of the `user`, responses of the `assistant`,
each an event under the id of its node. Thoughts and tools are read on request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part, without_nones
from memproc.formats.messages import Message, Talk
from memproc.validation import fault

_SPEAKERS = {"REQUEST": "user", "RESPONSE": "assistant"}
_KINDS = {"THINK": "thinking", "SEARCH": "tool", "READ_LINK": "tool", "TOOL": "tool"}


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    mapping = item.get("mapping")
    nodes = mapping.values() if isinstance(mapping, dict) else ()
    found = [node["message"] for node in nodes if isinstance(node, dict) and isinstance(node.get("message"), dict)]
    is_empty = isinstance(mapping, dict) and not found and "inserted_at" in item
    return is_empty or any(isinstance(message.get("fragments"), list) for message in found)


def _read(item: Item, context: Context) -> Iterator[Part]:
    mapping = item.get("mapping")
    if not isinstance(mapping, dict):
        yield Broken(fault("mapping", "dict_type", "a conversation of DeepSeek keeps its messages in the object mapping"))
        return
    if not any(isinstance(node, dict) and node.get("message") for node in mapping.values()):
        yield LeftOut("empty_conversations")
    talk = Talk(messages.named(item, ("id",)), None, item.get("inserted_at"), without_nones({"title": item.get("title")}))
    branch = _branch(mapping)
    shown = frozenset(branch)
    side = [key for key, node in mapping.items() if key not in shown and _is_told(node)]
    for key in [*branch, *(side if "side_branches" in context.include else ())]:
        yield from _read_node(key, mapping[key], talk, context)
    if side and "side_branches" not in context.include:
        yield LeftOut("side_branches", len(side))


def _is_told(node: object) -> bool:
    return not isinstance(node, dict) or node.get("message") is not None


def _branch(mapping: Mapping[str, Any]) -> list[str]:
    parents = {key: node.get("parent") if isinstance(node, dict) else None for key, node in mapping.items()}
    inner = {parent for parent in parents.values() if isinstance(parent, str)}
    leaves = [key for key in mapping if key not in inner] or [*mapping]
    return messages.branch_to(max(leaves, key=lambda key: _moment(mapping[key]), default=None), parents)


def _moment(node: object) -> str:
    """Return the time of a node; all are told in one zone, so they sort as text."""
    message = node.get("message") if isinstance(node, dict) else None
    told = message.get("inserted_at") if isinstance(message, dict) else None
    return told if isinstance(told, str) else ""


def _read_node(key: str, node: object, talk: Talk, context: Context) -> Iterator[Part]:
    path = f"mapping.{key}"
    if not isinstance(node, dict):
        yield Broken(fault(path, "dict_type", "a node of a conversation is an object"), node)
        return
    message = node.get("message")
    if message is None:
        return
    fragments = message.get("fragments") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(fragments, list):
        yield Broken(fault(f"{path}.message.fragments", "tuple_type", "a message of DeepSeek is a list of fragments"), node)
        return
    said = Message(
        "user" if any(isinstance(one, dict) and one.get("type") == "REQUEST" for one in fragments) else "assistant",
        [_part(one) for one in fragments],
        raw=message,
        id=messages.first_of(node, ("id",)) or key,
        created_at=message.get("inserted_at"),
        notes=without_nones({"model": message.get("model"), "files": message.get("files") or None}),
        path=f"{path}.message",
    )
    yield from messages.read_message(said, talk, context)


def _part(fragment: object) -> object:
    """Return a fragment as a part of a content; what is none stays as it is, and is a fault there."""
    if not isinstance(fragment, dict):
        return fragment
    told, content = fragment.get("type"), fragment.get("content")
    name = told if isinstance(told, str) else "other"
    return content if name in _SPEAKERS else {"type": _KINDS.get(name, "other"), "content": content}


FORMAT = Format(
    name="deepseek",
    about="DeepSeek's data export: conversations.json",
    matches=_matches,
    read=_read,
    options=("side_branches", "thinking", "tool"),
)
