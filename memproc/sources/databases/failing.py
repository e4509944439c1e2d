"""What a database says when it fails, without the values of rows and without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from memproc.errors import SourceError
from memproc.failures import Kind, failure_of
from memproc.masking import secrets_of, without
from memproc.sources.databases.sqlite_files import LONGEST_BYTES, STATEMENT_SECONDS
from memproc.validation import in_one_line

_VALUE = re.compile(r"[:'\"].*", re.DOTALL)  # a message that speaks of a value shows it behind a colon or in quotes

_OF_LIMITS = {  # that are set on each connection to a file
    "SQLITE_INTERRUPT": f"a statement took more than {STATEMENT_SECONDS:.0f} seconds: give the columns of the key an index, and a "
    "view or a query an end",
    "SQLITE_TOOBIG": f"a row has more than {LONGEST_BYTES >> 20} MiB: leave its column out, or shorten it, "
    "as in --query 'SELECT id, substr(content, 1, 100000) AS content FROM ...'",
}


def is_transient(error: Exception) -> bool:
    """Return whether the same may succeed in a moment: a connection was lost, or another program was in the way."""
    if not isinstance(error, DBAPIError):
        return False
    if getattr(error.orig, "sqlite_errorname", None) in _OF_LIMITS:
        return False
    return error.connection_invalidated or failure_of(error.orig or error).kind is Kind.TRANSIENT


@contextmanager
def in_own_words(label: str, url: URL) -> Iterator[None]:
    """Let what a database says inside be told by a SourceError, in one line without statements and secrets."""
    try:
        yield
    except SQLAlchemyError as error:
        raise SourceError(f"{label} cannot be read: {words_of(error, url)}") from None


def words_of(error: Exception, url: URL) -> str:
    """Return what a database or its driver said, in one line."""
    if not isinstance(error, SQLAlchemyError):
        return type(error).__name__  # a driver could not read a value, which it would show
    said = getattr(error, "orig", None) or error
    if (limit := _OF_LIMITS.get(getattr(said, "sqlite_errorname", ""))) is not None:
        return limit
    args = said.args
    text = str(args[1]) if len(args) > 1 and isinstance(args[0], int) else str(said)
    text = text.strip().partition("\n")[0]
    if failure_of(said).kind is Kind.DATA:
        text = _VALUE.sub("", text)
    return in_one_line(without(secrets_of(url), text)) or type(said).__name__
