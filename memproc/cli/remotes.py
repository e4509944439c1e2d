"""The options that name a source which is in no file, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from typer import Option

from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.sources.remote import Remote

Table = Annotated[str | None, Option("--table", metavar="NAME", help="Read this table of a database, or of a SQLite file.")]
Query = Annotated[str | None, Option("--query", metavar="SQL", help="Read what this query of a database gives, with --key.")]
Key = Annotated[
    list[str] | None, Option("--key", metavar="COLUMN", help="What tells rows apart, once for each column; found for tables.")
]
TableSchema = Annotated[str | None, Option("--db-schema", metavar="NAME", help="The schema of the table, if not the usual one.")]
FromStart = Annotated[bool, Option("--from-start", help="With --cursor: read everything once more.")]
StatementSeconds = Annotated[
    float | None,
    Option(
        "--statement-seconds",
        metavar="SECONDS",
        help="How long a database may take for a statement; 300, in a file 60.",
        show_default=False,
    ),
]
Retries = Annotated[
    int | None,
    Option(
        "--retries",
        metavar="N",
        min=0,
        help="How often what failed and may pass is tried again; 9 by default, of web APIs for --retry-seconds.",
        show_default=False,
    ),
]


class Named(NamedTuple):
    """What the options say of a source that is in no file."""

    table: str | None = None
    query: str | None = None
    key: Sequence[str] = ()
    cursor: str | None = None
    schema: str | None = None
    from_start: bool = False
    statement_seconds: float | None = None
    retries: int | None = None

    @property
    def options(self) -> list[str]:
        """Return them as they are written."""
        pairs = [("--table", self.table), ("--query", self.query), *(("--key", one) for one in self.key)]
        pairs += [("--cursor", self.cursor), ("--db-schema", self.schema)]
        numbers = (("--statement-seconds", self.statement_seconds), ("--retries", self.retries))
        pairs += [(name, f"{value:g}") for name, value in numbers if value is not None]
        return [part for name, value in pairs if value is not None for part in (name, value)]


def is_database(what: str) -> bool:
    """Return whether a database is named, without a table of it."""
    from memproc.sources.databases import listing
    from memproc.sources.live.live_store import is_address

    return listing.is_database(what) and not is_address(what)


def shown(what: str) -> str:
    """Return a path or URL as a command to run next may show it, without passwords."""
    from memproc.masking import masked

    return masked(what) if "://" in what else what


def given_by(what: Sequence[str], named: Named) -> list[Path | Remote]:
    """Return what a command reads: paths, and the sources that URLs and options name. Raises UsageError on wrong options."""
    return [_given(one, named) for one in what]


def _given(one: str, named: Named) -> Path | Remote:
    if named.table is None and named.query is None:
        if named._replace(retries=None) != Named():
            of_web = "--cursor and --from-start also with the URL of a web API"
            of_table = "--key, --db-schema, --statement-seconds, --cursor and --from-start go with --table or --query"
            raise UsageError(f"{of_table}, {of_web}")
        return _without_options(one)
    return _of_database(one, named)


def _without_options(one: str) -> Path | Remote:
    """Return what is named by itself."""
    if "://" in one:
        from memproc.sources.databases.listing import refuse_without_table
        from memproc.sources.live.live_store import LiveStore, is_address

        if is_address(one):
            return LiveStore(one)
        refuse_without_table(one)
    return Path(one)


def _of_database(one: str, named: Named) -> Remote:
    from memproc.sources.databases.faces import SqlQuery, SqlTable

    if named.table is not None and named.query is not None:
        raise UsageError("--table and --query: give one of them")
    more = {"statement_seconds": named.statement_seconds, "retries": named.retries}
    followed: dict[str, Any] = {"cursor": named.cursor, "from_start": named.from_start, **more}
    if named.table is not None:
        return SqlTable(one, named.table, key=named.key, schema=named.schema, **followed)
    if named.schema is not None:
        raise UsageError("--db-schema goes with --table: in a query write it before the name of the table")
    return SqlQuery(one, named.query or "", key=named.key, **followed)
