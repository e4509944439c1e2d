"""Chats of SillyTavern: JSON lines, a head and then a line for each message.

Facts: the head has `user_name`, `character_name` and `create_date`. A message has `name`, `is_user`, `send_date` and its text in
`mes`; `swipes` are all answers that were made, of which `swipe_id` is shown. `is_system` marks what the program says or hides.
Dates are "May 1, 2024 10:00am", "2024-5-1@10h00m00s", ISO 8601 or epoch milliseconds, mostly without a zone.

Rules: a message is an event of who is named; the head names the conversation. Thoughts (`extra.reasoning`) and messages of the
program are read on request, swipes that are not shown never. A date without a zone is taken as UTC.

Left out: everything about the display and the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part
from memproc.formats.messages import Message, Talk
from memproc.spelled import month_named
from memproc.validation import fault
from memproc.values import is_blank

_SPOKEN = re.compile(r"([A-Za-z]{3,9}) (\d{1,2}), (\d{4}) (\d{1,2}):(\d{2}) ?([ap])m", re.ASCII)
_MARKED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2}) ?@ ?(\d{1,2})h ?(\d{1,2})m ?(\d{1,2})s(?: ?\d{1,3}ms)?", re.ASCII)


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    is_message = isinstance(item.get("mes"), str) and isinstance(item.get("name"), str) and "is_user" in item
    return is_message or _is_head(item)


def _is_head(item: Item) -> bool:
    return "mes" not in item and "character_name" in item and ("user_name" in item or "chat_metadata" in item)


def _read(item: Item, context: Context) -> Iterator[Part]:
    if _is_head(item):
        yield LeftOut("head_lines")
        return
    if "mes" not in item:
        yield Broken(fault("mes", "missing", "a message of SillyTavern has its text in mes"))
        return
    if item.get("is_system") is True and "system" not in context.include:
        yield LeftOut("system")
        return
    swipes = item.get("swipes")
    if isinstance(swipes, list) and len(swipes) > 1:
        yield LeftOut("swipes", len(swipes) - 1)
    place, told, name = context.place, item.get("send_date"), item.get("name")
    created_at = _date(told)
    said = Message(
        ("user" if item.get("is_user") else "assistant") if is_blank(name) else name,
        _content(item),
        turn=None if place is None else place.turn,
        created_at=created_at,
        notes={} if created_at is told else {"created_at_raw": told},
    )
    yield from messages.read_message(said, Talk(None if place is None else place.conversation), context)


def _content(item: Item) -> object:
    """Return the text of a message, with its thoughts as a part of their own."""
    extra = item.get("extra")
    thoughts = extra.get("reasoning") if isinstance(extra, dict) else None
    if isinstance(thoughts, str) and thoughts and isinstance(item["mes"], str):
        return [item["mes"], {"type": "thinking", "text": thoughts}]
    return item["mes"]


def _date(told: object) -> object:
    """Return a date in ISO 8601, or as it is if it is in another form.

    >>> _date("May 1, 2024 12:05am"), _date("2024-5-1@10h00m00s"), _date("soon")
    ('2024-05-01T00:05:00Z', '2024-05-01T10:00:00Z', 'soon')
    """
    if not isinstance(told, str):
        return told
    if (spoken := _SPOKEN.fullmatch(told.strip())) and (month := month_named(spoken[1].lower())) is not None:
        hour = int(spoken[4]) % 12 + 12 * (spoken[6] == "p")
        return _iso(int(spoken[3]), month, int(spoken[2]), hour, f"{spoken[5]}:00")
    if marked := _MARKED.fullmatch(told.strip()):
        year, month_number, day, hour, minute, second = map(int, marked.groups())
        return _iso(year, month_number, day, hour, f"{minute:02}:{second:02}")
    return told


def _iso(year: int, month: int, day: int, hour: int, rest: str) -> str:
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{rest}Z"


def _talk_of(items: Sequence[Item], _path: str) -> str:
    head: dict[str, Any] = next((dict(item) for item in items if _is_head(item)), {})
    told = [name for key in ("user_name", "character_name", "create_date") if (name := messages.name_of(head.get(key)))]
    return " / ".join(told) or messages.conversation_of((item.get("name"), item.get("mes"), None) for item in items)


FORMAT = Format(
    name="sillytavern",
    about="chats of SillyTavern: JSON lines",
    matches=_matches,
    read=_read,
    options=("system", "thinking"),
    talk_of=_talk_of,
)
