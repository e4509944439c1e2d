"""Writing again what people said, as people do: near repeats of talk, and its traps.

Facts
-----
- A near repeat has one or two of: another end mark, case of the first word, a contraction, a filler word, a typo,
  a number or date in another form, an emoji or a dash before it. It says the same as the text it repeats.
- A trap has another number, name or time, or denies what its original says, or says what it denies.
- Names and negations are in most texts, numbers in few: by `_SWAPS` most of the former are passed over.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache, partial
from typing import Final

from benchmarks.contractions import CONTRACTIONS, cased_like, contracted, one_switched
from benchmarks.labelled import locomo
from benchmarks.repeats import reended, rewritten, spliced
from benchmarks.traps import is_clear
from benchmarks.vocabulary import MONTHS, WEEKDAYS, ordinary_words

TWO_CHANGES_SHARE: Final = 0.35
DISGUISED_SHARE: Final = 0.25  # of the traps, have another end mark as well
FILLERS: Final = ("really", "just", "actually", "honestly")
BEFORE: Final = ("- ", "* ", "• ", "😊 ", "🎉 ", "❤️ ")  # no thumb: that is an answer, and so says more
ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # of the keyboard
NUMBERS: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
DAYS: Final = ("yesterday", "today", "tomorrow")
UNITS: Final = ("day", "week", "month", "year")
SPANS: Final = (*UNITS, "weekend", "summer", "winter", "spring", "fall", "night", *WEEKDAYS)
DENIED: Final = {form: long.removesuffix("not").rstrip() for long, short in CONTRACTIONS if "not" in long for form in (long, short)}


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


_FIRST: Final = re.compile(r"^(?!I\b)[A-Za-z][a-z]*\b")
_NUMBER: Final = re.compile(rf"\b{_any(*NUMBERS)}\b(?!-)", re.IGNORECASE)
_DIGITS: Final = re.compile(r"(?<![\w<.,:'/-])\d+(?![A-Za-z])")
_SOLE_DIGITS: Final = re.compile(r"(?<![\w$<.,:'/-])(?:[2-9]|1[0-2])(?= [a-z])")
_MONTH_DAY: Final = re.compile(rf"\b{_any(*MONTHS)} \d{{1,2}}\b(?!,? \d)")
_DAY_MONTH: Final = re.compile(rf"\b\d{{1,2}} {_any(*MONTHS)}\b(?!,? \d)")
_PERCENT: Final = re.compile(r"(?<=\d)(?:%| percent\b)")
_LONG_WORD: Final = re.compile(r"(?<![\w'-])[a-z]{6,}(?![\w'-])")
_FILLER: Final = re.compile(rf"(?<= )(?<!not )(?<!n't ){_any(*FILLERS)} (?!{_any('an?', 'one', 'like', 'as', *NUMBERS)}\b|\d)")
_SUBJECT: Final = re.compile(rf"\b(?:I|[Ww]e|[Tt]hey|[Ss]he|[Hh]e) (?=[a-z])(?!{_any(*FILLERS)})")
# What nobody writes and a table of contractions would: "it is been", "I would felt", "do not you", "that is what I'm."
_UNSAID: Final = re.compile(
    r"\bis (?:been|got|had|become|gone|\w+ed)\b|\bwould (?!(?:be|have|love|like|say|do|go|want|need)\b)|"
    r"\bnot (?:I|you|he|she|it|we|they)\b|'(?:m|s|re)(?:[^\w ]|$)",
    re.IGNORECASE,
)
_WEEKDAY: Final = re.compile(rf"\b{_any(*WEEKDAYS)}\b")
_MONTH: Final = re.compile(rf"\b{_any(*(month for month in MONTHS if month != 'May'))}\b")  # "May" is a verb as well
_DAY: Final = re.compile(rf"(?<!after )\b{_any(*DAYS)}\b", re.IGNORECASE)
_TURN: Final = re.compile(rf"\b(?:last|next)(?= {_any(*SPANS)}\b)", re.IGNORECASE)
_UNIT: Final = re.compile(rf"(?<=\b(?:last|next) ){_any(*UNITS)}\b")
_STATED: Final = re.compile(
    r"\b(?:I'm|(?:[Ii]t|[Tt]hat|[Ss]he|[Hh]e)'s|(?:[Ww]e|[Yy]ou|[Tt]hey)'re|(?:I|[Ii]t|[Ww]e|[Yy]ou|[Tt]hey|[Ss]he|[Hh]e) "
    r"(?:am|is|are|was|were|can|could|will|would|should))(?= (?!not\b|never\b)[a-z])"
)
_DENIED: Final = re.compile(rf"\b{_any(*DENIED)}(?= (?!only\b|you\b|we\b|they\b|it\b|he\b|she\b)[a-z])", re.IGNORECASE)


def near_repeat(text: str, rng: random.Random) -> str:
    """Give the text with one or two of the changes that people make."""
    return rewritten(text, _WAYS, 1 + (rng.random() < TWO_CHANGES_SHARE), rng)


def maybe_trap(text: str, rng: random.Random) -> str | None:
    """Give the text with one fact changed; None where it has none, or for another text to be tried."""
    found = [(weight, new) for weight, swaps in _SWAPS if (new := rewritten(text, swaps, 1, rng)) != text]
    if not found:
        return None
    weight, new = rng.choice(found)
    if rng.random() >= weight:
        return None
    return _reended(new, rng) if rng.random() < DISGUISED_SHARE else new


@cache
def heard() -> frozenset[str]:
    """Give all words of LoCoMo in lower case."""
    return frozenset(word.lower() for memory in locomo() for word in re.findall(r"[A-Za-z]+", memory.content))


@cache
def speakers() -> tuple[str, ...]:
    """Give the names of those who speak in LoCoMo."""
    return tuple(sorted({memory.subject for memory in locomo() if memory.subject}))


@cache
def names() -> re.Pattern[str]:
    """Give what finds the names of those who speak."""
    return re.compile(rf"\b{_any(*speakers())}\b")


def _put(pattern: re.Pattern[str], new: Callable[[str, random.Random], str], text: str, rng: random.Random) -> str:
    """Put what is new in place of one match."""
    found = list(pattern.finditer(text))
    if not found:
        return text
    match = rng.choice(found)
    return spliced(text, match, new(match[0], rng))


def _another(words: tuple[str, ...], old: str, rng: random.Random) -> str:
    return cased_like(old, rng.choice([word for word in words if word.lower() != old.lower()]))


def _reended(text: str, rng: random.Random) -> str:
    return reended(text, rng) if text.rstrip(".!… ")[-1:].isalnum() else text


def _recased(word: str, _rng: random.Random) -> str:
    return word if word in speakers() or word.lower() not in heard() else word[0].swapcase() + word[1:]


def _recontracted(text: str, rng: random.Random) -> str:
    said = [new for new in one_switched(text) if len(_UNSAID.findall(new)) <= len(_UNSAID.findall(text))]
    return rng.choice(said or [text])


def _prefixed(text: str, rng: random.Random) -> str:
    return rng.choice(BEFORE) + text if text[0].isalnum() else text


def _typo(word: str, rng: random.Random) -> str:
    """Swap two letters behind the first, or strike a neighbour on the keyboard, so that no other word results."""
    while True:
        at = rng.randrange(1, len(word) - 1)
        row = next(row for row in ROWS if word[at] in row)
        beside = rng.choice([row[near] for near in (row.index(word[at]) - 1, row.index(word[at]) + 1) if 0 <= near < len(row)])
        typo = rng.choice((word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + beside + word[at + 1 :]))
        if typo != word and typo not in heard() and typo not in ordinary_words():
            return typo


def _renamed(text: str, rng: random.Random) -> str:
    def other(name: str, own: random.Random) -> str:
        return own.choice([speaker for speaker in speakers() if is_clear(name, speaker) and speaker not in text])

    return _put(names(), other, text, rng)


def _deny(stated: str, _rng: random.Random) -> str:
    """Deny it in one form only, as a trap that writes the same out would be its repeat."""
    return contracted(f"{stated} not".replace("can not", "cannot"))


_RENUMBERED: Final = (
    partial(_put, _NUMBER, lambda old, _: str(NUMBERS.index(old.lower()) + 2)),
    partial(_put, _SOLE_DIGITS, lambda old, _: NUMBERS[int(old) - 2]),
    *(partial(_put, pattern, lambda old, _: " ".join(reversed(old.split()))) for pattern in (_MONTH_DAY, _DAY_MONTH)),
    partial(_put, _PERCENT, lambda old, _: " percent" if old == "%" else "%"),
)
_WAYS: Final = (
    _reended,
    partial(_put, _FIRST, _recased),
    _recontracted,
    partial(_put, _FILLER, lambda _old, _rng: ""),
    partial(_put, _SUBJECT, lambda old, rng: f"{old}{rng.choice(FILLERS)} "),
    partial(_put, _LONG_WORD, _typo),
    lambda text, rng: rewritten(text, _RENUMBERED, 1, rng),
    _prefixed,
)
# How often a text is taken that could be a trap of the kind, and the kinds: number, time, negation, name.
_SWAPS: Final = (
    (
        1.0,
        (
            partial(_put, _NUMBER, partial(_another, NUMBERS)),
            partial(_put, _DIGITS, lambda old, rng: str(int(old) + rng.randint(1, 9))),
        ),
    ),
    (
        0.6,
        (
            *(
                partial(_put, pattern, partial(_another, words))
                for pattern, words in ((_WEEKDAY, WEEKDAYS), (_MONTH, MONTHS), (_DAY, DAYS))
            ),
            partial(_put, _TURN, partial(_another, ("last", "next"))),
            partial(_put, _UNIT, partial(_another, UNITS[1:])),
        ),
    ),
    (0.08, (partial(_put, _STATED, _deny), partial(_put, _DENIED, lambda old, _: cased_like(old, DENIED[old.lower()])))),
    (0.1, (_renamed,)),
)
