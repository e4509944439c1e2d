"""Telegram's export: `result.json` of one chat, or of an account.

Facts: a chat has `name`, `type`, `id` and `messages`; the export of an account has `chats.list` and `left_chats.list` of these, and
`personal_information`. A message has `type` "message" or "service", `id`, `date` (local, without a zone), `date_unixtime`, `from`
(null for a deleted account), `from_id`, and `text`: text, or a list of texts and objects with their `text`. Media are named in
fields of their own. Old exports have no `date_unixtime`.

Rules: a message is an event under its id, in the conversation of its chat; the subject is `from`, else `from_id`. In the export of
an account its `user_id` is the namespace. Messages without text, and what the service says, are counted. What a message answers,
and from whom it was forwarded, go to the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, without_nones
from memproc.formats.messages import Message, Talk
from memproc.validation import fault

_LISTS = ("chats", "left_chats")
_TYPES = frozenset(("saved_messages", "personal_chat", "bot_chat", "private_channel", "public_channel")) | {
    f"{kind}{group}" for kind in ("private_", "public_") for group in ("group", "supergroup")
}
_NOTES = ("reply_to_message_id", "forwarded_from", "via_bot", "media_type", "file_name", "sticker_emoji")
_MEDIA = ("photo", "file", "media_type", "location_information", "contact_information", "poll")


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return _is_chat(item) or any(map(_is_chat, _chats(item)))


def _is_chat(value: object) -> bool:
    given = value.get("messages") if isinstance(value, dict) else None
    if not isinstance(given, list) or not isinstance(value, dict):
        return False
    return ("type" in value and any(map(_is_message, given))) if given else value.get("type") in _TYPES


def _matches_message(item: Item, _fields: frozenset[str]) -> bool:
    return _is_message(item) and "messages" not in item


def _is_message(value: object) -> bool:
    is_known = isinstance(value, dict) and value.get("type") in ("message", "service")
    return is_known and isinstance(value, dict) and "date" in value and ("text" in value or "actor" in value)


def _chats(item: Item) -> list[Any]:
    given = [item[name].get("list") for name in _LISTS if isinstance(item.get(name), dict)]
    return [chat for chats in given if isinstance(chats, list) for chat in chats]


def _read(item: Item, context: Context) -> Iterator[Part]:
    chats = _chats(item)
    if "messages" in item or not chats:
        yield from _read_chat(item, None, "", context)
    about = item.get("personal_information")
    owner = messages.named(about, ("user_id",)) if isinstance(about, dict) else None
    for number, chat in enumerate(chats):
        if isinstance(chat, dict):
            yield from _read_chat(chat, owner, f"chats.list.{number}.", context)
        else:
            yield Broken(fault(f"chats.list.{number}", "dict_type", "a chat of Telegram is an object"), chat)


def _read_chat(chat: Mapping[str, Any], owner: str | None, path: str, context: Context) -> Iterator[Part]:
    given = chat.get("messages")
    if not isinstance(given, list):
        code = "missing" if given is None else "tuple_type"
        yield Broken(fault(f"{path}messages", code, "a chat of Telegram has its messages in a list"), chat if path else None)
        return
    if not given:
        yield LeftOut("empty_conversations")
    title = chat.get("name")
    notes = {"title": title} if isinstance(title, str) and title else {}
    talk = Talk(messages.named(chat, ("id",)) or _talk_of(given, ""), owner, None, notes)
    for number, message in enumerate(given):
        yield from _read_message(message, talk, f"{path}messages.{number}", context)


def _read_item(item: Item, context: Context) -> Iterator[Part]:
    """Yield what becomes of a message that is an item by itself."""
    place = context.place
    title = None if place is None else messages.first_of(place.head, ("name",))
    talk = Talk(None if place is None else place.conversation, None, None, without_nones({"title": title}))
    for part in _read_message(dict(item), talk, "", context):
        yield part._replace(raw=None) if isinstance(part, Draft | Broken) else part


def _talk_of(given: Sequence[Any], _path: str) -> str:
    said = ((one.get("from"), one.get("text"), one.get("date_unixtime")) for one in given if isinstance(one, dict))
    return messages.conversation_of(said)


def _read_message(message: object, talk: Talk, path: str, context: Context) -> Iterator[Part]:
    if not isinstance(message, dict):
        yield Broken(fault(path, "dict_type", "a message of Telegram is an object"), message)
        return
    if message.get("type") == "service":
        yield LeftOut("service")
        return
    text = message.get("text")
    if "text" not in message:
        yield Broken(fault(f"{path}.text".removeprefix("."), "missing", "a message of Telegram has its text in text"), message)
        return
    if text in ("", None, []) and any(message.get(name) for name in _MEDIA):
        yield LeftOut("media")
        return
    said = Message(
        messages.first_of(message, ("from", "from_id")),
        [_joined(text)] if isinstance(text, list) else text,
        raw=message,
        id=message.get("id"),
        created_at=messages.first_of(message, ("date_unixtime", "date")),
        updated_at=messages.first_of(message, ("edited_unixtime", "edited")),
        notes=without_nones({name: message.get(name) for name in _NOTES}),
        path=path,
    )
    yield from messages.read_message(said, talk, context)


def _joined(pieces: list[Any]) -> object:
    """Return pieces of one text joined as they stand; what holds none stays as it is, and is a fault there."""
    texts = [piece.get("text") if isinstance(piece, dict) else piece for piece in pieces]
    words = [text for text in texts if isinstance(text, str)]
    return "".join(words) if len(words) == len(texts) else texts


FORMAT = Format(
    name="telegram",
    about="Telegram's export: result.json of a chat or an account",
    matches=_matches,
    read=_read,
)
MESSAGES = Format(
    name="telegram-messages",
    about="the messages of one chat of Telegram",
    matches=_matches_message,
    read=_read_item,
    long_lists=("messages",),
    talk_of=_talk_of,
)
