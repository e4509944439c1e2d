"""The options that name what is read of a database, and those that say what of a source is new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from typer import Option

from memproc.cli.option_groups import given_in
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.sources.remote import Remote


class FromDatabase(NamedTuple):
    """Which rows of a database are read."""

    table: Annotated[str | None, Option("--table", metavar="NAME", help="Read this table of a database, or of a SQLite file.")] = (
        None
    )
    query: Annotated[str | None, Option("--query", metavar="SQL", help="Read what this query of a database gives, with --key.")] = (
        None
    )
    key: Annotated[
        list[str] | None, Option("--key", metavar="COLUMN", help="What tells rows apart, once for each column; found for tables.")
    ] = None
    db_schema: Annotated[
        str | None, Option("--db-schema", metavar="NAME", help="The schema of the table, if not the usual one.")
    ] = None
    statement_seconds: Annotated[
        float | None,
        Option(
            "--statement-seconds",
            metavar="SECONDS",
            help="How long a database may take for a statement; 300, in a file 60.",
            show_default=False,
        ),
    ] = None


class Following(NamedTuple):
    """What was read before, and is left out."""

    cursor: Annotated[
        str | None,
        Option(
            "--cursor", metavar="FIELD", help="The column or field that grows with each change: the next run reads what is new."
        ),
    ] = None
    from_start: Annotated[bool, Option("--from-start", help="With --cursor: read everything once more.")] = False
    since_param: Annotated[
        str | None,
        Option("--since-param", metavar="PARAM", help="The parameter that asks a web API for records from a --cursor on."),
    ] = None


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


def is_database(what: str) -> bool:
    """Return whether a database is named, without a table of it."""
    from memproc.sources.databases import listing
    from memproc.sources.live.live_store import is_address

    return listing.is_database(what) and not is_address(what)


def shown(what: str) -> str:
    """Return a path or URL as a command to run next may show it, without passwords."""
    from memproc.masking import masked

    return masked(what) if "://" in what else what


def given_by(what: Sequence[str], database: FromDatabase, following: Following, retries: int | None = None) -> list[Path | Remote]:
    """Return what a command reads: paths, and the sources that URLs and options name. Raises UsageError on wrong options."""
    if database.table is None and database.query is None:
        if given_in(database) or following.cursor is not None or following.from_start:
            of_web = "--cursor and --from-start also with the URL of a web API"
            of_table = "--key, --db-schema, --statement-seconds, --cursor and --from-start go with --table or --query"
            raise UsageError(f"{of_table}, {of_web}")
        return [_without_options(one) for one in what]
    return [_of_database(one, database, following, retries) for one in what]


def _without_options(one: str) -> Path | Remote:
    """Return what is named by itself."""
    if "://" in one:
        from memproc.sources.databases.listing import refuse_without_table
        from memproc.sources.live.live_store import LiveStore, is_address

        if is_address(one):
            return LiveStore(one)
        refuse_without_table(one)
    return Path(one)


def _of_database(one: str, named: FromDatabase, following: Following, retries: int | None) -> Remote:
    from memproc.sources.databases.faces import SqlQuery, SqlTable

    if named.table is not None and named.query is not None:
        raise UsageError("--table and --query: give one of them")
    rows: dict[str, Any] = {"key": named.key or (), "cursor": following.cursor, "from_start": following.from_start}
    rows |= {"statement_seconds": named.statement_seconds, "retries": retries}
    if named.table is not None:
        return SqlTable(one, named.table, schema=named.db_schema, **rows)
    if named.db_schema is not None:
        raise UsageError("--db-schema goes with --table: in a query write it before the name of the table")
    return SqlQuery(one, named.query or "", **rows)
