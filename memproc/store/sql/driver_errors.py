"""What the errors of a driver mean: a value that was refused, or a database that failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneIsFreeError

from memproc.errors import DatabaseError, MemprocError
from memproc.failures import UNKNOWN, Failure, Kind, failure_of

POOL_IS_EMPTY = Failure(Kind.CRITICAL, "too many threads use the store at once: raise pool_size or pool_overflow")


@contextmanager
def translated() -> Iterator[None]:
    """Tell what an error of the driver means."""
    try:
        yield
    except DBAPIError as error:
        raise _failure(error) from error
    except NoneIsFreeError as error:
        raise DatabaseError(POOL_IS_EMPTY, error) from error


def is_of_value(error: Exception) -> bool:
    """Tell whether it is a value that the database or its driver refused, and not the database that failed."""
    if isinstance(error, DBAPIError):
        return isinstance(error, IntegrityError | DataError) or failure_of(error.orig or error).kind is Kind.DATA
    return isinstance(error, OverflowError | UnicodeError)


def is_of_memproc(error: Exception) -> bool:
    """Tell whether memproc itself broke, from what the database or the machine says."""
    return not isinstance(error, SQLAlchemyError | MemprocError | OSError)


def _failure(error: DBAPIError) -> DatabaseError:
    """Return what an error of the driver means, or the error before it: on a full disk SQLite ends the transaction, and what is
    reported last is that a savepoint is gone.
    """
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, DBAPIError) and (failure := failure_of(one.orig or one)) is not UNKNOWN:
            return DatabaseError(failure, one.orig)
        one = one.__context__
    return DatabaseError(UNKNOWN, error.orig)
