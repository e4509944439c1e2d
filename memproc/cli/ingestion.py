"""The command that reads records into a store, or shows what would be stored."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from memproc.amounts import bytes_of, number, tolerance
from memproc.cli import enrich_options
from memproc.cli.app import FAILED, Json, MergeAt, RecallName, ReviewAt, app, settings_of, tell_in_events, warn
from memproc.cli.inspecting import show_first
from memproc.cli.options import (
    MAX_DEPTH,
    MAX_FIELDS,
    AllowPickle,
    DateFormat,
    DayFirst,
    Delimiter,
    Encoding,
    FormatName,
    Gate,
    Include,
    LogFile,
    Mapping,
    MappingFile,
    MaxDepth,
    MaxFields,
    Namespace,
    ProgressShown,
    Quiet,
    Records,
    Redact,
    SecretKinds,
    SecretsPolicy,
    SourceName,
    Verbose,
    asked_of,
    mapping_of,
)
from memproc.cli.remotes import FromStart, Key, Named, Query, Retries, StatementSeconds, Table, TableSchema
from memproc.cli.rest_options import (
    AllowPrivate,
    Cursor,
    Headers,
    Hosts,
    MaxResponse,
    PagingForm,
    RequestRate,
    RetrySeconds,
    SinceParam,
    Web,
    given_of,
)
from memproc.config import Dedup, Durability, Engine, OnError, ValidateWhen
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.cli.progress import Shown
    from memproc.report.report import Report

MAX_RECORD, MAX_DECOMPRESSED = "64MiB", "8GiB"  # the defaults of the settings


@app.command()
def ingest(
    what: Annotated[
        list[str],
        Argument(metavar="WHAT", help="Files, folders, patterns, archives, a database, a web API; - is standard input."),
    ],
    into: Annotated[
        str | None,
        Option(metavar="DB", help="The store: a path, or a SQLAlchemy URL. Required but for --show.", show_default=False),
    ] = None,
    table: Table = None,
    query: Query = None,
    key: Key = None,
    cursor: Cursor = None,
    db_schema: TableSchema = None,
    from_start: FromStart = False,
    statement_seconds: StatementSeconds = None,
    format: FormatName = None,
    namespace: Namespace = None,
    source: SourceName = None,
    dedup: Annotated[Dedup | None, Option(help="near is the default of a new store.", show_default=False)] = None,
    merge_at: MergeAt = None,
    recall: RecallName = None,
    review_at: ReviewAt = None,
    accept_at: Annotated[
        float | None,
        Option(metavar="0..1", help="At the end, merge similar pairs of at least this confidence; can be undone as one policy."),
    ] = None,
    batch_size: Annotated[str, Option(metavar="auto|N", help="Records per transaction.")] = "auto",
    max_errors: Annotated[str | None, Option(metavar="N|P%", help="Stop when more records than this are quarantined.")] = None,
    strict: Annotated[bool, Option("--strict", help="Exit with 1 if anything was quarantined.")] = False,
    on_error: Annotated[OnError, Option(help="At a bad record continue, or stop after its batch.")] = "continue",
    validate: Annotated[ValidateWhen, Option(help="before: write nothing if any record is invalid.")] = "inline",
    engine: Annotated[Engine, Option(help="Where records are prepared; the store is the same.")] = "sequential",
    max_memory: Annotated[
        str | None, Option(metavar="SIZE", help="Memory to stay under, as in 300MB; by default 80% of what the system allows.")
    ] = None,
    max_seconds: Annotated[float | None, Option(metavar="SECONDS", help="Stop after this time; --resume continues.")] = None,
    max_workers: Annotated[int | None, Option(metavar="N", help="How many workers at once; by default the cores allowed.")] = None,
    max_record: Annotated[
        str, Option(metavar="SIZE", help="The longest line, row or element that is accepted, as in 1MB.")
    ] = MAX_RECORD,
    max_decompressed: Annotated[
        str, Option(metavar="SIZE", help="How large a compressed file, or an archive, may become, as in 20GB.")
    ] = MAX_DECOMPRESSED,
    max_fields: MaxFields = MAX_FIELDS,
    max_depth: MaxDepth = MAX_DEPTH,
    durability: Annotated[Durability, Option(help="full: sync each commit to disk.")] = "normal",
    redact: Redact = False,
    secrets: SecretsPolicy = "off",
    secret_kinds: SecretKinds = None,
    tracebacks: Annotated[
        bool, Option("--tracebacks", help="Keep the traceback of an exception with the record that it quarantined.")
    ] = False,
    records: Records = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    allow_pickle: AllowPickle = False,
    map_field: Mapping = None,
    mapping: MappingFile = None,
    include: Include = None,
    date_format: DateFormat = None,
    day_first: DayFirst = None,
    as_of: Annotated[str | None, Option(help="The date that the source gives for itself.")] = None,
    trust_decisions: Annotated[
        bool, Option("--trust-decisions", help="Apply the decisions of a full export, which must be your own.")
    ] = False,
    paging: PagingForm = None,
    header: Headers = None,
    host: Hosts = None,
    allow_private: AllowPrivate = False,
    since_param: SinceParam = None,
    requests_per_second: RequestRate = None,
    retry_seconds: RetrySeconds = None,
    max_response: MaxResponse = None,
    retries: Retries = None,
    enrich: enrich_options.By = None,
    enrich_url: enrich_options.Url = None,
    enrich_name: enrich_options.Name = None,
    enrich_version: enrich_options.Version = None,
    enrich_sets: enrich_options.Sets = None,
    enrich_reads: enrich_options.Reads = None,
    enrich_batch: enrich_options.Size = None,
    enrich_at_once: enrich_options.AtOnce = None,
    enrich_per_second: enrich_options.PerSecond = None,
    enrich_per_day: enrich_options.PerDay = None,
    enrich_seconds: enrich_options.Seconds = None,
    enrich_retry_seconds: enrich_options.RetryFor = None,
    enrich_header: enrich_options.Header = None,
    enrich_private: enrich_options.Private = False,
    on_enrich_failure: enrich_options.Failure = None,
    gate: Gate = None,
    limit: Annotated[int | None, Option(metavar="N", min=1, help="Read the first N records only.")] = None,
    show_records: Annotated[
        int | None, Option("--show", metavar="N", min=1, help="Print the first N records as they would be stored; write nothing.")
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Do everything, then roll it back.")] = False,
    resume: Annotated[bool, Option("--resume", help="Continue the unfinished job on these files.")] = False,
    progress: ProgressShown = "auto",
    quiet: Quiet = False,
    verbose: Verbose = 0,
    log_file: LogFile = None,
    as_json: Json = False,
) -> None:
    """Ingest the records of files into a store."""
    from memproc.cli.working import Telling, Wanted, worked
    from memproc.formats.draft import Context
    from memproc.ingestion.pipeline import ingest as run
    from memproc.ingestion.reading import intake_of
    from memproc.intake import clean_name

    settings = settings_of(
        dedup=dedup,
        merge_at=merge_at,
        recall=recall,
        review_at=review_at,
        accept_at=accept_at,
        batch_size=None if batch_size == "auto" else number(batch_size, int, "--batch-size"),
        max_errors=None if max_errors is None else tolerance(max_errors, "--max-errors"),
        on_error=on_error,
        validate=validate,
        max_memory=None if max_memory is None else bytes_of(max_memory, "--max-memory"),
        max_seconds=max_seconds,
        max_workers=max_workers,
        **({} if retries is None else {"retries": retries}),
        max_fields=max_fields,
        max_depth=max_depth,
        durability=durability,
        redact=redact,
        secrets=secrets,
        secret_kinds=tuple(secret_kinds or ()),
        tracebacks=tracebacks,
        date_format=tuple(date_format or ()),
        day_first=day_first,
        max_record_bytes=bytes_of(max_record, "--max-record"),
        max_decompressed_bytes=bytes_of(max_decompressed, "--max-decompressed"),
    )
    if progress == "json":
        tell_in_events()
    warn(is_quiet=quiet, verbosity=verbose, log_file=log_file)
    mapped, asked = mapping_of(map_field, mapping), asked_of(format, records, delimiter, encoding, allow_pickle=allow_pickle)
    named = Named(table, query, tuple(key or ()), cursor, db_schema, from_start, statement_seconds, retries)
    web = Web(paging, header, host, allow_private, requests_per_second, retry_seconds, max_response, since_param)
    given, asked = given_of(what, asked, named, web)
    said = enrich_options.Enriched(
        enrich,
        enrich_url,
        enrich_name,
        enrich_version,
        enrich_sets,
        enrich_reads,
        enrich_batch,
        enrich_at_once,
        enrich_per_second,
        enrich_per_day,
        enrich_seconds,
        enrich_retry_seconds,
        enrich_header,
        enrich_private,
        on_enrich_failure,
    )
    enriched = enrich_options.enrich_of(said)
    if show_records is not None:
        context = Context(clean_name(source, "source"), frozenset(include or ()), mapped)
        show_first(given, intake_of(context, settings, namespace=namespace, as_of=as_of), asked, show_records, as_json=as_json)
        return
    if into is None:
        raise UsageError("Missing option '--into': give the path of the store, as in --into memories.db")
    gc.freeze()  # imported modules stay alive: the collector need not look at them

    def work(shown: Shown) -> Report:
        return run(
            given,
            into,
            namespace=namespace,
            source=source,
            format=format,
            settings=settings,
            mapping=mapped,
            include=include or (),
            as_of=as_of,
            records=asked.records,
            delimiter=delimiter,
            encoding=encoding,
            allow_pickle=allow_pickle,
            limit=limit,
            trust_decisions=trust_decisions,
            on_event=shown.hear,
            dry_run=dry_run,
            resume=resume,
            engine=engine,
            enrich=enriched,
            gate=gate,
        )

    report = worked(work, Wanted(given, what, into), Telling(progress, is_quiet=quiet, as_json=as_json))
    is_bad = report.is_all_quarantined or report.is_empty_handed or not report.is_gate_met
    if report.status not in ("done", "rehearsed") or is_bad or (strict and report.quarantined):
        raise Exit(FAILED)
