"""Resuming a job: how an unfinished job is recognized, and where its next batch begins.

Rules: how a job is found again is in `identity.py`. A checkpoint counts items of the source, so that committed items are not parsed
again, and the committed records of an item that a batch boundary divides. An archive or a folder is read in the order of its names,
and its bytes are those of the files on disk. A pipe can be read only once, and not be resumed. A remote source has no bytes that
stay: it is read on behind the mark of its last committed record. A source that could not be read to its end is left where it is,
and the others are read: who resumes the job begins with it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from time import sleep
from typing import NamedTuple, Self

import orjson
from loguru import logger

from memproc.dedup.keys import Key
from memproc.errors import UsageError
from memproc.ingestion.identity import Resumable
from memproc.ingestion.source import Source
from memproc.intake import add_counts
from memproc.records import Memory
from memproc.report.read_from import ReadFrom
from memproc.sources.remote import Mark, Remote
from memproc.store.changes.writer import Writer
from memproc.store.jobs.course import Course
from memproc.store.jobs.jobs import FINISHED, Claim, StoredJob
from memproc.store.store import Store, writer_of
from memproc.telling import Waiting, tell

MarkBehind = Callable[[int], Mark | None]
WAIT_SECONDS = 0.5

NAMES_LIMIT_CHARS = 1_000  # of the names of sources that are kept with a job


class Start(NamedTuple):
    """Where a source is read on: its number, its completely committed items, the committed records of the next item, and the mark
    of its last committed record, if it is remote.
    """

    source: int = 0
    items: int = 0
    records: int = 0
    mark: Mark | None = None


class Checkpoint(NamedTuple):
    """Where the next batch begins, and what was left out before, by kind. `unended` are other sources that were begun and could not
    be read to their end, `begun` how many were begun.
    """

    start: Start = Start()
    left_out: Mapping[str, int] = {}
    unended: tuple[Start, ...] = ()
    begun: int = 1

    def to_json(self, course: Course | None = None) -> str:
        """Return the checkpoint as stored in the job, with how far that is."""
        unended = [tuple(one) for one in self.unended]  # orjson knows no named tuples
        told = [] if course is None else [course.to_values()]
        return orjson.dumps([tuple(self.start), dict(self.left_out), unended, self.begun, *told]).decode()

    @classmethod
    def from_json(cls, text: str | None) -> Self:
        """Return a stored checkpoint, or the beginning if there is none."""
        if not text:
            return cls()
        start, left_out, unended, begun, *_course = orjson.loads(text)
        return cls(Start(*start), left_out, tuple(Start(*one) for one in unended), begun)


class Place:
    """The position of a run, advanced by each prepared item and each committed batch."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._committed = checkpoint
        self._is_ended = False  # the source at hand
        self._mark_behind: MarkBehind | None = None
        self._begin_at(checkpoint.start)

    def _begin_at(self, start: Start) -> None:
        self._skip = start.records  # of the first item
        self._waiting: deque[int] = deque()  # records still to commit, of each prepared item
        self._left_out: deque[tuple[int, Mapping[str, int]]] = deque()  # (item, counts of what it left out)
        self._taken = start.items

    @property
    def start(self) -> Start:
        """Where the source at hand is read on."""
        return self._committed.start

    @property
    def left_out(self) -> Mapping[str, int]:
        """Counts of what the committed items left out."""
        return self.after(0).left_out

    def unended(self, count: int) -> list[int]:
        """Return the sources of so many that have something left to read: those that were begun first."""
        committed = self._committed
        begun = {start.source for start in committed.unended} | (set() if self._is_ended else {committed.start.source})
        return [*sorted(begun), *range(committed.begun, count)]

    def begin(self, source: int, mark_behind: MarkBehind | None = None) -> None:
        """Go to a source that has something left to read; `mark_behind` tells the mark behind so many of its items, if it has such.
        The one at hand is kept in mind, if it was not read to its end.
        """
        committed = self.after(0)
        if source != committed.start.source:
            others = committed.unended if self._is_ended else (*committed.unended, committed.start)
            start = next((one for one in others if one.source == source), Start(source))
            unended = tuple(one for one in others if one.source != source)
            self._committed = Checkpoint(start, committed.left_out, unended, max(committed.begun, source + 1))
            self._is_ended = False
            self._begin_at(start)
        self._mark_behind = mark_behind

    def end(self) -> None:
        """Note that the source at hand is read to its end."""
        self._is_ended = True

    def take(self, counts: Sequence[int], left_out: Sequence[tuple[int, Mapping[str, int]]]) -> int:
        """Add prepared items: the number of records of each, and (place, counts) of what some left out. Return how many of the
        first records an earlier run has committed.
        """
        skipped, self._skip = (self._skip, 0) if counts else (0, self._skip)
        self._left_out.extend((self._taken + at, more) for at, more in left_out)
        self._waiting.extend(counts)
        self._taken += len(counts)
        if skipped:
            self._waiting[0] -= skipped  # a resumed run starts with the divided item
        return skipped

    def after(self, records: int) -> Checkpoint:
        """Return the checkpoint after this many more records."""
        committed = self._committed
        source, items, inside, mark = committed.start
        for waiting in self._waiting:
            if waiting > records:
                inside += records
                break
            items, inside, records = items + 1, 0, records - waiting
        counted = Counter(committed.left_out)
        for item, more in self._left_out:
            if item < items:
                add_counts(counted, more)
        start = Start(source, items, inside, self._mark_behind(items) if self._mark_behind else mark)
        return committed._replace(start=start, left_out=counted)

    def read_from(self, source: str, records: int) -> ReadFrom:
        """Return from where so many more records are read."""
        return ReadFrom.of(source, (self.start.items, self.start.records), self._waiting, records)

    def land(self, checkpoint: Checkpoint) -> None:
        """Advance to a checkpoint that `after` returned."""
        was, now = self.start, checkpoint.start
        inside = was.records
        for _ in range(now.items - was.items):
            self._waiting.popleft()
            inside = 0
        if now.records:
            self._waiting[0] -= now.records - inside
        while self._left_out and self._left_out[0][0] < now.items:
            self._left_out.popleft()
        self._committed = checkpoint

    def leave_out(self, kind: str, count: int) -> None:
        """Add to the counts of what the committed items left out."""
        left_out = Counter(self._committed.left_out) + Counter({kind: count})
        self._committed = self._committed._replace(left_out=left_out)


