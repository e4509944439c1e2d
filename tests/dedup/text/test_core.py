"""The core of a fact: equal gists have equal cores, so whoever looks by cores alone misses no merge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.labelled import prepared
from memproc.config import Policy
from memproc.dedup.columns import Columns
from memproc.dedup.gist.gist import read, skim
from memproc.dedup.grouping import group_all
from memproc.dedup.observation import Grouped
from memproc.dedup.text import word_classes, written_forms
from memproc.dedup.text.amounts import ALWAYS, makes_numbers
from memproc.dedup.text.core import core_of, with_other
from memproc.dedup.text.exact import exact
from memproc.dedup.text.units import units

FILLERS = [" ".join((first, *rest)) for first, (rest, _) in word_classes.fillers().items()]
LISTED = [
    *written_forms.written_out(),
    *(" ".join(phrase.tokens) for phrase in written_forms.elsewhere()),
    *word_classes.months(),
    *units(),
    *written_forms.typos(),
]
NUMBERS = """
    3 12 15 2024 3:00 15:00 7:05 07:05 4th 1st 4/5/1990 04.05.1990 1990-05-04 1990/5/4 $20 20$ €5 5k $2k 2.5 1,000 1,50
    1.500
    9-5 9am-5pm 9:00-17:00 $25/hr 12-year-old two-bedroom 6'2" 5yo '98
    1990's m2 m² 0.5 100 60 120 555 010-2030 555-010-2030 555.0147
    +1 +44 (555) (0)20 0044 020 7946 0958 2030 0147 20 7946 five-pound 3K
    5mg 18°C 20% 3pm 14h 14h30 ٣ one twenty-one eight"""
BESIDE_NUMBERS = [
    "to",
    "hundred",
    "thousand",
    "and a half",
    "and",
    "ft",
    "in",
    "kg",
    "pounds",
    "weighs",
    "per hour",
    "US$",
    "call",
    "°F",
]
BESIDE_NUMBERS += [
    "p.m.",
    "am",
    "o'clock",
    "half past",
    "quarter to",
    "a dozen",
    "half an hour",
    "noon",
    "k",
    "million",
    "m",
    "uhr",
]
OTHERS = """& &amp; - * 1. ( ) ! ? . , : ; ... München Muenchen straße hauptstr hauptstr. USA U.S. http://www.A.org/ https://a.org
    Jo@Ex.org kithcen teh definately becaus nevr untill hte minuts Kithcen she'd isn't gray märz fünf yo und the a of and in is has
    had tea cat Anna likes called Monday Mondays every each on Anna's mother's my u ur idk been a not
    Mon-Fri Mondays she swims 's one's ?!
    password ｐａｓｓｗｏｒｄ ｋｅｙ tells St."""
POOLS = [FILLERS, LISTED, NUMBERS.split(), BESIDE_NUMBERS, OTHERS.split()]
PARTS = st.sampled_from(POOLS).flatmap(st.sampled_from)
TEXTS = st.lists(PARTS, min_size=1, max_size=9).map(" ".join).map(exact).filter(bool)


@given(TEXTS)
def test_the_core_of_a_text_is_that_of_its_gist(text):
    """So equal gists have equal cores."""
    assert skim(text).core == core_of(read(text).gist.tokens)


@given(TEXTS)
def test_what_a_text_may_stand_for_is_found_by_its_core(text):
    """Each typo link, be it of a filler or of a word that decides what stands beside it."""
    assert {core_of(link.tokens) for link in read(text).typo_links} <= {*skim(text).typo_links}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("She likes tea and milk", "She likes milk and tea"),
        ("She has moved to Rome", "She is moved to Rome"),
        ("Born May 4th, 1990", "Born 1990-04-05"),
    ],
)
def test_words_in_another_order_meet(one, other):
    """They have one core, and another gist."""
    assert skim(one).core == skim(other).core
    assert read(one).gist != read(other).gist


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Uses PostgreSQL 16", "Uses PostgreSQL 18"),
        ("She eats meat", "She never eats meat"),
        ("Pays $20 a month", "Pays €20 a month"),
        ("Weighs 80.5 kg", "Weighs 80.6 kg"),
        ("Lives in Rome", "Lives in Oslo"),
    ],
)
def test_other_facts_do_not_meet(one, other):
    """Most texts need no gist."""
    assert skim(one).core != skim(other).core


def test_a_token_in_place_of_another_is_counted_in_its_place():
    """Whatever stands beside it."""
    assert with_other(core_of(["the", "kithcen", "is", "red"]), "kithcen", "kitchen") == core_of(["red", "kitchen"])


@pytest.mark.parametrize("phrase", written_forms.elsewhere(), ids=lambda phrase: " ".join(phrase.tokens))
def test_a_word_of_another_language_counts_what_it_becomes(phrase):
    """In a text of whatever language; where tokens are joined, or stand for a word of English too, the core is that of the gist."""
    is_of_gist = len(phrase.tokens) > 1 or makes_numbers(phrase.tokens[0]) == ALWAYS
    assert is_of_gist or core_of(phrase.tokens) == core_of(phrase.form)


def groups_of(*texts: str) -> dict[bytes, Grouped]:
    """Return the groups of those of some texts that meet another."""
    found = [*map(prepared, texts)]
    links = {(meant, fact.core) for fact in found for meant in fact.typo_links}
    return group_all([], Columns.of(found), links, Policy())


def test_what_meets_no_other_has_no_gist():
    """Nor what is said in the same words."""
    assert groups_of("She likes tea", "She likes  tea", "He plays chess") == {}


def test_what_meets_another_has_its_group():
    """By the same core, or by a typo."""
    assert len({found.group for found in groups_of("She likes tea", "She really likes tea!", "He plays chess").values()}) == 1
    by_typo = groups_of("She likes the kitchen", "She likes the kithcen")
    assert sorted(len(found.typo_links) for found in by_typo.values()) == [0, 1]


def test_a_token_of_many_endings_is_counted_at_once():
    """However long it is."""
    assert core_of(["he" + "'d" * 50_000]) == core_of(["he"])
