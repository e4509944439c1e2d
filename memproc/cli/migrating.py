"""The command that migrates the store of another application, and verifies the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Json, app, settings_of, warn
from memproc.cli.options import (
    AllowPickle,
    DateFormat,
    DayFirst,
    Delimiter,
    Encoding,
    FormatName,
    Include,
    Mapping,
    MappingFile,
    Namespace,
    Records,
    Redact,
    Schema,
    SecretKinds,
    SecretsPolicy,
    SourceName,
    mapping_of,
    schema_of,
)
from memproc.cli.output import json_text, target
from memproc.cli.remotes import Key, Named, Query, Table, TableSchema, given_by

if TYPE_CHECKING:
    from memproc.cli.progress import Shown
    from memproc.report.report import Report


@app.command()
def migrate(
    what: Annotated[list[str], Argument(metavar="SOURCE", help="Files, folders, patterns, archives, databases.")],
    into: Annotated[str, Option(metavar="DB", help="The store: a path, or a SQLAlchemy URL.", show_default=False)],
    mapping: MappingFile = None,
    table: Table = None,
    query: Query = None,
    key: Key = None,
    db_schema: TableSchema = None,
    map_field: Mapping = None,
    format: FormatName = None,
    namespace: Namespace = None,
    source: SourceName = None,
    records: Records = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    allow_pickle: AllowPickle = False,
    include: Include = None,
    schema: Schema = None,
    date_format: DateFormat = None,
    day_first: DayFirst = None,
    redact: Redact = False,
    secrets: SecretsPolicy = "off",
    secret_kinds: SecretKinds = None,
    to: Annotated[Path | None, Option("--report", metavar="FILE", help="Write the report as JSON to this file.")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Do everything, then roll it back.")] = False,
    resume: Annotated[bool, Option("--resume", help="Continue the unfinished migration of these files.")] = False,
    as_json: Json = False,
) -> None:
    """Ingest the records of another application, tell what changed by field, verify. Exit with 1 if a check fails."""
    from memproc.cli.working import Telling, Told, Wanted, worked
    from memproc.ingestion.migrating import migrate as run
    from memproc.report.migration import Migration
    from memproc.writing import written

    warn()
    dates = {"date_format": tuple(date_format or ()), "day_first": day_first}
    settings = settings_of(redact=redact, secrets=secrets, secret_kinds=tuple(secret_kinds or ()), **dates)
    given = given_by(what, Named(table, query, tuple(key or ()), schema=db_schema))
    mapped, chosen_schema = mapping_of(map_field, mapping), schema_of(schema)
    done: list[Migration] = []

    def work(shown: Shown) -> Report:
        migrated = run(
            given,
            into,
            mapping=mapped,
            namespace=namespace,
            source=source,
            format=format,
            schema=chosen_schema,
            settings=settings,
            include=include or (),
            records=records,
            delimiter=delimiter,
            encoding=encoding,
            allow_pickle=allow_pickle,
            dry_run=dry_run,
            resume=resume,
            on_event=shown.hear,
        )
        done.append(migrated)
        return migrated.report

    def told(report: Report) -> Told:
        done[:] = done or [Migration(report)]  # an interrupted one has no more than the report
        values = done[0].as_dict()
        if to is not None:
            written(target(str(to)), [json_text(values).encode() + b"\n"], is_private=True)
        return values, str(done[0])

    worked(work, Wanted(given, what, into), Telling("auto", is_quiet=False, as_json=as_json), told)
    (migration,) = done
    if not migration.is_verified or migration.report.is_all_quarantined:
        raise Exit(FAILED)
