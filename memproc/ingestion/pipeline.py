"""`ingest`: checks the arguments, opens sources, workers and store, and runs the loop in `run`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import IO, Any

from memproc.arguments import maybe_number
from memproc.config import Settings
from memproc.errors import SourceEndedError, UsageError, redacting
from memproc.formats.draft import Context
from memproc.ingestion.checkpoint import begin_claimed, begin_or_resume, resumable
from memproc.ingestion.ending import OnEvent, told_to_the_end
from memproc.ingestion.engines.pools import pool_of
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.ingestion.reading import intake_of
from memproc.ingestion.run import Run
from memproc.ingestion.source import Sources
from memproc.intake import clean_name
from memproc.records import Memory
from memproc.report.report import Report
from memproc.resources import allowed_cores
from memproc.sources.mapping_files import mapping_given
from memproc.sources.remote import Remote
from memproc.store.jobs.jobs import Claim
from memproc.store.sql.database import held_for
from memproc.store.sql.opening import can_rehearse
from memproc.store.store import Store


def ingest(
    what: str | Path | IO[Any] | Remote | Iterable[object],
    into: str | Path | Store,
    *,
    namespace: str | None = None,
    source: str | None = None,
    format: str | None = None,
    schema: type[Memory] = Memory,
    settings: Settings | None = None,
    mapping: Mapping[str, Any] | str | Path | None = None,
    include: Iterable[str] = (),
    as_of: object = None,
    trust_decisions: bool = False,
    on_event: OnEvent | None = None,
    dry_run: bool = False,
    resume: bool = False,
    records: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    allow_pickle: bool = False,
    limit: int | None = None,
    engine: object = "sequential",
) -> Report:
    """Write the records of `what` to a store, and return a report.

    `what` is a path, an open file, a source that is in no file (`SqlTable`, `SqlQuery`, `RestPages`), a sequence of these (one job,
    read in this order), a frame or table of pandas, polars or Arrow, or an iterable of mappings. A path may be a folder (all files
    below it), a pattern (`exports/*.json`), a pipe, `-` for standard input, or compressed: a zip archive (all its members), gzip,
    bzip2, xz or zstandard. A file in a folder or archive that cannot be read is named in a note. `into` is an open `Store`, a path
    or a SQLAlchemy URL. `namespace` and `source` are the defaults of records that have none. `mapping` says where the fields are in
    JSON objects or table rows (`{"content": "body.text"}`); a mapping file, or its content as a dictionary or a `FieldMap`, also
    says what becomes of their values. `include` names the optional parts of a format to read. `records` names the list of records
    in a JSON object (`data.items`), `delimiter` what stands between the cells of a table (by default found in its first lines),
    `encoding` that of texts which are neither UTF-8 nor UTF-16 with its mark. `allow_pickle` reads the data in pickles, and nothing
    in them that would run. `limit` reads only the first records. `as_of` is the date of the source itself. `trust_decisions`
    applies the decisions and deletions of a full export, to all memories of the store or only to those in `namespace`. `on_event`
    is called with each `Event`: before the first record is read, after each batch, with the report at the end. What it raises stops
    nothing, but for KeyboardInterrupt. `dry_run` rolls everything back at the end. `resume` continues the unfinished job on these
    files after its last batch; it starts one if there is none, and does nothing if the job is done. An iterable or a pipe cannot be
    resumed: it is read from the start, and known records count as duplicates. `engine` says where records are prepared:
    "sequential" (in this process), "threads", "processes", "forkserver", "dask", "ray", an executor of `concurrent.futures`, a Dask
    `Client`, or the address of a Ray cluster. It does not change the result.

    Bad records never raise: they are quarantined and counted, as are records on which memproc itself fails. If a file cannot be
    read to its end, the status of the report is "failed"; an exception of an iterator is raised after the records before it are
    committed. Raises UsageError or SourceError before any work if the call is wrong, StoreError if the database fails, and
    EngineError if the workers fail. A KeyboardInterrupt is raised with the `report`.
    """
    chosen = settings or (into.settings if isinstance(into, Store) else Settings())
    context = Context(clean_name(source, "source"), frozenset(include), mapping_given(mapping), trust_decisions)
    intake = replace(intake_of(context, chosen, namespace=namespace, as_of=as_of), schema=schema)
    asked = Asked(format, records, delimiter, encoding, allow_pickle)
    most = maybe_number("limit", limit)
    given = given_of(what)
    with told_to_the_end(on_event) as ending, redacting(is_wanted=chosen.redact), ExitStack() as stack:
        if dry_run and not isinstance(into, Store) and not can_rehearse(into, settings):
            into, settings = Path(stack.enter_context(TemporaryDirectory())) / "rehearsal.db", replace(chosen, table_schema=None)
        if not isinstance(into, Store) and (held := held_for(into)) is not None:
            held.hold()  # before sources open: one of them may be the store itself
            stack.callback(held.release)
        if chosen.validate == "before":
            if given is None and not isinstance(what, Sequence):
                raise UsageError("validate='before' reads twice: give files or a list, not an iterator")
            checked = open_all(given, what, intake, asked)
            if given is not None and not all(source.can_reread for source in checked.all):
                checked.close()
                raise UsageError("validate='before' reads twice: give files, not a pipe")
            if faulty := _check(checked):
                ending.report = faulty
                return faulty
        sources = open_all(given, what, intake, asked)
        stack.callback(sources.close)
        pool = pool_of(engine, chosen.max_workers or allowed_cores())
        if pool is not None:
            stack.callback(pool.close)
        store = into if isinstance(into, Store) else stack.enter_context(Store(into, settings=settings, schema=schema))
        if settings is not None and (changed := store.policy.changed_by(settings)):
            raise UsageError(f"the store was built with other settings than {changed}")
        if chosen.durability == "full" and store.settings.durability != "full":
            raise UsageError("the store was opened with durability='normal': give durability='full' to memproc.open")
        stack.enter_context(store.rehearsal() if dry_run else nullcontext())
        ready = [source._replace(intake=replace(source.intake, policy=store.policy)) for source in sources.all]
        key = resumable(given, sources, intake, (format, records, delimiter, encoding, most))
        if (claim := _claims.pop()) is not None:
            job = begin_claimed(store, ready, key, claim)
        else:
            job = begin_or_resume(store, ready, key, is_resumed=resume and not dry_run)
        run = Run(store, chosen, job, pool)
        run.stops.limit, ending.running = most, run.running
        report = ending.report = run.ingest(ready, is_rehearsal=dry_run)
        if sources.found is not None:
            report.left_out.update(sources.found.skipped)
        report.notes += sources.notes(redacts=chosen.redact)
        return report


def ingest_claimed(claim: Claim, what: Sequence[str], into: Store, **options: Any) -> Report:
    """Ingest as `ingest` does, under the number of a job that a worker has claimed, behind the last batch that it landed."""
    with _claims.holding(claim):
        return ingest(what, into, **options)


class _Claims:
    """The claim of the ingestion that this thread is about to begin; one that begins within it has none."""

    def __init__(self) -> None:
        self._held: ContextVar[Claim | None] = ContextVar("claim", default=None)

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        token = self._held.set(claim)
        try:
            yield
        finally:
            self._held.reset(token)

    def pop(self) -> Claim | None:
        claim = self._held.get()
        self._held.set(None)
        return claim


_claims = _Claims()


def _check(sources: Sources) -> Report | None:
    """Validate all records without writing; return a report if one is invalid."""
    started = perf_counter()
    report = Report(format=sources.all[0].intake.format.name)
    read = 0
    try:
        for source in sources.all:
            for taken in (source.intake.take(item).records for item in source.items):
                read += len(taken)
                report.errors.update([found.category.value for _, found in taken.rejected])
    except SourceEndedError as error:
        report.notes.append(f"failed: {error}; nothing was written")
        report.finish("failed", perf_counter() - started)
        return report
    finally:
        sources.close()
    if not report.errors:
        return None
    report.notes.append(f"{report.errors.total()} of {read} records are invalid; nothing was written")
    report.finish("refused", perf_counter() - started)
    return report
