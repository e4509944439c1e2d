"""The one loop: items of a source, taken, gathered into batches, landed, reported. Read it from top to bottom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from heapq import nsmallest
from itertools import chain
from time import perf_counter

from loguru import logger

from memproc.batch_size import BatchSize, largest_bytes
from memproc.config import Settings
from memproc.dedup.compare.reasons import reason_told
from memproc.dedup.judging import Judged
from memproc.errors import DatabaseError, SourceEndedError
from memproc.failures import Kind
from memproc.formats import own
from memproc.formats.draft import Decided
from memproc.ingestion.batches import Gathered, Pieces
from memproc.ingestion.checkpoint import Begun, Place
from memproc.ingestion.engines.loop import prepared
from memproc.ingestion.engines.pools import Pool
from memproc.ingestion.gc_pauses import rarer_searches
from memproc.ingestion.opening import Source
from memproc.ingestion.remarks import BEYOND, Noticed, remark_on
from memproc.intake import Chunk
from memproc.records import Category, Memory, Rejected
from memproc.report.report import BatchLog, BatchSeen, Merge, Progress, Report, counted
from memproc.resources import MEBIBYTE, Watch
from memproc.sources.items import Piece
from memproc.store.changes.landed import Arrived, Landed
from memproc.store.changes.writer import Batch
from memproc.store.jobs.jobs import ENDED_BY
from memproc.store.quarantine.records import Origin
from memproc.store.store import Store, writer_of
from memproc.taken import Taken
from memproc.validation import fault

MERGES_SHOWN = 10
GROUPED_AHEAD = 0.3  # where more than this share of a batch meets others, workers find out what all merge by: else one process does
KEPT_OF_TOO_LARGE = 1 << 16  # bytes of a rejected record that the database does not take whole
FEWEST_FOR_SHARE = 100  # a share of errors is judged from this many records on

OnProgress = Callable[[Progress], None]


class Interrupted(KeyboardInterrupt):
    """A person interrupted an ingestion: `report` tells what had landed; `resume` goes on behind it, where it read files."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message, report)
        self.report = report

    def __str__(self) -> str:
        """Return the message alone."""
        return str(self.args[0])


