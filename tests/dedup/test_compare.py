"""Two facts side by side: the figures, the differences and the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.dedup.canonical import canonical
from memproc.dedup.compare import (
    MOST_SHOWN,
    UNLIKE,
    Comparison,
    Difference,
    benign_confidence,
    compare,
    reason_of,
)
from memproc.dedup.gist import TRUST, gist_of

NOUNS = ["she", "likes", "tea", "kitchen", "kithcen", "16", "18", "not", "really", "the", "monday", "😀"]
TEXTS = st.lists(st.sampled_from(NOUNS), min_size=1, max_size=6).map(" ".join)


def compared(one: str, other: str) -> Comparison:
    """Compare two texts as they are written."""
    texts = canonical(one), canonical(other)
    return compare(texts[0], gist_of(texts[0]), texts[1], gist_of(texts[1]))


@pytest.mark.parametrize(
    ("one", "other", "confidence", "reason"),
    [
        ("She likes tea", "she likes TEA.", 1.0, "same words"),
        ("She likes tea", "She really likes tea", TRUST["filler"], "differs in fillers"),
        ("She likes the tea", "She really likes tea", TRUST["filler"] * TRUST["article"], "differs in articles; fillers"),
        ("She doesn't swim", "She does not swim", TRUST["contraction"], "differs in contractions"),
        ("Has two dogs", "Has 2 dogs", TRUST["number word"], "differs in number words"),
        ("Has a kitchen", "Has a kithcen", TRUST["slip"], "differs in slip: kitchen / kithcen"),
        (
            "Has a kitchen",
            "Really has a kithcen",
            TRUST["slip"] * TRUST["filler"],
            "differs in slip: kitchen / kithcen; fillers",
        ),
    ],
)
def test_the_confidence_of_a_benign_pair_is_the_trust_in_its_differences(one, other, confidence, reason):
    """To six digits, with the differences named; the other way round it is the same."""
    assert compared(one, other).confidence == compared(other, one).confidence == round(confidence, 6)
    assert compared(one, other).reason == reason


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("Uses PostgreSQL 16", "Uses PostgreSQL 18", "differs in number: 16 / 18"),
        ("She does swim", "She does not swim", "differs in negation: - / not"),
        ("Swims on Monday", "Swims on Friday", "differs in weekday: monday / friday"),
        ("Takes 5 mg", "Takes 6 g", "differs in number and unit: 5 mg / 6 g"),
        ("All can swim", "Some can swim", "differs in quantifier: all / some"),
        ("She loves tea", "She hates tea", "differs in pole: loves / hates"),
        ("Anna swims here", "Hanna swims here", "differs in words: anna / hanna"),
        ("She feels 😀", "She feels 😢", "differs in words: 😀 / 😢"),
        ("Lives in Berlin", "Lives in Berlin now", "differs in words: - / now"),
    ],
)
def test_any_other_difference_is_named_with_its_kind(one, other, reason):
    """The confidence then is the smaller similarity, scaled so that .7 alike is an even chance."""
    found = compared(one, other)
    assert found.reason == reason
    assert found.confidence == round(UNLIKE * min(found.jaccard, found.ratio), 6) < 1


def test_the_similarities_are_those_of_the_texts():
    """Jaccard: 7 of 9 shingles. Ratio: twice the 13 common characters by the 28 of both."""
    found = compared("tea and rice 1", "tea and rice 2")
    assert found.jaccard == round(7 / 9, 6)
    assert found.ratio == round(26 / 28, 6)


def test_a_long_list_of_differences_is_cut():
    """The reason stays one line; the differences are all there."""
    one = [f"word{n}" for n in range(20)]
    other = [word if n % 2 else f"thing{n}" for n, word in enumerate(one)]
    found = compared(" ".join(one), " ".join(other))
    assert len(found.differences) == 10
    assert found.reason.endswith(f"; {10 - MOST_SHOWN} more")
    assert found.reason.count(" / ") == MOST_SHOWN


@pytest.mark.parametrize("kind", TRUST)
def test_trust_multiplies(kind):
    """Twice the same difference is trusted less; one that is not benign leaves no trust."""
    difference = Difference(kind, "", "")
    assert benign_confidence((difference,)) == TRUST[kind] > benign_confidence((difference,) * 2)
    assert benign_confidence((difference, Difference("words", "a", "b"))) is None


def test_no_differences_are_trusted():
    """The same words are the same."""
    assert benign_confidence(()) == 1.0
    assert reason_of(()) == "same words"


@given(TEXTS, TEXTS)
def test_figures_are_shares_and_the_same_from_both_sides(one, other):
    """Confidence, Jaccard and ratio lie in 0..1, and who is first does not matter."""
    there, back = compared(one, other), compared(other, one)
    assert there[:3] == back[:3]
    assert all(0 <= figure <= 1 for figure in there[:3])


@given(TEXTS)
def test_a_text_is_itself(text):
    """With full confidence and no differences."""
    assert compared(text, text) == Comparison(1.0, 1.0, 1.0, (), "same words")


@given(TEXTS, TEXTS)
def test_full_confidence_needs_equal_tokens(one, other):
    """Whatever differs costs confidence."""
    if compared(one, other).confidence == 1:
        assert gist_of(one).tokens == gist_of(other).tokens
