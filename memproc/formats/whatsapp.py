"""WhatsApp: a chat that was exported as text.

Facts: the file says of a message its date as the telephone shows it, its sender and its text. Files that were left out or lie
beside it are `<attached: photo.jpg>`, `photo.jpg (file attached)` or a text in angle brackets in the language of the telephone.

Rules: a message is an event of its sender, and its id is made of its time, its sender and its words, and how many equal ones stand
before it: so an export that begins later in the chat repeats what is known. Times are taken as UTC; `metadata.created_at_raw` keeps
what the file says. Whether the day or the month comes first is told from the file, or by naming the format `whatsapp-day-first` or
`whatsapp-month-first`. Attachments and notices without a sender are counted; a caption is read, with the names of its attachments
in `metadata`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, told_elsewhere
from memproc.sources.whatsapp import DATE
from memproc.validation import fault
from memproc.values import is_empty

_CLOCK = re.compile(r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?\s?(?:([ap])\.?\s?m\.?)?$", re.IGNORECASE)
_ATTACHED = re.compile(r"\u200e?(?:<(?:attached: )?(?P<named>[^<>\n]{1,200})>|(?P<file>[^\n]{1,200}) \(file attached\))")
_NOTICE = "\u200e"
_ID_CHARS = 16
_CENTURY = 100
_HALF_DAY = 12


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return isinstance(item.get("whatsapp"), str) and "said" in item and "again" in item


def _read(item: Item, context: Context) -> Iterator[Part]:
    yield _message(item, context, item.get("day_first"))


def _read_day_first(item: Item, context: Context) -> Iterator[Part]:
    yield _message(item, context, day_first=True)


def _read_month_first(item: Item, context: Context) -> Iterator[Part]:
    yield _message(item, context, day_first=False)


def _message(item: Item, context: Context, day_first: object) -> Part:
    said, sender, given = item.get("said"), item.get("sender"), item.get("whatsapp")
    if not isinstance(said, str) or not isinstance(given, str):
        return Broken(fault("said", "missing", "a message of WhatsApp has a date and a text"))
    if sender is None:
        return LeftOut("notices")
    attached = [match["named"] or match["file"] for line in said.split("\n") if (match := _ATTACHED.fullmatch(line.strip()))]
    content = "\n".join(line for line in said.split("\n") if not _ATTACHED.fullmatch(line.strip())).strip()
    if is_empty(content) or (content.startswith(_NOTICE) and "\n" not in content):
        return LeftOut("attachments" if attached else "empty" if is_empty(content) else "notices")
    moment = _moment(given, is_day_first=day_first is True)
    if moment is None or not isinstance(day_first, bool):
        return Broken(fault("whatsapp", "date_unparsable", "day or month first? Name --format whatsapp-day-first or -month-first"))
    metadata: dict[str, Any] = {"created_at_raw": given, **({"attachments": attached} if attached else {})}
    fields = {
        "source": context.source or FORMAT.name,
        "content": content,
        "kind": "message",
        "subject": sender,
        "created_at": moment,
        "metadata": metadata,
    }
    again = item.get("again")
    identifier = messages.hash_of([moment, sender, said], _ID_CHARS)
    known = {"id": messages.numbered(identifier, again if isinstance(again, int) else 0), "conversation": item.get("chat")}
    return Draft({**known, **fields}, is_identity=True)


def _moment(given: str, *, is_day_first: bool) -> str | None:
    date, clock = DATE.match(given), _CLOCK.search(given)
    if date is None or clock is None:
        return None
    first, second, third = date.groups()
    year, month, day = (
        (first, second, third) if len(first) > 2 else (third, second, first) if is_day_first else (third, first, second)  # noqa: PLR2004
    )
    hour, half = int(clock[1]), (clock[4] or "").lower()
    hour = hour if not half else hour % _HALF_DAY + (_HALF_DAY if half == "p" else 0)
    whole_year = int(year) + (2000 if int(year) < _CENTURY else 0)
    try:
        return datetime(whole_year, int(month), int(day), hour, int(clock[2]), int(clock[3] or 0)).isoformat()  # noqa: DTZ001 - none is said
    except ValueError:
        return None


FORMAT = Format(name="whatsapp", about="WhatsApp: a chat exported as text", matches=_matches, read=_read)
DAY_FIRST = FORMAT._replace(
    name="whatsapp-day-first", about="WhatsApp, dates with the day first", matches=told_elsewhere, read=_read_day_first
)
MONTH_FIRST = FORMAT._replace(
    name="whatsapp-month-first", about="WhatsApp, dates with the month first", matches=told_elsewhere, read=_read_month_first
)
