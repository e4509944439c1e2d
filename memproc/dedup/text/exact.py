"""The exact text: what a reader sees of a text, and nothing else.

Rules: Unicode NFC, because both forms of "é" look the same; white space folded to single spaces; invisible characters left out.
Case, punctuation and accents stay: texts that differ in them are two texts.
"""

from __future__ import annotations

import re
import unicodedata

from memproc.records import Plain

INVISIBLE = "\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff\ufe0e\ufe0f"
"""Soft hyphen, spaces without width, marks of direction and of the look of an emoji. Joiners are none: some scripts need them."""

_NOT_SEEN = re.compile(f"[{INVISIBLE}]+")


def exact(text: str) -> str:
    r"""Return the exact text of a text.

    >>> exact("  She\u200b likes\n cafe\u0301 ")
    'She likes café'
    """
    if text.isascii():
        return " ".join(text.split())
    return " ".join(_NOT_SEEN.sub("", unicodedata.normalize("NFC", text)).split())


def exact_of(record: Plain) -> str:
    """Return the exact text of a record, or its content if the exact text is empty."""
    return exact(record["content"]) or record["content"]
