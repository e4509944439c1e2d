"""The ingestion loop: prepares the items of each source, gathers them into batches, commits these and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from heapq import nsmallest
from itertools import chain
from time import perf_counter

from loguru import logger

from memproc.batch_size import BatchSize, largest_bytes
from memproc.config import Settings
from memproc.dates import told_forms
from memproc.dedup.judging import Judged
from memproc.errors import DatabaseError, SourceEndedError
from memproc.failures import Kind
from memproc.formats.draft import Decided
from memproc.ingestion.batches import Gathered, Pieces
from memproc.ingestion.checkpoint import Place, StartedJob
from memproc.ingestion.course import Running, tell_batch, tell_size
from memproc.ingestion.engines.loop import prepare_chunks
from memproc.ingestion.engines.pools import Pool
from memproc.ingestion.enriched import tell_enriched
from memproc.ingestion.gc_pauses import rarer_collections
from memproc.ingestion.remarks import BEYOND, Noticed, certainty, describe_merge, remark_on
from memproc.ingestion.source import Source
from memproc.ingestion.stopping import Stops
from memproc.ingestion.too_large import too_large
from memproc.intake import Chunk, dates_among, kinds_left_out, secrets_among
from memproc.records import Memory
from memproc.report.ending import Interrupted
from memproc.report.events import JobStarted, SourceBegun, SourceEnded
from memproc.report.measured import Stage
from memproc.report.report import BatchLog, BatchSeen, Merge, Report, counted
from memproc.resources import MEBIBYTE, Watch
from memproc.sources.items import Piece
from memproc.sources.remote import LateError
from memproc.store.changes.landed import Arrived, Landed
from memproc.store.changes.writer import Batch
from memproc.store.enriching.enriching import Enriching
from memproc.store.enriching.meanwhile import StoppedError
from memproc.store.quarantine.records import Origin
from memproc.store.store import Store, writer_of
from memproc.taken import Taken
from memproc.telling import tell

MERGES_SHOWN = 10
FAILED = "failed: "  # begins the note on a source that could not be read to its end
GROUPED_AHEAD = 0.3  # share of the last batch that met others, above which workers compute the merge group of every record


class Run:
    """One run of an ingestion job, new or resumed."""

    def __init__(self, store: Store[Memory], settings: Settings, job: StartedJob, pool: Pool | None) -> None:
        self.store, self.settings, self.pool = store, settings, pool
        self.writer = writer_of(store, redacts=settings.redact)
        self.job, self.place = job, Place(job.start)
        self.workers: Counter[int] = Counter()  # records prepared, by process id
        self.report = Report(job=job.number)
        self.started = perf_counter()
        self.stops = Stops(settings, self.report, job.can_resume, self.started)
        self.watch = Watch(settings.max_memory)
        self.sizing = BatchSize.starting(settings.batch_size, self.watch.share)
        self.log = BatchLog()
        self.running = Running(self.report, self.started)
        self.clock = self.running.clock
        self.merges: list[Judged] = []
        self.noticed = Noticed()
        self.enriching: Enriching | None = None  # what enriches records before they land
        self.share_met = 0.0  # share of the last batch's records that met others

    def ingest(self, sources: Sequence[Source], *, is_rehearsal: bool) -> Report:
        """Ingest every source until it ends, or until the settings or a request stop the job; return the report."""
        report = self.report
        self._count()
        self.running.read_before, sizes = report.read, [source.size for source in sources]
        if self.job.claim is None:
            report.notes.append(f"job {report.job} has read all of it: nothing to do")
            return self._finish_report("done", sources)
        self.claim = self.job.claim
        if None not in sizes and self.stops.limit is None:
            self.running.bytes_total = sum(size or 0 for size in sizes)

        def work() -> str:
            with rarer_collections():
                formats = tuple(dict.fromkeys(source.intake.format.name for source in sources))
                whole = self.running.bytes_total, self.running.read_before, self.job.can_resume
                tell(JobStarted(report.job, len(sources), formats, *whole))
                self.noticed.uncompared = self.writer.catch_up(self.claim, self.settings.review_at)
                if self.stops.gate is not None:
                    self.stops.gate.begin()
                status = self.stops.if_over() or self._land_sources(sources)
                if status == "done" and self.settings.accept_at is not None:
                    self._accept(self.settings.accept_at)
                report.least_certain = list(map(self._described, self.merges)) if is_rehearsal else []
            return status

        try:
            status = self.writer.run_job(self.claim, work)
        except KeyboardInterrupt as error:
            going_on = ": resume goes on behind its last batch" if self.job.can_resume else ""
            raise Interrupted(f"job {report.job} was interrupted{going_on}", self._whole_report("interrupted", sources)) from error
        except DatabaseError as error:
            if self.job.can_resume:
                error.to_resume()
            raise
        return self._whole_report("rehearsed" if is_rehearsal and status == "done" else status, sources)

    def _whole_report(self, status: str, sources: Sequence[Source]) -> Report:
        """Return the report of this run, with what it noticed and used."""
        report = self._finish_report(status, sources)
        report.secrets = secrets_among(self.place.left_out)
        report.left_out = Counter(kinds_left_out(self.place.left_out))
        report.dates_read = told_forms(dates_among(self.place.left_out))
        report.enrichment = [] if self.enriching is None else self.enriching.told()
        report.batch_log, report.resources = self.log.kept, self.watch.told()
        if self.pool is not None:
            report.workers = [{"pid": pid, "records": records} for pid, records in sorted(self.workers.items())]
        remark_on(report, sources, self.noticed, redacts=self.settings.redact)
        if self.settings.max_memory is not None and self.watch.peak_bytes > self.watch.limit_bytes:
            report.notes.append(
                "max_memory was exceeded: what is loaded beside the batches takes too much, and smaller ones cannot help"
            )
        logger.info("job {}: {}", report.job, report.status)
        return report

    def _accept(self, confidence: float) -> None:
        """Merge the similar pairs that this job found, in all its runs, with at least this confidence."""
        policy, name = f"confidence >= {confidence} and kind == similar", f"accept_at >= {confidence}"
        applied = self.store.decide_all(policy, name=name, job=self.claim.job)
        self.report.accepted = applied.decided
        if applied.decided:
            merged = f"{counted(applied.decided, 'pair')} merged by the policy {name}"
            self.report.notes.append(f"{merged}: memproc review DB --undo --policy {name!r} takes that back")

    def _count(self) -> None:
        """Write the counts of all runs of the job into the report."""
        self.writer.count_into(self.report, self.store.schema.model_fields, redacts=self.settings.redact)

    def _finish_report(self, status: str, sources: Sequence[Source]) -> Report:
        """Return the report with the counts of all runs of the job."""
        self._count()
        self.report.format = " ".join(dict.fromkeys(source.intake.format.name for source in sources))
        self.report.namespace = sources[0].intake.namespace if sources else None
        self.report.finish(status, self.running.seconds, self.running.read_before)
        return self.report

    def _land_sources(self, sources: Sequence[Source]) -> str:
        """Land all that is left of the sources; return the status of the job. One that cannot be read to its end stops no other."""
        left, failures = self.place.unended(len(sources)), 0
        self.running.bytes_passed = sum(source.size or 0 for number, source in enumerate(sources) if number not in left)
        for at, number in enumerate(left):
            source = sources[number]
            self.place.begin(number, source.mark_behind)
            status = self.stops.at_limit() or self._land_told(number, source)
            if status == "failed" and self.settings.on_error == "continue":
                failures += 1
            elif status:
                self.noticed.behind = [sources[later].name for later in left[at + 1 :]] if status == "failed" else []
                return status
            else:
                self.place.end()
            self.running.end(source)
        return "failed" if failures else "done"

    def _land_told(self, number: int, source: Source) -> str:
        """Land a source, and tell that it begins and ends. Return the status that stops the job, or ""."""
        read, notes = self.report.read, len(self.report.notes)
        tell(SourceBegun(number, source.name, source.intake.format.name, source.size))
        status = self._land_source(source)
        failures = [note for note in self.report.notes[notes:] if note.startswith(FAILED)] if status == "failed" else []
        self.running.tell_notes()
        if not status or failures:
            tell(SourceEnded(number, source.name, self.report.read - read, "".join(failures).removeprefix(FAILED) or None))
        return status

    def _land_source(self, source: Source) -> str:
        """Land one source batch by batch. Return the status that stops the job, or "" at the end of the source."""
        batch = Gathered(largest_bytes(self.watch.limit_bytes))
        start = self.place.start
        pieces = Pieces(source.pieces_behind(start.items, start.mark), self.stops.is_late)
        if source.remote is None:
            pieces.skip(start.items)
        else:
            source.remote.visit.seconds_left = self.stops.seconds_left
        self.running.begin(source, pieces)

        def next_chunk() -> list[Piece]:
            with self.clock.during(Stage.READING):
                return pieces.next_chunk(self.sizing.size)

        def take() -> Callable[[Sequence[Piece]], Chunk]:
            return partial(source.intake.take_all, is_grouped=self.pool is not None and self.share_met > GROUPED_AHEAD)

        redacts = self.settings.redact or self.settings.hides_secrets
        chunks = iter(next_chunk, [])
        self.clock.begin(Stage.PREPARING)
        with closing(prepare_chunks(self.pool, take, chunks, give_up=source.intake.give_up, redacts=redacts)) as done:
            for worker, chunk in done:
                self.clock.begin(Stage.REST)
                self.workers[worker] += len(chunk.records)
                batch.add(chunk, self.place.take(chunk.counts, chunk.left_out))
                while batch.is_full(self.stops.most_records(self.sizing.size)) or (len(batch.records) and self.stops.is_late()):
                    records, decided = batch.cut(self.stops.most_records(self.sizing.size))
                    status = self._land_next(source, records, decided)
                    if status := status or self.stops.if_late() or self.stops.at_limit():
                        return status
                self.clock.begin(Stage.PREPARING)
        self.clock.begin(Stage.REST)
        has_rest = len(batch.records) or batch.decided
        status = self._land_next(source, *batch.cut(len(batch.records))) if has_rest else ""
        if isinstance(pieces.failure, LateError):
            return status or self.stops.within_a_wait(pieces.failure)
        if isinstance(pieces.failure, SourceEndedError):
            self.report.notes.append(f"{FAILED}{pieces.failure}")
            return status or "failed"
        if pieces.failure is not None:
            raise pieces.failure
        return status

    def _land_next(self, source: Source, records: Taken, decided: Sequence[Decided]) -> str:
        """Enrich a batch and land it; return the status that stops the job."""
        if self.enriching is not None:
            try:
                with self.clock.during(Stage.ENRICHING):
                    records = self.enriching.enrich(records, is_hashed=True)
            except StoppedError as stopped:
                return self.stops.within_enrichment(stopped)
        return self.stops.after(self._land(source, records, decided))

    def _land(self, source: Source, records: Taken, decided: Sequence[Decided]) -> Landed:
        """Land a batch. If it exceeds the capacity of the database, land its halves."""
        try:
            return self._land_whole(source, records, decided)
        except DatabaseError as error:
            if error.failure.kind is not Kind.CAPACITY:
                raise
            before, self.sizing, half = self.sizing, self.sizing.refused(len(records)), len(records) // 2
            tell_size(before.size, self.sizing.size, is_refused=True)
            if len(records) > 1:
                first = self._land(source, records.cut(0, half), ())
                first.add(self._land(source, records.cut(half), decided))
                return first
            return self._land_whole(source, too_large(records, error), decided)

    def _land_whole(self, source: Source, records: Taken, decided: Sequence[Decided]) -> Landed:
        report, intake, started = self.report, source.intake, perf_counter()
        origin = Origin(source.name, intake.format.name, intake.namespace or "", intake.options_json)
        checkpoint = self.place.after(len(records))
        workers = self.pool.workers if self.pool else 0
        read_from = self.place.read_from(source.name, len(records))
        measured = self.running.measured(self.watch.held_bytes, self.sizing.size, workers, read_from)
        if self.enriching is not None:
            measured = replace(measured, enriched=self.enriching.since())
        course = checkpoint.to_json(self.running.landing())
        batch = Batch(Arrived(records, report.read), origin, decided, course, measured=measured)
        self.clock.begin(Stage.WAITING)
        landed = self.writer.land(self.claim, batch, self.settings.review_at)
        self.clock.begin(Stage.REST)
        self.clock.keep()
        self.place.land(checkpoint)
        self.writer.merge_index()
        self.writer.let_others_write()
        report.read += len(records)
        self.share_met = landed.met / max(len(records), 1)
        is_all_rejected = report.quarantined + len(landed.rejected) == report.read
        self.noticed.note_owners(records.accepted)
        self.noticed.note(landed, is_all_rejected=is_all_rejected)
        if landed.untaken:
            self.place.leave_out(BEYOND, landed.untaken)
        for outcome, count in landed.counts().items():
            setattr(report, outcome.value, getattr(report, outcome.value) + count)
        report.review += landed.reviews
        if self.stops.gate is not None:
            self.stops.gate.note(records)
        self.merges = nsmallest(MERGES_SHOWN, chain(self.merges, landed.similar), key=certainty)
        self._note_batch(source, records, landed, perf_counter() - started)
        return landed

    def _note_batch(self, source: Source, records: Taken, landed: Landed, seconds: float) -> None:
        """Log and tell the time and memory a batch took, and adapt the batch size."""
        held_bytes, count, before = self.watch.look(), len(records), self.sizing.size
        held_mb = round(held_bytes / MEBIBYTE, 1)
        self.log.note(BatchSeen(count, round(seconds, 6), held_mb))
        self.running.note()
        told = (self.report.job, count, seconds, held_mb, self.report.read)
        logger.debug("job {}: {} records in {:.3f} s, {} MB held, {} read", *told)
        self.sizing = self.sizing.landed(count, seconds, self.watch.share)
        tell_batch(landed, source, records, seconds, self.running.progress(self.sizing.size, held_bytes))
        tell_enriched(self.enriching)
        tell_size(before, self.sizing.size)

    def _described(self, judged: Judged) -> Merge:
        return describe_merge(judged, self.store.trace((judged.anchor or b"").hex()), redacts=self.settings.redact)
