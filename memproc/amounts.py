"""Amounts as people write them in options, files and variables: sizes with units, numbers, shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from memproc.errors import UsageError

Number = TypeVar("Number", int, float)

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_AMOUNT = re.compile(r"(\d{1,18}(?:\.\d{1,9})?) ?([A-Z]{0,3})", re.ASCII)


def tolerance(given: str, option: str) -> int | float:
    """Return how many errors are borne: a number of records, or of percent a share. Raises UsageError on anything else.

    >>> tolerance("12", "--max-errors"), tolerance("2.5%", "--max-errors")
    (12, 0.025)
    """
    if given.endswith("%"):
        return number(given.removesuffix("%"), float, option) / 100
    return number(given, int, option)


def bytes_of(given: str, option: str) -> int:
    """Return an amount of memory in bytes; a number without a unit is bytes. Raises UsageError on anything else.

    >>> bytes_of("300MB", "--max-memory"), bytes_of("1.5 GiB", "--max-memory"), bytes_of("4096", "--max-memory")
    (300000000, 1610612736, 4096)
    """
    found = _AMOUNT.fullmatch(given.strip().upper())
    unit = UNITS.get(found[2] or "B") if found else None
    if found is None or unit is None:
        raise UsageError(f"{option} {given}: give a number with one of B, KB, MB, GB, TB, KiB, MiB, GiB, TiB, as in 300MB")
    return int(float(found[1]) * unit)


def number(given: str, kind: Callable[[str], Number], option: str) -> Number:
    """Return the number that an option gives. Raises UsageError on anything else."""
    try:
        return kind(given)
    except ValueError:
        raise UsageError(f"{option} {given}: is no number") from None


def size_told(size_bytes: float) -> str:
    """Return an amount of bytes as people read it, in MiB or GiB.

    >>> size_told(300_000), size_told(64 << 20), size_told(5_000_000_000)
    ('0.3 MiB', '64 MiB', '4.7 GiB')
    """
    mebibytes = size_bytes / (1 << 20)
    if mebibytes >= 1_024:  # noqa: PLR2004 - of which a GiB has as many
        return f"{mebibytes / 1_024:,.1f} GiB"
    return f"{mebibytes:.0f} MiB" if mebibytes >= 10 else f"{mebibytes:.1f} MiB"  # noqa: PLR2004 - two digits say enough
