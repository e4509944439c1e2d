"""Whether the values of a cursor grow with time, as far as a value shows it. Pure.

Fact: a database sorts texts by their letters. `25.12.2024` comes behind `01.01.2025`, and words come in the order of the alphabet,
so that what is added later may come before the place where a reading goes on, and would never be read.
"""

from __future__ import annotations

import re

from memproc.errors import SourceError

_SORTS_AS_TIME = re.compile(r"\d{4}([-/.])(0[1-9]|1[0-2])(?!\d)")
_IS_ODD = re.compile(r"\S*\s|\d{1,4}[-/.]\d{1,4}(?!\w)")  # prose, or a date in another order
_FORM_CHARS = 24


def check_cursor(name: str, value: object, before: object) -> None:
    """Raise SourceError if a value of a cursor does not sort as time does, or is of another type than the one before.

    >>> check_cursor("changed", "2024-05-01 12:00", None), check_cursor("changed", "01ARZ3NDEKTSV4RRFFQ69G5FAV", None)
    (None, None)
    >>> form_of("25.12.2024 at noon")
    '99.99.9999 aa aaaa'
    """
    if isinstance(value, str) and not _SORTS_AS_TIME.match(value) and _IS_ODD.match(value):
        raise SourceError(
            f"{name} has texts like {form_of(value)}, which do not sort as time does, so that new rows would be lost: {_way(name)}"
        )
    if before is not None and isinstance(value, str) != isinstance(before, str):
        raise SourceError(f"{name} has both texts and numbers, which do not sort as time does: {_way(name)}")


def form_of(text: str) -> str:
    """Return a text with its letters and digits hidden."""
    form = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", re.sub(r"\s", " ", text)))
    return form if len(form) <= _FORM_CHARS else f"{form[:_FORM_CHARS]}..."


def _way(name: str) -> str:
    return f"name a column that grows, or give --query that converts {name} to a time like 2024-12-25"
