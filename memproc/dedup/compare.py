"""Two facts side by side: how alike they are, in what they differ, and what a person should be told.

Similarity is the exact Jaccard similarity of the shingle sets (Broder 1997) and rapidfuzz's normalised indel ratio. The
differences are the edits between the token sequences of the gists. They give the reason; only equal gists merge.
"""

from __future__ import annotations

from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from memproc.dedup.gist import TRUST, Gist, cues_of
from memproc.dedup.signatures import shingles

# A pair that differs in a token waits for review from similarity .7 on, the bound that recipes for near repeats use: the
# similarity times this is the prior that such a pair says the same.
UNLIKE = 0.5 / 0.7

MOST_SHOWN = 5


class Difference(NamedTuple):
    """What stands in one text and, instead of it, in the other (either may be empty), and its kind."""

    kind: str
    one: str
    other: str


class Comparison(NamedTuple):
    """`confidence`: the probability 0..1, six digits, that both say the same. `jaccard` 0..1, `ratio` 0..1."""

    confidence: float
    jaccard: float
    ratio: float
    differences: tuple[Difference, ...]
    reason: str


def compare(text: str, gist: Gist, other_text: str, other_gist: Gist) -> Comparison:
    """Compare two canonical texts with their gists.

    The confidence of a pair that differs in more than benign ways is the smaller similarity times `UNLIKE`.
    """
    left, right = shingles(text), shingles(other_text)
    jaccard = round(len(left & right) / len(left | right), 6)
    ratio = round(fuzz.ratio(text, other_text) / 100, 6)
    differences = differences_between(gist, other_gist)
    confidence = benign_confidence(differences)
    if confidence is None:
        confidence = round(UNLIKE * min(jaccard, ratio), 6)
    return Comparison(confidence, jaccard, ratio, differences, reason_of(differences))


def may_be_alike(text: str, other_text: str, least: float) -> bool:
    """Tell, before the pair is compared in full, whether two texts can be alike with a confidence of `least` or more."""
    return fuzz.ratio(text, other_text, score_cutoff=min(100 * least / UNLIKE, 100)) > 0


def benign_confidence(differences: tuple[Difference, ...]) -> float | None:
    """Return the product of the trust in each difference, six digits, or None where one is not benign.

    >>> benign_confidence((Difference("slip", "tae", "tea"), Difference("filler", "", "")))
    0.9405
    """
    product = 1.0
    for difference in differences:
        if difference.kind not in TRUST:
            return None
        product *= TRUST[difference.kind]
    return round(product, 6)


def differences_between(gist: Gist, other: Gist) -> tuple[Difference, ...]:
    """Return the differences of two facts: the token edits between their gists, and the benign ones that these lack."""
    is_slip = any(mend.tokens == gist.tokens for mend in other.mends) or any(mend.tokens == other.tokens for mend in gist.mends)
    found = []
    edits = Levenshtein.opcodes(gist.tokens, other.tokens) if gist.tokens != other.tokens else ()
    for edit in edits:
        if edit.tag != "equal":
            one = gist.tokens[edit.src_start : edit.src_end]
            two = other.tokens[edit.dest_start : edit.dest_end]
            found.append(Difference("slip" if is_slip else _kind(one + two), " ".join(one), " ".join(two)))
    if not found or is_slip:
        for kind in sorted({*gist.dropped, *other.dropped}):
            found += [Difference(kind, "", "")] * abs(gist.dropped.count(kind) - other.dropped.count(kind))
    return tuple(found)


def reason_of(differences: tuple[Difference, ...]) -> str:
    """Return one line that says why.

    >>> reason_of((Difference("number", "16", "18"),))
    'differs in number: 16 / 18'
    """
    if not differences:
        return "same words"
    named = {f"{difference.kind}s" for difference in differences if not difference.one and not difference.other}
    shown = [f"{kind}: {one or '-'} / {other or '-'}" for kind, one, other in differences if one or other]
    more = [f"{len(shown) - MOST_SHOWN} more"] if len(shown) > MOST_SHOWN else []
    return "differs in " + "; ".join((*shown[:MOST_SHOWN], *more, *sorted(named)))


def _kind(tokens: tuple[str, ...]) -> str:
    kinds = {cue.partition(":")[0] for cue in cues_of(tokens)}
    return " and ".join(sorted(kinds)) or "words"
