"""Instagram and Messenger: `message_1.json` of the download of one's information.

Facts: a file is a chat, or a part of one: `participants`, `messages` and a `thread_path`, whose last part is the file's folder. A
message has `sender_name`, `timestamp_ms` and mostly `content`; the newest stands first. Texts are UTF-8 that was taken for
Latin-1: "cafÃ©". Photos, shares, calls and what was unsent have fields of their own.

Rules: a message is an event of its sender in the conversation of its folder, known by its time and words. Its text is mended where
it is UTF-8 read wrongly, and kept where it is not. A file too long for one record is read message by message.

Left out: what has no words, counted as `media`; reactions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part
from memproc.formats.messages import Message, Talk
from memproc.validation import fault

_FOLDER = re.compile(r"/([^/]+)/message_\d+$")
_MARKS = frozenset(("sender_name", "timestamp_ms"))


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and value.keys() >= _MARKS


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    given = item.get("messages")
    return isinstance(given, list) and all(map(_is_message, given[:3])) and (bool(given) or "thread_path" in item)


def _matches_message(item: Item, _fields: frozenset[str]) -> bool:
    return item.keys() >= _MARKS


def _read(item: Item, context: Context) -> Iterator[Part]:
    given = item.get("messages")
    if not isinstance(given, list):
        yield Broken(fault("messages", "missing", "a chat of Instagram has its messages in a list"))
        return
    if not given:
        yield LeftOut("empty_conversations")
    path, title = item.get("thread_path"), item.get("title")
    folder = path.rstrip("/").rpartition("/")[2] if isinstance(path, str) else ""
    notes = {"title": mended(title)} if isinstance(title, str) and title else {}
    talk = Talk(folder or _named(item) or _talk_of(given, ""), None, None, notes)
    for number, message in enumerate(given):
        if isinstance(message, dict):
            yield from _read_message(message, talk, f"messages.{number}", context)
        else:
            yield Broken(fault(f"messages.{number}", "dict_type", "a message of Instagram is an object"), message)


def _read_item(item: Item, context: Context) -> Iterator[Part]:
    place = context.place
    talk = Talk(None if place is None else place.conversation)
    yield from _read_message(dict(item), talk, "", context)


def _read_message(message: dict[str, Any], talk: Talk, path: str, context: Context) -> Iterator[Part]:
    sender, content = message.get("sender_name"), message.get("content")
    if content is None:
        yield LeftOut("media")
        return
    text = mended(content) if isinstance(content, str) else content
    subject = mended(sender) if isinstance(sender, str) else sender
    said = Message(subject, text, raw=message if path else None, created_at=message.get("timestamp_ms"), path=path)
    yield from messages.read_message(said, talk, context)


def mended(text: str) -> str:
    r"""Return a text that was UTF-8 and taken for Latin-1 as it was meant, and any other unchanged.

    >>> mended("caf\xc3\xa9"), mended("café")
    ('café', 'café')
    """
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _named(chat: Mapping[str, Any]) -> str:
    """Return what a chat is called by who takes part in it."""
    given = chat.get("participants")
    names = (
        [one["name"] for one in given if isinstance(one, dict) and isinstance(one.get("name"), str)]
        if isinstance(given, list)
        else []
    )
    return " & ".join(sorted(mended(name) for name in names if isinstance(name, str)))


def _talk_of(items: Sequence[Any], path: str) -> str:
    found = _FOLDER.search(path)
    told = [one for one in items if isinstance(one, dict)]
    said = ((one.get("sender_name"), one.get("content"), one.get("timestamp_ms")) for one in told)
    return found[1] if found else messages.conversation_of(said)


FORMAT = Format("instagram", "Instagram and Messenger: message_1.json of a download", _matches, _read)
MESSAGES = Format(
    name="instagram-messages",
    about="the messages of one chat of Instagram or Messenger",
    matches=_matches_message,
    read=_read_item,
    talk_of=_talk_of,
)
