"""Reasons: what a person is told of two records, in words that the records hold, and of one alone in none of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.dedup.compare.compare import NAMED, WORDS, differences_between
from memproc.dedup.compare.differences import Difference
from memproc.dedup.compare.reasons import TELLING, kinds_of, reason_told
from memproc.dedup.compare.telling_apart import LONGEST_SHOWN_CHARS, MOST_SHOWN, told_apart
from memproc.dedup.gist.gist import gist_of
from memproc.dedup.text import words
from memproc.dedup.text.cues import SHAPES
from memproc.dedup.text.exact import exact
from tests.test_linear import MOST_TIMES, growth

CASES = [
    # words
    ("I like tea", "She likes tea", "says 'I like' instead of 'She likes'"),
    ("She likes tea", "She really likes tea", "leaves out 'really'"),
    ("She likes the tea", "She really likes tea", "leaves out 'really'; adds 'the'"),
    ("Well, she really likes tea", "Actually she likes tea", "says 'Well' instead of 'Actually'; adds 'really'"),
    ("Anna swims here", "Hanna swims here", "says 'Anna' instead of 'Hanna'"),
    ("Likes jazz and blues", "Likes blues and jazz", "the same words in another order"),
    ("Anna owes Ben money", "Ben owes Anna money", "the same words in another order"),
    ("She feels 😀", "She feels 😢", "says '😀' instead of '😢'"),
    ("Likes cats & dogs", "Likes cats and dogs", "says '&' instead of 'and'"),
    # what decides
    ("She does not swim", "She does swim", "says 'not'; the other does not"),
    ("She works there", "She no longer works there", "does not say 'no longer'; the other does"),
    ("She loves tea", "She hates tea", "says 'loves' instead of 'hates'"),
    ("Swims on Monday", "Swims on Friday", "says 'Monday' instead of 'Friday'"),
    ("Uses PostgreSQL 18", "Uses PostgreSQL 16", "18 instead of 16"),
    ("Takes 5 mg", "Takes 6 g", "5 mg instead of 6 g"),
    ("It is -5 here", "It is 5 here", "-5 instead of 5"),
    ("The dose is 1.5 now", "The dose is 15 now", "1.5 instead of 15"),
    ("Leaves at 10:25", "Leaves at 10:52", "10:25 instead of 10:52"),
    ("Is back on 14 May", "Is back on 12 May", "14 instead of 12"),
    ("Is it tea?", "Is it tea.", "adds '?'"),
    ("Lives in the U.S. now", "Lives in the U.K. now", "says 'U.S.' instead of 'U.K.'"),
    # how it is written
    ("SHE LIKES TEA", "She likes tea", "the same but for capital letters"),
    ("She likes tea, milk", "She likes tea milk", "the same but for punctuation"),
    ("she likes tea.", "She likes tea", "the same but for capital letters and punctuation"),
    ("Takes B12 daily", "Takes b12 daily", "the same but for capital letters"),
    ("Takes 5mg daily", "Takes 5 mg daily", "writes '5mg' instead of '5 mg'"),
    ("Likes “tea”", 'Likes "tea"', "writes '“tea”' instead of '\"tea\"'"),
    ("Wohnt in München", "Wohnt in Muenchen", "writes 'München' instead of 'Muenchen'"),
    ("Adore la crème", "Adore la creme", "writes 'crème' instead of 'creme'"),
    ("She doesn't swim", "She does not swim", "writes 'doesn't' instead of 'does not'"),
    ("Has two dogs", "Has 2 dogs", "writes 'two' instead of '2'"),
    ("The colour of it", "The color of it", "writes 'colour' instead of 'color'"),
    ("Has a kitchen", "Has a kithcen", "'kithcen' may be a typo for 'kitchen'"),
    ("Has teh key", "Has the key", "'teh' may be a typo for 'the'"),
    ("Born on 4 May 1990", "Born on 1990-05-04", "a date written otherwise: 4 May 1990 / 1990-05-04"),
    ("Born on 4 May, a Friday", "Born on May 4th, a Friday", "a date written otherwise: 4 May / May 4th"),
    ("Meets Ann at 3 pm", "Meets Ann at 15:00", "a time written otherwise: 3 pm / 15:00"),
    ("Pays $20 for it", "Pays 20 dollars for it", "an amount written otherwise: $20 / 20 dollars"),
    ("She likes tea", "She likes tea", "same words"),
]
WRITTEN = st.sampled_from(
    ["she", "She", "likes", "tea,", "kitchen", "kithcen", "16", "18", "not", "the", "$20", "May", "4th", "😀", "-"]
)
TEXTS = st.lists(WRITTEN, min_size=1, max_size=8).map(" ".join)


@pytest.mark.parametrize(("one", "other", "reason"), CASES)
def test_a_reason_says_what_the_first_says_as_against_the_other(one, other, reason):
    """In words that a person uses."""
    assert told_apart(one, other) == reason


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("Lives in Turkey", "Lives in turkey", "may mean another thing: capital in 'Turkey'"),
        ("The file is env", "The file is .env", "may mean another thing: sign in '.env'"),
        ('She is "fine" now', "She is fine now", "may mean another thing: quotes around 'fine'"),
        ("The password is Secret", "The password is secret", "may mean another thing: 'is Secret' instead of 'is secret'"),
    ],
)
def test_what_is_telling_in_the_way_of_writing_is_shown(one, other, reason):
    """Of the same words."""
    assert reason_told(TELLING, {"content": one}, {"content": other}) == reason


def test_what_is_set_around_a_text_is_not_taken_for_its_words():
    """A bullet and stars are no words that one says and the other does not; where more differs, that is told."""
    assert reason_told("dress", {"content": "- **Likes tea**"}, {"content": "Likes tea"}) == (
        "the same but for what is set around the text"
    )
    assert reason_told("dress", {"content": "Note: likes tea"}, {"content": "Likes tea"}) == "adds 'Note'"
    assert reason_told("dress, filler", {"content": "- Really likes tea"}, {"content": "Likes tea"}) == "adds 'Really'"


def kinds():
    """Return every kind that two texts can differ in."""
    cues = {*words.cue_kinds().values(), *(kind for kind, _ in SHAPES)} - {"date", "time"}
    return sorted({*words.trust(), *cues, "another date", "another time", *NAMED, WORDS, TELLING})


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_is_told_without_the_texts(kind):
    """In a phrase for people, as where one of the two was forgotten."""
    told = reason_told(kind, {"content": "She likes tea"}, None)
    assert told.startswith("differs in ")
    assert told == reason_told(kind)
    assert "tea" not in told


@pytest.mark.parametrize("kept", ["", "same content", "same words", "newer version", "returned", "alike in meaning (cosine 0.97)"])
def test_a_phrase_is_told_as_it_is(kept):
    """Whatever the texts."""
    assert reason_told(kept) == reason_told(kept, {"content": "tea"}, {"content": "milk"}) == kept


@given(TEXTS, TEXTS)
def test_what_is_kept_are_kinds_alone(one, other):
    """Each once, and never a word of either text."""
    kept = kinds_of(differences_between(gist_of(one), gist_of(other)))
    assert kept == "same words" or {*kept.split(", ")} <= {*kinds()}
    assert len({*kept.split(", ")}) == len(kept.split(", "))


@given(TEXTS, TEXTS)
def test_a_reason_names_words_of_the_texts_only(one, other):
    """What it quotes stands there, as it is written."""
    said = exact(f"{one} {other}").split()
    for quoted in re.findall(r"'([^']*)'", told_apart(one, other)):
        assert all(any(word.strip("+") in chunk for chunk in said) for word in quoted.split())


@given(st.text() | TEXTS, st.text() | TEXTS, st.sampled_from([TELLING, "dress", "words"]))
def test_whatever_the_texts_something_is_told(one, other, kind):
    """In one line, also where the rules have changed since the kind was written."""
    told = reason_told(kind, {"content": one}, {"content": other})
    assert told
    assert "\n" not in told


@given(TEXTS, TEXTS)
def test_only_what_is_the_same_word_for_word_has_nothing_to_tell(one, other):
    """Whatever else differs is told."""
    assert (told_apart(one, other) == "same words") == (exact(one) == exact(other))


def test_a_long_list_of_differences_is_cut():
    """And what stands in long pieces is shortened: a reason stays one line."""
    one = [f"word{n}" for n in range(20)]
    other = [word if n % 2 else f"thing{n}" for n, word in enumerate(one)]
    told = told_apart(" ".join(one), " ".join(other)).split("; ")
    assert told[0] == "word0 instead of thing0"
    assert (len(told), told[-1]) == (MOST_SHOWN + 1, f"and {10 - MOST_SHOWN} more")
    long = told_apart("She says " + "tea and " * 100, "She says nothing")
    assert long.endswith("…' instead of 'nothing'")
    assert len(long) < LONGEST_SHOWN_CHARS + 50


def test_what_decides_is_told_first():
    """So that it is not cut off."""
    hens = ("red", "blue", "green", "white", "black", "grey", "pink")
    told = told_apart(" and ".join(hens) + " hens, 3", " and ".join(hen[:-1] for hen in hens) + " hens, 2")
    assert told.startswith("3 instead of 2; says 'red' instead of 're'; ")
    assert told.endswith("; and 3 more")


@pytest.mark.slow
def test_long_texts_are_told_apart_in_no_time():
    """Where all words differ, the time grows with their number and not with its square."""
    assert growth(lambda n: "tea " * n, lambda text: told_apart(text, text.replace("tea", "milk"))) < MOST_TIMES


def test_kinds_are_kept_once():
    """However often two texts differ in one."""
    found = (Difference("number and unit", "5 mg", "6 g"), Difference("number", "1", "2"))
    assert kinds_of(found) == "number, unit"
    assert reason_told("number, unit, words") == "differs in a number, a unit and words"
