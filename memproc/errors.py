"""The exceptions of memproc, by who is at fault.

Bad input raises nothing: it is data (`memproc.records.Rejected`) and ends in quarantine. Wrong use raises `UsageError` before any
work starts. A failure of the machine or the database raises `StoreError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from memproc.failures import UNKNOWN, Failure, Kind

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:/")  # `Path` leaves one of two slashes; a drive has one letter


class MemprocError(Exception):
    """The base class of all exceptions that memproc raises on purpose."""


class UsageError(MemprocError, ValueError):
    """The call is wrong. The message names the value and says what would be right."""


class SourceError(UsageError):
    """The source cannot be read at all: it is missing, a directory, binary, or of no known shape."""

    def __init__(self, message: str, redacted: str | None = None) -> None:
        """Set the message, and if that shows what records hold, also a `redacted` one that does not."""
        super().__init__(message)
        self.redacted = message if redacted is None else redacted

    def __reduce__(self) -> tuple[type[SourceError], tuple[str, str]]:
        """Pickle both messages."""
        return type(self), (str(self), self.redacted)


class SourceEndedError(MemprocError):
    """Reading stopped before the end of the source, or the end of a record was never found: the rest was not read."""


class OversizedError(SourceEndedError):
    """What is read becomes larger than allowed when it is decompressed: it may be made to do so."""


def refuse_url(path: object) -> None:
    """Raise UsageError if a path is a URL. The message does not show it: it may hold a password."""
    if _URL.match(str(path)):
        raise UsageError("a URL is no file: give the path of a file (of a database, name a --table, or give memproc.SqlTable)")


class StoreError(MemprocError):
    """The database cannot be used: its schema is newer, it was built with other settings, or it cannot be reached."""


class DatabaseError(StoreError):
    """The database failed. `failure` says what can be done about it."""

    def __init__(self, failure: Failure, cause: object) -> None:
        """Make the message of the advice and of what the database said."""
        super().__init__(f"{failure.advice}: {cause}")
        self.failure, self._cause = failure, cause

    def to_resume(self) -> None:
        """Add to the message that the ingestion can be resumed, if this is a failure that a person must repair first."""
        if self.failure.kind is Kind.CRITICAL:
            self.args = (f"{self.failure.advice}, then go on with --resume: {self._cause}",)


@contextmanager
def redacting(*, is_wanted: bool) -> Iterator[None]:
    """If `is_wanted`, replace errors raised inside the block that show what records hold, together with their causes."""
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
    """The workers failed: they cannot start, or the given executor broke. Committed batches stay."""


class NotFoundError(MemprocError, KeyError):
    """There is no memory, observation or review with this id."""

    def __str__(self) -> str:
        """Return the message unquoted, unlike KeyError."""
        return str(self.args[0]) if self.args else ""


class ChangedError(MemprocError):
    """A memory was changed meanwhile: it is not what the caller expected any more, and nothing was done."""
