"""Writing a text again: what a true duplicate may look like.

Facts
-----
- An exact repeat differs in case, in the width of some characters and in spacing, in nothing else: both
  texts have the same `normal_form`.
- A near repeat differs by one or two of: a contraction, the end punctuation, a typo in one ordinary word,
  one or two filler words. It says the same as the text it repeats.
"""

from __future__ import annotations

import random
import re
import string
import unicodedata
from collections.abc import Callable
from typing import Final

from benchmarks.contractions import one_switched
from benchmarks.vocabulary import ordinary_words, words

TWO_CHANGES_SHARE: Final = 0.35
TWO_FILLERS_SHARE: Final = 0.4
ENDS: Final = ("", ".", "!", "...", "!!", "…")
SPACES: Final = ("  ", "   ", "\t", "\n", " \n")
MARGINS: Final = ("", " ", "  ", "\t", "\n")
PRINTABLE: Final = string.ascii_letters + string.digits
# A full width letter or digit stands this far behind its ASCII form in Unicode.
FULL_WIDTH: Final = {ord(character): ord(character) + 0xFEE0 for character in PRINTABLE}
# First words of a sentence that are no names, and so lose their capital behind an opening filler.
OPENERS: Final = frozenset({"A", "An", "Every", "For", "He", "Her", "His", "It", "My", "She", "The", "Whenever"})

_WORD: Final = re.compile(r"\S+")
_ORDINARY: Final = re.compile(r"(?<![\w'-])[a-z]{5,}(?![\w'-])")
# A second filler does not follow the first one.
_NO_FILLER: Final = rf"(?=[a-z])(?!{'|'.join(words('filler_middle'))})"
_AFTER_SUBJECT: Final = re.compile(rf"\b(?:I|I'm|(?:[Ss]he|[Hh]e)(?:'s)?|which was|which is) {_NO_FILLER}")


def normal_form(text: str) -> str:
    r"""Give the text in NFKC, case folded, with single spaces: equal for a text and its exact repeats.

    >>> normal_form(" The  CAT\n")
    'the cat'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def exact_repeat(text: str, rng: random.Random) -> str:
    """Give the text with one or two of: another case, full width characters, other spacing."""
    ways = (recased, _widened, _respaced)
    return rewritten(text, ways, rng.choice((1, 2)), rng)


def near_repeat(text: str, rng: random.Random) -> str:
    """Give the text with one or two of: contraction, end punctuation, typo, filler words."""
    ways = (_recontracted, reended, _slipped, _filled)
    return rewritten(text, ways, 1 + (rng.random() < TWO_CHANGES_SHARE), rng)


def recased(text: str, rng: random.Random) -> str:
    """Give the text in a case that differs from its own: upper, lower or title."""
    cases = (text.upper(), text.lower(), text.title())
    return rng.choice([case for case in cases if case != text])


def reended(text: str, rng: random.Random) -> str:
    """Give the text with another end punctuation, or with none."""
    bare = text.rstrip(".!… ")
    return rng.choice([bare + end for end in ENDS if bare + end != text])


def rewritten(
    text: str,
    ways: tuple[Callable[[str, random.Random], str], ...],
    number: int,
    rng: random.Random,
) -> str:
    """Apply that many different ways, and skip those that find nothing to change."""
    changed = text
    for way in rng.sample(ways, len(ways)):
        before, changed = changed, way(changed, rng)
        number -= changed != before
        if not number:
            break
    return changed


def spliced(text: str, match: re.Match[str], replacement: str) -> str:
    """Give the text with a replacement in place of a match."""
    return text[: match.start()] + replacement + text[match.end() :]


def _widened(text: str, rng: random.Random) -> str:
    """Write one or two whole words in full width characters."""
    found = list(_WORD.finditer(text))
    for match in rng.sample(found, min(len(found), rng.choice((1, 2)))):
        text = spliced(text, match, match[0].translate(FULL_WIDTH))
    return text


def _respaced(text: str, rng: random.Random) -> str:
    """Write one to four of the spaces in another way, and add space around the text."""
    found = list(re.finditer(r" ", text))
    chosen = rng.sample(found, min(len(found), rng.randint(1, 4)))
    for match in sorted(chosen, key=lambda match: match.start(), reverse=True):
        text = spliced(text, match, rng.choice(SPACES))
    return rng.choice(MARGINS) + text + rng.choice(MARGINS)


def _recontracted(text: str, rng: random.Random) -> str:
    return rng.choice(one_switched(text) or (text,))


def _slipped(text: str, rng: random.Random) -> str:
    """Make one typo in one ordinary lower-case word of five letters or more."""
    found = [match for match in _ORDINARY.finditer(text) if match[0] in ordinary_words()]
    if not found:
        return text
    match = rng.choice(found)
    return spliced(text, match, _misspelt(match[0], rng))


def _misspelt(word: str, rng: random.Random) -> str:
    """Swap, drop, double or replace a letter inside the word, so that no other ordinary word results."""
    while True:
        at = rng.randrange(1, len(word) - 1)
        head, letter, tail = word[:at], word[at], word[at + 1 :]
        typo = rng.choice(
            (
                head + tail[0] + letter + tail[1:],
                head + tail,
                head + letter + letter + tail,
                head + rng.choice(string.ascii_lowercase) + tail,
            )
        )
        if typo != word and typo not in ordinary_words():
            return typo


def _filled(text: str, rng: random.Random) -> str:
    """Add or drop one or two filler words."""
    for _ in range(1 + (rng.random() < TWO_FILLERS_SHARE)):
        text = rng.choice((_opened, _emphasised, _emphasised, _thinned))(text, rng)
    return text


def _opened(text: str, rng: random.Random) -> str:
    """Begin the text with a filler: "Well, my sister..."."""
    first = text.split(" ", 1)[0]
    rest = text[0].lower() + text[1:] if first in OPENERS else text
    return f"{rng.choice(words('filler_start'))}, {rest}"


def _emphasised(text: str, rng: random.Random) -> str:
    """Put a filler behind a pronoun; without a place for it, at the start."""
    places = [match.end() for match in _AFTER_SUBJECT.finditer(text)]
    if not places:
        return _opened(text, rng)
    at = rng.choice(places)
    return f"{text[:at]}{rng.choice(words('filler_middle'))} {text[at:]}"


def _thinned(text: str, rng: random.Random) -> str:
    """Drop one lower-case filler word."""
    fillers = "|".join(words("filler_drop"))
    found = list(re.finditer(rf"(?<= )(?:{fillers}) ", text))
    return spliced(text, rng.choice(found), "") if found else text
