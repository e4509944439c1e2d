"""Compares two facts: their differences, and the confidence that they say the same.

The differences are the edits between the tokens of the gists; only equal gists merge. If all differences are benign, the confidence
is the product of the trust in each; otherwise it is that of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein, Opcode

from memproc.dedup.compare.confidence import DIGITS, Features, Model, Side, features_of, likeness
from memproc.dedup.compare.differences import Difference, are_of_one_spelling, in_writing
from memproc.dedup.compare.order import are_one_list
from memproc.dedup.gist.gist import Gist
from memproc.dedup.text.benign import trust
from memproc.dedup.text.cues import CUE
from memproc.dedup.text.letters import without_accents

MOST_TOKENS = 20_000  # of both: finding the edits takes time proportional to the product of the two lengths
MOST_CHANGES = 2
LEAST_LIKENESS = 0.6
WORDS = "words"  # the kind of a difference in words that are no cues
NAMED = ("order of a list", "order of words", "accent")  # kinds of difference that are named as a whole
_BENIGN_TOO = ("date", "time")  # cues with the same name as a benign difference: one day, or time, written in two ways


class Comparison(NamedTuple):
    """`confidence` is the probability, 0..1 with six digits, that both say the same. `features` are the values given to the model,
    empty if all differences are benign.
    """

    confidence: float
    features: Features
    differences: tuple[Difference, ...]


def compare(one: Side, other: Side, model: Model) -> Comparison:
    """Compare two facts."""
    differences = _differences(one.gist, other.gist) or differences_in_writing(
        one.text, other.text, (*one.gist.dropped, *other.gist.dropped)
    )
    confidence = benign_confidence(differences) if _may_be_benign(one.gist, other.gist) else None
    if confidence is not None:
        return Comparison(round(confidence / _ways(one.gist, other.gist), DIGITS), (), differences)
    features = features_of(one, other)
    return Comparison(model.probability(features), features, differences)


def compare_if_likely(one: Side, other: Side, model: Model, least: float) -> Comparison | None:
    """Compare two facts that are in different groups; return None if the model's confidence is below `least`.

    It is quicker than `compare`, because the differences of most candidates, which are not alike, need not be found.
    """
    if _may_be_benign(one.gist, other.gist):
        found = compare(one, other, model)
        return found if found.confidence >= least else None
    features = features_of(one, other)
    confidence = model.probability(features)
    return Comparison(confidence, features, _differences(one.gist, other.gist)) if confidence >= least else None


def _may_be_benign(gist: Gist, other: Gist) -> bool:
    """Tell whether all differences may be benign. A date in another form is benign; another date has the same kind but is not."""
    return gist.tokens == other.tokens or is_typo(gist, other)


def _differences(gist: Gist, other: Gist) -> tuple[Difference, ...]:
    """Return the differences of two facts; if there is one known difference as a whole, only that."""
    known = known_difference(gist.tokens, other.tokens)
    return differences_between(gist, other) if known is None or is_typo(gist, other) else (known,)


def known_difference(one: Sequence[str], other: Sequence[str]) -> Difference | None:
    """Return the difference of two gists if it is one that a person may ignore but no rule can: the order of a list or of words, or
    missing accents. Return None if there is any other difference, or none.

    >>> known_difference("likes jazz and blues".split(), "likes blues and jazz".split())
    Difference(kind='order of a list', one='jazz and blues', other='blues and jazz')
    >>> known_difference("es alérgico al polen".split(), "es alergico al polen".split())
    Difference(kind='accent', one='alérgico', other='alergico')
    """
    same_length = len(one) == len(other)
    differing = [at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right] if same_length else []
    if not differing:
        return None
    here, there = one[differing[0] : differing[-1] + 1], other[differing[0] : differing[-1] + 1]
    if sorted(here) == sorted(there):
        return Difference("order of a list" if are_one_list(one, other) else "order of words", " ".join(here), " ".join(there))
    changed = [(one[at], other[at]) for at in differing]
    if all(without_accents(left) == without_accents(right) for left, right in changed):
        return Difference("accent", " ".join(left for left, _ in changed), " ".join(right for _, right in changed))
    return None


def compare_if_changed(one: Side, other: Side, model: Model) -> Comparison | None:
    """Compare two facts that share no chain but may be before and after a change: return None unless all that differs is at most
    `MOST_CHANGES` cues.
    """
    if likeness(one, other) < LEAST_LIKENESS:
        return None
    found = compare(one, other, model)
    are_cues = 0 < len(found.differences) <= MOST_CHANGES and all(is_cue(difference) for difference in found.differences)
    return found if are_cues else None


def is_cue(difference: Difference) -> bool:
    """Tell whether all differences are in cues."""
    return WORDS not in difference.kind and difference.kind not in NAMED and difference.kind not in trust()


def benign_confidence(differences: tuple[Difference, ...]) -> float | None:
    """Return the product of the trust in each difference, with six digits, or None if one is not benign.

    >>> benign_confidence((Difference("typo", "tae", "tea"), Difference("filler", "", "")))
    0.9405
    """
    kinds = [difference.kind for difference in differences]
    return round(prod(map(trust().__getitem__, kinds), start=1.0), DIGITS) if trust().keys() >= {*kinds} else None


def differences_between(gist: Gist, other: Gist) -> tuple[Difference, ...]:
    """Return the differences of two facts: the token edits between their gists, and the benign ones between texts and gists."""
    has_typo = is_typo(gist, other)
    found = []
    edits = _edits(gist.tokens, other.tokens) if gist.tokens != other.tokens else ()
    for edit in edits:
        if edit.tag != "equal":
            one = gist.tokens[edit.src_start : edit.src_end]
            two = other.tokens[edit.dest_start : edit.dest_end]
            found.append(Difference("typo" if has_typo else _kind(one + two), " ".join(one), " ".join(two)))
    if not found or has_typo:
        found += benign_differences(gist.dropped, other.dropped)
    return tuple(found)


def _edits(one: tuple[str, ...], other: tuple[str, ...]) -> Sequence[Opcode]:
    """Return the edits between two lists of tokens; for very long ones, one edit from the first to the last place that differs."""
    if len(one) + len(other) <= MOST_TOKENS:
        return [*Levenshtein.opcodes(one, other)]
    shorter = min(len(one), len(other))
    start = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    same = next((at for at in range(shorter - start) if one[-1 - at] != other[-1 - at]), shorter - start)
    return [Opcode("replace", start, len(one) - same, start, len(other) - same)]


def benign_differences(one: Sequence[str], other: Sequence[str]) -> tuple[Difference, ...]:
    """Return the differences of two facts with the same gist, given the kinds of benign difference between each text and the gist.

    >>> [difference.kind for difference in benign_differences(["article", "filler"], ["article"])]
    ['filler']
    """
    kinds = sorted({*one, *other})
    return tuple([Difference(kind, "", "") for kind in kinds for _ in range(abs(one.count(kind) - other.count(kind)))])


def differences_in_writing(one: str, other: str, kinds: Sequence[str]) -> tuple[Difference, ...]:
    """Return the differences of two texts with the same gist and the same `kinds` of benign difference to it: those in writing, or
    if their letters differ, the kind that is trusted least.
    """
    if kinds and not are_of_one_spelling(one, other):
        return (Difference(min(kinds, key=trust().__getitem__), "", ""),)
    return tuple([Difference(kind, "", "") for kind in in_writing(one, other)])


def is_typo(gist: Gist, other: Gist) -> bool:
    """Tell whether one gist would be the other if one of its tokens were a typo."""
    return any(link.tokens == gist.tokens for link in other.typo_links) or any(
        link.tokens == other.tokens for link in gist.typo_links
    )


def _ways(gist: Gist, other: Gist) -> int:
    """Return how many words the typo may stand for that alone separates two gists: two for "hosue", "house" and "hose"."""
    for written, meant in ((gist, other), (other, gist)):
        links = written.typo_links if written.tokens != meant.tokens else ()
        odd = next((link.odd for link in links if link.tokens == meant.tokens), None)
        if odd is not None:
            return sum(link.odd == odd for link in links)
    return 1


def _kind(tokens: tuple[str, ...]) -> str:
    kinds = {CUE[token].partition(":")[0] or WORDS for token in tokens}
    return " and ".join(sorted([f"another {kind}" if kind in _BENIGN_TOO else kind for kind in kinds]))
