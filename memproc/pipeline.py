"""The one loop: items of a source, taken, gathered into batches, landed, reported. Read it from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from heapq import nsmallest
from itertools import chain, islice
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from loguru import logger

from memproc.batching import FIRST_BATCH, LARGEST_BATCH_BYTES, next_size
from memproc.collector import rarer_searches
from memproc.config import Policy, Settings
from memproc.dedup.decide import Incoming, Judged
from memproc.dedup.keys import Prepared
from memproc.errors import SourceError, UsageError
from memproc.formats import LISTS, detect, format_named, generic, own
from memproc.formats.draft import Context, Decided, Format
from memproc.intake import Intake
from memproc.records import Memory, Rejected
from memproc.report.report import Merge, Progress, Report
from memproc.sources.items import LINE_SUFFIXES, Item, Items, of_iterable, open_file
from memproc.store.landing import Arrived, Landed
from memproc.store.quarantine import Origin
from memproc.store.store import Store
from memproc.times import parse_time, to_text

SAMPLE = 20
SEARCHED = 1_000
MERGES_SHOWN = 10
FEWEST_FOR_SHARE = 100  # a share of errors is judged from this many records on

OnProgress = Callable[[Progress], None]


class Source(NamedTuple):
    """One source, opened: its name in the store, what takes its items, and the items."""

    name: str
    intake: Intake
    items: Iterator[Item]
    opened: Items
    size: int | None


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
    on_progress: OnProgress | None = None,
    dry_run: bool = False,
) -> Report:
    """Take the records of `what` into a store, and return what became of them.

    `what` is the path of a file, a sequence of paths (one job, read in the order given), or an iterable of mappings. `into`
    is an open `Store`, a path or a SQLAlchemy URL. `namespace` and `source` are for records that carry none. `mapping` says
    where fields of JSON objects or table rows are found (`{"content": "body.text"}`). `include` names what a format reads on
    request only. `as_of` is the date that the source gives for itself. With `dry_run` everything is done and undone.

    Bad records never raise: they are quarantined and counted. Raises UsageError or SourceError before any work where the call
    is wrong, and StoreError where the database cannot serve.
    """
    chosen = settings or (into.settings if isinstance(into, Store) else Settings())
    context = Context(source, frozenset(include), dict(mapping or {}))
    intake = Intake(own.FORMAT, Policy(), schema, namespace, context, _as_text(as_of))
    paths = _paths(what)
    with ExitStack() as stack:
        if chosen.validate == "before":
            if paths is None and not isinstance(what, Sequence):
                raise UsageError("validate='before' reads twice: give files or a list, not an iterator")
            if faulty := _check(_open(paths, what, intake, format, chosen)):
                return faulty
        sources = _open(paths, what, intake, format, chosen)
        for opened in sources:
            if opened.opened.stream is not None:
                stack.callback(opened.opened.stream.close)
        store = into if isinstance(into, Store) else stack.enter_context(Store(into, settings=settings, schema=schema))
        if settings is not None and (changed := store.policy.changed_by(settings)):
            raise UsageError(f"the store was built with other settings than {changed}")
        if chosen.durability == "full" and store.settings.durability != "full":
            raise UsageError("the store was opened with durability='normal': give durability='full' to memproc.open")
        stack.enter_context(store.rehearsal() if dry_run else nullcontext())
        ready = [source._replace(intake=replace(source.intake, policy=store.policy)) for source in sources]
        return _Run(store, chosen, on_progress).through(ready, is_rehearsal=dry_run)


def read_file(
    path: Path,
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    include: Iterable[str] = (),
) -> Iterator[Memory | Rejected]:
    """Give the memories of a file, validated, without a store; what cannot be taken as `Rejected`, in its place."""
    context = Context(None, frozenset(include), dict(mapping or {}))
    intake = Intake(own.FORMAT, Policy(), context=context)
    (source,) = _open([path], path, intake, format, Settings())
    for item in source.items:
        yield from source.intake.draft(item)


def _check(sources: Sequence[Source]) -> Report | None:
    """Read everything and write nothing; return a report if a record is invalid."""
    started = perf_counter()
    report = Report(format=sources[0].intake.format.name)
    read = 0
    for source in sources:
        for found in chain.from_iterable(source.intake.take(item).records for item in source.items):
            read += 1
            if isinstance(found, Rejected):
                report.errors[found.category] += 1
        if source.opened.stream is not None:
            source.opened.stream.close()
    if not report.errors:
        return None
    report.notes.append(f"{report.errors.total()} of {read} records are invalid; nothing was written")
    report.finish("refused", perf_counter() - started)
    return report


class _Run:
    """One ingestion under way."""

    def __init__(self, store: Store, settings: Settings, on_progress: OnProgress | None) -> None:
        self.store, self.settings, self.on_progress = store, settings, on_progress
        self.report = Report()
        self.started = perf_counter()
        self.size = settings.batch_size or FIRST_BATCH
        self.bytes_before = 0
        self.merges: list[Judged] = []

    def through(self, sources: Sequence[Source], *, is_rehearsal: bool) -> Report:
        """Read every source to its end, or to where the settings say stop."""
        report = self._named(sources)
        report.job = self.store.begin_job(" ".join(source.name for source in sources), report.format)
        status = "failed"
        try:
            with rarer_searches():
                status = "stopped" if any(self._must_stop(source) for source in sources) else "done"
                report.least_certain = [self._told(judged) for judged in self.merges] if is_rehearsal else []
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        finally:
            self.store.finish_job(report.job, status)
        remarks = (source.intake.format.remark(report.read) for source in sources)
        report.notes += [remark for remark in dict.fromkeys(remarks) if remark]
        if report.read and report.quarantined == report.read:
            report.notes.append(f"every record was quarantined: is the format {report.format!r} right?")
        report.finish("rehearsed" if is_rehearsal and status == "done" else status, perf_counter() - self.started)
        logger.info("job {}: {}", report.job, report.status)
        return report

    def _named(self, sources: Sequence[Source]) -> Report:
        report = self.report
        report.format = " ".join(dict.fromkeys(source.intake.format.name for source in sources))
        report.namespace = sources[0].intake.namespace if sources else None
        return report

    def _must_stop(self, source: Source) -> bool:
        """Land one source batch by batch; tell whether to stop."""
        records: list[Prepared | Rejected] = []
        decided: list[Decided] = []
        waiting_bytes = 0
        for item in source.items:
            taken = source.intake.take(item)
            records += taken.records
            decided += taken.decided
            waiting_bytes += _size_bytes(taken.records)
            self.report.left_out.update(taken.left_out)
            while len(records) >= self.size or (records and waiting_bytes > LARGEST_BATCH_BYTES):
                batch, records = records[: self.size], records[self.size :]
                waiting_bytes = _size_bytes(records)
                if self._is_enough(self._land(source, batch, ())):
                    return True
        if (records or decided) and self._is_enough(self._land(source, records, decided)):
            return True
        self.bytes_before += source.size or 0
        return False

    def _land(self, source: Source, records: Sequence[Prepared | Rejected], decided: Sequence[Decided]) -> Landed:
        report = self.report
        started = perf_counter()
        accepted = [Incoming(at, found) for at, found in enumerate(records, report.read) if isinstance(found, Prepared)]
        rejected = [(at, found) for at, found in enumerate(records, report.read) if isinstance(found, Rejected)]
        origin = Origin(source.name, source.intake.format.name, source.intake.namespace or "")
        arrived, least = Arrived(accepted, rejected), self.settings.review_at
        landed = self.store.land(report.job or 0, arrived, len(records), report.read, origin, decided, least)
        report.read += len(records)
        for outcome in landed.outcomes.values():
            setattr(report, outcome.value, getattr(report, outcome.value) + 1)
        self.merges = nsmallest(MERGES_SHOWN, chain(self.merges, landed.similar), key=_certainty)
        report.review += landed.reviews
        report.candidates += landed.candidates
        report.verified += landed.verified
        report.forgotten += len(landed.forgotten)
        report.batches += 1
        report.errors.update(found.category for _, found in landed.rejected)
        if self.settings.batch_size is None:
            self.size = next_size(self.size, len(records), perf_counter() - started)
        if self.on_progress is not None:
            self.on_progress(self._progress(source))
        return landed

    def _told(self, judged: Judged) -> Merge:
        anchor = (judged.anchor or b"").hex()
        there = {seen.observation: seen.record["content"] for seen in self.store.trace(anchor).observations}
        confidence, _ = _certainty(judged)
        return Merge(confidence, judged.reason, judged.incoming.prepared.observation.record["content"], there[anchor])

    def _progress(self, source: Source) -> Progress:
        report = self.report
        counts = (report.read, report.stored, report.duplicate, report.merged, report.quarantined)
        stream = source.opened.stream
        here = stream.tell() if stream is not None and not stream.closed else 0
        return Progress(
            *counts, perf_counter() - self.started, self.bytes_before + here, source.size and self.bytes_before + source.size
        )

    def _is_enough(self, landed: Landed) -> bool:
        if self.settings.on_error == "stop" and landed.rejected:
            self.report.notes.append("stopped at the first error")
            return True
        most = self.settings.max_errors
        bad, read = self.report.quarantined, self.report.read
        is_over = most is not None and (bad > most if isinstance(most, int) else read >= FEWEST_FOR_SHARE and bad > most * read)
        if is_over:
            self.report.notes.append(f"stopped: {bad} of {read} records were quarantined, more than max_errors={most}")
        return is_over


def _certainty(judged: Judged) -> tuple[float, int]:
    return (1.0 if judged.confidence is None else judged.confidence), judged.incoming.position


def _size_bytes(records: Sequence[Prepared | Rejected]) -> int:
    return sum(len(found.json if isinstance(found, Prepared) else found.raw) for found in records)


def _as_text(as_of: object) -> str | None:
    if as_of is None:
        return None
    try:
        moment = parse_time(as_of)
    except ValueError as error:
        raise UsageError(f"as_of: {error}") from error
    return to_text(moment) if moment else None


def _paths(what: object) -> list[Path] | None:
    """Return the paths that `what` names, or None where it is an iterable of records."""
    if isinstance(what, str | Path):
        return [Path(what)]
    if isinstance(what, Sequence) and what and all(isinstance(one, str | Path) for one in what):
        return [Path(one) for one in what]
    if isinstance(what, Mapping) or not isinstance(what, Iterable):
        raise UsageError(f"what={type(what).__name__}: give a path, several paths, or an iterable of records")
    return None


def _open(paths: list[Path] | None, what: Any, intake: Intake, name: str | None, settings: Settings) -> list[Source]:
    """Open every source and find its format. Raises SourceError or UsageError."""
    if paths is None:
        return [_source(of_iterable(what), "iterable", None, intake, name)]
    sources: list[Source] = []
    with ExitStack() as stack:
        for path in paths:
            items = open_file(path, lists=LISTS, limit_bytes=settings.max_record_bytes)
            if items.stream is not None:
                stack.callback(items.stream.close)
            sources.append(_source(items, path.name, path, intake, name))
        stack.pop_all()  # nothing went wrong: who reads the sources closes them
    return sources


def _source(opened: Items, label: str, path: Path | None, intake: Intake, name: str | None) -> Source:
    sample: list[Item] = []
    while len(sample) < SEARCHED and all(item.fault is not None for item in sample):
        more = list(islice(opened.items, SAMPLE))
        sample += more
        if not more:
            break
    found = _format_of(opened, sample, path, intake, name)
    unknown = intake.context.include - set(found.options)
    if unknown:
        choices = ", ".join(found.options) or "nothing"
        raise UsageError(f"include={sorted(unknown)}: format {found.name!r} has {choices} to include")
    as_of = intake.as_of
    if as_of is None and (given := found.as_of(opened.head)) is not None:
        try:
            moment = parse_time(given)
        except ValueError as error:
            raise SourceError(f"{label}: the date of the export is no date: {error}") from error
        as_of = to_text(moment) if moment else None
    items = chain(sample, opened.items)
    size = path.stat().st_size if path is not None and path.is_file() else None
    return Source(label, replace(intake, format=found, as_of=as_of), items, opened, size)


def _format_of(opened: Items, sample: Sequence[Item], path: Path | None, intake: Intake, name: str | None) -> Format:
    if name is not None:
        return format_named(name)
    if opened.is_table:
        return generic.TABLE
    if intake.context.mapping:
        return generic.FORMAT
    values = [item.value for item in sample if item.fault is None]
    found = detect(values, frozenset(intake.schema.model_fields))
    if found is not None:
        return found
    objects = [value for value in values if isinstance(value, Mapping)]
    if objects and path is not None:
        names = ", ".join(sorted(map(str, objects[0]))[:8])
        raise SourceError(f"{path} is in no known format (its records have {names}): name one with format, or map its fields")
    if sample and path is not None and not objects and path.suffix.lower() not in (".json", *LINE_SUFFIXES):
        raise SourceError(f"{path} holds no JSON in its first {len(sample)} lines: give JSON, JSON lines or CSV")
    return own.FORMAT
