"""What a database says when it fails, without the values of rows and without secrets."""

from __future__ import annotations

import re

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from memproc.failures import Kind, failure_of
from memproc.masking import secrets_of, without
from memproc.validation import in_one_line

_VALUE = re.compile(r"[:'\"].*", re.DOTALL)  # a message that speaks of a value shows it behind a colon or in quotes


def is_transient(error: Exception) -> bool:
    """Return whether the same may succeed in a moment: a connection was lost, or another program was in the way."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or failure_of(error.orig or error).kind is Kind.TRANSIENT


def words_of(error: Exception, url: URL) -> str:
    """Return what a database or its driver said, in one line."""
    if not isinstance(error, SQLAlchemyError):
        return type(error).__name__  # a driver could not read a value, which it would show
    said = getattr(error, "orig", None) or error
    args = said.args
    text = str(args[1]) if len(args) > 1 and isinstance(args[0], int) else str(said)
    text = text.strip().partition("\n")[0]
    if failure_of(said).kind is Kind.DATA:
        text = _VALUE.sub("", text)
    return in_one_line(without(secrets_of(url), text)) or type(said).__name__
