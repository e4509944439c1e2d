"""Replays quarantined records, batch by batch.

Rules: a replay is a job, and its records land as any do. A record leaves quarantine in the transaction that accepts everything it
gives; else it stays, with the new faults.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from time import perf_counter
from typing import Any, NamedTuple

from memproc.batch_size import FIRST_BATCH, LARGEST_BATCH_BYTES
from memproc.errors import DatabaseError, UsageError
from memproc.failures import Kind
from memproc.records import Category, Outcome
from memproc.report.events import BatchLanded, BatchSizeChanged, JobStarted, Progress, SourceBegun, SourceEnded
from memproc.report.rejections import quarantined_in
from memproc.report.report import Report
from memproc.report.time_left import Pace
from memproc.resources import MEBIBYTE, Watch
from memproc.store.changes.landed import Arrived, Landed
from memproc.store.changes.replay import ReplayedRecord, ReplayPlan
from memproc.store.jobs.jobs import ENDED_BY
from memproc.store.quarantine.edits import Edits
from memproc.store.quarantine.records import OPEN, REPLAY, Origin, raw_of, rejected_in
from memproc.store.quarantine.triage import (
    QuarantineFilter,
    SettledMeanwhileError,
    faults_of,
    require_open,
    rows_by_number,
    rows_of,
)
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx
from memproc.taken import Taken
from memproc.telling import tell

REPLAYED_AT_ONCE = 100


class Chosen(NamedTuple):
    """The records to replay: their bytes by number, in order, and their distinct formats."""

    sizes: dict[int, int]
    formats: list[str]


class ReplayCourse:
    """How far a replay is, and what it tells of that. Its measure are the bytes of the records in quarantine."""

    def __init__(self, report: Report, chosen: Chosen, plan: ReplayPlan, started: float) -> None:
        self.report, self.started = report, started
        self.read_before = self.notes_told = 0
        self._chosen, self._plan = chosen, plan
        self._bytes_read, self._bytes_total = 0, sum(chosen.sizes.values())
        self._pace, self._watch = Pace(), Watch(plan.settings.max_memory)

    @property
    def seconds(self) -> float:
        """Since the replay began."""
        return perf_counter() - self.started

    def begin(self) -> None:
        """Tell that it begins."""
        formats = (self._plan.format,) if self._plan.format else tuple(self._chosen.formats)
        tell(JobStarted(self.report.job, 1, formats, self._bytes_total, 0, can_resume=False))
        tell(SourceBegun(0, REPLAY, " ".join(formats), self._bytes_total))

    def land(self, landed: Landed, numbers: Collection[int], records: int, seconds: float, batch_size: int) -> None:
        """Count a batch that was committed, of these records of quarantine, and tell it."""
        report, counts = self.report, landed.counts()
        report.read += records
        report.review += landed.reviews
        for outcome in Outcome:
            setattr(report, outcome.value, getattr(report, outcome.value) + counts[outcome])
        read = sum(map(self._chosen.sizes.__getitem__, numbers))
        self._bytes_read += read
        self._pace.note(self._bytes_read, self.seconds)
        stored, duplicate, merged, quarantined = (counts[outcome] for outcome in Outcome)
        outcomes = stored, duplicate, merged, quarantined
        tell(BatchLanded(landed.batch, REPLAY, records, *outcomes, landed.reviews, read, round(seconds, 6), self._far(batch_size)))
        settings = self._plan.settings
        for event in quarantined_in(landed.rejected, REPLAY, redacts=settings.redact or settings.hides_secrets):
            tell(event)

    def skip(self, numbers: Iterable[int]) -> None:
        """Count records that are left where they are."""
        self._bytes_read += sum(map(self._chosen.sizes.__getitem__, numbers))

    def end(self) -> None:
        """Tell that all of it was read."""
        tell(SourceEnded(0, REPLAY, self.report.read))

    def _far(self, batch_size: int) -> Progress:
        report, total = self.report, self._bytes_total
        counts = (report.read, report.stored, report.duplicate, report.merged, report.quarantined)
        held_mb, left = round(self._watch.look() / MEBIBYTE, 1), self._pace.left(total - self._bytes_read)
        return Progress(*counts, self.seconds, self._bytes_read, total, 0, 0, batch_size, held_mb, report.review, left)


class Replay:
    """One run of a replay. `land` writes what arrived as a batch with this origin."""

    def __init__(
        self,
        transactions: Transactions,
        land: Callable[[Arrived, Origin], Landed],
        plan: ReplayPlan,
        course: ReplayCourse,
    ) -> None:
        self._transactions, self._land, self._plan, self._course = transactions, land, plan, course
        self._size = plan.settings.batch_size or FIRST_BATCH
        self._landed = 0

    def run(self, numbers: Collection[int]) -> str:
        """Replay the open records with these numbers in batches; return the status the job ends with."""
        self._course.begin()
        left = deque(numbers)
        while left:
            counts, records = self._gather(left)
            if not counts:
                continue
            try:
                if request := self._land_batch(counts, records).request:
                    return ENDED_BY[request]
            except SettledMeanwhileError:  # another process was faster; the next attempt leaves its records out
                left.extendleft(reversed(counts))
            except DatabaseError as error:
                if error.failure.kind is not Kind.CAPACITY or len(counts) == 1:
                    raise
                before, self._size = self._size, max(min(self._size, len(counts)) // 2, 1)
                tell(BatchSizeChanged(before, self._size, refused=True))
                left.extendleft(reversed(counts))
        self._course.end()
        return "done"

    def _gather(self, left: deque[int]) -> tuple[dict[int, int], Taken]:
        """Remove the records of one batch from `left`. Return the number of prepared records of each, by its number, and all of
        these.
        """
        counts: dict[int, int] = {}
        records, size_bytes = Taken(), 0
        while left and len(records) < self._size and size_bytes < LARGEST_BATCH_BYTES:
            some = [left.popleft() for _ in range(min(REPLAYED_AT_ONCE, self._size - len(records), len(left)))]
            for record in self._open_records(some):
                taken = self._plan.take(record)
                if taken is not None:
                    counts[record.number] = len(taken)
                    records.extend(taken)
                    size_bytes += len(record.raw)
            self._course.skip(number for number in some if number not in counts)
        return counts, records

    def _open_records(self, numbers: Sequence[int]) -> list[ReplayedRecord]:
        def open_records(tx: Tx) -> list[ReplayedRecord]:
            rows = rows_by_number(tx, numbers)
            return [
                ReplayedRecord(at, Category(row.category), faults_of(row), raw_of(tx, at), row.format, row.namespace, row.context)
                for at, row in sorted(rows.items())
                if row.status == OPEN
            ]

        return self._transactions.read(open_records)

    def _land_batch(self, counts: Mapping[int, int], records: Taken) -> Landed:
        positions = iter(range(self._landed, self._landed + len(records)))
        replayed = {number: [*islice(positions, count)] for number, count in counts.items()}
        started = perf_counter()
        landed = self._land(Arrived(records, self._landed, replayed), Origin(REPLAY, "", ""))
        self._landed += len(records)
        self._course.land(landed, counts, len(records), perf_counter() - started, self._size)
        return landed


def chosen_for_replay(
    tx: Tx,
    which: QuarantineFilter,
    numbers: Collection[int] | None,
    edits: Edits | None,
    places: Mapping[int, tuple[object, object]],
) -> Chosen:
    """Return the open records that match: the filters, and the numbers and the edited file if given.

    Raises NotFoundError if one of the numbers is not open, and UsageError if the file is an export of another store.
    """
    if numbers is None and edits is None:
        return _chosen(rows_of(tx, which))
    rows = rows_by_number(tx, set(edits or ()) if numbers is None else numbers)
    for number, place in places.items():
        if number in rows and place != (rows[number].job, rows[number].position):
            raise UsageError(f"record {number} of the file is not record {number} of this store: was it exported from another?")
    is_open = {number: row for number, row in rows.items() if row.status == OPEN}
    require_open(numbers or (), is_open)
    of_job = is_open.keys() if which.job is None else rejected_in(tx, which.job).keys()
    return _chosen(
        row for at, row in sorted(is_open.items()) if at in of_job and which.includes(row) and (edits is None or at in edits)
    )


def _chosen(rows: Iterable[Any]) -> Chosen:
    sizes: dict[int, int] = {}
    formats: dict[str, None] = {}
    for row in rows:
        sizes[row.number] = row.raw_bytes
        formats.setdefault(row.format)
    return Chosen(sizes, [*formats])
