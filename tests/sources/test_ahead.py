"""Which values of a cursor are later than now."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from memproc.sources.ahead import is_ahead

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 UTC

AHEAD = [
    "2099-01-01T00:00:00Z",
    "2027-01-15T08:06:00Z",
    "2027-01-15T10:06:00+02:00",
    "2027-01-15T23:00:00",
    "2099-01-01",
    datetime(2027, 1, 15, 8, 6, tzinfo=UTC),
    datetime(2027, 1, 16),  # noqa: DTZ001 - as a database gives it
    date(2027, 1, 17),
    4_102_444_800,
    4_102_444_800_000,
    4_102_444_800.5,
    Decimal(4_102_444_800),
    "4102444800",
    9_999_999_999,
    9_999_999_999_999,
    "9999-12-31",
    datetime(9999, 12, 31, tzinfo=UTC),
    "infinity",
]
NOT_AHEAD = [
    "2027-01-15T08:00:00Z",
    "2027-01-15T08:04:00Z",
    "2027-01-15T22:00:00",  # in the zone of Kiribati it is now
    "2027-01-15T22:00:00+14:00",
    "2027-01-15",
    datetime(2027, 1, 15, 22),  # noqa: DTZ001 - as a database gives it
    date(2027, 1, 15),
    1_800_000_000,
    7,
    "v1",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "",
    None,
    True,
    {},
    [],
    float("nan"),
    1_800_000_000_000,
    20_991_231,
    "-infinity",
]


@pytest.mark.parametrize("value", AHEAD, ids=repr)
def test_a_time_that_is_to_come_is_ahead(value):
    """In whatever form, by more than clocks and zones differ."""
    assert is_ahead("updated_at", value, NOW)


@pytest.mark.parametrize("value", NOT_AHEAD, ids=repr)
def test_another_value_is_not(value):
    """Nor what is no time."""
    assert not is_ahead("updated_at", value, NOW)


@pytest.mark.parametrize("name", ["updated_at", "updatedAt", "changed", "mtime", "modified_on", "timestamp", "last_date", "since"])
def test_a_number_is_a_time_by_its_name(name):
    """Seconds since 1970."""
    assert is_ahead(name, 4_102_444_800, NOW)


@pytest.mark.parametrize("name", ["id", "seq", "version", "count", "number", "revision"])
def test_a_number_of_another_name_counts_something(name):
    """However large it is."""
    assert not is_ahead(name, 4_102_444_800, NOW)
    assert not is_ahead(name, "4102444800", NOW)
