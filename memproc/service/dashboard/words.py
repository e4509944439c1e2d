"""Values as people read them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

import orjson

_MINUTE_SECONDS, _HOUR_SECONDS, _DAY_SECONDS = 60, 3_600, 86_400
_TO_THE_SECOND = 19
_TURNING = {code: f"\\u{code:04x}" for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
MOST_WORDS = 400  # of a text whose words are compared


def moment(given: str | None) -> str:
    """Return a time that the store keeps, to the second.

    >>> moment("2025-01-31T12:00:00.000000Z"), moment(None)
    ('2025-01-31 12:00:00', '–')
    """
    return given[:_TO_THE_SECOND].replace("T", " ") if given else "–"


def span(seconds: float | None) -> str:
    """Return how long something takes.

    >>> span(4.2), span(90), span(7_300), span(200_000), span(None)
    ('4 s', '1 min 30 s', '2 h 1 min', '2 d 7 h', '–')
    """
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < _MINUTE_SECONDS:
        return f"{whole} s"
    if whole < _HOUR_SECONDS:
        return f"{whole // _MINUTE_SECONDS} min {whole % _MINUTE_SECONDS} s"
    if whole < _DAY_SECONDS:
        return f"{whole // _HOUR_SECONDS} h {whole % _HOUR_SECONDS // _MINUTE_SECONDS} min"
    return f"{whole // _DAY_SECONDS} d {whole % _DAY_SECONDS // _HOUR_SECONDS} h"


def pretty(given: Any) -> str:
    r"""Return a value as JSON with a line each, a text that is JSON likewise, and any other text as it is. What turns the direction
    of writing is escaped, so that what is read is what is there.

    >>> pretty('{"a":1}'), pretty("tea"), pretty(["\u202e"])
    ('{\n  "a": 1\n}', 'tea', '[\n  "\\u202e"\n]')
    """
    try:
        value = orjson.loads(given) if isinstance(given, str) else given
    except orjson.JSONDecodeError:
        return str(given)
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode().translate(_TURNING)


def differing(one: str, other: str) -> Iterator[tuple[str, bool]]:
    """Give the words of a text, each with whether another text lacks it there.

    >>> [*differing("likes green tea", "likes black tea")]
    [('likes', False), ('green', True), ('tea', False)]
    """
    own, others = one.split()[:MOST_WORDS], other.split()[:MOST_WORDS]
    matched = SequenceMatcher(None, [*map(str.lower, own)], [*map(str.lower, others)], autojunk=False)
    for kind, begin, end, _, _ in matched.get_opcodes():
        yield from ((word, kind != "equal") for word in own[begin:end])
    if len(one.split()) > MOST_WORDS:
        yield "…", False