class StartedJob(NamedTuple):
    """A job that this process runs, and where it starts; `claim` is None if the job is finished. `can_resume`: another run could
    resume it, because it reads files and is no rehearsal.
    """

    number: int
    claim: Claim | None
    start: Checkpoint
    can_resume: bool


def begin_or_resume(store: Store[Memory], sources: Sequence[Source], key: Resumable | None, *, is_resumed: bool) -> StartedJob:
    """Begin a job on these sources, or take over the unfinished one. Raises UsageError if the sources have changed since."""
    writer = writer_of(store)
    remotes = [source.remote.remote for source in sources if source.remote is not None]
    followed = next((remote for remote in remotes if remote.is_followed), None)
    if followed is not None and len(sources) > 1:
        raise UsageError(f"{followed.label} is read on from where the last job ended: ingest it by itself")
    start = None
    if key is not None and followed is not None and not followed.from_start:
        job = writer.newest_job(key.identity)
        is_resumed = not writer.is_rehearsal
        if job is not None and (job.status in FINISHED or writer.is_rehearsal):
            is_resumed, start = False, start_behind(followed, job)
    if is_resumed and key is not None and (taken_over := _take_over(writer, *key)) is not None:
        if taken_over.claim is not None:
            taken_over.claim.is_followed = followed is not None
        return taken_over
    names, formats = named(sources)
    identity, fingerprint = key or (None, None)
    begins_at = None if start is None else start.to_json()
    claim = writer.begin_job(names, formats, identity=identity, fingerprint=fingerprint, checkpoint=begins_at)
    claim.is_followed = followed is not None
    return StartedJob(claim.job, claim, start or Checkpoint(), identity is not None and not writer.is_rehearsal)


def named(sources: Sequence[Source]) -> tuple[str, str]:
    """Return the names of sources and of their formats, as a job keeps them."""
    formats = " ".join(dict.fromkeys(source.intake.format.name for source in sources))
    names = " ".join(source.name for source in sources)
    if len(names) > NAMES_LIMIT_CHARS:
        names = f"{names[:NAMES_LIMIT_CHARS]}... ({len(sources)} files)"
    return names, formats


def start_behind(remote: Remote, job: StoredJob) -> Checkpoint | None:
    """Return where a job begins that reads what is new since another one, None if that one read nothing."""
    mark = Checkpoint.from_json(job.trusted_checkpoint()).start.mark
    return None if mark is None else Checkpoint(Start(mark=remote.next_start(mark)))


def _take_over(writer: Writer, identity: Key, fingerprint: Key) -> StartedJob | None:
    """Take over the newest job of this identity, waiting for a process that still holds it; None if there is none to resume."""
    has_warned = False
    while True:
        job, claim = writer.take_job(identity, fingerprint)
        if job is None or job.status == "cancelled":
            return None
        if job.fingerprint != fingerprint:
            if job.status == "done":
                return None
            raise UsageError(
                f"the source has changed since job {job.number} began: give it as it was, "
                "or leave out resume, and what is known will be duplicate"
            )
        if claim is not None or job.status in FINISHED:
            return StartedJob(job.number, claim, Checkpoint.from_json(job.trusted_checkpoint()), not writer.is_rehearsal)
        if not has_warned:
            logger.warning("job {} is held by another process ({}): waiting for it", job.number, job.owner)
            tell(Waiting(f"another process, which holds job {job.number}"))
            has_warned = True
        sleep(WAIT_SECONDS)
