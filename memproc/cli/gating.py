"""The command that judges a source, or a job, by the rules of a gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Json, app, settings_of, show, warn
from memproc.cli.options import (
    AllowPickle,
    DateFormat,
    DayFirst,
    Delimiter,
    Encoding,
    FirstOnly,
    FormatName,
    Include,
    Mapping,
    MappingFile,
    Namespace,
    Records,
    Redact,
    Schema,
    SourceName,
    asked_of,
    mapping_of,
    schema_of,
)
from memproc.cli.remotes import Key, Named, Query, Retries, StatementSeconds, Table, TableSchema
from memproc.cli.rest_options import (
    AllowPrivate,
    Headers,
    Hosts,
    MaxResponse,
    PagingForm,
    RequestRate,
    RetrySeconds,
    Web,
    given_of,
)
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.gates.judged import GateJudged


@app.command()
def gate(
    file: Annotated[
        str | None, Argument(metavar="[FILE]", help="A file, folder, archive, database, web API; - is standard input.")
    ] = None,
    rules: Annotated[
        Path | None, Option("--rules", metavar="FILE", help="The rules: TOML, YAML or JSON.", show_default=False)
    ] = None,
    against: Annotated[
        str | None, Option("--against", metavar="DB", help="The store whose earlier jobs are compared with.", show_default=False)
    ] = None,
    job: Annotated[int | None, Option("--job", metavar="N", min=1, help="Judge this job of the store instead of a file.")] = None,
    table: Table = None,
    query: Query = None,
    key: Key = None,
    db_schema: TableSchema = None,
    format: FormatName = None,
    namespace: Namespace = None,
    source: SourceName = None,
    schema: Schema = None,
    records: Records = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    allow_pickle: AllowPickle = False,
    map_field: Mapping = None,
    mapping: MappingFile = None,
    include: Include = None,
    date_format: DateFormat = None,
    day_first: DayFirst = None,
    redact: Redact = False,
    paging: PagingForm = None,
    header: Headers = None,
    host: Hosts = None,
    allow_private: AllowPrivate = False,
    requests_per_second: RequestRate = None,
    retry_seconds: RetrySeconds = None,
    max_response: MaxResponse = None,
    statement_seconds: StatementSeconds = None,
    retries: Retries = None,
    limit: FirstOnly = None,
    as_json: Json = False,
) -> None:
    """Judge a file before it is ingested, or a job, by rules. Exit with 1 if one is not met."""
    from memproc.ingestion.judging import judge

    if rules is None:
        raise UsageError("Missing option '--rules': give the file of the rules, as in --rules gate.toml")
    if (file is None) == (job is None):
        raise UsageError("give what to judge: a FILE, or a job by --against DB --job N")
    warn()
    if file is None:
        _show(_of_job(against, rules, job or 0, schema), as_json=as_json)
        return
    named = Named(table, query, tuple(key or ()), schema=db_schema, statement_seconds=statement_seconds, retries=retries)
    web = Web(paging, header, host, allow_private, requests_per_second, retry_seconds, max_response)
    asked = asked_of(format, records, delimiter, encoding, allow_pickle=allow_pickle)
    [given], asked = given_of([file], asked, named, web)
    settings = settings_of(redact=redact, date_format=tuple(date_format or ()), day_first=day_first)
    found = judge(
        given,
        rules,
        against=against,
        namespace=namespace,
        source=source,
        format=format,
        schema=schema_of(schema),
        settings=settings,
        mapping=mapping_of(map_field, mapping),
        include=include or (),
        records=asked.records,
        delimiter=delimiter,
        encoding=encoding,
        allow_pickle=allow_pickle,
        limit=limit,
    )
    _show(found, as_json=as_json)


def _of_job(database: str | None, rules: Path, job: int, schema: str | None) -> GateJudged:
    from memproc.cli.stores import opened

    if database is None:
        raise UsageError("Missing option '--against': give the store of the job, as in --against memories.db --job 3")
    with opened(database, schema=schema) as store:
        return store.judge(rules, job)


def _show(found: GateJudged, *, as_json: bool) -> None:
    show(found.as_dict(), str(found), as_json=as_json)
    if not found.is_met:
        raise Exit(FAILED)
