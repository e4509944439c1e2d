"""Composing a memory out of sentence templates.

Facts
-----
- A template is a line of ``data/sentences.txt``: literal text with ``{slots}``, ``(one|of|these)``,
  ``[either/opposite]`` and voice marks: ``@I``, ``@my``, ``@me`` and ``@verb``.
- A text keeps one voice. In the third person its first mark names the person, the others are pronouns.
- A draft keeps its pieces apart, so that a single fact can be exchanged later.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from benchmarks.contractions import contracted
from benchmarks.vocabulary import Vocabulary, draw, sections

LITERAL: Final = ""
POLARITY: Final = "polarity"
SENTENCES: Final = (1, 2, 3, 4)
SENTENCE_WEIGHTS: Final = (10, 40, 36, 14)
LENGTH: Final = range(60, 451)  # characters of a text
FIRST_PERSON_SHARE: Final = 0.55
USER_SHARE: Final = 0.4  # of the texts in the third person, say "the user" instead of a name
CONTRACTED_SHARE: Final = 0.5  # of the texts, are written with contractions
ENDS: Final = (".", ".", ".", ".", "", "!")
IRREGULAR: Final[Mapping[str, str]] = {"am": "is", "have": "has", "do": "does", "go": "goes"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `role` is its slot, or `LITERAL`; `opposite` is set for `POLARITY`."""

    text: str
    role: str = LITERAL
    opposite: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks of whom; `name` is empty in the first person."""

    name: str
    subject: str
    possessive: str
    object: str

    @property
    def is_first_person(self) -> bool:
        """Whether the user speaks."""
        return not self.name


@dataclass(frozen=True, slots=True)
class Draft:
    """A memory in pieces; `templates` are those it is made of, in their order in the text; `fields` are its other fields."""

    pieces: tuple[Piece, ...]
    templates: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The memory as it is written."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def facts(self) -> tuple[str, ...]:
        """What fills the slots, in their order in the text."""
        return tuple(piece.text for piece in self.pieces if piece.role not in {LITERAL, POLARITY})


def compose(vocabulary: Vocabulary, rng: random.Random) -> Draft:
    """Give a draft of one to four sentences on one topic, 60 to 450 characters long."""
    while True:
        number = rng.choices(SENTENCES, SENTENCE_WEIGHTS)[0]
        draft = written_out(tuple(rng.sample(rng.choice(topics()), number)), vocabulary, rng)
        if len(draft.text) in LENGTH:
            return draft


@cache
def topics() -> tuple[tuple[str, ...], ...]:
    """Give the templates of each topic."""
    return tuple(sections("sentences.txt").values())


def written_out(templates: tuple[str, ...], vocabulary: Vocabulary, rng: random.Random) -> Draft:
    """Give a draft of these templates, in one voice."""
    voice = _voice(vocabulary, rng)
    marked = _voiced(" \n".join(_chosen(template, rng) for template in templates), voice)
    if rng.random() < CONTRACTED_SHARE:
        marked = contracted(marked)
    pieces: list[Piece] = []
    for line in marked.split("\n"):
        pieces += _pieces(line, voice, vocabulary, rng)
    pieces[-1] = Piece(pieces[-1].text.removesuffix(".") + rng.choice(ENDS))
    return Draft(tuple(pieces), templates)


def _voice(vocabulary: Vocabulary, rng: random.Random) -> Voice:
    if rng.random() < FIRST_PERSON_SHARE:
        return Voice("", "I", "my", "me")
    name = "the user" if rng.random() < USER_SHARE else draw(vocabulary, "person", rng)
    return rng.choice((Voice(name, "she", "her", "her"), Voice(name, "he", "his", "him")))


def _chosen(template: str, rng: random.Random) -> str:
    """Settle each ``(one|of|these)`` of a template."""
    return re.sub(r"\(([^)]*\|[^)]*)\)", lambda match: rng.choice(match[1].split("|")), template)


def _voiced(marked: str, voice: Voice) -> str:
    """Settle the voice marks; the name of the person becomes the slot ``{name}``.

    >>> _voiced("@I @like tea", Voice("", "I", "my", "me"))
    'I like tea'
    >>> _voiced("@I @like tea, says @my dad", Voice("Mia", "she", "her", "her"))
    '{name} likes tea, says her dad'
    """
    if not voice.is_first_person:
        marked = re.sub(r"@(I|my|me)\b", lambda match: _named(match[1]), marked, count=1)
    return re.sub(r"@(\w+)", lambda match: _spoken(match[1], voice), marked)


def _named(mark: str) -> str:
    return "{name}'s" if mark == "my" else "{name}"


def _spoken(mark: str, voice: Voice) -> str:
    pronouns = {"I": voice.subject, "my": voice.possessive, "me": voice.object}
    if mark in pronouns:
        return pronouns[mark]
    return mark if voice.is_first_person else _third_person(mark)


def _third_person(verb: str) -> str:
    """Give the form that follows "she", such as "carries" for "carry"."""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(s|sh|ch|x|o)$", verb) else "s")


def _pieces(line: str, voice: Voice, vocabulary: Vocabulary, rng: random.Random) -> list[Piece]:
    parts = [part for part in re.split(r"(\{\w+\}|\[[^]]+\])", line) if part]
    pieces = [_piece(part, voice, vocabulary, rng) for part in parts]
    first = pieces[0]
    pieces[0] = Piece(first.text[0].upper() + first.text[1:], first.role, first.opposite)
    return _with_articles(pieces)


def _piece(part: str, voice: Voice, vocabulary: Vocabulary, rng: random.Random) -> Piece:
    if part == "{name}":
        return Piece(voice.name, LITERAL if voice.name == "the user" else "person")
    if part[0] == "{":
        return Piece(draw(vocabulary, part[1:-1], rng), part[1:-1])
    if part[0] == "[":
        sides = part[1:-1].split("/")
        rng.shuffle(sides)
        return Piece(sides[0], POLARITY, sides[1])
    return Piece(part)


def _with_articles(pieces: list[Piece]) -> list[Piece]:
    """Write "an" for "a" before a vowel."""
    followers = [*pieces[1:], Piece("")]
    return [
        Piece(f"{piece.text[:-1]}n ") if re.search(r"\b[aA] $", piece.text) and re.match(r"[aeiou]", follower.text) else piece
        for piece, follower in zip(pieces, followers, strict=True)
    ]
