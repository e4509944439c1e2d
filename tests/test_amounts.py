"""Amounts of memory as people write them."""

from __future__ import annotations

import pytest

from memproc.amounts import bytes_of
from memproc.errors import UsageError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("300MB", 300_000_000),
        ("300 mb", 300_000_000),
        ("300MiB", 300 * 1024**2),
        ("1.5GB", 1_500_000_000),
        ("2GiB", 2 * 1024**3),
        ("1TB", 10**12),
        ("1TiB", 1024**4),
        ("5KB", 5_000),
        ("5kib", 5_120),
        ("12B", 12),
        ("4096", 4_096),
        (" 7 MB ", 7_000_000),
    ],
)
def test_an_amount_is_a_number_with_a_unit(given, expected):
    """Of a thousand or of 1,024, in any case; bytes where there is none."""
    assert bytes_of(given, "--max-memory") == expected


@pytest.mark.parametrize("given", ["", "MB", "300M", "300XB", "-5MB", "1e9", "1,5GB", "300 M B", "٣MB", "nan", "inf", "1" * 30])
def test_anything_else_is_refused_with_the_units(given):
    """An M alone may mean either."""
    with pytest.raises(UsageError, match=r"--max-memory .*: give a number with one of B, KB, MB"):
        bytes_of(given, "--max-memory")
