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
from memproc.sources.databases.sqlite_files import LONGEST_BYTES
from memproc.validation import in_one_line

_VALUE = re.compile(r"[:'\"].*", re.DOTALL)  # a message that speaks of a value shows it behind a colon or in quotes

_TOO_LONG = (
    "a statement took longer than it may: give the columns of the key (and of --cursor) an index, and a view or a query an end, or "
    "allow more by statement_seconds (--statement-seconds)"
)
_OF_LIMITS = {  # that are set on each connection to a file
    "SQLITE_TOOBIG": f"a row has more than {LONGEST_BYTES >> 20} MiB, in what tells rows apart: name other columns by --key, or "
    "leave the large one out, as in --query 'SELECT id, title AS content FROM ...'",
}
_MARIADB_LIMIT, _MYSQL_LIMIT, _POSTGRESQL_LIMIT = 1969, 3024, "57014"


def is_too_large(error: Exception) -> bool:
    """Return whether a row of a SQLite file was larger than may be held."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlite_errorname", None) == "SQLITE_TOOBIG"


def is_too_slow(error: Exception) -> bool:
    """Return whether a statement was ended because it took longer than it may."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    said = error.orig
    if getattr(said, "sqlite_errorname", None) == "SQLITE_INTERRUPT":
        return True
    if getattr(said, "sqlstate", None) == _POSTGRESQL_LIMIT or getattr(said, "pgcode", None) == _POSTGRESQL_LIMIT:
        return True  # a person who cancels it has the same code
    return bool(said.args) and said.args[0] in (_MARIADB_LIMIT, _MYSQL_LIMIT)


def is_transient(error: Exception) -> bool:
    """Return whether the same may succeed in a moment: a connection was lost, or another program was in the way."""
    if not isinstance(error, DBAPIError) or is_too_slow(error) or is_too_large(error):
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
    if is_too_slow(error):
        return _TOO_LONG
    if (limit := _OF_LIMITS.get(getattr(said, "sqlite_errorname", ""))) is not None:
        return limit
    args = said.args
    text = str(args[1]) if len(args) > 1 and isinstance(args[0], int) else str(said)
    text = text.strip().partition("\n")[0]
    if failure_of(said).kind is Kind.DATA:
        text = _VALUE.sub("", text)
    return in_one_line(without(secrets_of(url), text)) or type(said).__name__
