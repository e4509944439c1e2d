"""The many ways in which people and programs spell one unambiguous date, brought to the few that `times` reads.

Facts: mail (RFC 2822) may name eight zones of North America, whose letters mean others elsewhere: they are read in its form alone.
C prints `Tue Oct 21 11:48:45 2025`, web servers log `10/Oct/2000:13:55:36 -0700`, East Asia has `2026年5月19日`. Where the year
stands first, the month follows. Where a month is a word, no order can be mistaken. Two numbers before a year say nothing of which
is the day: they are left as they are.

Rules: texts are changed by a table, in its order. No line of it can go through a text more than a few times.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ZONES = {
    "est": "-0500", "edt": "-0400", "cst": "-0600", "cdt": "-0500", "mst": "-0700", "mdt": "-0600", "pst": "-0800", "pdt": "-0700",
}  # fmt: skip
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[ap]\.?m\.?(?![a-z]))?"
_MONTH = r"[a-z]{3,9}\.?"


def _padded(match: re.Match[str]) -> str:
    year, _, month, day = match.groups()
    return f"{year}-{month:0>2}-{day:0>2}"


_TABLE: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"[\s\u202f\u00a0]+", " "),
    (r"^(\d{4})年(\d{1,2})月(\d{1,2})日", r"\1-\2-\3"),
    (r"^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)", _padded),  # 2021/2/4, 2021.02.04
    (rf"^(\d{{4}})[ /-]({_MONTH})[ /-](\d{{1,2}})(?!\d)", r"\3 \2 \1"),  # 2023-May-19
    (r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)(?![a-z])", r"\1"),  # 24th
    (rf"^((?:[a-z]{{3,9}},? )?\d{{1,2}})(?:\. ?| of )({_MONTH})", r"\1 \2"),  # 24. Feb, 24 of February
    (rf"^(\d{{1,2}})([/-])({_MONTH})\2(\d{{4}}):?", r"\1 \3 \4 "),  # 06-Nov-1994, 10/Oct/2000:13:55:36
    (rf"^({_MONTH})-(\d{{1,2}})-(\d{{4}})", r"\1 \2 \3"),  # May-19-2026
    (rf"^((?:[a-z]{{3,9}},? )?{_MONTH} \d{{1,2}}) ({_CLOCK})((?: [a-z]{{1,5}}| [+-]\d{{4}})?) (\d{{4}})$", r"\1 \4 \2\3"),  # of C
    (rf"^({_CLOCK})(?:,| on)? (.*\d{{4}})$", r"\2 \1"),  # 10:00 AM, May 19, 2026
    (r"(?<![:\d])(\d{1,2}) ?([ap])\.?m\.?(?![a-z])", r"\1:00 \2m"),  # 10 AM
    (r" ?(?:ut|coordinated universal time|greenwich mean time)$", " utc"),
    (rf"^((?:[a-z]{{3}}, ?)?\d{{1,2}} [a-z]{{3}} \d{{4}} [\d:]+ )({'|'.join(_ZONES)})$", lambda match: match[1] + _ZONES[match[2]]),
    (r"  +", " "),
)
_CHANGES = tuple((re.compile(pattern, re.ASCII), into) for pattern, into in _TABLE)


def usual(text: str) -> str:
    """Return a date, in lower case, in a form that `times` reads, if it is in one of the others; else much as it is.

    >>> usual("Tue Oct 21 11:48:45 2025"), usual("24th of February 2021"), usual("4 Feb 2021 9:05 EST")
    ('tue oct 21 2025 11:48:45', '24 february 2021', '4 feb 2021 9:05 -0500')
    """
    changed = text.lower()
    for pattern, into in _CHANGES:
        changed = pattern.sub(into, changed)
    return changed.strip()
