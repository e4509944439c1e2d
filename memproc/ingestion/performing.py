"""An ingestion from its call to its report: checks what is asked, opens sources, workers and store, and runs the loop in `run`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from memproc.arguments import maybe_number
from memproc.config import Settings
from memproc.enrichment.changes import Changing
from memproc.enrichment.given import Enrichment, enrichments_of, identity_of
from memproc.errors import UsageError, redacting
from memproc.formats.draft import Context
from memproc.gates.files import gate_given
from memproc.gates.rule import Gate
from memproc.ingestion.beforehand import Wanted, looked_ahead
from memproc.ingestion.call import Call
from memproc.ingestion.claimed import begin
from memproc.ingestion.engines.pools import pool_of
from memproc.ingestion.enriched import Lease
from memproc.ingestion.gating import GateKeeper
from memproc.ingestion.identity import resumable
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.ingestion.reading import intake_of
from memproc.ingestion.run import Run
from memproc.intake import clean_name
from memproc.records import Memory
from memproc.report.ending import told_to_the_end
from memproc.report.report import Report
from memproc.resources import allowed_cores
from memproc.sources.mapping_files import mapping_given
from memproc.store.enriching.enriching import Enriching
from memproc.store.enriching.meanwhile import Meanwhile
from memproc.store.jobs.jobs import Claim
from memproc.store.sql.database import held_for
from memproc.store.sql.opening import can_rehearse
from memproc.store.store import Store, enriching_of
from memproc.telling import Waiting, tell

REFUSED = ("refused", "failed")  # before anything was written


def perform(call: Call, claim: Claim | None = None) -> Report:
    """Do what a call asks, as a job of its own, or as the one that a worker has claimed, behind the last batch that it landed."""
    into, settings = call.into, call.settings
    chosen = settings or (into.settings if isinstance(into, Store) else Settings())
    context = Context(clean_name(call.source, "source"), frozenset(call.include), mapping_given(call.mapping), call.trust_decisions)
    intake = replace(intake_of(context, chosen, namespace=call.namespace, as_of=call.as_of), schema=call.schema)
    asked = Asked(call.format, call.records, call.delimiter, call.encoding, call.allow_pickle)
    most, rules = maybe_number("limit", call.limit), None if call.gate is None else gate_given(call.gate)
    wanted = Wanted(call.what, intake, asked, chosen, rules, most)
    enrichments = enrichments_of(call.enrich)
    given = given_of(call.what)
    with told_to_the_end(call.on_event) as ending, redacting(is_wanted=chosen.redact), ExitStack() as stack:
        if call.dry_run and not isinstance(into, Store) and not can_rehearse(into, settings):
            into, settings = Path(stack.enter_context(TemporaryDirectory())) / "rehearsal.db", replace(chosen, table_schema=None)
        if not isinstance(into, Store) and (held := held_for(into)) is not None:
            held.hold()  # before sources open: one of them may be the store itself
            stack.callback(held.release)
        ahead = looked_ahead(wanted, into, settings, is_rehearsal=call.dry_run)
        if (ahead is None or ahead.status not in REFUSED) and rules is not None and rules.rehearse and not call.dry_run:
            ahead = _rehearsed(call, rules, ahead)
        if ahead is not None and ahead.status in REFUSED:
            ending.report = ahead
            return ahead
        sources = open_all(given, call.what, intake, asked)
        stack.callback(sources.close)
        pool = pool_of(call.engine, chosen.max_workers or allowed_cores())
        if pool is not None:
            stack.callback(pool.close)
        store = into if isinstance(into, Store) else stack.enter_context(Store(into, settings=settings, schema=call.schema))
        if settings is not None and (changed := store.policy.changed_by(settings)):
            raise UsageError(f"the store was built with other settings than {changed}")
        if chosen.durability == "full" and store.settings.durability != "full":
            raise UsageError("the store was opened with durability='normal': give durability='full' to memproc.open")
        stack.enter_context(store.rehearsal() if call.dry_run else nullcontext())
        ready = [source._replace(intake=replace(source.intake, policy=store.policy)) for source in sources.all]
        options = (call.format, call.records, call.delimiter, call.encoding, most)
        key = resumable(given, sources, intake, (*options, identity_of(enrichments)) if enrichments else options)
        job = begin(store, ready, key, claim, is_resumed=call.resume and not call.dry_run)
        run = Run(store, chosen, job, pool)
        if enrichments:
            run.enriching = _enriching_in(run, enrichments, call.schema)
        run.report.gates += [] if ahead is None else ahead.gates
        run.stops.gate = None if rules is None else GateKeeper(rules, store, run.report)
        run.stops.limit, ending.running = most, run.running
        report = ending.report = run.ingest(ready, is_rehearsal=call.dry_run)
        if sources.found is not None:
            report.left_out.update(sources.found.skipped)
        report.notes += sources.notes(redacts=chosen.redact)
        if run.stops.gate is not None:
            run.stops.gate.end(ready)
        return report


def _enriching_in(run: Run, enrichments: Sequence[Enrichment], schema: type[Memory]) -> Enriching | None:
    """Return what enriches the records of a run; None if the job is finished."""
    if run.job.claim is None:
        return None
    lease = Lease(run.writer, run.job.claim)
    meanwhile = Meanwhile(lease.look, run.stops.seconds_left, can_stop=True, asks=not run.writer.is_rehearsal)
    enriching = enriching_of(run.store, Changing(schema, run.settings), enrichments, meanwhile)
    run.stops.most_at_once = enriching.most_records
    return enriching


def _rehearsed(call: Call, gate: Gate, ahead: Report | None) -> Report | None:
    """Ingest and roll it back; return a report that is "refused" if the gate is not met by that, else what was known before."""
    tell(Waiting("the rehearsal that the gate asks for"))
    later = replace(gate, rehearse=False, rules=tuple(rule for rule in gate.rules if rule.when != ("before",)))
    report = perform(replace(call, gate=later if later.rules else None, dry_run=True, resume=False, on_event=None))
    if report.status == "rehearsed" and report.is_gate_met:
        return ahead
    report.gates[:0] = [] if ahead is None else ahead.gates
    report.status, report.job = "refused", None
    report.notes.append("the gate is not met by a rehearsal: nothing was written")
    return report
