"""Cues: tokens whose presence decides the meaning. They name the reason why two texts are kept apart.

Facts: merging does not depend on them, since equal gists hold the same tokens. A cue is in a list of words (`cues.txt`) or has a
certain shape; the first shape that fits gives its kind. The shapes are regular: no match backtracks further than one token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from memproc.dedup.text import word_classes
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.typos import NEAR

_NUMBER = r"[+\-]?\.?\d[\d.,]*"
SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(shape, re.IGNORECASE))
    for kind, shape in (
        ("e-mail", r"[^@\s/]+@[^@\s/]+\.\w+"),  # anna@example.org
        ("handle", r"@[\w.]+"),  # @anna
        ("address", r"\w[\w+.\-]*://.*|www\..+"),  # https://example.org/a
        ("path", r"(?:~|\.{1,2}|[a-z]:)?[/\\].*|[^\W\d_][^/\\]*[/\\].*"),  # /home/anna, C:\a.txt, docs/a.md
        ("address", r"(?:[a-z\d\-]+\.)+[a-z]{2,24}"),  # example.org
        ("date", r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d\d"),  # the 4th of May
        ("date", r"\d{4}-\d{1,2}(?:-\d{1,2})?(?:t[\d:.z+\-]+)?|\d{1,2}([./])\d{1,2}(?:\1(?:\d{2}|\d{4}))|\d+(?:st|nd|rd|th)"),
        ("time", r"\d{1,2}:\d{2}(?::\d{2})?(?:am|pm|h|z)?|\d{1,2}h\d{0,2}"),  # 10:25, 8h30
        ("version", r"v\d+(?:\.\d+)*|\d+\.\d+\.\d+[\w.\-]*"),  # v2, 3.11.4, 1.0.0rc1
        ("range", rf"{_NUMBER}[\-:/]{_NUMBER}"),  # 5-10, 16:9, 3/4
        ("number", rf"{_NUMBER}"),
        ("identifier", r".*\d.*|.*_.*"),  # b12, t540p, 15EDI/5E
        ("currency", r"[$¢£¤¥֏؋৳฿₠-⃏]"),
        ("percent", r"[%‰]"),
    )
)


LONGEST_CHARS = 2_000  # a longer token is of no shape that people write


def cues_of(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the sorted cues among the tokens of a gist, each its kind and what it means.

    A typo that can stand for nothing but a cue is that cue.

    >>> cues_of(["i", "do", "not", "take", "5", "mg", "on", "monday"])
    ('negation:not', 'number:5', 'pole:on', 'unit:mg', 'weekday:monday')
    """
    return tuple(sorted(filter(None, map(CUE.__getitem__, tokens))))


def cue_of(token: str) -> str:
    """Return the cue that a token is, or an empty text.

    >>> cue_of("never"), cue_of("16"), cue_of("10:25"), cue_of("@anna"), cue_of("tea")
    ('negation:never', 'number:16', 'time:10:25', 'handle:@anna', '')
    """
    kinds = word_classes.cue_kinds()
    meant = near[0] if token not in kinds and len(near := NEAR[token]) == 1 else token
    if meant in kinds:
        return f"{kinds[meant]}:{meant}"
    if token.isalpha():
        return ""
    if len(token) > LONGEST_CHARS:
        return f"identifier:{token}"
    return next((f"{kind}:{token}" for kind, shape in SHAPES if shape.fullmatch(token)), "")


CUE = Memo(cue_of)
