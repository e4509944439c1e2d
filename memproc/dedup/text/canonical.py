"""Canonical text: what two spellings of the same words have in common.

Facts: NFKC alone makes "10⁵ users" equal "105 users" and "1½" equal "11⁄2". Folding case destroys paths, keys and video
ids, and casefold makes "Maße" equal "Masse". NFKC folds neither the minus sign nor the dashes.

Rules, in order: superscripts, subscripts, fractions and enclosed characters keep a mark; NFKC; dashes, quotes, white space
and invisible characters are folded by table; lower case, except in tokens that mix letters with digits (but for ordinals
and times of day, "1ST", "3PM") or hold a slash, a backslash, `@`, `_` or an inner dot, and in units that their case
decides ("mW", "MW"). The canonical text of a canonical text is itself.

Left out: what changes meaning between languages (accents stay), and all that only looks alike.
"""

from __future__ import annotations

import re
import unicodedata

from memproc.dedup.text.exact import INVISIBLE
from memproc.dedup.text.memo import Memo

_MARKS = {"<super>": "^", "<sub>": "ˬ", "<fraction>": "÷", "<circle>": "○", "<square>": "□"}
_DASHES = "\u2010\u2011\u2012\u2013\u2043\u2212\ufe58\ufe63\uff0d"
_LONG_DASHES = "\u2014\u2015"  # between two clauses, with or without spaces
_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\uff07\uff40`"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"

CASED_UNITS = frozenset(
    "mW MW mV MV mJ mN mT mA mHz mPa mGy mSv mS mK Mb Gb Tb Kb mB Mbps MBps Gbps GBps".split()  # noqa: SIM905 - shorter so
)
"""Units that another case makes another unit: milli is not mega, a bit no byte."""

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_MAY_KEEP_CASE = re.compile(r"[/\\@_\d]|\.\w")
_KEEPS_CASE = re.compile(r"[/\\@_]|\w\.\w")
# Of a token with a digit, which can stand nowhere but before the letters: so nothing is tried twice.
_ORDINAL_OR_TIME = re.compile(r"\W*+\d[\d:.]*+(?:st|nd|rd|th|am|pm|s|h)\W*+", re.IGNORECASE)


class _FoldTable(dict[int, str]):
    """What each character becomes before NFKC, computed when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        tag, _, rest = unicodedata.decomposition(character).partition(" ")
        is_disguised = tag in _MARKS and rest
        self[code] = _MARKS[tag] + unicodedata.normalize("NFKC", character) if is_disguised else character
        return self[code]


_FOLDED = _FoldTable(
    dict.fromkeys(map(ord, _DASHES), "-")
    | dict.fromkeys(map(ord, _LONG_DASHES), " - ")
    | dict.fromkeys(map(ord, _SINGLE_QUOTES), "'")
    | dict.fromkeys(map(ord, _DOUBLE_QUOTES), '"')
    | dict.fromkeys(map(ord, INVISIBLE), "")
)


def canonical(text: str) -> str:
    """Return the canonical form of a text: tokens separated by single spaces.

    >>> canonical("  I’ve  read   README.md – 10⁵ times ")
    "i've read README.md - 10^5 times"
    """
    found = " ".join(map(_CANONICAL_CHUNKS.__getitem__, text.split()))
    return found if text.isascii() else " ".join(found.split())  # a token may have consisted of invisible characters alone


def canonical_chunk(token: str) -> str:
    """Return the canonical form of a text without white space. If that is not ASCII, the form may hold spaces, or be empty."""
    if token.isascii():
        return _lowered(token.replace("`", "'"))
    folded = _fold(unicodedata.normalize("NFKC", _fold(token.replace("`", "'")))).replace("`", "'")
    lowered = " ".join(map(_lowered, folded.split()))
    return unicodedata.normalize("NFKC", lowered)  # the small letter of a capital may have an accent to compose


def _fold(text: str) -> str:
    return _NOT_ASCII.sub(lambda run: run[0].translate(_FOLDED), text)


def _lowered(token: str) -> str:
    if token.isalpha():
        return token if token in CASED_UNITS else token.lower()
    if _MAY_KEEP_CASE.search(token) is None:
        return token if token.rstrip(".,;:!?)") in CASED_UNITS else token.lower()
    if _KEEPS_CASE.search(token):
        return token
    mixes = any(map(str.isdigit, token)) and any(map(str.isalpha, token))
    return token if mixes and not _ORDINAL_OR_TIME.fullmatch(token) else token.lower()


_CANONICAL_CHUNKS = Memo(canonical_chunk)
