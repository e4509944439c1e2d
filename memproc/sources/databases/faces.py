"""What applications name to read from a database: a table, or a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from math import inf
from pathlib import Path

from sqlalchemy import URL

from memproc.errors import UsageError
from memproc.masking import url_shown
from memproc.sources.databases.reading import Way, count_without_cursor, next_start, rows_behind
from memproc.sources.databases.selecting import Wanted
from memproc.sources.databases.urls import label_of, url_of
from memproc.sources.remote import Mark, Marked, Visit
from memproc.sources.retries import check_retries


class _Rows:
    """The rows of a database as a remote source; what they are is told by the classes below."""

    url: str | Path
    key: str | Sequence[str]
    cursor: str | None
    from_start: bool
    statement_seconds: float | None
    retries: int | None

    def __post_init__(self) -> None:
        """Check what can be checked without the database."""
        names = (self.key,) if isinstance(self.key, str) else tuple(self.key)
        object.__setattr__(self, "key", names)
        given = {"cursor": self.cursor, **{f"key[{at}]": one for at, one in enumerate(names)}}
        for name, value in given.items():
            if value is not None and (not isinstance(value, str) or not value):
                raise UsageError(f"{name}={value!r}: give the name of a column")
        if self.from_start and self.cursor is None:
            raise UsageError("from_start is for a cursor: without one, everything is read each time")
        seconds = self.statement_seconds
        if seconds is not None and (isinstance(seconds, bool) or not 0 < seconds < inf):
            raise UsageError(f"statement_seconds={seconds!r}: give more than 0 seconds")
        check_retries(self.retries)
        self._url  # noqa: B018 - raises on a URL that is none

    @property
    def _url(self) -> URL:
        return url_of(self.url)

    @property
    def _wanted(self) -> Wanted:
        raise NotImplementedError

    @property
    def label(self) -> str:
        """How messages and positions name it, without passwords."""
        return self._wanted.label

    @property
    def identity(self) -> Sequence[object]:
        """What tells it from other sources, without passwords."""
        _, *wanted = self._wanted
        return ["sql", url_shown(self._url), *wanted]

    @property
    def format_name(self) -> None:
        """None: the format is found by the columns."""
        return

    @property
    def is_table(self) -> bool:
        """True: each record is a row."""
        return True

    @property
    def column_of_change(self) -> str | None:
        """The column that grows whenever a row is changed, None where none is known."""
        return self.cursor

    @property
    def is_followed(self) -> bool:
        """Whether a new job reads only what is new since the last one, but for `from_start`."""
        return self.cursor is not None

    def found(self, behind: Mark | None, visit: Visit | None = None) -> Iterator[Marked]:
        """Yield the rows behind a mark, None for all. Raises SourceError if nothing can be read."""
        return rows_behind(self._url, self._wanted, behind, self._way(visit))

    def next_start(self, mark: Mark) -> Mark | None:
        """Return the mark before all rows with the cursor of a row: more may have got it since."""
        return next_start(mark)

    def remarks(self, visit: Visit) -> Sequence[str]:
        """Return what has to be told of it: how many rows can never be found to be new."""
        if self.cursor is None or not (count := count_without_cursor(self._url, self._wanted, self._way(visit))):
            return ()
        rows = "1 row has" if count == 1 else f"{count} rows have"
        return (f"{self.label}: {rows} no {self.cursor}, and cannot be told to be new: read when everything is read, and first",)

    def _way(self, visit: Visit | None) -> Way:
        return Way(self.statement_seconds, self.retries, visit)


@dataclass(frozen=True, repr=False)
class SqlTable(_Rows):
    """A table or a view of a database, to be given to `memproc.ingest`.

    `url` is a SQLAlchemy URL, whose password may be `ENV:NAME` or `KEYRING:service/user`, or the path of a SQLite file. `key` names
    the columns that tell rows apart; by default the primary
    key, else unique columns that are never NULL. `cursor` names a column that grows whenever a row is added or changed, such as
    `updated_at`: each ingestion then reads only what is new since the last one, and `from_start` reads everything once more.
    A value of it that is later than now is told, and is not where the next job begins. `schema` is that of the table. A statement
    may take `statement_seconds` (300 on servers, 60 in a file), and what may pass is tried again `retries` times (9).

    Raises UsageError if a value is not valid. Nothing is written to the database.
    """

    url: str | Path
    table: str
    _: KW_ONLY
    key: str | Sequence[str] = ()
    cursor: str | None = None
    schema: str | None = None
    from_start: bool = False
    statement_seconds: float | None = None
    retries: int | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the database."""
        if not isinstance(self.table, str) or not self.table:
            raise UsageError(f"table={self.table!r}: give the name of a table")
        super().__post_init__()

    def __repr__(self) -> str:
        """Return it without the password of the URL."""
        return f"SqlTable({self.label})"

    @property
    def _wanted(self) -> Wanted:
        name = self.table if self.schema is None else f"{self.schema}.{self.table}"
        label = f"{label_of(self._url)}!{name}"
        return Wanted(label, self.table, None, tuple(self.key), self.cursor, self.schema)


@dataclass(frozen=True, repr=False)
class SqlQuery(_Rows):
    """What a query of a database gives, to be given to `memproc.ingest`.

    `query` is one SELECT, whose columns have different names; `key` names those that tell its rows apart. The query is run as a
    part of others, which page through it. The rest is as for `SqlTable`.
    """

    url: str | Path
    query: str
    _: KW_ONLY
    key: str | Sequence[str]
    cursor: str | None = None
    from_start: bool = False
    statement_seconds: float | None = None
    retries: int | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the database."""
        if not isinstance(self.query, str) or not self.query.strip():
            raise UsageError(f"query={self.query!r}: give a SELECT")
        super().__post_init__()
        if not self.key:
            raise UsageError("key: name the columns of the query that tell its rows apart, as in --key id")

    def __repr__(self) -> str:
        """Return it without the password of the URL."""
        return f"SqlQuery({self.label})"

    @property
    def _wanted(self) -> Wanted:
        return Wanted(f"{label_of(self._url)}!query", None, self.query, tuple(self.key), self.cursor)
