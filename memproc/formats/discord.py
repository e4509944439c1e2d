"""Channels of Discord, as DiscordChatExporter writes them to JSON.

Facts: a file is an object with `guild`, `channel`, `dateRange` and `messages`. A message has `id`, `type`, `timestamp`,
`timestampEdited`, `content`, and an `author` with `id`, `name`, `nickname` and `isBot`. The type is "Default" or "Reply", or else
says what the service did: joins, pins, calls. A message of only files or embeds has an empty content.

Rules: a message is an event under its id, in the conversation of its channel; the subject is the author's nickname, else the name.
What the service says, and messages without text, are counted. The server and the channel go to the metadata.

Left out: embeds, files, stickers and reactions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part, without_nones
from memproc.formats.messages import Message, Talk
from memproc.validation import fault

_SAID = (None, "Default", "Reply", "0", "19")
_MEDIA = ("attachments", "embeds", "stickers")


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    given = item.get("messages")
    is_channel = isinstance(item.get("channel"), dict) and isinstance(given, list)
    return is_channel and (any(map(_is_message, given)) if given else "guild" in item)


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("author"), dict) and "content" in value


def _read(item: Item, context: Context) -> Iterator[Part]:
    given, channel, guild = item.get("messages"), item.get("channel"), item.get("guild")
    if not isinstance(given, list) or not isinstance(channel, dict):
        yield Broken(fault("messages", "missing", "a channel of Discord has an object channel, and a list of messages"))
        return
    if not given:
        yield LeftOut("empty_conversations")
    notes = {"channel": channel.get("name"), "guild": guild.get("name") if isinstance(guild, dict) else None}
    told = ((_author(one), one.get("content"), one.get("timestamp")) for one in given if isinstance(one, dict))
    talk = Talk(messages.named(channel, ("id",)) or messages.conversation_of(told), None, None, without_nones(notes))
    for number, message in enumerate(given):
        path = f"messages.{number}"
        if isinstance(message, dict) and _is_message(message):
            yield from _read_message(message, talk, path, context)
        else:
            yield Broken(fault(path, "dict_type", "a message of Discord has an author and its content"), message)


def _author(message: dict[str, Any]) -> object:
    author = message.get("author")
    return messages.first_of(author, ("nickname", "name", "id")) if isinstance(author, dict) else None


def _read_message(message: dict[str, Any], talk: Talk, path: str, context: Context) -> Iterator[Part]:
    kind, reference = message.get("type"), message.get("reference")
    if not isinstance(kind, str | None) or kind not in _SAID:
        yield LeftOut("service")
        return
    if not message["content"] and any(message.get(name) for name in _MEDIA):
        yield LeftOut("media")
        return
    author = message["author"]
    answers = reference.get("messageId") if isinstance(reference, dict) else None
    notes = {"author_id": author.get("id"), "is_bot": True if author.get("isBot") is True else None, "answers": answers}
    said = Message(
        _author(message),
        message["content"],
        raw=message,
        id=message.get("id"),
        created_at=message.get("timestamp"),
        updated_at=message.get("timestampEdited"),
        notes=without_nones(notes),
        path=path,
    )
    yield from messages.read_message(said, talk, context)


FORMAT = Format(
    name="discord",
    about="channels of Discord, as DiscordChatExporter writes them",
    matches=_matches,
    read=_read,
)
