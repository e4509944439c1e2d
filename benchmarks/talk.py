"""Texts of the talk kind: what people said in LoCoMo, and beyond that their own sentences in new company.

Facts
-----
- A text is a turn or an observation, as a fact of who said it, with the date of its session and the sample as its namespace:
  some 8,400 different ones. They come first, shuffled; only when all were taken are new texts made.
- A new text is of one speaker: two or three sentences of different texts, or one or more of which one has another trailing clause,
  some behind a short remark. Of two new texts at least one sentence that tells something differs, and of several sentences none is
  more than two thirds: what is left out or added is no trifle.
- A repeat has the fields of what it repeats: exact ones are what comes of taking the same talk in twice.
- Most records are new: of 20,000 some 15,600, of which 7,200 are made.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from benchmarks import labelled, retold
from benchmarks.corpus import TRAP_SHARE, Kind, MissingDataError, Way
from benchmarks.grammar import Draft, Piece
from memproc.records import Memory

SHARES: Final = {Kind.EXACT: 0.06, Kind.NEAR: 0.12, Kind.TRAP: TRAP_SHARE}
TELLING: Final = 25  # characters of a sentence that tells something, at least
CLAUSE: Final = 15  # of either side of a trailing clause
NUMBERS: Final = (1, 2, 2, 2, 3)  # of sentences
LARGEST_SHARE: Final = 2 / 3
SWAPPED_SHARE: Final = 0.3  # of the texts with several, have a trailing clause exchanged as well
REMARK_SHARE: Final = 0.3
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+")
_CLAUSE: Final = re.compile(r",? (?:and|but|because|so|which|when|while|since) ")


@dataclass(slots=True)
class Voice:
    """What one speaker said: sentences that tell something, each with the fields of its text, short remarks, and the trailing
    clauses by the connective that they begin with.
    """

    sentences: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    clauses: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def way(rng: random.Random) -> Way:
    """Give how talk is made. Raises MissingDataError where LoCoMo is not at hand."""
    if not labelled.locomo():
        path = labelled.DATA / labelled.LOCOMO
        raise MissingDataError(f"talk is made of LoCoMo, which is not at {path}: name the folder that holds it in MEMPROC_DATA")
    return Way(
        compose=_composer(rng),
        trap=lambda draft, own: retold.maybe_trap(draft.text, own),
        exact=lambda text, _: text,
        near=retold.near_repeat,
        form=str,
        shares=SHARES,
    )


def _composer(rng: random.Random) -> Callable[[random.Random], Draft]:
    """Give what hands out every text of LoCoMo once, and then makes new ones."""
    drafts = [_draft(memory.content.strip(), _fields(memory)) for memory in labelled.locomo()]
    voices = [*_voices(drafts).values()]
    weights = [*accumulate(len(voice.sentences) for voice in voices)]
    rng.shuffle(drafts)
    named = next(at for at, draft in enumerate(drafts) if retold.names().search(draft.text))
    left = iter([drafts.pop(named), *drafts])  # whatever comes second, a trap can be made of the first
    return lambda own: next(left, None) or _recombined(own.choices(voices, cum_weights=weights)[0], own)


def _fields(memory: Memory) -> dict[str, str]:
    dated = {"created_at": memory.created_at.isoformat()} if memory.created_at else {}
    return {"namespace": memory.namespace, "subject": memory.subject or "", **dated}


def _draft(text: str, fields: Mapping[str, str]) -> Draft:
    telling = tuple(sentence for sentence in _SENTENCE.split(text) if len(sentence) >= TELLING)
    return Draft((Piece(text),), telling or (text,), fields)


def _voices(drafts: Iterable[Draft]) -> Mapping[tuple[str, str], Voice]:
    """Give the voice of each speaker of a sample."""
    voices: defaultdict[tuple[str, str], Voice] = defaultdict(Voice)
    for draft in drafts:
        voice = voices[draft.fields["namespace"], draft.fields["subject"]]
        for sentence in _SENTENCE.split(draft.text):
            if len(sentence) < TELLING:
                voice.remarks.append(sentence)
                continue
            voice.sentences.append((sentence, draft.fields))
            if clause := _maybe_clause(sentence):
                voice.clauses[clause[0].strip(", ")].append(sentence[clause.end() :])
    return voices


def _maybe_clause(sentence: str) -> re.Match[str] | None:
    """Give the last connective that has enough on either side."""
    found = [match for match in _CLAUSE.finditer(sentence) if match.start() >= CLAUSE and match.end() <= len(sentence) - CLAUSE]
    return found[-1] if found else None


def _recombined(voice: Voice, rng: random.Random) -> Draft:
    chosen = _sampled(voice, rng)
    said = [sentence for sentence, _ in chosen]
    if len(said) == 1 or rng.random() < SWAPPED_SHARE:
        at = rng.randrange(len(said))
        said[at] = _swapped(said[at], voice, rng)
    remark = [rng.choice(voice.remarks)] if voice.remarks and rng.random() < REMARK_SHARE else []
    return Draft((Piece(" ".join(_ended([*remark, *said]))),), tuple(said), chosen[0][1])


def _sampled(voice: Voice, rng: random.Random) -> list[tuple[str, Mapping[str, str]]]:
    """Give one to three sentences: one has a trailing clause, of several none is more than two thirds of them."""
    while True:
        chosen = rng.sample(voice.sentences, rng.choice(NUMBERS))
        lengths = [len(sentence) for sentence, _ in chosen]
        if _maybe_clause(chosen[0][0]) if len(chosen) == 1 else max(lengths) <= LARGEST_SHARE * sum(lengths):
            return chosen


def _swapped(sentence: str, voice: Voice, rng: random.Random) -> str:
    """Give the sentence with another trailing clause of the speaker, or as it is where it has none."""
    clause = _maybe_clause(sentence)
    return sentence[: clause.end()] + rng.choice(voice.clauses[clause[0].strip(", ")]) if clause else sentence


def _ended(sentences: list[str]) -> list[str]:
    """Give the sentences, each but the last with an end."""
    return [sentence if sentence[-1:] in ".!?…" else f"{sentence}." for sentence in sentences[:-1]] + sentences[-1:]
