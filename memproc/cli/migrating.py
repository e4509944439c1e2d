"""The command that migrates the store of another application, and verifies the result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Json, app, settings_of, show, tell, warn
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


@app.command()
def migrate(
    what: Annotated[list[str], Argument(metavar="SOURCE...", help="Files, folders, patterns, archives, databases.")],
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
    from memproc.cli.progress import shown_progress
    from memproc.ingestion.migrating import migrate as run
    from memproc.ingestion.run import Interrupted
    from memproc.report.migration import Migration
    from memproc.writing import written

    warn()
    dates = {"date_format": tuple(date_format or ()), "day_first": day_first}
    settings = settings_of(redact=redact, secrets=secrets, secret_kinds=tuple(secret_kinds or ()), **dates)
    try:
        with shown_progress() as shown:
            migration = run(
                given_by(what, Named(table, query, tuple(key or ()), schema=db_schema)),
                into,
                mapping=mapping_of(map_field, mapping),
                namespace=namespace,
                source=source,
                format=format,
                schema=schema_of(schema),
                settings=settings,
                include=include or (),
                records=records,
                delimiter=delimiter,
                encoding=encoding,
                allow_pickle=allow_pickle,
                dry_run=dry_run,
                resume=resume,
                on_progress=shown,
            )
    except Interrupted as interrupted:
        migration = Migration(interrupted.report)
        tell("memproc: interrupted: --resume goes on behind the last batch")
    told = migration.as_dict()
    if to is not None:
        written(target(str(to)), [json_text(told).encode() + b"\n"], is_private=True)
    show(told, str(migration), as_json=as_json)
    if not migration.is_verified or migration.report.is_all_quarantined:
        raise Exit(FAILED)
