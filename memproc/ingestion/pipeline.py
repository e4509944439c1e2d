"""The one loop: items of a source, taken, gathered into batches, landed, reported. Read it from top to bottom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import replace
from functools import partial
from heapq import nsmallest
from itertools import chain
from pathlib import Path
from time import perf_counter

from loguru import logger

from memproc.batch_size import BatchSize, largest_bytes
from memproc.config import Policy, Settings
from memproc.dedup.compare.reasons import reason_told
from memproc.dedup.decide import Judged
from memproc.dedup.keys import Key
from memproc.errors import DatabaseError, SourceEndedError, UsageError, redacting
from memproc.failures import Kind
from memproc.formats import generic, own
from memproc.formats.draft import Context, Decided
from memproc.formats.naming import Names
from memproc.ingestion.batches import Gathered, Pieces
from memproc.ingestion.checkpoint import Checkpoint, Place, begun
from memproc.ingestion.engines.loop import prepared
from memproc.ingestion.engines.pools import Pool, pool_of
from memproc.ingestion.gc_pauses import rarer_searches
from memproc.ingestion.opening import Source, open_all, paths_of
from memproc.intake import Chunk, Intake, name_said
from memproc.records import Category, Memory, Rejected
from memproc.report.report import BatchLog, BatchSeen, Merge, Progress, Report, counted
from memproc.resources import MEBIBYTE, Watch, allowed_cores
from memproc.sources.items import Piece, Reading
from memproc.store.changes.landed import Arrived, Landed
from memproc.store.jobs.jobs import ENDED_BY, Claim
from memproc.store.quarantine.records import Origin
from memproc.store.sql.database import held_for
from memproc.store.store import Store
from memproc.taken import Taken
from memproc.times import parse_time, to_text
from memproc.validation import OF_MEMPROC, excerpt, fault

MERGES_SHOWN = 10
REUSED_KEPT = 10_000  # ids that are told to have been given for unrelated texts
GROUPED_AHEAD = 0.3  # where more than this share of a batch meets others, workers find out what all merge by: else one process does
KEPT_OF_TOO_LARGE = 1 << 16  # bytes of a rejected record that the database does not take whole
BEYOND = "decisions beyond the namespace"
FEWEST_FOR_SHARE = 100  # a share of errors is judged from this many records on

OnProgress = Callable[[Progress], None]


class Interrupted(KeyboardInterrupt):
    """A person interrupted an ingestion: `report` tells what had landed; `resume` goes on behind it."""

    def __init__(self, report: Report) -> None:
        """Keep the report."""
        super().__init__(f"job {report.job} was interrupted: resume goes on behind its last batch")
        self.report = report


def ingest(
    what: str | Path | Iterable[object],
    into: str | Path | Store,
    *,
    namespace: str | None = None,
    source: str | None = None,
    format: str | None = None,
    schema: type[Memory] = Memory,
    settings: Settings | None = None,
    mapping: Mapping[str, str] | None = None,
    include: Iterable[str] = (),
    as_of: object = None,
    trust_decisions: bool = False,
    on_progress: OnProgress | None = None,
    dry_run: bool = False,
    resume: bool = False,
    engine: object = "sequential",
) -> Report:
    """Take the records of `what` into a store, and return what became of them.

    `what` is the path of a file, a sequence of paths (one job, read in the order given), or an iterable of mappings. `into`
    is an open `Store`, a path or a SQLAlchemy URL. `namespace` and `source` are for records that carry none. `mapping` says
    where fields of JSON objects or table rows are found (`{"content": "body.text"}`). `include` names what a format reads on
    request only. `as_of` is the date that the source gives for itself. With `trust_decisions` the decisions of a full export are
    acted on, and what was forgotten is forgotten here: they may touch whatever the store holds, with a `namespace` only what it
    holds of that. With `dry_run` everything is done and undone. With
    `resume` the unfinished job on these files goes on behind its last batch; where there is none one is begun, and where it is
    done nothing is done again. An iterable has no place to go on from: it is read again, and what was known is duplicate.
    `engine` says where records are prepared: "sequential" (in this process), "threads", "processes", "forkserver", "dask" or "ray",
    an executor of `concurrent.futures`, a Dask `Client`, or the address of a Ray cluster. The store is the same with each.

    Bad records never raise: they are quarantined and counted, as is one on which memproc itself breaks. Where a file cannot be
    read to its end the report's status is "failed"; an exception that ends an iterator is raised, when what it gave has landed.
    Raises UsageError or SourceError before any work where the call is wrong, StoreError where the database cannot serve, and
    EngineError where workers cannot. A KeyboardInterrupt meanwhile is raised with the `report`.
    """
    chosen = settings or (into.settings if isinstance(into, Store) else Settings())
    whose = name_said(namespace, "namespace")
    if namespace is not None and whose is None:
        raise UsageError(f"namespace={namespace!r}: give a name, or leave it out")
    context = Context(name_said(source, "source"), frozenset(include), dict(mapping or {}), trust_decisions)
    intake = Intake(generic.FORMAT, Policy(), schema, whose, context, _as_text(as_of), chosen)
    paths = paths_of(what)
    with redacting(is_wanted=chosen.redact), ExitStack() as stack:
        if not isinstance(into, Store) and (held := held_for(into)) is not None:
            held.hold()  # before a source is opened that is the store itself
            stack.callback(held.release)
        if chosen.validate == "before":
            if paths is None and not isinstance(what, Sequence):
                raise UsageError("validate='before' reads twice: give files or a list, not an iterator")
            if faulty := _check(open_all(paths, what, intake, format, chosen)):
                return faulty
        sources = open_all(paths, what, intake, format, chosen)
        for opened in sources:
            if opened.opened.stream is not None:
                stack.callback(opened.opened.stream.close)
        pool = pool_of(engine, chosen.max_workers or allowed_cores())
        if pool is not None:
            stack.callback(pool.close)
        store = into if isinstance(into, Store) else stack.enter_context(Store(into, settings=settings, schema=schema))
        if settings is not None and (changed := store.policy.changed_by(settings)):
            raise UsageError(f"the store was built with other settings than {changed}")
        if chosen.durability == "full" and store.settings.durability != "full":
            raise UsageError("the store was opened with durability='normal': give durability='full' to memproc.open")
        stack.enter_context(store.rehearsal() if dry_run else nullcontext())
        ready = [source._replace(intake=replace(source.intake, policy=store.policy)) for source in sources]
        job = begun(
            store, [source.name for source in ready], [source.intake for source in ready], paths, is_resumed=resume and not dry_run
        )
        if job.claim is None:
            report = Report(job=job.number, notes=[f"job {job.number} has read all of it: nothing to do"])
            before = store.reached(job.number).read
            return told(report, "done", store, ready, perf_counter(), before, redacts=chosen.redact)
        return _Run(store, chosen, on_progress, job.claim, job.start, pool).through(ready, is_rehearsal=dry_run)


def read_file(
    path: Path,
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    include: Iterable[str] = (),
    settings: Settings | None = None,
) -> Iterator[Memory | Rejected]:
    """Give the memories of a file, judged as for a store, without one; what cannot be taken as `Rejected`, in its place."""
    chosen = settings or Settings()
    context = Context(None, frozenset(include), dict(mapping or {}))
    intake = Intake(generic.FORMAT, Policy(), context=context, settings=chosen)
    with redacting(is_wanted=chosen.redact):
        (source,) = open_all([path], path, intake, format, chosen)
        with source.opened.stream or nullcontext():
            for item in source.items:
                yield from source.intake.draft(item)


def _check(sources: Sequence[Source]) -> Report | None:
    """Read everything and write nothing; return a report if a record is invalid."""
    started = perf_counter()
    report = Report(format=sources[0].intake.format.name)
    read = 0
    try:
        for source in sources:
            for taken in (source.intake.take(item).records for item in source.items):
                read += len(taken)
                report.errors.update([found.category.value for _, found in taken.rejected])
    except SourceEndedError as error:
        report.notes.append(f"failed: {error}; nothing was written")
        report.finish("failed", perf_counter() - started)
        return report
    finally:
        for source in sources:
            if source.opened.stream is not None:
                source.opened.stream.close()
    if not report.errors:
        return None
    report.notes.append(f"{report.errors.total()} of {read} records are invalid; nothing was written")
    report.finish("refused", perf_counter() - started)
    return report


class _Run:
    """One ingestion under way, or going on."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        on_progress: OnProgress | None,
        claim: Claim,
        start: Checkpoint,
        pool: Pool | None,
    ) -> None:
        self.store, self.settings, self.on_progress, self.claim, self.place = store, settings, on_progress, claim, Place(start)
        self.pool = pool
        self.workers: Counter[int] = Counter()  # by process, the records it prepared
        self.report = Report(job=claim.job)
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
        self.names = Names()
        self.reused: set[Key] = set()  # nodes of ids that were given for unrelated texts
        self.first_reused = ""
        self.share_met = 0.0  # of the records of the last batch those that met others
        self.broken = 0  # records that memproc itself broke on
        self.uncompared = 0  # of those that are stored, as it compared them

    def through(self, sources: Sequence[Source], *, is_rehearsal: bool) -> Report:
        """Read every source to its end, or to where the settings or a person say stop."""
        report = self.report
        before = self.store.reached(self.claim.job)
        report.read, report.stored, report.duplicate, report.merged, report.quarantined = before[:5]
        self.read_before = before.read
        sizes = [source.size for source in sources]
        self.bytes_total = None if None in sizes else sum(size or 0 for size in sizes)

        def work() -> str:
            with rarer_searches():
                self.uncompared = self.store.catch_up(self.claim, self.settings.review_at)
                status = self._why_intolerable() or next(filter(None, map(self._stopped, range(len(sources)), sources)), "done")
                if status == "done" and self.settings.accept_at is not None:
                    self._accept(self.settings.accept_at)
                report.least_certain = [self._told(judged) for judged in self.merges] if is_rehearsal else []
            return status

        try:
            status = self.store.run_job(self.claim, work)
        except KeyboardInterrupt as error:
            raise Interrupted(self._report("interrupted", sources, before.read)) from error
        except DatabaseError as error:
            error.to_resume()
            raise
        report.left_out = Counter(self.place.left_out)
        report.batch_log, report.resources = self.log.kept, self.watch.told()
        report = self._report("rehearsed" if is_rehearsal and status == "done" else status, sources, before.read)
        if self.pool is not None:
            report.workers = [{"pid": pid, "records": records} for pid, records in sorted(self.workers.items())]
        report.notes += _notes_of_classes(sources)
        remarks = (source.intake.format.remark(report.read) for source in sources)
        report.notes += [remark for remark in dict.fromkeys(remarks) if remark]
        for source in sources:
            self._add_reading(source.opened.reading)
        report.notes += self._remarks(sources)
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

    def _report(self, status: str, sources: Sequence[Source], before: int) -> Report:
        return told(self.report, status, self.store, sources, self.started, before, redacts=self.settings.redact)

    def _remarks(self, sources: Sequence[Source]) -> Iterator[str]:
        """Give what there is to remark on all that was read."""
        report, redacts = self.report, self.settings.redact
        is_full = any(source.intake.format.name == own.FULL.name for source in sources)
        if untrusted := sum(report.left_out[kind] for kind in (own.DECISIONS, own.TOMBSTONES)):
            left = f"{counted(untrusted, 'decision')} left out"
            yield f"{left}: trust_decisions (--trust-decisions) acts on them, if the export is your own"
        if sources[0].intake.context.trusts_decisions and not is_full:
            yield "nothing to trust: this is no full export, or an older one, which --format memproc-full reads"
        if beyond := report.left_out[BEYOND]:
            yield f"{counted(beyond, 'decision')} not acted on: not all that they name is in the store, in this namespace"
        if self.reused:
            first = "" if redacts else f", the first {excerpt(self.first_reused)}"
            ids = counted(len(self.reused), "id was", "ids were")
            told = f"at least {ids}" if len(self.reused) == REUSED_KEPT else ids
            yield f"{told} given for unrelated texts{first}: are they ids of another thing? Versions of one id hide each other"
        if self.broken:
            broke = f"memproc itself broke on {counted(self.broken, 'record')}, which are in quarantine as internal"
            yield f"{broke}: the fault is memproc's, please report it with the traceback that is kept with each"
        if self.uncompared:
            broke = f"memproc itself broke on comparing {counted(self.uncompared, 'record')}, which are stored as they are"
            yield f"{broke}: the fault is memproc's, please report it with the traceback that is in the log"
        if report.is_all_quarantined:
            advice = self.names.advice(redact=redacts)
            yield f"every record was quarantined: is the format {report.format!r} right? {advice[:1].upper()}{advice[1:]}"
        if not (report.read or report.left_out or is_full) and any(source.size for source in sources):
            yield "no record was read: there is none in what was given"

    def _add_reading(self, reading: Reading | None) -> None:
        """Tell what reading a source found beside its items."""
        if reading is not None:
            for name, count in reading.unread.items():
                what = "another list" if self.settings.redact else f"the list {excerpt(name)}"
                self.report.left_out[f"in {what}"] += count
            self.report.notes += reading.remarks

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
            too_large = fault("", "too_large", "is too large for the database: ", str(error))
            lines = [own.whole_line(records.accepted.at(at).observation) for at in range(len(records.accepted))]
            lines += [one.raw[:KEPT_OF_TOO_LARGE] for _, one in records.rejected]
            found = [Rejected(Category.RESOURCE, (too_large,), line) for line in lines]
            return self._land_whole(source, Taken.of_rejected(found), decided)

    def _land_whole(self, source: Source, records: Taken, decided: Sequence[Decided]) -> Landed:
        report, started = self.report, perf_counter()
        intake = source.intake
        origin = Origin(source.name, intake.format.name, intake.namespace or "", intake.said)
        checkpoint = self.place.after(len(records))
        landed = self.store.land(
            self.claim,
            Arrived(records, report.read),
            origin,
            decided,
            self.settings.review_at,
            checkpoint.to_json(),
        )
        self.place.land(checkpoint)
        self.store.merge_index()
        self.store.let_others_write()
        report.read += len(records)
        self.share_met = landed.met / max(len(records), 1)
        self._look_at(landed)
        self.uncompared += landed.uncompared
        self.broken += sum(found.faults[0].code in OF_MEMPROC for _, found in landed.rejected)
        for outcome, count in landed.counts().items():
            setattr(report, outcome.value, getattr(report, outcome.value) + count)
        self.merges = nsmallest(MERGES_SHOWN, chain(self.merges, landed.similar), key=_certainty)
        self._note(len(records), perf_counter() - started)
        if self.on_progress is not None:
            self.on_progress(self._progress(source))
        return landed

    def _look_at(self, landed: Landed) -> None:
        """Keep what the remarks at the end are made of."""
        if self.report.quarantined + len(landed.rejected) == self.report.read:
            self.names.note(rejected for _, rejected in landed.rejected)
        if landed.untaken:
            self.place.leave_out(BEYOND, landed.untaken)
        for node, identifier in landed.reused.items():
            if len(self.reused) < REUSED_KEPT:
                self.first_reused = self.first_reused or identifier
                self.reused.add(node)

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
        """Return the status that the job ends with if it has had its time; what is gathered by then has landed."""
        if not self._is_late():
            return ""
        self.report.notes.append(f"stopped: max_seconds={self.settings.max_seconds} are over; resume goes on here")
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


