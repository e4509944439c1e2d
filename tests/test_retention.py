"""Rules of retention: which memories they mean, and since when; nothing here reads a clock."""

from __future__ import annotations

import pytest

import memproc
from memproc.retention import is_past, is_valid_at, moment_before

NOW = "2024-02-29T12:00:00.000000Z"
BEFORE = {
    "0d": NOW,
    "36h": "2024-02-28T00:00:00.000000Z",
    "30d": "2024-01-30T12:00:00.000000Z",
    "6w": "2024-01-18T12:00:00.000000Z",
    "1mo": "2024-01-29T12:00:00.000000Z",
    "2mo": "2023-12-29T12:00:00.000000Z",
    "18 mo": "2022-08-29T12:00:00.000000Z",
    "2y": "2022-02-28T12:00:00.000000Z",
    "4y": "2020-02-29T12:00:00.000000Z",
    "2024y": "0001-01-01T00:00:00.000000Z",
    "9999y": "0001-01-01T00:00:00.000000Z",
    "9999w": "1832-07-12T12:00:00.000000Z",
}


@pytest.mark.parametrize(("age", "moment"), BEFORE.items())
def test_an_age_is_counted_by_the_calendar(age, moment):
    """And nothing is older than the first moment there is."""
    assert moment_before(NOW, age) == moment


@pytest.mark.parametrize("age", ["", "2", "y", "2 years", "-1d", "1.5y", "2m", "99999d", "2Y", 2, None, b"2y"])
def test_what_is_no_age_is_refused_with_advice(age):
    """Also `2m`, which may be minutes or months."""
    with pytest.raises(memproc.UsageError, match=r"as in 30d|needs an age"):
        memproc.RetentionRule(older_than=age)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "needs an age"),
        ({"kind": "message"}, "needs an age"),
        ({"older_than": "2y", "kind": " "}, "kind=' '"),
        ({"older_than": "2y", "tag": 7}, "tag=7"),
        ({"older_than": "2y", "namespace": "a\nb"}, "namespace='a"),
        ({"older_than": "2y", "past_valid_to": "yes"}, "past_valid_to='yes'"),
        ({"older_than": "2y", "tag": "x" * 2_000}, "at most 1,000 characters"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(fields, told):
    """Before anything is read."""
    with pytest.raises(memproc.UsageError, match=told):
        memproc.RetentionRule(**fields)


def test_a_rule_means_what_meets_all_that_it_says():
    """But for the age, which is asked of the database."""
    rule = memproc.RetentionRule(past_valid_to=True, kind="event", namespace="ann", tag="old")
    record = {"kind": "event", "namespace": "ann", "tags": ["new", "old"], "valid_to": NOW}
    assert rule.means(record, NOW)
    for other in ({"kind": "fact"}, {"namespace": "ben"}, {"tags": ["new"]}, {"valid_to": None}, {"valid_to": "2025"}):
        assert not rule.means({**record, **other}, NOW)
    assert rule.name == "past valid_to, kind event, namespace ann, tag old"
    assert memproc.RetentionRule(**rule.as_dict()) == rule


def test_a_memory_is_valid_until_the_moment_it_no_longer_is():
    """`valid_from` belongs to it, `valid_to` does not; what has neither is always valid."""
    record = {"valid_from": "2024-01-01T00:00:00.000000Z", "valid_to": NOW}
    assert [is_valid_at(record, moment) for moment in ("2023", "2024-01-01T00:00:00.000000Z", "2024-02", NOW, "2025")] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert is_valid_at({}, NOW)
    assert not is_past({"valid_from": NOW}, NOW)


def test_rules_of_the_settings_are_checked():
    """And kept as a tuple."""
    rule = memproc.RetentionRule(older_than="2y")
    assert memproc.Settings(retention=[rule]).retention == (rule,)
    assert memproc.Settings().retention is None
    for wrong in ("2y", 7, [rule, "2y"]):
        with pytest.raises(memproc.UsageError, match="give a list of RetentionRule"):
            memproc.Settings(retention=wrong)
