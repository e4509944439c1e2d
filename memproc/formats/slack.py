"""Slack's export: a folder for each channel, with a file of messages for each day.

Facts: a message has `type` "message", `user` (an id), `text` and `ts`, epoch seconds that are unique in the channel and so its id.
`subtype` marks what is no plain message: joins and leaves, topics, bots. A bot has `bot_id` and `username`. `thread_ts` is the `ts`
of the message that began the thread. Newer exports have the author's names in `user_profile`. The name of the channel stands in
no file, only in the name of the folder.

Rules: a message is an event under its `ts`, in the conversation of its channel: the folder, where the file is named after a day,
else what the first messages say. The subject is the user's id, or a bot's name. What the service says is counted.

Left out: blocks, attachments, reactions and files; the thread and the author's name go to the metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part
from memproc.formats.messages import Message, Talk
from memproc.validation import fault

_SAID = (None, "", "bot_message", "me_message", "thread_broadcast", "reply_broadcast", "file_share", "file_comment")
_AUTHORS = ("user", "username", "bot_id")
_DAY = re.compile(r"/([^/]+)/\d{4}-\d{2}-\d{2}$")
_STAMP = re.compile(r"\d{9,11}\.\d{1,6}", re.ASCII)


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    stamp = item.get("ts")
    is_stamped = isinstance(stamp, str) and _STAMP.fullmatch(stamp) is not None
    return is_stamped and item.get("type") == "message" and "text" in item and any(name in item for name in _AUTHORS)


def _read(item: Item, context: Context) -> Iterator[Part]:
    subtype = item.get("subtype")
    if item.get("type", "message") != "message" or not isinstance(subtype, str | None) or subtype not in _SAID:
        yield LeftOut("service")
        return
    if "text" not in item:
        yield Broken(fault("text", "missing", "a message of Slack has its text in text"))
        return
    if not item["text"] and (item.get("files") or item.get("attachments") or item.get("blocks")):
        yield LeftOut("media")
        return
    place = context.place
    profile, edited = item.get("user_profile"), item.get("edited")
    said = Message(
        messages.first_of(item, _AUTHORS),
        item["text"],
        id=item.get("ts"),
        created_at=item.get("ts"),
        updated_at=edited.get("ts") if isinstance(edited, dict) else None,
        notes={**_thread(item), **(_names(profile) if isinstance(profile, dict) else {})},
    )
    yield from messages.read_message(said, Talk(None if place is None else place.conversation), context)


def _thread(item: Item) -> dict[str, Any]:
    thread = item.get("thread_ts")
    return {} if thread in (None, "", item.get("ts")) else {"thread_ts": thread}


def _names(profile: dict[str, Any]) -> dict[str, Any]:
    found = messages.first_of(profile, ("real_name", "display_name", "name"))
    return {} if found is None else {"user_name": found}


def _talk_of(items: Sequence[Item], path: str) -> str:
    found = _DAY.search(path)
    return found[1] if found else messages.conversation_of((item.get("user"), item.get("text"), item.get("ts")) for item in items)


FORMAT = Format(
    name="slack",
    about="Slack's export: the messages of a day in a channel",
    matches=_matches,
    read=_read,
    talk_of=_talk_of,
)