def told(
    report: Report, status: str, store: Store, sources: Sequence[Source], started: float, before: int, *, redacts: bool
) -> Report:
    """Return the report with what all batches of its job counted, in all its runs; `before` records were read in earlier ones."""
    store.count_into(report, redacts=redacts)
    report.format = " ".join(dict.fromkeys(source.intake.format.name for source in sources))
    report.namespace = sources[0].intake.namespace if sources else None
    report.finish(status, perf_counter() - started, before)
    return report


def _notes_of_classes(sources: Sequence[Source]) -> list[str]:
    """Return a note on each class of memories that had fields which those of the schema have not."""
    return [
        f"memories of the class {kind.__name__} are kept with all their fields: give it to memproc.open as schema, to see these"
        for source in sources
        for kind in sorted(source.opened.classes, key=lambda kind: kind.__qualname__)
        if issubclass(kind, source.intake.schema) and not kind.model_fields.keys() <= source.intake.schema.model_fields.keys()
    ]


def _certainty(judged: Judged) -> tuple[float, int]:
    return (1.0 if judged.confidence is None else judged.confidence), judged.incoming.position


def _as_text(as_of: object) -> str | None:
    if as_of is None:
        return None
    try:
        moment = parse_time(as_of)
    except ValueError as error:
        raise UsageError(f"as_of: {error}") from error
    return to_text(moment) if moment else None
