"""Two facts side by side: the figures and the differences."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.dedup.compare.compare import (
    Comparison,
    benign_confidence,
    compare,
    compare_if_changed,
    compare_if_likely,
    differences_between,
    known_difference,
)
from memproc.dedup.compare.confidence import Side, features_of, shipped_model, side_of
from memproc.dedup.compare.differences import Difference
from memproc.dedup.compare.reasons import kinds_of
from memproc.dedup.gist.gist import gist_of
from memproc.dedup.text import benign
from memproc.dedup.text.canonical import canonical

NOUNS = ["she", "likes", "tea", "kitchen", "kithcen", "16", "18", "not", "really", "the", "monday", "😀"]
TEXTS = st.lists(st.sampled_from(NOUNS), min_size=1, max_size=6).map(" ".join)


def side(text: str) -> Side:
    """Take a text as it is written apart."""
    return side_of(canonical(text))


def compared(one: str, other: str) -> Comparison:
    """Compare two texts as they are written."""
    return compare(side(one), side(other), shipped_model())


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        ("She likes tea", "she likes TEA.", ["punctuation"]),
        ("She likes tea", "she  LIKES tea", []),
        ("Takes 5mg daily", "Takes 5 mg daily", ["form"]),
        ("Takes B12 daily", "Takes b12 daily", ["case"]),
        ("Well, she really likes tea", "Actually she likes tea", ["dress"]),
        ("She likes tea", "She really likes tea", ["filler"]),
        ("She likes the tea", "She really likes tea", ["article", "filler"]),
        ("She doesn't swim", "She does not swim", ["contraction"]),
        ("Has two dogs", "Has 2 dogs", ["numeral"]),
        ("Has a kitchen", "Has a kithcen", ["typo"]),
        ("Has a kitchen", "Really has a kithcen", ["typo", "filler"]),
    ],
)
def test_the_confidence_of_a_benign_pair_is_the_trust_in_its_differences(one, other, kinds):
    """To six digits, with the differences named; the other way round it is the same."""
    confidence = round(prod(benign.trust()[kind] for kind in kinds), 6)
    assert compared(one, other).confidence == compared(other, one).confidence == confidence
    assert kinds_of(compared(one, other).differences) == (", ".join(kinds) or "same words")


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ("Uses PostgreSQL 16", "Uses PostgreSQL 18", ("number", "16", "18")),
        ("She does swim", "She does not swim", ("negation", "", "not")),
        ("Swims on Monday", "Swims on Friday", ("weekday", "monday", "friday")),
        ("Takes 5 mg", "Takes 6 g", ("number and unit", "5 mg", "6 g")),
        ("All can swim", "Some can swim", ("quantifier", "all", "some")),
        ("She loves tea", "She hates tea", ("pole", "loves", "hates")),
        ("Anna swims here", "Hanna swims here", ("words", "anna", "hanna")),
        ("She feels 😀", "She feels 😢", ("words", "😀", "😢")),
        ("Lives in Berlin", "Lives in Berlin now", ("words", "", "now")),
        ("Sees Ben on 12 May", "Sees Ben on 14 May", ("another date", "may-12", "may-14")),
        ("Sees Ben at 10:25", "Sees Ben at 10:52", ("another time", "10:25", "10:52")),
        ("Lived there since May", "Lived there until May", ("another time", "since", "until")),
    ],
)
def test_any_other_difference_is_named_with_its_kind(one, other, difference):
    """The confidence then is that of the model; another date is no date written otherwise."""
    found = compared(one, other)
    assert found.differences == (difference,)
    assert found.features == features_of(side(one), side(other))
    assert found.confidence == shipped_model().probability(found.features) < 1


@pytest.mark.parametrize(
    ("one", "other", "is_change"),
    [
        ("Pays 640 euros of rent each month", "Pays 680 euros of rent each month", True),
        ("Does not eat meat on weekdays", "Does eat meat on weekdays", True),
        ("Swims on Monday evenings in town", "Swims on Friday evenings in town", True),
        ("Swims on 12 May in the old town", "Swims on 14 May in the old town", True),
        ("Works for the bakery in the old town", "Works for the brewery in the old town", False),
        ("Pays 640 euros on Monday in May", "Pays 680 euros on Friday in June", False),
        ("Has 3 cats", "The train to Berlin takes 4 hours", False),
        ("He is 16", "He is tall", False),
        ("She swims", "She swims on Mondays", False),
        ("She likes tea", "She really likes tea", False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_is_a_number_a_date_or_a_negation_and_little_else(one, other, is_change):
    """Two of them at most; other words say that it is something else."""
    found = compare_if_changed(side(one), side(other), shipped_model())
    assert (found is not None) == is_change
    assert found in (None, compared(one, other))


@given(TEXTS, TEXTS, st.floats(0, 1))
def test_the_quick_comparison_gives_what_the_whole_one_does(one, other, least):
    """Where the confidence is high enough; else nothing."""
    whole = compared(one, other)
    assert compare_if_likely(side(one), side(other), shipped_model(), least) == (whole if whole.confidence >= least else None)


@pytest.mark.parametrize("kind", benign.trust())
def test_trust_multiplies(kind):
    """Twice the same difference is trusted less; one that is not benign leaves no trust."""
    difference = Difference(kind, "", "")
    assert benign_confidence((difference,)) == benign.trust()[kind] > benign_confidence((difference,) * 2)
    assert benign_confidence((difference, Difference("words", "a", "b"))) is None


def test_no_differences_are_trusted():
    """The same words are the same."""
    assert benign_confidence(()) == 1.0


@given(TEXTS, TEXTS)
def test_figures_are_shares_and_the_same_from_both_sides(one, other):
    """The confidence lies in 0..1, and who is first does not matter."""
    there, back = compared(one, other), compared(other, one)
    assert there[:2] == back[:2]
    assert 0 <= there.confidence <= 1


@given(TEXTS)
def test_a_text_is_itself(text):
    """With full confidence and no differences."""
    assert compared(text, text) == Comparison(1.0, (), ())


@given(TEXTS, TEXTS)
def test_full_confidence_needs_equal_tokens(one, other):
    """Whatever differs costs confidence."""
    if compared(one, other).confidence == 1:
        assert gist_of(one).tokens == gist_of(other).tokens


def test_very_long_texts_differ_in_one_stretch():
    """From the first place that differs to the last: all edits would take the product of the lengths."""
    base = ["tea", "milk"] * 11_000
    one = gist_of(" ".join([*base, "bread", "likes", *base]))
    other = gist_of(" ".join([*base, "honey", "likes", *base]))
    assert [found[1:] for found in differences_between(one, other)] == [("bread", "honey")]


@pytest.mark.parametrize(
    ("one", "other", "kind", "least", "most"),
    [
        ("Likes jazz and blues", "Likes blues and jazz", "order of a list", 0.9, 1),
        ("Allergic to nuts, eggs and milk", "Allergic to eggs, milk and nuts", "order of a list", 0.9, 1),
        ("Spricht Deutsch und Türkisch", "Spricht Türkisch und Deutsch", "order of a list", 0.9, 1),
        ("Aime le jazz et le rock", "Aime le rock et le jazz", "order of a list", 0.9, 1),
        ("Anna owes Ben money", "Ben owes Anna money", "order of words", 0, 0.4),
        ("Aime la pêche et le pâté", "Aime la peche et le pate", "accent", 0.4, 0.9),
    ],
)
def test_order_and_accents_have_a_kind_of_their_own(one, other, kind, least, most):
    """A list is the same in any order, a sentence is not, and of accents nobody can be sure. Both comparisons say so."""
    found = compared(one, other)
    assert least <= found.confidence < most
    assert kinds_of(found.differences) == kind
    assert compare_if_likely(side(one), side(other), shipped_model(), found.confidence) == found
    assert compare_if_likely(side(one), side(other), shipped_model(), found.confidence + 1e-6) is None


@pytest.mark.parametrize(
    ("one", "other"), [("Likes jazz and blues", "Likes blues"), ("Has a cat", "Has a dog"), ("Has a cat", "Has a cat")]
)
def test_other_differences_have_none(one, other):
    """They are for the model."""
    assert known_difference(gist_of(canonical(one)).tokens, gist_of(canonical(other)).tokens) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Está casado", "Está cansado"),
        ("Tiene sesenta libros", "Tiene setenta libros"),
        ("Wohnt bei Herrn Müller", "Wohnt bei Herrn Möller"),
        ("Druckt gern Bücher", "Drückt gern Bücher"),
        ("Travaillait à Lille", "Travaille à Lille"),
        ("Hon dricker inte kaffe", "Hon dricker kaffe"),
        ("Jag har en katt", "Jag har en hund"),
    ],
)
def test_the_model_is_never_sure_of_words_that_no_list_has(one, other):
    """Two spellings of one word, or two words: in another language nobody can tell."""
    assert compared(one, other).confidence < 0.75


def test_titles_with_numbers_are_told_by_their_codes():
    """In whichever order, and with whatever words beside them; another model is another thing."""
    title = "lenovo thinkpad X230 2324 - 12.5 core i5 3320M - windows 7 pro 64-bit - 4 gb ram - 320 gb hdd"
    same = "vology 2324 lenovo thinkpad X230 - core i5 3320M - 12.5 windows 7 pro 64-bit 4 gb ram - 320 gb hdd tablet"
    assert compared(title, same).confidence > 0.9
    assert compared(title, title.replace("2324", "2325")).confidence < 0.2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The doctor moved the appointment to 16 October", "The doctor moved the appointment to 18 October"),
        ("Meets Ann at 15:00 in town", "Meets Ann at 15:30 in town"),
    ],
)
def test_another_date_or_time_is_not_one_in_another_form(one, other):
    """Though the cue and the benign difference have one name."""
    assert compared(one, other).confidence < 0.1
