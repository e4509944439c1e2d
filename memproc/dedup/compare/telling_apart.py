"""Tells two texts apart: what one says compared with the other, in a sentence for people.

Strategy: the words of both, as they are written, are compared. Words that only one has are quoted; if the words are the same, the
sentence says how the writing differs.

Rules: the sentence is literally true: "says 'a' instead of 'b'" for any difference, and a kind only if the words themselves show
it. It names at most `MOST_SHOWN` differences, shortens long ones, and puts those that decide the meaning first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from rapidfuzz.distance import Indel

from memproc.dedup.compare.differences import in_writing
from memproc.dedup.text import word_classes, written_forms
from memproc.dedup.text.amounts import in_one_form
from memproc.dedup.text.chunks import tokenize
from memproc.dedup.text.cues import cues_of
from memproc.dedup.text.letters import in_one_alphabet, without_accents
from memproc.dedup.text.tokens import MARKS
from memproc.dedup.text.typos import NEAR

MOST_SHOWN = 5
LONGEST_SHOWN_CHARS = 60
MOST_WORDS = 20_000  # of both texts, from the first to the last difference: more are one edit
SAME = "same words"

_OPENING, _CLOSING = "\"'“”„‘’«»‹›([{<*_,;:!?…¡¿", "\"'“”„‘’«»‹›)]}>*_.,;:!?…"
_WRITING = {"case": "capital letters", "punctuation": "punctuation"}
_ONE_FORM = {"date": "a date written otherwise", "time": "a time written otherwise", "amount": "an amount written otherwise"}

_BETWEEN_PARTS = 2  # words that two forms of a date may have in common
_Edit = tuple[int, int, int, int]  # start and end in one list, start and end in the other


def told_apart(one: str, other: str) -> str:
    """Return what an exact text says compared with another.

    >>> told_apart("She really likes tea", "She likes the tea"), told_apart("I do not swim", "I swim")
    ("adds 'really'; leaves out 'the'", "says 'do not'; the other does not")
    >>> told_apart("Has kithcen tools", "Has kitchen tools"), told_apart("SHE SWIMS", "She swims.")
    ("'kithcen' may be a typo for 'kitchen'", 'the same but for capital letters and punctuation')
    >>> told_apart("Born on 4 May 1990", "Born on 1990-05-04"), told_apart("Ben owes Ann", "Ann owes Ben")
    ('a date written otherwise: 4 May 1990 / 1990-05-04', 'the same words in another order')
    """
    left, right = _Words(one), _Words(other)
    found = _edits(left.tokens, right.tokens)
    if not found:
        return _told_of_writing(one, other)
    if sorted(left.tokens) == sorted(right.tokens):
        return "the same words in another order"
    parts = [(left.part(*edit[:2]), right.part(*edit[2:])) for edit in _with_whole_forms(found, left.tokens, right.tokens)]
    return _cut(_told_of_edit(*pair) for pair in sorted(parts, key=_says_little))


def _cut(told: Iterable[str]) -> str:
    """Return the sentences for some differences in one line, each once."""
    each = [*dict.fromkeys(told)]
    more = [f"and {len(each) - MOST_SHOWN} more"] if len(each) > MOST_SHOWN else []
    return "; ".join(each[:MOST_SHOWN] + more)


class _Part(NamedTuple):
    """Some words of a text: their tokens, and how they are written."""

    tokens: list[str]
    written: str


def _says_little(pair: tuple[_Part, _Part]) -> bool:
    """Tell whether nothing in which two parts differ decides the meaning; such differences come last."""
    return not cues_of(token for part in pair for token in part.tokens)


class _Words:
    """The words of a text: their tokens, and how each is written. Punctuation marks are no words."""

    def __init__(self, text: str) -> None:
        chunks = text.split()
        spoken = [[token for token in tokenize(chunk) if token not in MARKS] for chunk in chunks]
        self.chunks, self.sizes = chunks, [*map(len, spoken)]
        self.tokens = [token for tokens in spoken for token in tokens]
        self.places = [at for at, tokens in enumerate(spoken) for _ in tokens]  # the chunk of each token

    def part(self, start: int, end: int) -> _Part:
        """Return some of the words: whole chunks as they are written, the tokens of partial ones."""
        written = []
        for at, places in groupby(range(start, end), key=self.places.__getitem__):
            said = [self.tokens[place] for place in places]
            written.append(_bare(self.chunks[at]) if len(said) == self.sizes[at] else "".join(said))
        return _Part(self.tokens[start:end], " ".join(written))


def _bare(chunk: str) -> str:
    """Return a chunk without the marks at its ends; unchanged if there is nothing else."""
    bare = chunk.lstrip(_OPENING)
    ends = _CLOSING if "." not in bare.rstrip(_CLOSING) else _CLOSING.replace(".", "")  # "U.S."
    return bare.rstrip(ends) or chunk


def _edits(one: Sequence[str], other: Sequence[str]) -> list[_Edit]:
    """Return the edits between two lists."""
    shorter = min(len(one), len(other))
    start = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    same = next((at for at in range(shorter - start) if one[-1 - at] != other[-1 - at]), shorter - start)
    ends = len(one) - same, len(other) - same
    if sum(ends) - 2 * start > MOST_WORDS:
        return [(start, ends[0], start, ends[1])]
    kept = [edit for edit in Indel.opcodes(one[start : ends[0]], other[start : ends[1]]) if edit.tag == "equal"]
    begins = [(0, 0), *((edit.src_end, edit.dest_end) for edit in kept)]
    stops = [*((edit.src_start, edit.dest_start) for edit in kept), (ends[0] - start, ends[1] - start)]
    gaps = [(start + a, start + c, start + b, start + d) for (a, b), (c, d) in zip(begins, stops, strict=True)]
    return [gap for gap in gaps if gap[0] < gap[1] or gap[2] < gap[3]]


def _with_whole_forms(found: Sequence[_Edit], one: Sequence[str], other: Sequence[str]) -> list[_Edit]:
    """Return edits, joined where they are parts of one date or amount in two forms: "May 4th" and "4 May" share "May"."""
    joined: list[_Edit] = []
    for edit in found:
        if joined and edit[0] - joined[-1][1] <= _BETWEEN_PARTS:
            a, _, c, _ = joined[-1]
            if _one_form([*one[a : edit[1]]], [*other[c : edit[3]]]):
                joined[-1] = a, edit[1], c, edit[3]
                continue
        joined.append(edit)
    return joined


def _one_form(one: Sequence[str], other: Sequence[str]) -> str:
    """Return the kind of words that express one date, time or amount in two forms, empty if they do not."""
    (own, kinds), (there, kinds_there) = (in_one_form(tokens, is_day_first=False) for tokens in (one, other))
    return next((_ONE_FORM[kind] for kind in (*kinds, *kinds_there) if kind in _ONE_FORM), "") if own == there else ""


def _told_of_edit(one: _Part, other: _Part) -> str:
    """Return the sentence for words in one text and those in their place in the other."""
    left, right = quoted(one.written), quoted(other.written)
    if not one.tokens:
        return f"does not say {right}; the other does" if _denies(other) else f"leaves out {right}"
    if not other.tokens:
        return f"says {left}; the other does not" if _denies(one) else f"adds {left}"
    if _is_typo(one, other) or _is_typo(other, one):
        typo, meant = (left, right) if _is_typo(one, other) else (right, left)
        return f"{typo} may be a typo for {meant}"
    if form := _one_form(one.tokens, other.tokens):
        return f"{form}: {_shortened(one.written)} / {_shortened(other.written)}"
    is_spelling = _spelled(one.tokens) == _spelled(other.tokens)
    if not is_spelling and _is_number(one) and _is_number(other):
        return f"{_shortened(one.written)} instead of {_shortened(other.written)}"
    return f"{'writes' if is_spelling else 'says'} {left} instead of {right}"


def _told_of_writing(one: str, other: str) -> str:
    """Return the sentences for two texts of the same words; differences of form are listed chunk by chunk."""
    kinds = in_writing(one, other)
    if kinds != ("form",):
        return f"the same but for {' and '.join(map(_WRITING.__getitem__, kinds))}" if kinds else SAME
    left, right = one.split(), other.split()
    pairs = [(" ".join(left[a:b]), " ".join(right[c:d])) for a, b, c, d in _edits(left, right)]
    return _cut(f"writes {quoted(own)} instead of {quoted(there)}" for own, there in pairs)


def _denies(part: _Part) -> bool:
    """Tell whether words negate something."""
    return not word_classes.negations().isdisjoint(part.tokens)


def _is_typo(one: _Part, other: _Part) -> bool:
    if len(one.tokens) != 1 or len(other.tokens) != 1:
        return False
    return other.tokens[0] in NEAR[one.tokens[0]] or written_forms.typos().get(one.tokens[0]) == other.tokens[0]


def _spelled(tokens: Iterable[str]) -> str:
    """Return words without differences of spelling: short forms, numbers in words, accents, capitals and hyphens."""
    full = written_forms.written_out()
    return "".join(without_accents(in_one_alphabet(part.lower())) for token in tokens for part in full.get(token, (token,)))


def _is_number(part: _Part) -> bool:
    """Tell whether words are numbers, with their units."""
    has_digit = [any(map(str.isdigit, token)) for token in part.tokens]
    return any(has_digit) and all(
        found or not token.isalpha() or token in word_classes.units() for found, token in zip(has_digit, part.tokens, strict=True)
    )


def quoted(text: str) -> str:
    """Return a piece of a text in quotes, shortened if it is long."""
    return f"'{_shortened(text)}'"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN_CHARS else text[: LONGEST_SHOWN_CHARS - 1].rstrip() + "…"


def has_the_same_words(one: str, other: str) -> bool:
    """Tell whether two texts have the same words, in whatever writing.

    >>> has_the_same_words("SHE swims!", "she swims"), has_the_same_words("she swims", "he swims")
    (True, False)
    """
    return _Words(one).tokens == _Words(other).tokens
