"""Checks names that a caller passes: a namespace, a source."""

from __future__ import annotations

from memproc.errors import UsageError
from memproc.values import shown


def name_said(given: object, what: str) -> str | None:
    """Return a name without blanks at its ends, or None if nothing is left.

    Raises UsageError if it is not text; `what` is the parameter in the message.

    >>> name_said(" ann ", "namespace"), name_said("", "namespace")
    ('ann', None)
    """
    if not isinstance(given, str | int | None) or isinstance(given, bool):
        raise UsageError(f"{what}={given!r}: give text")
    return None if given is None else shown(str(given)) or None
