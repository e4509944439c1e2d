"""The messages of a chat as WhatsApp exports it: text with a date before each message.

Facts: a message is `[31/12/2024, 21:15:03] Ann: text` or `31/12/2024, 21:15 - Ann: text`; date and clock are as the telephone shows
them. A message may have several lines. Notices have no sender. Nothing has an id.

Rules: whether the day or the month comes first is told from the beginning of the file: by a number above 12, else by the order in
which the dates stand; where neither tells it, it stays open. A file may begin anywhere in the chat, so a message has no place in
it: equal ones of one moment are counted. A chat of two is told by both names in the beginning; of any other no name is in the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from math import inf

import orjson

from memproc.records import Category
from memproc.sources.items import Item
from memproc.sources.rows import TOO_LONG
from memproc.validation import fault

_MARKS = "\u200e\u200f\u202a\u202c\ufeff"
_HEAD = re.compile(
    rf"[{_MARKS}]*(?:\[(?P<a>[\d./-]{{6,10}},? \d\d?[:.]\d\d(?:[:.]\d\d)?(?:[\s\u202f][APap]\.?\s?[Mm]\.?)?)\] "
    rf"|(?P<b>[\d./-]{{6,10}},? \d\d?[:.]\d\d(?:[:.]\d\d)?(?:[\s\u202f][APap]\.?\s?[Mm]\.?)?) - )(?P<rest>.*)",
    re.DOTALL,
)
CHAT = "whatsapp"
DATE = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})")
_LAST_MONTH = 12
_YEAR_DIGITS = 4
_TWO = 2


def is_whatsapp(start: str) -> bool:
    """Return whether a text begins with the first message or notice of such a chat, and has a sender in the first lines."""
    lines = [line for line in islice(start.splitlines(), 50) if line.strip()]
    heads = [head for line in lines if (head := _HEAD.fullmatch(line))]
    return bool(heads) and _HEAD.fullmatch(lines[0]) is not None and any(": " in head["rest"] for head in heads)


def messages_of(lines: Iterable[str], start: str, limit_bytes: int) -> Iterator[Item]:
    """Yield the messages of a chat. `start` is its beginning, which tells the order of dates and who speaks."""
    chat, day_first = _chat_of(start), _is_day_first(start)
    equal: Counter[str] = Counter()
    last = ""
    for moment, text in _messages(lines, limit_bytes):
        raw = text.encode("utf-8", "surrogateescape")
        if moment != last:
            equal.clear()
        last, again = moment, equal[text]
        equal[text] += 1
        value = {"whatsapp": moment, **_said_by(text), "chat": chat, "again": again, "day_first": day_first}
        if len(raw) > limit_bytes:
            message = f"the message is longer than {limit_bytes} bytes; its start is kept"
            yield Item(None, raw[:limit_bytes], fault("", TOO_LONG, message), Category.RESOURCE)
            continue
        try:
            yield Item(value, orjson.dumps(value))
        except orjson.JSONEncodeError:
            yield Item(None, raw, fault("", "not_utf8", "no valid UTF-8"))


def _messages(lines: Iterable[str], limit_chars: float = inf) -> Iterator[tuple[str, str]]:
    """Yield the date of each message, and what stands behind it, up to the line that passes a limit."""
    moment, said, size = "", list[str](), 0
    for line in lines:
        head = _HEAD.fullmatch(line)
        if head is None:
            if size <= limit_chars:
                said.append(line)
                size += len(line) + 1
            continue
        if said:
            yield moment, "\n".join(said).rstrip()
        moment, said, size = head["a"] or head["b"], [head["rest"]], len(head["rest"])
    if said:
        yield moment, "\n".join(said).rstrip()


def _said_by(text: str) -> dict[str, str]:
    """Return the sender and the words of a message, or the words of a notice."""
    sender, colon, said = text.partition(": ")
    return {"sender": sender.strip(_MARKS), "said": said} if colon and "\n" not in sender else {"said": text}


def _chat_of(start: str) -> str:
    """Return what a chat is called: both who speak in it, or that it is some chat."""
    senders = {said["sender"] for _, text in _messages(start.splitlines()) if "sender" in (said := _said_by(text))}
    return " & ".join(sorted(senders)) if len(senders) == _TWO else CHAT


def _is_day_first(start: str) -> bool | None:
    """Return whether the first number of the dates is the day; None if nothing tells. Where the year comes first, it is not."""
    found = [match.groups() for moment, _ in _messages(start.splitlines()) if (match := DATE.match(moment))]
    if any(len(first) == _YEAR_DIGITS for first, _, _ in found):
        return False
    dates = [(int(first), int(second), int(year)) for first, second, year in found]
    if any(first > _LAST_MONTH for first, _, _ in dates) or any(second > _LAST_MONTH for _, second, _ in dates):
        return any(first > _LAST_MONTH for first, _, _ in dates)
    by_day = all(one <= other for one, other in pairwise([(year, second, first) for first, second, year in dates]))
    by_month = all(one <= other for one, other in pairwise([(year, first, second) for first, second, year in dates]))
    return None if by_day == by_month else by_day
