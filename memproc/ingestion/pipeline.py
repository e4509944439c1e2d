"""`ingest`: checks the arguments, opens sources, workers and store, and runs the loop in `run`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from memproc.arguments import maybe_number
from memproc.config import Settings
from memproc.enrichment.changes import Changing
from memproc.enrichment.given import Enrich, Enrichment, enrichments_of, identity_of
from memproc.errors import UsageError, redacting
from memproc.formats.draft import Context
from memproc.gates.files import Given as GateGiven
from memproc.gates.files import gate_given
from memproc.gates.rule import Gate
from memproc.ingestion.beforehand import Wanted, looked_ahead
from memproc.ingestion.claimed import begin, claims
from memproc.ingestion.engines.pools import pool_of
from memproc.ingestion.enriched import Lease
from memproc.ingestion.gating import GateKeeper
from memproc.ingestion.identity import resumable
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.ingestion.reading import intake_of
from memproc.ingestion.run import Run
from memproc.intake import clean_name
from memproc.records import Memory
from memproc.report.ending import OnEvent, told_to_the_end
from memproc.report.report import Report
from memproc.resources import allowed_cores
from memproc.sources.mapping_files import mapping_given
from memproc.sources.remote import Remote
from memproc.store.enriching.enriching import Enriching
from memproc.store.enriching.meanwhile import Meanwhile
from memproc.store.jobs.jobs import Claim
from memproc.store.sql.database import held_for
from memproc.store.sql.opening import can_rehearse
from memproc.store.store import Store, enriching_of
from memproc.telling import Waiting, tell

REFUSED = ("refused", "failed")  # before anything was written


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
    enrich: Enrich | None = None,
    gate: GateGiven | None = None,
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
    `Client`, or the address of a Ray cluster. It does not change the result. `enrich` is a function of a list of memories, an
    `HttpEnrichment`, a `BatchEnrichment`, or several of these in a list: what they add to records that passed validation, before
    their keys are computed. Their results are kept in the store; a dry run asks for none. `gate` is the path of a file of rules,
    its content as a dictionary, or a `Gate`: rules are judged before anything is written, while records are read, where the job
    stops as soon as one can no longer be met, and at the end, as each says; `gates` of the report tell what was found.

    Bad records never raise: they are quarantined and counted, as are records on which memproc itself fails. If a file cannot be
    read to its end, the status of the report is "failed"; an exception of an iterator is raised after the records before it are
    committed. Raises UsageError or SourceError before any work if the call is wrong, StoreError if the database fails, and
    EngineError if the workers fail. A KeyboardInterrupt is raised with the `report`.
    """
    include = tuple(include)
    asked_for = {**locals()}
    chosen = settings or (into.settings if isinstance(into, Store) else Settings())
    context = Context(clean_name(source, "source"), frozenset(include), mapping_given(mapping), trust_decisions)
    intake = replace(intake_of(context, chosen, namespace=namespace, as_of=as_of), schema=schema)
    asked = Asked(format, records, delimiter, encoding, allow_pickle)
    most, rules = maybe_number("limit", limit), None if gate is None else gate_given(gate)
    wanted = Wanted(what, intake, asked, chosen, rules, most)
    enrichments = enrichments_of(enrich)
    given = given_of(what)
    with told_to_the_end(on_event) as ending, redacting(is_wanted=chosen.redact), claims.taken() as claim, ExitStack() as stack:
        if dry_run and not isinstance(into, Store) and not can_rehearse(into, settings):
            into, settings = Path(stack.enter_context(TemporaryDirectory())) / "rehearsal.db", replace(chosen, table_schema=None)
        if not isinstance(into, Store) and (held := held_for(into)) is not None:
            held.hold()  # before sources open: one of them may be the store itself
            stack.callback(held.release)
        ahead = looked_ahead(wanted, into, settings, is_rehearsal=dry_run)
        if (ahead is None or ahead.status not in REFUSED) and rules is not None and rules.rehearse and not dry_run:
            ahead = _rehearsed(asked_for, rules, ahead)
        if ahead is not None and ahead.status in REFUSED:
            ending.report = ahead
            return ahead
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
        options = (format, records, delimiter, encoding, most)
        key = resumable(given, sources, intake, (*options, identity_of(enrichments)) if enrichments else options)
        job = begin(store, ready, key, claim, is_resumed=resume and not dry_run)
        run = Run(store, chosen, job, pool)
        if enrichments:
            run.enriching = _enriching_in(run, enrichments, schema)
        run.report.gates += [] if ahead is None else ahead.gates
        run.stops.gate = None if rules is None else GateKeeper(rules, store, run.report)
        run.stops.limit, ending.running = most, run.running
        report = ending.report = run.ingest(ready, is_rehearsal=dry_run)
        if sources.found is not None:
            report.left_out.update(sources.found.skipped)
        report.notes += sources.notes(redacts=chosen.redact)
        if run.stops.gate is not None:
            run.stops.gate.end(ready)
        return report


def ingest_claimed(claim: Claim, what: Sequence[str | Remote], into: Store, **options: Any) -> Report:
    """Ingest as `ingest` does, under the number of a job that a worker has claimed, behind the last batch that it landed."""
    with claims.holding(claim):
        return ingest(what, into, **options)


def _enriching_in(run: Run, enrichments: Sequence[Enrichment], schema: type[Memory]) -> Enriching | None:
    """Return what enriches the records of a run; None if the job is finished."""
    if run.job.claim is None:
        return None
    lease = Lease(run.writer, run.job.claim)
    meanwhile = Meanwhile(lease.look, run.stops.seconds_left, can_stop=True, asks=not run.writer.is_rehearsal)
    enriching = enriching_of(run.store, Changing(schema, run.settings), enrichments, meanwhile)
    run.stops.most_at_once = enriching.most_records
    return enriching


def _rehearsed(asked_for: Mapping[str, Any], gate: Gate, ahead: Report | None) -> Report | None:
    """Ingest and roll it back; return a report that is "refused" if the gate is not met by that, else what was known before."""
    tell(Waiting("the rehearsal that the gate asks for"))
    later = replace(gate, rehearse=False, rules=tuple(rule for rule in gate.rules if rule.when != ("before",)))
    alone = {"gate": later if later.rules else None, "dry_run": True, "resume": False, "on_event": None}
    report = ingest(**{**asked_for, **alone})
    if report.status == "rehearsed" and report.is_gate_met:
        return ahead
    report.gates[:0] = [] if ahead is None else ahead.gates
    report.status, report.job = "refused", None
    report.notes.append("the gate is not met by a rehearsal: nothing was written")
    return report
