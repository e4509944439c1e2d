"""The messages of a chat as WhatsApp exports it: text with a date before each message.

Facts: a message is `[31/12/2024, 21:15:03] Ann: text` or `31/12/2024, 21:15 - Ann: text`; date and clock are as the telephone shows
them. A message may have several lines. Notices have no sender. Nothing has an id.

Rules: whether the day or the month comes first is told from the beginning of the file: by a number above 12, else by the order in
which the dates stand; where neither tells it, it stays open. A message is known by its place in the chat, and the chat by its first
two messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
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
DATE = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})")
_LAST_MONTH = 12
_YEAR_DIGITS = 4
_ID_BYTES = 8


def is_whatsapp(start: str) -> bool:
    """Return whether a text begins with the first message or notice of such a chat, and has a sender in the first lines."""
    lines = [line for line in islice(start.splitlines(), 50) if line.strip()]
    heads = [head for line in lines if (head := _HEAD.fullmatch(line))]
    return bool(heads) and _HEAD.fullmatch(lines[0]) is not None and any(": " in head["rest"] for head in heads)


def messages_of(lines: Iterable[str], start: str, limit_bytes: int) -> Iterator[Item]:
    """Yield the messages of a chat. `start` is its beginning, which tells the order of dates and names the chat."""
    chat, day_first = _named(start), _is_day_first(start)
    for turn, (moment, text) in enumerate(_messages(lines, limit_bytes)):
        raw = text.encode("utf-8", "surrogateescape")
        sender, colon, said = text.partition(": ")
        said_by = {"sender": sender.strip(_MARKS), "said": said} if colon and "\n" not in sender else {"said": text}
        value = {"whatsapp": moment, **said_by, "chat": chat, "turn": turn, "day_first": day_first}
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


def _named(start: str) -> str:
    first = list(islice(_messages(start.splitlines()), 2))
    return blake2b(repr(first).encode("utf-8", "surrogateescape"), digest_size=_ID_BYTES).hexdigest()


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
