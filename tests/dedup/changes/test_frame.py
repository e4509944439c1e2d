"""Frames: what two facts share of which one may be the other after a change, and what is such a change."""

from __future__ import annotations

import pytest

from memproc.dedup.changes.frame import LONGEST_CHARS, frame_of, is_change, opposites, stem
from memproc.dedup.gist.gist import gist_of
from memproc.dedup.text.canonical import canonical

CHANGES = [
    ("She eats meat", "She does not eat meat"),
    ("He likes olives", "He doesn't like olives"),
    ("He smokes", "He stopped smoking"),
    ("She has two cats", "She has three cats"),
    ("He is 16", "He is 17"),
    ("She loves sushi", "She hates sushi"),
    ("She is married", "She is divorced"),
    ("She is vegetarian", "She is no longer vegetarian"),
    ("She always drinks coffee", "She rarely drinks coffee"),
    ("The dentist appointment is on 12 May at 10:30", "The dentist appointment is on 14 June at 14:00"),
    ("Sees the dentist on Monday at 3 pm", "Sees the dentist on Friday at 5 pm"),
    ("Sees the dentist on Monday", "Sees the dentist in May"),
    ("Takes 5 mg of ramipril", "Takes 10 mg of ramipril"),
    ("Her e-mail is ann@a.org", "Her e-mail is ann@b.org"),
    ("Sie hat 2 Katzen", "Sie hat 3 Katzen"),
]
NO_CHANGES = [
    ("She swims", "She swims on Mondays"),
    ("He is 16", "He is out"),
    ("She never eats meat", "She does not eat meat"),
    ("She buys cats", "She likes cats"),
    ("Pays 640 euros on Monday in May", "Pays 680 euros on Friday in June"),
    ("She eats meat", "She eats meat"),
]


def tokens(text):
    """Return the tokens of the gist of a text."""
    return gist_of(canonical(text)).tokens


@pytest.mark.parametrize(("one", "other"), CHANGES)
def test_what_changed_shares_a_frame(one, other):
    """And is a change from both sides."""
    assert frame_of(canonical(one)) == frame_of(canonical(other)) != ""
    assert is_change(tokens(one), tokens(other))
    assert is_change(tokens(other), tokens(one))


@pytest.mark.parametrize(("one", "other"), NO_CHANGES)
def test_what_is_more_detail_or_the_same_is_no_change(one, other):
    """Whatever frames they have."""
    assert not is_change(tokens(one), tokens(other))
    assert not is_change(tokens(other), tokens(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("She has two cats", "She has two dogs"),
        ("Lives in Berlin", "Lives in Paris"),
        ("Ann is 16", "Bob is 16"),
        ("Vitamin B12", "Vitamin D3"),
    ],
)
def test_other_words_are_another_frame(one, other):
    """Names and things stay; a code is a name."""
    assert frame_of(canonical(one)) != frame_of(canonical(other))


def test_a_text_of_too_few_words_or_too_many_has_no_frame():
    """It then meets nothing by it."""
    assert frame_of("16 may") == ""
    long = "she has 2 cats and " * 100
    assert len(long) > LONGEST_CHARS
    assert frame_of(long) == ""


@pytest.mark.parametrize(
    "forms", ["smoke smokes smoking smoked", "try tries", "run runs running", "have has had", "watch watches watched"]
)
def test_forms_of_a_word_have_one_stem(forms):
    """By its ending, or by the list."""
    assert len({stem(form) for form in forms.split()}) == 1


def test_a_word_has_one_family():
    """A word in two lines would be in the last alone."""
    assert opposites()["loves"] == opposites()["hated"] != opposites()["on"] == opposites()["off"]
