"""Relations: what a fact says of whom."""

from __future__ import annotations

import pytest

from memproc.dedup.changes.relation_list import relation_list
from memproc.dedup.changes.relations import LONGEST_WORD, relation_of
from memproc.dedup.gist.gist import gist_of
from memproc.dedup.text.canonical import canonical


def relation(text):
    """Return the relation that a text tells."""
    return relation_of(gist_of(canonical(text)).tokens)


@pytest.mark.parametrize(
    "texts",
    [
        ("Lives in Rome", "The user lives in Rome", "I live in Rome", "User is living in Rome", "I have moved to Rome"),
        ("Her phone is a Pixel", "She uses a Pixel", "Her current phone is a Pixel"),
        ("Anna's employer is Shell", "Anna works at Shell", "Anna is currently employed by Shell"),
        ("My favourite colour is red", "The user's favorite color is red", "Favourite colour: red"),
        ("The deadline is 12 May", "The deadline was moved to 12 May"),
        ("Lives in Rome", "Based in Rome", "I moved from Oslo to Rome", "I live in Rome instead of Oslo"),
        ("Her favorite color is teal", "Teal is her favorite color"),
        ("Her PIN is 8841", "She changed her PIN to 8841"),
        ("Er verheiratet mit Clara", "Er ist mit Clara verheiratet"),
    ],
    ids=lambda texts: texts[0],
)
def test_one_relation_is_told_in_many_ways(texts):
    """Of whoever speaks, by verbs and by attributes, now or since lately."""
    assert len({(relation(text).about, relation(text).value) for text in texts}) == 1
    assert relation(texts[0]).about


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna lives in Rome", "Bob lives in Rome"),
        ("She lives in Rome", "I live in Rome"),
        ("Her son lives in Rome", "She lives in Rome"),
    ],
)
def test_of_another_it_is_another(one, other):
    """Who "she" is, nothing here tells."""
    assert relation(one).about != relation(other).about


@pytest.mark.parametrize(
    "text", ["I want to move to Paris", "She plans to live in Rome", "She will work at Shell", "He is going to study law"]
)
def test_what_is_planned_or_wished_is_no_relation(text):
    """It may never come true."""
    assert relation(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("He no longer works at Shell", "He stopped working at Shell", "He used to work at Shell"),
        *("He does not work at Shell anymore", "He ne works plus at Shell", "He n'works plus at Shell"),
    ],
)
def test_what_is_over_is_told(text):
    """By what stands before the verb."""
    assert relation(text).is_over
    assert relation(text)._replace(is_over=False) == relation("He works at Shell")


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("She gave up tennis", "she tenni"),
        ("She gave her parrot away", "she parrot"),
        ("His dog Rex died", "he dog"),
        ("I sold my car", " car"),
        ("She takes tea instead of coffee", "she coffee"),
        ("He stopped swimming 20 minutes a day", "he swim"),
        ("She cancelled the Netflix subscription", "she netflix"),
    ],
)
def test_what_ended_has_the_topic_of_what_was(text, topic):
    """So it is found by it."""
    assert relation(text).is_over
    assert relation(text).topic == topic


def test_a_negation_in_another_clause_ends_nothing():
    """It speaks of something else."""
    assert not relation("She works at Shell, and does not like it").is_over


def test_a_text_of_one_word_or_none_tells_nothing():
    """Of whom and what is the least."""
    assert relation("Berlin") is None
    assert relation_of(()) is None
    assert relation("Divorced").about == relation("She is divorced").about.removesuffix("she")


def test_a_state_that_stands_without_its_verb_stands_before_no_noun():
    """Of whom that would be said, nobody knows."""
    assert relation("Married to Leo").about
    assert relation("Married couples sing") is None


def test_a_text_without_spaces_tells_what_a_shape_finds():
    """Within a few characters."""
    assert relation("他住在北京").value == {"北京"}
    assert relation("彼はもう東京に住んでいない").is_over
    assert relation("住在" + "北" * LONGEST_WORD) is None


def test_each_use_of_the_list_is_known():
    """A line for something else would be read by nobody."""
    found = relation_list()
    assert {*found.phrases} == {"phrase", "holder", "copula", "end", "begin", "gone"}
    assert {*found.words} == {
        "attribute",
        "any",
        "role",
        "tail",
        "final",
        "place",
        "behind",
        "state",
        "drop",
        "cut",
        "self",
        "person",
        "own",
        "idle",
        "whose",
    }
    assert all(phrases.sorts for phrases in found.phrases.values())
    assert all(found.sorts.values())
