"""Open WebUI's export of chats: an array of chats, each a tree of messages.

Facts: an element has `id`, `user_id`, `title` and `chat`, whose `history` holds `messages`, from ids to messages with `parentId`
and `childrenIds`, and `currentId`, the leaf that was shown last. A message has `role`, `content`, `timestamp` (epoch seconds) and,
of an answer, `model`. `chat.messages` is the shown branch once more; old exports have nothing else.

Rules: the branch to `currentId` is read, or else that to the newest leaf; others on request. A message is an event under its id;
the user is the namespace.

Left out: settings, tags, files and models of the chat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part, without_nones
from memproc.formats.messages import Message, Talk
from memproc.validation import fault


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    chat = item.get("chat")
    given = [*_tree(chat).values(), *_list(chat)] if isinstance(chat, dict) else []
    return any(map(_is_message, given)) or (isinstance(chat, dict) and not given and _has_history(chat))


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and "role" in value and "content" in value


def _has_history(chat: Mapping[str, Any]) -> bool:
    history = chat.get("history")
    return isinstance(history, dict) and "currentId" in history


def _tree(chat: Mapping[str, Any]) -> dict[str, Any]:
    history = chat.get("history")
    found = history.get("messages") if isinstance(history, dict) else None
    return found if isinstance(found, dict) else {}


def _list(chat: Mapping[str, Any]) -> list[Any]:
    found = chat.get("messages")
    return found if isinstance(found, list) else []


def _read(item: Item, context: Context) -> Iterator[Part]:
    chat = item.get("chat")
    if not isinstance(chat, dict):
        yield Broken(fault("chat", "dict_type", "a chat of Open WebUI is an object with its history"))
        return
    tree, shown = _tree(chat), _list(chat)
    talk = _talk(item, chat)
    if not tree:
        yield from (LeftOut("empty_conversations") for _ in range(not shown))
        for number, message in enumerate(shown):
            yield from _read_node(f"chat.messages.{number}", message, talk, number, context)
        return
    branch = _branch(tree, chat["history"].get("currentId"))
    shown_keys = frozenset(branch)
    side = [key for key in tree if key not in shown_keys]
    for key in [*branch, *(side if "side_branches" in context.include else ())]:
        yield from _read_node(f"chat.history.messages.{key}", tree[key], talk, key, context)
    if side and "side_branches" not in context.include:
        yield LeftOut("side_branches", len(side))


def _talk(item: Item, chat: Mapping[str, Any]) -> Talk:
    title = messages.first_of(item, ("title",)) or messages.first_of(chat, ("title",))
    created_at = messages.first_of(item, ("created_at",)) or messages.first_of(chat, ("timestamp",))
    identifier = messages.named(item, ("id",)) or messages.named(chat, ("id",))
    return Talk(identifier, messages.first_of(item, ("user_id",)), created_at, without_nones({"title": title}))


def _branch(tree: Mapping[str, Any], current: object) -> list[str]:
    parents = {key: message.get("parentId") if isinstance(message, dict) else None for key, message in tree.items()}
    inner = {parent for parent in parents.values() if isinstance(parent, str)}
    leaves = [key for key in tree if key not in inner] or [*tree]
    leaf = current if isinstance(current, str) and current in tree else max(leaves, key=lambda key: _moment(tree[key]))
    return messages.branch_to(leaf, parents)


def _moment(message: object) -> float:
    told = message.get("timestamp") if isinstance(message, dict) else None
    return told if isinstance(told, int | float) else 0


def _read_node(path: str, message: object, talk: Talk, place: int | str, context: Context) -> Iterator[Part]:
    """Yield what becomes of a message; its place is its turn, or its key in the tree."""
    if not isinstance(message, dict) or not _is_message(message):
        yield Broken(fault(path, "dict_type", "a message of Open WebUI has a role and its content"), message)
        return
    said = Message(
        message["role"],
        message["content"],
        raw=message,
        id=messages.first_of(message, ("id",)) or (place if isinstance(place, str) else None),
        turn=place if isinstance(place, int) else None,
        created_at=message.get("timestamp"),
        notes=without_nones({"model": message.get("model")}),
        path=path,
    )
    yield from messages.read_message(said, talk, context)


FORMAT = Format(
    name="openwebui",
    about="Open WebUI: the export of chats",
    matches=_matches,
    read=_read,
    options=("side_branches", *messages.OPTIONS),
)
