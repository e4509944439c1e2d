"""The language of policies: what it says, what it refuses and where, and that one spelling stands for all."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.dedup.review_policy import KINDS, MOST_CHARACTERS, OPERATORS, checked_name, is_policy_name, parse_policy
from memproc.errors import UsageError

# What a policy says in its one spelling, pairs that it means and pairs that it does not: confidence, kind, namespace.
MEANT = [
    ("confidence >= 0.97", "confidence >= 0.97", [(0.97, "similar", "a"), (1.0, "changed", "b")], [(0.9699, "similar", "a")]),
    ("confidence>0.5", "confidence > 0.5", [(0.51, "similar", "a")], [(0.5, "similar", "a")]),
    ("confidence <= .5", "confidence <= 0.5", [(0.5, "similar", "a"), (0.0, "similar", "a")], [(0.51, "similar", "a")]),
    ("confidence < 1.", "confidence < 1", [(0.999, "similar", "a")], [(1.0, "similar", "a")]),
    ("confidence == 5e-1", "confidence == 0.5", [(0.5, "undated", "a")], [(0.51, "undated", "a")]),
    ("confidence >= 0.00001", "confidence >= 1e-05", [(1e-5, "similar", "a")], [(1e-6, "similar", "a")]),
    ("kind == similar", "kind == similar", [(0.1, "similar", "a")], [(0.1, "changed", "a")]),
    ("kind == meaning", "kind == meaning", [(0.1, "meaning", "a")], [(0.1, "core", "a")]),
    ('kind != "undated"', "kind != undated", [(0.1, "similar", "a")], [(0.1, "undated", "a")]),
    ("namespace == user:1", "namespace == user:1", [(0.1, "similar", "user:1")], [(0.1, "similar", "user:2")]),
    ("namespace == 'Ann Lee'", 'namespace == "Ann Lee"', [(0.1, "similar", "Ann Lee")], [(0.1, "similar", "ann lee")]),
    ("""namespace != 'say "hi"'""", """namespace != 'say "hi"'""", [(0.1, "similar", "hi")], [(0.1, "similar", 'say "hi"')]),
    ("namespace == and", 'namespace == "and"', [(0.1, "similar", "and")], [(0.1, "similar", "or")]),
    (
        "\tconfidence >= 0.97\nAND kind == similar ",
        "confidence >= 0.97 and kind == similar",
        [(0.97, "similar", "a")],
        [(0.97, "changed", "a"), (0.5, "similar", "a")],
    ),
    (  # `and` binds before `or`
        "kind == changed or kind == similar and confidence >= 0.9",
        "kind == changed or kind == similar and confidence >= 0.9",
        [(0.1, "changed", "a"), (0.9, "similar", "a")],
        [(0.1, "similar", "a")],
    ),
]

# A text that is no policy, the character at which that shows, and a word of the advice.
FAULTS = [
    ("", 1, "ask for one of confidence, kind, namespace"),
    ("   ", 1, "ask for one of"),
    ("confidence", 11, ">=, >, <=, <, =="),
    ("confidence >=", 14, "give a confidence"),
    ("confidence => 0.9", 12, "choose one of >=, >, <=, <, =="),
    ("confidence != 0.9", 12, ">=, >, <=, <, =="),
    ("confidence >= 97%", 15, "a number from 0 to 1"),
    ("confidence >= 97", 15, "a number from 0 to 1"),
    ("confidence >= 1.01", 15, "a number from 0 to 1"),
    ("confidence >= 1e999", 15, "a number from 0 to 1"),
    ("confidence >= -1", 15, "a number from 0 to 1"),
    ("confidence >= nan", 15, "a number from 0 to 1"),
    ("confidence >= inf", 15, "a number from 0 to 1"),
    ("confidence >= \u0661", 15, "a number from 0 to 1"),
    ("score >= 0.9", 1, "ask for one of"),
    ("Confidence >= 0.9", 1, "ask for one of"),
    ("'kind' == similar", 1, "ask for one of"),
    ("kind = similar", 6, "choose one of ==, !="),
    ("kind >= similar", 6, "choose one of ==, !="),
    ("kind == simlar", 9, "similar, changed, undated"),
    ("kind == similar kind == changed", 17, "`and` or `or`"),
    ("kind == similar & kind == changed", 17, "`and` or `or`"),
    ("kind == similar and", 20, "ask for one of"),
    ("kind == similar or or kind == changed", 20, "ask for one of"),
    ("(kind == similar)", 1, "cases, joined by `or`"),
    ("not kind == similar", 1, "ask for one of"),
    ('namespace == "ann', 14, "give a namespace"),
    ("0.9 <= confidence", 1, "ask for one of"),
    ("__import__('os').system('true')", 1, "ask for one of"),
    ("kind == similar;", 9, "choose one of similar"),
]


@pytest.mark.parametrize(("text", "spelt", "meant", "others"), MEANT, ids=lambda value: value if isinstance(value, str) else "")
def test_a_policy_means_these_pairs_and_no_others(text, spelt, meant, others):
    """And says the same in its one spelling."""
    for policy in (parse_policy(text), parse_policy(spelt)):
        assert str(policy) == spelt
        for pairs, expected in ((meant, True), (others, False)):
            for confidence, kind, namespace in pairs:
                assert policy.is_met_by(confidence=confidence, kind=kind, namespace=namespace) is expected


@pytest.mark.parametrize(("text", "at", "advice"), FAULTS, ids=str)
def test_what_is_no_policy_is_told_with_its_place(text, at, advice):
    """And with what would be right."""
    with pytest.raises(UsageError) as told:
        parse_policy(text)
    assert f"character {at}:" in str(told.value)
    assert advice in str(told.value)


@pytest.mark.parametrize("text", [None, 0.97, b"kind == similar", "kind == similar or " * 60 + "kind == similar"])
def test_what_is_no_text_or_a_long_one_is_refused(text):
    """Before it is read."""
    with pytest.raises(UsageError, match="as text of at most"):
        parse_policy(text)


words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12).filter(lambda word: not {'"', "'"} <= {*word})


def comparisons():
    """Give one comparison as it may be written."""
    quoted = words.map(lambda word: f"'{word}'" if '"' in word else f'"{word}"')
    return st.one_of(
        st.builds("confidence{}{}".format, st.sampled_from(OPERATORS["confidence"]), st.floats(0, 1)),
        st.builds("kind {} '{}'".format, st.sampled_from(OPERATORS["kind"]), st.sampled_from(KINDS)),
        st.builds("namespace {} {}".format, st.sampled_from(OPERATORS["namespace"]), quoted),
    )


@given(st.lists(comparisons(), min_size=1, max_size=6), st.lists(st.sampled_from((" and ", "\nor "))))
def test_the_one_spelling_means_the_same(said, joins):
    """Whatever is written: its spelling is a policy, the same one, and spelt as it is."""
    text = said[0] + "".join(join + one for join, one in zip(joins, said[1:], strict=False))
    policy = parse_policy(text)
    assert parse_policy(str(policy)) == policy
    assert len(policy.cases) == 1 + sum("or" in join for join, _ in zip(joins, said[1:], strict=False))


@given(st.text(st.sampled_from("confidence kind namespace similar and or 0.9 1 ><=!'\"()%;")))
def test_any_text_is_a_policy_or_told(text):
    """Nothing else is raised."""
    with suppress(UsageError):
        assert str(parse_policy(text))


def test_a_name_is_what_can_be_printed():
    """Not empty, not too long, without blanks around it."""
    for name in ("x", "of the night", "confidence >= 0.97", "ñandú", "n" * MOST_CHARACTERS):
        assert is_policy_name(name)
        assert checked_name(name) == name
    for name in ("", " ", " x", "x\n", "a\0b", "n" * (MOST_CHARACTERS + 1), None, 7, b"x"):
        assert not is_policy_name(name)
        with pytest.raises(UsageError, match="name of a policy"):
            checked_name(name)
