"""How often what may pass is tried again."""

from __future__ import annotations

from memproc.errors import UsageError


def check_retries(retries: object) -> None:
    """Raise UsageError if `retries` is no count.

    >>> check_retries(0), check_retries(None)
    (None, None)
    """
    if retries is not None and (isinstance(retries, bool) or not isinstance(retries, int) or retries < 0):
        raise UsageError(f"retries={retries!r}: give how often to try again, 0 for never")
