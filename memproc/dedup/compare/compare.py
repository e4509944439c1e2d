"""Two facts side by side: in what they differ, and how sure it is that they say the same.

The differences are the edits between the token sequences of the gists; only equal gists merge. The confidence in benign
differences is the product of the trust in each; in any other it is that of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein, Opcode

from memproc.dedup.compare.confidence import DIGITS, Features, Model, Side, features_of, likeness
from memproc.dedup.compare.differences import Difference, are_of_one_spelling, in_writing
from memproc.dedup.compare.order import are_one_list
from memproc.dedup.gist.gist import Gist
from memproc.dedup.text.benign import trust
from memproc.dedup.text.cues import cue_of
from memproc.dedup.text.letters import without_accents

MOST_TOKENS = 20_000  # of both: the edits between two lists are found in the product of their lengths
MOST_CHANGES = 2
LEAST_LIKENESS = 0.6
WORDS = "words"  # the kind of what is no cue
NAMED = ("order of a list", "order of words", "accent")  # kinds of what is one difference altogether, and no cue
_BENIGN_TOO = ("date", "time")  # cues that share their name with a benign difference: one day, or time, written in two ways


class Comparison(NamedTuple):
    """`confidence`: the probability 0..1, six digits, that both say the same. `features`: those that the model was asked with,
    none where all differences are benign.
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
    """Compare two facts that are in different groups; None where the model's confidence is below `least`.

    Quicker than `compare`, as of most candidates, which are not alike, the differences need not be found.
    """
    if _may_be_benign(one.gist, other.gist):
        found = compare(one, other, model)
        return found if found.confidence >= least else None
    features = features_of(one, other)
    confidence = model.probability(features)
    return Comparison(confidence, features, _differences(one.gist, other.gist)) if confidence >= least else None


def _may_be_benign(gist: Gist, other: Gist) -> bool:
    """Tell whether all that differs may be benign: a date in another form is, another date has the same kind and is not."""
    return gist.tokens == other.tokens or is_typo(gist, other)


def _differences(gist: Gist, other: Gist) -> tuple[Difference, ...]:
    """Return the differences of two facts, where they are one that has a name that alone."""
    known = known_difference(gist.tokens, other.tokens)
    return differences_between(gist, other) if known is None or is_typo(gist, other) else (known,)


def known_difference(one: Sequence[str], other: Sequence[str]) -> Difference | None:
    """Return the one difference of two gists that a person may take for none though no rule can: the order of a list or of words,
    or accents that a keyboard left out. None where there is another, or none.

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
    """Compare two facts of no common chain that may be one before and after a change: they are alike but for `MOST_CHANGES` cues;
    else None.
    """
    if likeness(one, other) < LEAST_LIKENESS:
        return None
    found = compare(one, other, model)
    are_cues = 0 < len(found.differences) <= MOST_CHANGES and all(is_cue(difference) for difference in found.differences)
    return found if are_cues else None


def is_cue(difference: Difference) -> bool:
    """Tell whether cues are all that differs."""
    return WORDS not in difference.kind and difference.kind not in NAMED and difference.kind not in trust()


def benign_confidence(differences: tuple[Difference, ...]) -> float | None:
    """Return the product of the trust in each difference, six digits, or None where one is not benign.

    >>> benign_confidence((Difference("typo", "tae", "tea"), Difference("filler", "", "")))
    0.9405
    """
    product = 1.0
    for difference in differences:
        if difference.kind not in trust():
            return None
        product *= trust()[difference.kind]
    return round(product, DIGITS)


def differences_between(gist: Gist, other: Gist) -> tuple[Difference, ...]:
    """Return the differences of two facts: the token edits between their gists, and the benign ones that these lack."""
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
    """Return the edits between two lists of tokens; of very long ones one edit from the first to the last place that differs."""
    if len(one) + len(other) <= MOST_TOKENS:
        return [*Levenshtein.opcodes(one, other)]
    shorter = min(len(one), len(other))
    start = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    same = next((at for at in range(shorter - start) if one[-1 - at] != other[-1 - at]), shorter - start)
    return [Opcode("replace", start, len(one) - same, start, len(other) - same)]


def benign_differences(one: Sequence[str], other: Sequence[str]) -> tuple[Difference, ...]:
    """Return the differences of two facts with one gist, given the kinds of benign difference between each and that gist.

    >>> [found.kind for found in benign_differences(["article", "filler"], ["article"])]
    ['filler']
    """
    kinds = sorted({*one, *other})
    return tuple([Difference(kind, "", "") for kind in kinds for _ in range(abs(one.count(kind) - other.count(kind)))])


def differences_in_writing(one: str, other: str, kinds: Sequence[str]) -> tuple[Difference, ...]:
    """Return the differences of two texts with one gist and the same `kinds` of benign difference to it: how they are written,
    or where other letters are, the kind that is trusted least.
    """
    if kinds and not are_of_one_spelling(one, other):
        return (Difference(min(kinds, key=trust().__getitem__), "", ""),)
    return tuple([Difference(kind, "", "") for kind in in_writing(one, other)])


def is_typo(gist: Gist, other: Gist) -> bool:
    """Tell whether one gist would be the other if one of its tokens were a typo."""
    return any(mend.tokens == gist.tokens for mend in other.typo_links) or any(
        mend.tokens == other.tokens for mend in gist.typo_links
    )


def _ways(gist: Gist, other: Gist) -> int:
    """Return how many words a typo may stand for that is all that parts two gists: of "hosue" beside "house" and "hose" two."""
    for own, meant in ((gist, other), (other, gist)):
        odd = (
            next((mend.odd for mend in own.typo_links if mend.tokens == meant.tokens), None) if own.tokens != meant.tokens else None
        )
        if odd is not None:
            return sum(link.odd == odd for link in own.typo_links)
    return 1


def _kind(tokens: tuple[str, ...]) -> str:
    kinds = {cue_of(token).partition(":")[0] or WORDS for token in tokens}
    return " and ".join(sorted([f"another {kind}" if kind in _BENIGN_TOO else kind for kind in kinds]))
