"""Checks names that a caller passes: a namespace, a source."""

from __future__ import annotations

from memproc.errors import UsageError
from memproc.values import shown


def clean_name(name: object, what: str) -> str | None:
    """Return a name without blanks at its ends, or None if nothing is left.

    Raises UsageError if it is not text; `what` is the parameter in the message.

    >>> clean_name(" ann ", "namespace"), clean_name("", "namespace")
    ('ann', None)
    """
    if not isinstance(name, str | int | None) or isinstance(name, bool):
        raise UsageError(f"{what}={name!r}: give text")
    return None if name is None else shown(str(name)) or None


def required_name(name: object, what: str) -> str | None:
    """Return a name without blanks at its ends, None for None: what a blank one would mean, such as all or the default, nobody
    meant who gave it from a variable that is not set.

    Raises UsageError if it is blank, or not text.

    >>> required_name(" ann ", "namespace"), required_name(None, "namespace")
    ('ann', None)
    """
    cleaned = clean_name(name, what)
    if name is not None and cleaned is None:
        raise UsageError(f"{what}={name!r}: give a name, or leave it out")
    return cleaned
