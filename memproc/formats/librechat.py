"""LibreChat's export of a conversation.

Facts: an object with `conversationId`, `title`, `endpoint`, `options` and `messages`. A message has `messageId`, `parentMessageId`,
`sender` ("User", or the name of a model), `isCreatedByUser`, `createdAt`, and its `text`; newer ones have parts in `content` and an
empty text. With "recursive" the messages stand in the `children` of those that they answer. With "branches" there are several
answers to one message, of which the last is shown.

Rules: the branch of last answers is read, others on request. A message is an event under its id; the subject is its sender.

Left out: settings, tokens and files; the model goes to the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part, without_nones
from memproc.formats.messages import Message, Talk
from memproc.validation import fault


class _Node(NamedTuple):
    """A message, its path in the item, and whether it is on the branch that is shown."""

    path: str
    given: object
    is_shown: bool


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    given = item.get("messages")
    is_talk = "conversationId" in item and isinstance(given, list)
    return is_talk and (any(map(_is_message, given)) if given else "endpoint" in item)


def _is_message(value: object) -> bool:
    is_named = isinstance(value, dict) and "messageId" in value and ("isCreatedByUser" in value or "sender" in value)
    return is_named and isinstance(value, dict) and ("text" in value or "content" in value)


def _read(item: Item, context: Context) -> Iterator[Part]:
    given = item.get("messages")
    if not isinstance(given, list):
        code = "missing" if given is None else "tuple_type"
        yield Broken(fault("messages", code, "a conversation of LibreChat has its messages in a list"))
        return
    if not given:
        yield LeftOut("empty_conversations")
    title = item.get("title")
    talk = Talk(messages.named(item, ("conversationId",)), None, None, without_nones({"title": title or None}))
    side = 0
    for node in _nodes(given):
        if node.is_shown or "side_branches" in context.include:
            yield from _read_node(node, talk, context)
        else:
            side += 1
    if side:
        yield LeftOut("side_branches", side)


def _nodes(given: list[Any]) -> Iterator[_Node]:
    """Yield all messages of a list and of the children in it, each before its children."""
    last = {_parent(one): number for number, one in enumerate(given)}
    shown: dict[object, bool] = {}
    waiting: list[_Node] = []
    for number, one in enumerate(given):
        parent = _parent(one)
        is_last = parent is None or last[parent] == number
        is_shown = is_last and shown.get(parent, True)
        if isinstance(one, dict) and isinstance(one.get("messageId"), str):
            shown[one["messageId"]] = is_shown
        waiting.append(_Node(f"messages.{number}", one, is_shown))
    waiting.reverse()
    while waiting:
        node = waiting.pop()
        yield node
        children = node.given.get("children") if isinstance(node.given, dict) else None
        if isinstance(children, list):
            count = len(children)
            found = [
                _Node(f"{node.path}.children.{number}", one, node.is_shown and number == count - 1)
                for number, one in enumerate(children)
            ]
            waiting.extend(reversed(found))


def _parent(message: object) -> str | None:
    """Return the id of the message that a message of a list answers; None if it does not say."""
    return messages.name_of(message.get("parentMessageId")) if isinstance(message, dict) else None


def _read_node(node: _Node, talk: Talk, context: Context) -> Iterator[Part]:
    given = node.given
    if not isinstance(given, dict) or not _is_message(given):
        yield Broken(fault(node.path, "dict_type", "a message of LibreChat has a sender and its text"), given)
        return
    content = given.get("content") if given.get("text") in (None, "") else given["text"]
    said = Message(
        messages.first_of(given, ("sender",)) or ("User" if given.get("isCreatedByUser") else "assistant"),
        [_part(one) for one in content] if isinstance(content, list) else content,
        raw={name: value for name, value in given.items() if name != "children"},
        id=given["messageId"],
        created_at=given.get("createdAt"),
        updated_at=given.get("updatedAt"),
        notes=without_nones({"model": given.get("model") or None}),
        path=node.path,
    )
    yield from messages.read_message(said, talk, context)


def _part(part: object) -> object:
    """Return a part of a content with its text in `text`; some have it one level deeper, or under the name of their type."""
    if not isinstance(part, dict):
        return part
    text = part.get("text")
    if isinstance(text, dict) and isinstance(text.get("value"), str):
        return {**part, "text": text["value"]}
    return {**part, "text": part["think"]} if isinstance(part.get("think"), str) else part


FORMAT = Format(
    name="librechat",
    about="LibreChat: the export of a conversation",
    matches=_matches,
    read=_read,
    options=("side_branches", "thinking", "tool"),
)
