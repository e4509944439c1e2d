"""What goes wrong, by whose fault it is.

Bad input is no error here: it is data (`memproc.records.Rejected`) and ends in quarantine. Wrong use raises `UsageError`
before any work starts. What the machine or the database refuses raises `StoreError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from memproc.failures import UNKNOWN, Failure, Kind

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:/")  # `Path` leaves one of two slashes; a drive has one letter


class MemprocError(Exception):
    """The root of all that memproc raises on purpose."""


class UsageError(MemprocError, ValueError):
    """The call is wrong: the message names the value and tells what would be right."""


class SourceError(UsageError):
    """What was given as a source cannot be read at all: missing, a directory, binary, of no known shape."""

    def __init__(self, message: str, redacted: str | None = None) -> None:
        """Say why; `redacted` says it without what records hold, where the message tells some of that."""
        super().__init__(message)
        self.redacted = message if redacted is None else redacted

    def __reduce__(self) -> tuple[type[SourceError], tuple[str, str]]:
        """Travel with both."""
        return type(self), (str(self), self.redacted)


class SourceEndedError(MemprocError):
    """Reading ended before the source did, or the end of a record was never found: what is behind that place was not read."""


def refuse_url(path: object) -> None:
    """Raise UsageError on a URL where the path of a file belongs, without showing it: it may hold a password."""
    if _URL.match(str(path)):
        raise UsageError("a URL is no file: give the path of a file (a database stands behind --into, or as DB)")


class StoreError(MemprocError):
    """The database cannot serve: newer schema, other settings than it was built with, out of reach."""


class DatabaseError(StoreError):
    """The database refused for a reason of its own; `failure` tells what can be done about it."""

    def __init__(self, failure: Failure, cause: object) -> None:
        """Say the advice, and what the database said."""
        super().__init__(f"{failure.advice}: {cause}")
        self.failure, self._cause = failure, cause

    def to_resume(self) -> None:
        """Say too that the ingestion which it ended goes on when that is mended; of what no person can mend, nothing."""
        if self.failure.kind is Kind.CRITICAL:
            self.args = (f"{self.failure.advice}, then go on with --resume: {self._cause}",)


@contextmanager
def redacting(*, is_wanted: bool) -> Iterator[None]:
    """Let no error that is raised inside the block tell what records hold, where that is wanted: neither it nor what it came of."""
    try:
        yield
    except SourceError as error:
        if is_wanted and error.redacted != str(error):
            raise SourceError(error.redacted) from None
        raise
    except DatabaseError as error:
        if is_wanted and (error.failure.kind is Kind.DATA or error.failure is UNKNOWN):
            raise DatabaseError(error.failure, "redacted") from None
        raise


class EngineError(MemprocError):
    """The workers cannot serve: they cannot begin, or the executor that was handed over broke. What has landed stays."""


class NotFoundError(MemprocError, KeyError):
    """No memory, observation or review of that id."""

    def __str__(self) -> str:
        """Return the message as it is (a KeyError would quote it)."""
        return str(self.args[0]) if self.args else ""
