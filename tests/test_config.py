"""Settings refuse what makes no sense before any work starts."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.config import CHOICES, LARGEST_BATCH, STORED, Policy, Settings
from memproc.errors import MemprocError, UsageError

NAN = float("nan")


@pytest.mark.parametrize(
    "given_",
    [
        {},
        *({name: choice} for name, choices in CHOICES.items() for choice in choices),
        {"dedup": None, "recall": None, "merge_at": None},
        {"merge_at": 0.0, "review_at": 1.0},
        {"merge_at": 1, "review_at": 0},
        {"accept_at": None},
        {"accept_at": 1},
        {"batch_size": 1},
        {"batch_size": LARGEST_BATCH},
        {"max_errors": 0},
        {"max_errors": 10_000},
        {"max_errors": 0.0},
        {"max_errors": 1.0},
        {"max_record_bytes": 1},
        {"max_fields": 1},
        {"max_depth": 1},
        {"max_depth": 100},
        {"pool_overflow": 0},
        {"retries": 0},
        {"pool_timeout_seconds": 0.1},
        {"pool_recycle_seconds": 1},
        {"redact": True},
        {"max_memory": 1, "max_seconds": 0.001, "max_workers": 1},
        {"max_memory": None, "max_seconds": None, "max_workers": None},
    ],
    ids=str,
)
def test_a_value_in_its_range_is_taken(given_):
    """As it is given."""
    settings = Settings(**given_)
    assert {name: getattr(settings, name) for name in given_} == given_


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "somehow") for name in CHOICES),
        *((name, "NEAR") for name in CHOICES),
        *((name, "") for name in CHOICES),
        ("merge_at", -0.001),
        ("merge_at", 1.001),
        ("merge_at", NAN),
        ("merge_at", 80),
        ("review_at", -1),
        ("accept_at", -0.1),
        ("accept_at", 1.1),
        ("accept_at", "0.9"),
        ("review_at", 2),
        ("review_at", NAN),
        ("max_depth", 0),
        ("max_depth", 101),
        ("pool_size", 0),
        ("pool_overflow", -1),
        ("retries", -1),
        ("retries", 1.5),
        ("retries", None),
        ("pool_timeout_seconds", 0),
        ("pool_timeout_seconds", NAN),
        ("pool_recycle_seconds", None),
        ("batch_size", 0),
        ("batch_size", -5),
        ("batch_size", LARGEST_BATCH + 1),
        ("max_errors", -1),
        ("max_errors", -0.5),
        ("max_errors", 1.5),
        ("max_errors", NAN),
        ("max_record_bytes", 0),
        ("max_record_bytes", -1),
        ("max_fields", 0),
        ("max_fields", 1.5),
        ("max_fields", None),
        ("max_memory", 0),
        ("max_memory", 3e8),
        ("max_seconds", 0),
        ("max_seconds", -1.5),
        ("max_seconds", NAN),
        ("max_workers", 0),
        ("max_workers", 1.5),
    ],
)
def test_a_value_out_of_its_range_is_refused(name, value):
    """The message names the setting and the value, and tells what would be right."""
    with pytest.raises(UsageError, match=rf"{name}={value!r}: .+") as caught:
        Settings(**{name: value})
    assert isinstance(caught.value, MemprocError)
    assert isinstance(caught.value, ValueError)


def test_settings_are_one_frozen_value():
    """Equal when they say the same, given by name, and never changed."""
    settings = Settings(batch_size=7)
    assert settings == Settings(batch_size=7)
    assert hash(settings) == hash(Settings(batch_size=7))
    with pytest.raises(FrozenInstanceError):
        settings.batch_size = 8
    with pytest.raises(TypeError):
        Settings("near")


def test_the_defaults_are_those_of_the_documents():
    """near, adaptive, continue, no limit of errors, inline."""
    assert Policy() == Policy(dedup="near", recall="standard", merge_at=0.8)
    settings = Settings()
    assert (settings.batch_size, settings.max_errors, settings.on_error, settings.validate) == (None, None, "continue", "inline")


def test_what_a_store_keeps_is_what_a_policy_says():
    """The same names, each of which may be left open, and what it was calibrated with."""
    assert tuple(field.name for field in fields(Policy)) == (*STORED, "model", "refuses_to_merge")
    assert all(getattr(Settings(), name) is None for name in STORED)


@pytest.mark.parametrize(
    ("given_", "changed"),
    [
        ({}, {}),
        ({"dedup": "near"}, {}),
        ({"merge_at": 0.8}, {}),
        ({"dedup": "exact"}, {"dedup": "exact"}),
        ({"recall": "high", "merge_at": 0.9}, {"recall": "high", "merge_at": 0.9}),
        ({"merge_at": 0.0}, {"merge_at": 0.0}),
        ({"batch_size": 5, "review_at": 0.1, "durability": "full"}, {}),
    ],
    ids=str,
)
def test_a_store_is_refused_only_for_what_was_said_and_differs(given_, changed):
    """What is left open is as the store was built; how one run behaves is no matter."""
    assert Policy().changed_by(Settings(**given_)) == changed


@given(st.sampled_from([field.name for field in fields(Settings)]), st.none() | st.booleans() | st.integers() | st.floats())
def test_numbers_are_taken_or_refused_with_a_usage_error(name, value):
    """Nothing else is raised."""
    try:
        Settings(**{name: value})
    except UsageError as error:
        assert name in str(error)  # noqa: PT017 - both outcomes are right
