"""Canonical text: the same words written otherwise are the same text, and nothing else is."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memproc.dedup.text.canonical import CASED_UNITS, canonical

SAME = [
    ("case", "She LIKES Tea", "she likes tea"),
    ("spaces", "  she\tlikes \r\n tea\u00a0\u3000", "she likes tea"),
    ("full width", "Ｓｈｅ　ｌｉｋｅｓ　ｔｅａ！", "she likes tea!"),
    ("decomposed accent", "cafe\u0301", "café"),
    ("ligature", "ﬁrst oﬃce", "first office"),
    ("en dash", "2016–2018", "2016-2018"),
    ("em dash", "tea — or coffee", "tea - or coffee"),
    ("minus sign", "−5 degrees", "-5 degrees"),
    ("full-width hyphen", "well－known", "well-known"),
    ("curly apostrophe", "I’ve moved", "i've moved"),
    ("backtick", "I`ve moved", "i've moved"),
    ("acute accent as apostrophe", "I´ve moved", "i've moved"),
    ("modifier apostrophe", "Iʼve moved", "i've moved"),
    ("low and high quotes", "„tea“", '"tea"'),
    ("guillemets", "«tea»", '"tea"'),
    ("soft hyphen", "kit\u00adchen", "kitchen"),
    ("zero-width space", "kit\u200bchen", "kitchen"),
    ("byte order mark", "\ufefftea", "tea"),
    ("variation selector", "I ❤\ufe0f tea", "i ❤ tea"),
    ("ordinal", "1ST place, 22ND time", "1st place, 22nd time"),
    ("time of day", "at 3PM or 10:30AM", "at 3pm or 10:30am"),
    ("decade", "the 90S", "the 90s"),
]

APART = [
    ("superscript", "10⁵ users", "105 users"),
    ("square", "5² = 25", "52 = 25"),
    ("superscript minus", "10⁻⁵", "105"),
    ("subscript", "CO₂", "CO2"),
    ("super- and subscript", "x² here", "x₂ here"),
    ("half", "½ cup", "1/2 cup"),
    ("one and a half", "1½ cups", "11⁄2 cups"),
    ("quarter", "½ cup", "¼ cup"),
    ("circled digit", "room ①", "room 1"),
    ("squared unit", "㎏", "kg"),
    ("sharp s", "Maße", "Masse"),
    ("accent", "el té", "el te"),
    ("sign", "-5 degrees", "5 degrees"),
    ("decimal point", "3.5 km", "35 km"),
    ("emoji", "she feels 😀", "she feels 😢"),
    ("emoji or none", "she feels 😀", "she feels"),
    ("skin tone", "👍🏽", "👍🏿"),
    ("space between words", "a cat", "acat"),
]

KEPT = [
    "README.md",
    "/Home/Anna/Notes.txt",
    "C:\\Users\\Anna",
    "Anna.Smith@Example.org",
    "https://youtu.be/dQw4w9WgXcQ",
    "sk-AbC123xYz",
    "MAX_RETRIES",
    "dQw4w9WgXcQ",
    "@AnnaSmith",
    "H2O",
    "V2",
    "U.S.",
]

ROUND_TRIP_LETTERS = "abcdefghijklmnopqrstuvwxyzäéñøçжяшαωδ"  # each has one upper case, and that has one lower case
WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in map(chr, range(ord("!"), ord("~"))) if letter not in "/@\\_"}
WORDS = st.text(ROUND_TRIP_LETTERS, min_size=1, max_size=8)
SPACES = st.text(" \t\n\r\u00a0\u2003\u3000", min_size=1, max_size=3)


@pytest.mark.parametrize(("written", "expected"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_a_way_of_writing_is_folded(written, expected):
    """Case, width, dashes, quotes, spaces and invisible characters say nothing."""
    assert canonical(written) == expected


@pytest.mark.parametrize(("one", "other"), [case[1:] for case in APART], ids=[case[0] for case in APART])
def test_what_means_something_else_stays_apart(one, other):
    """Folding never makes two statements one."""
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("token", KEPT)
def test_a_path_a_key_or_an_address_keeps_its_case(token):
    """Its case is part of it; the words around it are folded."""
    assert canonical(f"See {token} There") == f"see {token} there"
    assert canonical(f"SEE {token.swapcase()} THERE") != canonical(f"see {token} there")


@pytest.mark.parametrize("emoji", ["😀", "👍🏽", "👩\u200d💻", "🇩🇪"])
def test_an_emoji_is_kept(emoji):
    """Also where it is made of several characters."""
    assert canonical(f"  Feels {emoji}  TODAY") == f"feels {emoji} today"


@given(st.text())
def test_the_canonical_text_of_a_canonical_text_is_itself(text):
    """Whatever the text."""
    assert canonical(canonical(text)) == canonical(text)


@pytest.mark.slow
def test_each_character_has_one_canonical_form():
    """Idempotence again, over every assigned character there is."""
    letters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    folded = {letter: canonical(letter) for letter in letters if unicodedata.category(letter) not in ("Cn", "Co")}
    assert {letter: form for letter, form in folded.items() if canonical(form) != form} == {}


@pytest.mark.parametrize("text", ["J\u030c", "H\u0331", "T\u0308", "W\u030a", "Y\u030a"])
def test_a_capital_with_a_loose_accent_is_the_small_letter_with_it(text):
    """Some small letters have a composed form that their capitals lack."""
    assert canonical(text) == canonical(text.lower()) == canonical(canonical(text))


@given(st.text())
def test_tokens_are_separated_by_single_spaces(text):
    """And by no other white space; nothing stands before the first or behind the last."""
    assert canonical(text) == " ".join(canonical(text).split())


@given(st.lists(WORDS, min_size=1, max_size=8), st.data())
def test_an_exact_repeat_in_other_case_width_and_spacing_is_the_same_text(words, data):
    """For words without digits and special characters, but for units that their case decides."""
    letters = [data.draw(st.sampled_from([letter, letter.upper(), letter.translate(WIDE)])) for word in words for letter in word]
    spelt = iter(letters)
    other = data.draw(SPACES) + "".join("".join(next(spelt) for _ in word) + data.draw(SPACES) for word in words)
    assume(CASED_UNITS.isdisjoint(unicodedata.normalize("NFKC", other).split()))
    assert canonical(other) == " ".join(words)


@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(WORDS, min_size=1, max_size=5))
def test_other_words_are_another_text(words, others):
    """Folding joins no two sequences of different words."""
    assert (canonical(" ".join(words)) == canonical(" ".join(others))) == (words == others)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Has a 5 mW laser", "has a 5 mW laser"),
        ("Has a 5 MW plant.", "has a 5 MW plant."),
        ("A file of 5 Mb", "a file of 5 Mb"),
        ("A FILE OF 5 MB", "a file of 5 mb"),
        ("No\u2014sugar is fine", "no - sugar is fine"),
    ],
)
def test_case_stays_where_it_decides_and_a_long_dash_parts(text, expected):
    """Milli is not mega, a bit no byte."""
    assert canonical(text) == expected == canonical(expected)
