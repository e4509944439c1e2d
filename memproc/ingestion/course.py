"""How far a run is: bytes and time, what it tells of its batches, and what its checkpoint keeps of that for other processes."""

from __future__ import annotations

from time import perf_counter

from memproc.ingestion.batches import Pieces
from memproc.ingestion.source import Source
from memproc.records import Outcome
from memproc.report.events import BatchLanded, BatchSizeChanged, Noted, Progress
from memproc.report.measured import Measured, StageClock
from memproc.report.read_from import ReadFrom
from memproc.report.rejections import quarantined_in
from memproc.report.report import Report
from memproc.report.time_left import Pace
from memproc.resources import MEBIBYTE
from memproc.store.changes.landed import Landed
from memproc.store.jobs.course import Course
from memproc.taken import Taken
from memproc.telling import is_anybody_listening, tell


class Running:
    """The course of one run."""

    def __init__(self, report: Report, started: float) -> None:
        self.report, self.started = report, started
        self.read_before = 0  # in earlier runs
        self.bytes_total: int | None = None
        self.bytes_passed = 0  # of the sources that are read to the end
        self.bytes_before: int | None = None  # bytes of all sources read before this run; None until it starts
        self.bytes_told = 0  # of all sources, up to the last batch
        self.clock = StageClock()
        self._source: Source | None = None
        self._pieces: Pieces | None = None  # of the source at hand
        self._pace = Pace()
        self.notes_told = 0

    def begin(self, source: Source, pieces: Pieces) -> None:
        """Go to a source, at the place from which on it is read."""
        self._source, self._pieces = source, pieces
        if self.bytes_before is None:
            self.bytes_before = self.bytes_told = self._bytes_read()

    def end(self, source: Source) -> None:
        """Leave a source, of which nothing more is read."""
        self._source, self._pieces = None, None
        self.bytes_passed += source.size or 0

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return perf_counter() - self.started

    def landing(self) -> Course:
        """Return how far the run is with the batch that lands now."""
        left = None if self.bytes_total is None else self._pace.left(self._bytes_to_go(self._pace.newest.bytes))
        spent = self.seconds - self._pace.newest.seconds
        return Course(self._bytes_read(), self.bytes_total, None if left is None else left.after(spent))

    def measured(self, held_bytes: int, batch_size: int, workers: int, read_from: ReadFrom) -> Measured:
        """Return what was measured of the batch that lands now."""
        is_known = self._source is not None and self._source.size is not None
        read = self._bytes_read() - self.bytes_told if is_known else None
        return Measured(self.clock, round(held_bytes / MEBIBYTE, 1), read, batch_size, workers, read_from=read_from)

    def note(self) -> None:
        """Note that a batch has landed."""
        self.bytes_told = self._bytes_read()
        self._pace.note(self.bytes_told - (self.bytes_before or 0), self.seconds)

    def progress(self, batch_size: int, held_bytes: int) -> Progress:
        """Return how far the run is."""
        report, read = self.report, self._bytes_read()
        counts = (report.read, report.stored, report.duplicate, report.merged, report.quarantined)
        before = self.read_before, self.bytes_before or 0
        left = None if self.bytes_total is None else self._pace.left(max(0, self.bytes_total - read))
        held_mb = round(held_bytes / MEBIBYTE, 1)
        return Progress(*counts, self.seconds, read, self.bytes_total, *before, batch_size, held_mb, report.review, left)

    def tell_notes(self) -> None:
        """Tell the notes of the report that were not told."""
        for text in self.report.notes[self.notes_told :]:
            tell(Noted(text))
        self.notes_told = len(self.report.notes)

    def _bytes_to_go(self, read_by_this_run: float) -> float:
        return max(0.0, (self.bytes_total or 0) - (self.bytes_before or 0) - read_by_this_run)

    def _bytes_read(self) -> int:
        """Return the bytes read of all sources. The stream position alone would count bytes that are only buffered."""
        if self._source is None or self._source.size is None or self._source.opened.stream is None or self._pieces is None:
            return self.bytes_passed
        stream, size = self._source.opened.stream, self._source.size
        position = size if stream.closed else stream.tell()  # what is in an archive is closed as soon as it is read
        return self.bytes_passed + min(position, self._pieces.bytes)


def tell_batch(landed: Landed, source: Source, records: Taken, seconds: float, progress: Progress) -> None:
    """Tell that a batch was committed, and what of it was quarantined."""
    if not is_anybody_listening():
        return
    stored, duplicate, merged, quarantined = (landed.counts()[outcome] for outcome in Outcome)
    counts = len(records), stored, duplicate, merged, quarantined, landed.reviews
    tell(BatchLanded(landed.batch, source.name, *counts, sum(records.sizes()), round(seconds, 6), progress))
    settings = source.intake.settings
    for event in quarantined_in(landed.rejected, source.name, redacts=settings.redact or settings.hides_secrets):
        tell(event)


def tell_size(before: int, now: int, *, is_refused: bool = False) -> None:
    """Tell that the batch size has changed, if it has."""
    if before != now:
        tell(BatchSizeChanged(before, now, is_refused))
