"""Chains: which facts may replace which, and which of them are neighbours in time."""

from __future__ import annotations

from itertools import pairwise

import pytest

from memproc.dedup.changes.chains import (
    MOST_IN_CHAIN,
    MOST_OF_FRAME,
    chain_hashes,
    changes_in,
    is_replaced,
    most_in,
    place_of,
    shared_keys,
)
from memproc.dedup.text.canonical import canonical
from tests.changes import BOTH_TRUE, CHANGES, MISSED, OFFERED_IN_VAIN


def place(text):
    """Return where a text is in chains."""
    return place_of(canonical(text))


def may_have_changed(one, other):
    """Tell whether any chain that both are in holds that one replaced the other."""
    return any(is_replaced(place(one), place(other), key) for key in shared_keys(place(one), place(other)))


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_a_change_is_one_from_both_sides(before, after):
    """Which is the later, their dates tell."""
    assert may_have_changed(before, after)
    assert may_have_changed(after, before)


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_what_may_have_changed_shares_a_hash(before, after):
    """Within one scope, and with a date."""
    one, other = ({*chain_hashes(text, 1, is_dated=True)} for text in (canonical(before), canonical(after)))
    assert one & other
    assert not one & {*chain_hashes(canonical(after), 2, is_dated=True)}
    assert not one & {*chain_hashes(canonical(after), 1, is_dated=False)}


@pytest.mark.parametrize(("before", "after"), BOTH_TRUE)
def test_what_is_true_at_once_is_no_change(before, after):
    """From neither side."""
    assert not may_have_changed(before, after)
    assert not may_have_changed(after, before)


def test_what_is_missed_or_offered_in_vain_is_known():
    """And little of all; who teaches it to tell one of these moves it to the other table."""
    assert not any(may_have_changed(*pair) for pair in MISSED)
    assert all(may_have_changed(*pair) for pair in OFFERED_IN_VAIN)
    assert len(MISSED) < len(CHANGES) / 15
    assert len(OFFERED_IN_VAIN) < len(BOTH_TRUE) / 40


@pytest.mark.parametrize(("before", "after"), CHANGES[::5])
def test_nothing_replaces_itself(before, after):
    """Neither what was before nor what came after."""
    assert not may_have_changed(before, before)
    assert not may_have_changed(after, after)


def chain(texts, dates=None):
    """Return the changes among texts told one after the other."""
    places = [place(text) for text in texts]
    (key,) = {one.key for one in places}
    return changes_in(places, dates or [f"{2000 + at}" for at in range(len(texts))], key)


@pytest.mark.parametrize(
    "text", ["She weighs {} kg", "He is {}", "Her rent is {} euros", "She lives in house {}", "The budget is {}"]
)
def test_a_chain_of_ten_values_is_nine_changes(text):
    """Each with the one before it: neither forty-five, nor none as of a template."""
    assert chain([text.format(60 + at) for at in range(10)]) == [*pairwise(range(10))]


def test_a_template_is_no_chain():
    """What neither a relation nor an amount with its unit tells ends where a few share a frame; a chain where nobody reads on."""
    reminders = [f"Reminder {at} is due" for at in range(MOST_OF_FRAME + 1)]
    assert chain(reminders[:-1]) == [*pairwise(range(MOST_OF_FRAME))]
    assert chain(reminders) == []
    weights = [f"She weighs {at} kg" for at in range(MOST_IN_CHAIN + 1)]
    assert len(chain(weights[:-1])) == MOST_IN_CHAIN - 1
    assert chain(weights) == []


def test_the_hash_tells_how_long_a_chain_may_be():
    """So that a template need not be read to be known."""
    for text, most in (
        ("she weighs 60 kg", MOST_IN_CHAIN),
        ("she lives in rome", MOST_IN_CHAIN),
        ("reminder 17 is due", MOST_OF_FRAME),
    ):
        assert most_in(chain_hashes(text, 1, is_dated=True)[0]) == most


def test_what_is_told_on_one_day_replaces_nothing_of_that_day():
    """But what was before it."""
    assert chain(["Lives in Rome", "Lives in Oslo", "Lives in Bonn"], ["2020", "2021", "2021"]) == [(0, 1), (0, 2)]


def test_more_detail_is_passed_over():
    """The nearest before it that says something else is what it replaced."""
    assert chain(["Lives in Rome", "Lives in Oslo", "Lives in Oslo city"]) == [(0, 1), (0, 2)]


def test_what_a_relation_does_not_tell_its_frame_may():
    """A number behind the value, here of a house."""
    assert may_have_changed("She lives in the blue house at 17 Elm Street", "She lives in the blue house at 19 Elm Street")


def test_who_left_one_place_may_be_at_another():
    """That something is over replaces that alone which it speaks of."""
    assert may_have_changed("Works at Siemens", "No longer works at Siemens")
    assert not may_have_changed("Works at Siemens", "No longer works at Bosch")
    assert not may_have_changed("Works at Siemens", "Left Bosch")