class Run:
    """One ingestion under way, new or resumed."""

    def __init__(
        self, store: Store[Memory], settings: Settings, job: Begun, pool: Pool | None, on_progress: OnProgress | None
    ) -> None:
        self.store, self.settings, self.on_progress, self.pool = store, settings, on_progress, pool
        self.writer = writer_of(store, redacts=settings.redact)
        self.job, self.place = job, Place(job.start)
        self.workers: Counter[int] = Counter()  # by process, the records it prepared
        self.report = Report(job=job.number)
        self.started = perf_counter()
        self.watch = Watch(settings.max_memory)
        self.sizing = BatchSize.starting(settings.batch_size, self.watch.share)
        self.log = BatchLog()
        self.read_before = 0  # in earlier runs
        self.bytes_before: int | None = None  # where this run begins, of all sources together; None until it does
        self.pieces: Pieces | None = None  # of the source at hand
        self.bytes_passed = 0  # of the sources that are read to their end
        self.bytes_total: int | None = None
        self.merges: list[Judged] = []
        self.noticed = Noticed()
        self.share_met = 0.0  # of the records of the last batch those that met others

    def through(self, sources: Sequence[Source], *, is_rehearsal: bool) -> Report:
        """Read every source to its end, or to where the settings or a person say stop."""
        report = self.report
        if self.job.claim is None:
            report.notes.append(f"job {report.job} has read all of it: nothing to do")
            self.read_before = self.writer.reached(self.job.number).read
            return self._finished("done", sources)
        self.claim = self.job.claim
        before = self.writer.reached(self.job.number)
        report.read, report.stored, report.duplicate, report.merged, report.quarantined = before[:5]
        self.read_before = before.read
        sizes = [source.size for source in sources]
        self.bytes_total = None if None in sizes else sum(size or 0 for size in sizes)

        def work() -> str:
            with rarer_searches():
                self.noticed.uncompared = self.writer.catch_up(self.claim, self.settings.review_at)
                status = self._why_intolerable() or next(filter(None, map(self._stopped, range(len(sources)), sources)), "done")
                if status == "done" and self.settings.accept_at is not None:
                    self._accept(self.settings.accept_at)
                report.least_certain = [self._told(judged) for judged in self.merges] if is_rehearsal else []
            return status

        try:
            status = self.writer.run_job(self.claim, work)
        except KeyboardInterrupt as error:
            going_on = ": resume goes on behind its last batch" if self.job.can_resume else ""
            raise Interrupted(f"job {report.job} was interrupted{going_on}", self._ended("interrupted", sources)) from error
        except DatabaseError as error:
            if self.job.can_resume:
                error.to_resume()
            raise
        return self._ended("rehearsed" if is_rehearsal and status == "done" else status, sources)

    def _ended(self, status: str, sources: Sequence[Source]) -> Report:
        """Return the report of this run, with what it noticed and used."""
        report = self._finished(status, sources)
        report.left_out = Counter(self.place.left_out)
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

    def _accept(self, least: float) -> None:
        """Merge the pairs that this job found, in all its runs, and of which the model is as sure as that."""
        policy, name = f"confidence >= {least} and kind == similar", f"accept_at >= {least}"
        found = self.store.decide_all(policy, name=name, job=self.claim.job)
        self.report.accepted = found.decided
        if found.decided:
            merged = f"{counted(found.decided, 'pair')} merged by the policy {name}"
            self.report.notes.append(f"{merged}: memproc review DB --undo --policy {name!r} takes that back")

    def _finished(self, status: str, sources: Sequence[Source]) -> Report:
        """Return the report with what all batches of the job counted, in all its runs."""
        self.writer.count_into(self.report, self.store.schema.model_fields, redacts=self.settings.redact)
        self.report.format = " ".join(dict.fromkeys(source.intake.format.name for source in sources))
        self.report.namespace = sources[0].intake.namespace if sources else None
        self.report.finish(status, perf_counter() - self.started, self.read_before)
        return self.report

    def _stopped(self, number: int, source: Source) -> str:
        """Land one source batch by batch; return why it is enough, nothing where it was read to its end."""
        if not self.place.begins(number):
            self.bytes_passed += source.size or 0
            return ""
        batch = Gathered(largest_bytes(self.watch.limit_bytes))
        pieces = self.pieces = Pieces(source.items, self._is_late)
        pieces.skip(self.place.items)
        if self.bytes_before is None:
            self.bytes_before = self._bytes_read(source)
        chunks = iter(lambda: pieces.next_chunk(self.sizing.size), [])

        def take() -> Callable[[Sequence[Piece]], Chunk]:
            return partial(source.intake.take_all, is_grouped=self.pool is not None and self.share_met > GROUPED_AHEAD)

        with closing(prepared(self.pool, take, chunks, redacts=self.settings.redact)) as done:
            for worker, chunk in done:
                self.workers[worker] += len(chunk.records)
                batch.add(chunk, self.place.take(chunk.counts, chunk.left_out))
                while batch.is_full(self.sizing.size) or (len(batch.records) and self._is_late()):
                    records, decided = batch.cut(self.sizing.size)
                    if why := self._why_enough(self._land(source, records, decided)) or self._why_late():
                        return why
        is_left = len(batch.records) or batch.decided
        why = self._why_enough(self._land(source, *batch.cut(len(batch.records)))) if is_left else ""
        if isinstance(pieces.failure, SourceEndedError):
            self.report.notes.append(f"failed: {pieces.failure}")
            return "failed"
        if pieces.failure is not None:
            raise pieces.failure
        self.bytes_passed += source.size or 0
        self.place.end()
        return why

    def _land(self, source: Source, records: Taken, decided: Sequence[Decided]) -> Landed:
        """Land a batch; where it is too much at once, its halves one after the other."""
        try:
            return self._land_whole(source, records, decided)
        except DatabaseError as error:
            if error.failure.kind is not Kind.CAPACITY:
                raise
            self.sizing, half = self.sizing.refused(len(records)), len(records) // 2
            if len(records) > 1:
                first = self._land(source, records.cut(0, half), ())
                first.add(self._land(source, records.cut(half), decided))
                return first
            too_large = fault("", "too_large", f"is too large for the database: {error}")
            lines = [own.whole_line(records.accepted.at(at).observation) for at in range(len(records.accepted))]
            lines += [one.raw[:KEPT_OF_TOO_LARGE] for _, one in records.rejected]
            found = [Rejected(Category.RESOURCE, (too_large,), line) for line in lines]
            return self._land_whole(source, Taken.of_rejected(found), decided)

    def _land_whole(self, source: Source, records: Taken, decided: Sequence[Decided]) -> Landed:
        report, started = self.report, perf_counter()
        intake = source.intake
        origin = Origin(source.name, intake.format.name, intake.namespace or "", intake.said)
        checkpoint = self.place.after(len(records))
        batch = Batch(Arrived(records, report.read), origin, decided, checkpoint.to_json())
        landed = self.writer.land(self.claim, batch, self.settings.review_at)
        self.place.land(checkpoint)
        self.writer.merge_index()
        self.writer.let_others_write()
        report.read += len(records)
        self.share_met = landed.met / max(len(records), 1)
        is_all_rejected = report.quarantined + len(landed.rejected) == report.read
        self.noticed.note(landed, is_all_rejected=is_all_rejected)
        if landed.untaken:
            self.place.leave_out(BEYOND, landed.untaken)
        for outcome, count in landed.counts().items():
            setattr(report, outcome.value, getattr(report, outcome.value) + count)
        self.merges = nsmallest(MERGES_SHOWN, chain(self.merges, landed.similar), key=_certainty)
        self._note(len(records), perf_counter() - started)
        if self.on_progress is not None:
            self.on_progress(self._progress(source))
        return landed

    def _note(self, records: int, seconds: float) -> None:
        """Note what a batch took, and let the size of the next one follow from it."""
        held_mb = round(self.watch.look() / MEBIBYTE, 1)
        self.log.note(BatchSeen(records, round(seconds, 6), held_mb))
        self.sizing = self.sizing.landed(records, seconds, self.watch.share)

    def _told(self, judged: Judged) -> Merge:
        anchor = (judged.anchor or b"").hex()
        there = {seen.observation: seen.record for seen in self.store.trace(anchor).observations}
        confidence, _ = _certainty(judged)
        incoming = judged.incoming.prepared.observation
        if self.settings.redact:
            return Merge(confidence, reason_told(judged.reason), incoming.key.hex(), anchor)
        reason = reason_told(judged.reason, incoming.record, there[anchor])
        return Merge(confidence, reason, incoming.record["content"], there[anchor]["content"])

    def _progress(self, source: Source) -> Progress:
        report = self.report
        counts = (report.read, report.stored, report.duplicate, report.merged, report.quarantined)
        there = self._bytes_read(source), self.bytes_total
        return Progress(*counts, perf_counter() - self.started, *there, self.read_before, self.bytes_before or 0)

    def _bytes_read(self, source: Source) -> int:
        """Return how many bytes of all sources are read: of this one by its items, as more of it may lie in memory already."""
        stream = source.opened.stream
        if source.size is None or stream is None or stream.closed or self.pieces is None:
            return self.bytes_passed
        return self.bytes_passed + min(stream.tell(), self.pieces.bytes)

    def _is_late(self) -> bool:
        most = self.settings.max_seconds
        return most is not None and perf_counter() - self.started >= most

    def _why_late(self) -> str:
        """Return the status that the job ends with if it has had its time. What is left then, `resume` reads again."""
        if not self._is_late():
            return ""
        going_on = "; resume goes on here" if self.job.can_resume else ""
        self.report.notes.append(f"stopped: max_seconds={self.settings.max_seconds} are over{going_on}")
        return "stopped"

    def _why_enough(self, landed: Landed) -> str:
        """Return the status that the job ends with after this batch, nothing where it goes on."""
        if landed.request is not None:
            return ENDED_BY[landed.request]
        if self.settings.on_error == "stop" and landed.rejected:
            self.report.notes.append("stopped at the first error")
            return "stopped"
        return self._why_intolerable()

    def _why_intolerable(self) -> str:
        """Return the status that the job ends with if too much was quarantined in all its runs; a resumed one may begin so."""
        most = self.settings.max_errors
        bad, read = self.report.quarantined, self.report.read
        is_over = most is not None and (bad > most if isinstance(most, int) else read >= FEWEST_FOR_SHARE and bad > most * read)
        if is_over:
            self.report.notes.append(f"stopped: {bad} of {read} records were quarantined, more than max_errors={most}")
        return "stopped" if is_over else ""


def _certainty(judged: Judged) -> tuple[float, int]:
    return (1.0 if judged.confidence is None else judged.confidence), judged.incoming.position
