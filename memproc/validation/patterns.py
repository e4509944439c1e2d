"""What similar faults have in common, so that a thousand bad dates are one line of a report."""

from __future__ import annotations

from memproc.records import Fault
from memproc.validation.faults import without_value

USERS_WORDS = frozenset(("value_error", "assertion_error"))
"""The codes of rules that the caller wrote. Their messages may repeat the value."""


def alike(found: Fault) -> tuple[str, str]:
    """Return what a fault has in common with similar ones: its path without positions, and its message without the value.

    >>> from memproc.validation import fault
    >>> alike(fault("tags.3", "string_type", "Input should be a valid string, got ", "5"))
    ('tags.*', 'Input should be a valid string')
    >>> dates = [fault("created_at", "date_unparsable", "not a date: ", value) for value in ("'31/02/2024'", "'soon'")]
    >>> alike(dates[0]) == alike(dates[1])
    True
    """
    place = ".".join("*" if part.isdigit() else part for part in found.path.split("."))
    words = without_value(found)
    return place, words.replace(found.value, "") if found.value and found.code in USERS_WORDS else words
