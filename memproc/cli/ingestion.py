"""The command that reads records into a store, or shows what would be stored."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from memproc.amounts import bytes_of, number, tolerance
from memproc.cli.app import FAILED, Json, MergeAt, RecallName, ReviewAt, app, settings_of, tell_in_events, warn
from memproc.cli.enrich_options import Enriching, enrich_of
from memproc.cli.how_read import HowRead
from memproc.cli.inspecting import show_first
from memproc.cli.option_groups import grouped
from memproc.cli.options import (
    MAX_DEPTH,
    MAX_FIELDS,
    AsOf,
    Gate,
    Hiding,
    LogFile,
    MaxDepth,
    MaxFields,
    Namespace,
    ProgressShown,
    Quiet,
    SourceName,
    Verbose,
)
from memproc.cli.remotes import Following
from memproc.config import Dedup, Durability, Engine, OnError, ValidateWhen
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.cli.progress import Shown
    from memproc.report.report import Report

MAX_RECORD, MAX_DECOMPRESSED = "64MiB", "8GiB"  # the defaults of the settings


@app.command()
@grouped
def ingest(
    what: Annotated[
        list[str],
        Argument(metavar="WHAT", help="Files, folders, patterns, archives, a database, a web API; - is standard input."),
    ],
    how: HowRead,
    following: Following,
    hiding: Hiding,
    enriching: Enriching,
    into: Annotated[
        str | None,
        Option(metavar="DB", help="The store: a path, or a SQLAlchemy URL. Required but for --show.", show_default=False),
    ] = None,
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
    tracebacks: Annotated[
        bool, Option("--tracebacks", help="Keep the traceback of an exception with the record that it quarantined.")
    ] = False,
    as_of: AsOf = None,
    trust_decisions: Annotated[
        bool, Option("--trust-decisions", help="Apply the decisions of a full export, which must be your own.")
    ] = False,
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
    from memproc.ingestion.pipeline import ingest as run
    from memproc.ingestion.reading import intake_of

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
        retries=how.retries,
        max_fields=max_fields,
        max_depth=max_depth,
        durability=durability,
        tracebacks=tracebacks,
        max_record_bytes=bytes_of(max_record, "--max-record"),
        max_decompressed_bytes=bytes_of(max_decompressed, "--max-decompressed"),
        **hiding.settings,
        **how.dates,
    )
    if progress == "json":
        tell_in_events()
    warn(is_quiet=quiet, verbosity=verbose, log_file=log_file)
    given, asked = how.given(what, following)
    enrich = enrich_of(enriching)
    if show_records is not None:
        intake = intake_of(how.context(source), settings, namespace=namespace, as_of=as_of)
        show_first(given, intake, asked, show_records, as_json=as_json)
        return
    if into is None:
        raise UsageError("Missing option '--into': give the path of the store, as in --into memories.db")
    arguments = how.arguments(asked)
    gc.freeze()  # imported modules stay alive: the collector need not look at them

    def work(shown: Shown) -> Report:
        return run(
            given,
            into,
            namespace=namespace,
            source=source,
            settings=settings,
            as_of=as_of,
            limit=limit,
            trust_decisions=trust_decisions,
            on_event=shown.hear,
            dry_run=dry_run,
            resume=resume,
            engine=engine,
            enrich=enrich,
            gate=gate,
            **arguments,
        )

    report = worked(work, Wanted(given, what, into), Telling(progress, is_quiet=quiet, as_json=as_json))
    is_bad = report.is_all_quarantined or report.is_empty_handed or not report.is_gate_met
    if report.status not in ("done", "rehearsed") or is_bad or (strict and report.quarantined):
        raise Exit(FAILED)
