"""The many ways in which people and programs spell one unambiguous date, brought to the few that `times` reads.

Facts: mail (RFC 2822) may name eight zones of North America, whose letters mean others elsewhere: they are read in its form alone.
C prints `Tue Oct 21 11:48:45 2025`, web servers log `10/Oct/2000:13:55:36 -0700`, East Asia has `2026年5月19日`. Where the year
stands first, the month follows. Where a month is a word, no order can be mistaken. Two numbers before a year say nothing of which
is the day: they are left as they are. In German, French, Spanish, Italian, Portuguese, Dutch, Danish, Norwegian, Swedish and
Slovene no month is called, or cut to, what another one is called in one of them, but for a few cuts such as `jui`.

Rules: texts are changed by a table, in its order. No line of it can go through a text more than a few times.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_ZONES = {
    "est": "-0500", "edt": "-0400", "cst": "-0600", "cdt": "-0500", "mst": "-0700", "mdt": "-0600", "pst": "-0800", "pdt": "-0700",
}  # fmt: skip
_MONTHS = (  # without accents; in English, German, French, Spanish, Italian, Portuguese, Dutch, Danish, Swedish, Slovene, Norwegian
    "january januar janvier enero gennaio janeiro januari",
    "february februar fevrier febrero febbraio fevereiro februari",
    "march marz mars marzo marco maart mrz mrt marts marec",
    "april avril abril aprile",
    "may mai mayo maggio maio mei maj",
    "june juni juin junio giugno junho junij",
    "july juli juillet julio luglio julho julij",
    "august aout agosto augustus augusti avgust",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember decembre diciembre dicembre dezembro desember",
)
_DAY_AND_MONTH = re.compile(r"^((?:[^\W\d_]{2,12}\.?,? )?\d{1,2})\.?(?: de)? ([^\W\d_]{3,12})\.?,?(?: de| del)? (\d{4})(?!\d)")
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


def month_named(word: str) -> int | None:
    """Return the number of a month by its name in one of the languages, or what that is cut to; None if it may be none or several.

    >>> month_named("dezember"), month_named("märz"), month_named("jui"), month_named("marzipan")
    (12, 3, None, None)
    """
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", word) if not unicodedata.combining(mark))
    found = [at for at, names in enumerate(_MONTHS, 1) if any(name.startswith(plain) for name in names.split())]
    return found[0] if len(found) == 1 else None


def month_cuts() -> dict[str, int]:
    """Return the numbers of months by the first three letters of their names, by four where three begin two of them.

    >>> cuts = month_cuts()
    >>> cuts["maa"], cuts["des"], cuts["juil"], "jui" in cuts
    (3, 12, 7, False)
    """
    cuts: dict[str, set[int]] = {}
    for number, names in enumerate(_MONTHS, 1):
        for name in names.split():
            for length in (3, 4):
                cuts.setdefault(name[:length], set()).add(number)
    return {cut: next(iter(numbers)) for cut, numbers in cuts.items() if len(numbers) == 1}


def _in_english(match: re.Match[str]) -> str:
    """Return a day and a month with the month in English, if it is in another language."""
    if any(names.split()[0].startswith(match[2]) for names in _MONTHS):
        return f"{match[1]} {match[2]} {match[3]}"
    number, day = month_named(match[2]), match[1].rpartition(" ")[2]
    return match[0] if number is None else f"{day} {_MONTHS[number - 1].split()[0]} {match[3]}"


def usual(text: str) -> str:
    """Return a date, in lower case, in a form that `times` reads, if it is in one of the others; else much as it is.

    >>> usual("Tue Oct 21 11:48:45 2025"), usual("24th of February 2021"), usual("4 Feb 2021 9:05 EST")
    ('tue oct 21 2025 11:48:45', '24 february 2021', '4 feb 2021 9:05 -0500')
    >>> usual("25. Dezember 2024 10:00"), usual("3 de mayo de 2024"), usual("1er juin 2024")
    ('25 december 2024 10:00', '3 may 2024', '1er juin 2024')
    """
    changed = _DAY_AND_MONTH.sub(_in_english, text.lower())
    for pattern, into in _CHANGES:
        changed = pattern.sub(into, changed)
    return changed.strip()
