"""Resuming a job: how an unfinished job is recognized, and where its next batch begins.

Rules: a job is identified by its paths, format and everything that decides what a record becomes, not by settings of the run such
as the batch size or max_errors. The bytes of the files must not have changed. A checkpoint counts items of the source, so that
committed items are not parsed again, and the committed records of an item that a batch boundary divides. An archive or a folder is
read in the order of its names, and its bytes are those of the files on disk. A pipe can be read only once, and not be resumed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from time import sleep
from typing import NamedTuple, Self

import orjson
from loguru import logger

from memproc.dedup.keys import KEY_BYTES, Key
from memproc.errors import UsageError
from memproc.ingestion.opening import Source, Sources
from memproc.intake import Intake
from memproc.records import Memory, encode
from memproc.sources.deliveries import Given
from memproc.sources.files import check_not_in_use
from memproc.store.changes.writer import Writer
from memproc.store.jobs.jobs import FINISHED, Claim
from memproc.store.store import Store, writer_of

WAIT_SECONDS = 0.5
HASHED_AT_ONCE_BYTES = 1 << 20
NAMES_LIMIT_CHARS = 1_000  # of the names of sources that are kept with a job


class Checkpoint(NamedTuple):
    """Where the next batch begins: the number of the source, its completely committed items, and the committed records of the next
    item. `left_out` counts what was left out before.
    """

    source: int = 0
    items: int = 0
    records: int = 0
    left_out: Mapping[str, int] = {}

    def to_json(self) -> str:
        """Return the checkpoint as stored in the job."""
        return orjson.dumps((*self[:3], dict(self.left_out))).decode()

    @classmethod
    def from_json(cls, text: str | None) -> Self:
        """Return a stored checkpoint, or the beginning if there is none."""
        return cls(*orjson.loads(text)) if text else cls()


class Place:
    """The position of a run, advanced by each prepared item and each committed batch."""

    def __init__(self, start: Checkpoint) -> None:
        self._committed = start
        self._skip = start.records  # of the first item
        self._waiting: deque[int] = deque()  # records still to commit, of each prepared item
        self._left_out: deque[tuple[int, Mapping[str, int]]] = deque()  # (item, counts of what it left out)
        self._taken = start.items

    @property
    def items(self) -> int:
        """How many items of the source are completely committed."""
        return self._committed.items

    @property
    def left_out(self) -> Mapping[str, int]:
        """Counts of what the committed items left out."""
        return self.after(0).left_out

    def begins(self, source: int) -> bool:
        """Tell whether a source has anything left to read."""
        return source >= self._committed.source

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
        source, items, inside, left_out = self._committed
        for waiting in self._waiting:
            if waiting > records:
                inside += records
                break
            items, inside, records = items + 1, 0, records - waiting
        counted = Counter(left_out)
        for item, more in self._left_out:
            if item < items:
                counted.update(more)
        return Checkpoint(source, items, inside, counted)

    def land(self, checkpoint: Checkpoint) -> None:
        """Advance to a checkpoint that `after` returned."""
        inside = self._committed.records
        for _ in range(checkpoint.items - self._committed.items):
            self._waiting.popleft()
            inside = 0
        if checkpoint.records:
            self._waiting[0] -= checkpoint.records - inside
        while self._left_out and self._left_out[0][0] < checkpoint.items:
            self._left_out.popleft()
        self._committed = checkpoint

    def leave_out(self, kind: str, count: int) -> None:
        """Add to the counts of what the committed items left out."""
        left_out = Counter(self._committed.left_out) + Counter({kind: count})
        self._committed = self._committed._replace(left_out=left_out)

    def end(self) -> None:
        """Move to the next source."""
        self._committed = Checkpoint(self._committed.source + 1, left_out=self.after(0).left_out)
        self._waiting.clear()
        self._left_out.clear()
        self._taken = 0


class StartedJob(NamedTuple):
    """A job that this process runs, and where it starts; `claim` is None if the job is finished. `can_resume`: another run could
    resume it, because it reads files and is no rehearsal.
    """

    number: int
    claim: Claim | None
    start: Checkpoint
    can_resume: bool


class Resumable(NamedTuple):
    """How a job is found again: a hash of its paths and options, and one of the bytes of its files."""

    identity: Key
    fingerprint: Key


def begin_or_resume(store: Store[Memory], sources: Sequence[Source], key: Resumable | None, *, is_resumed: bool) -> StartedJob:
    """Begin a job on these sources, or take over the unfinished one. Raises UsageError if the sources have changed since."""
    writer = writer_of(store)
    if is_resumed and key is not None and (taken_over := _take_over(writer, *key)) is not None:
        return taken_over
    formats = " ".join(dict.fromkeys(source.intake.format.name for source in sources))
    names = " ".join(source.name for source in sources)
    if len(names) > NAMES_LIMIT_CHARS:
        names = f"{names[:NAMES_LIMIT_CHARS]}... ({len(sources)} files)"
    identity, fingerprint = key or (None, None)
    claim = writer.begin_job(names, formats, identity=identity, fingerprint=fingerprint)
    return StartedJob(claim.job, claim, Checkpoint(), identity is not None and not writer.is_rehearsal)


def resumable(given: Sequence[Given] | None, sources: Sources, intake: Intake, options: Sequence[object]) -> Resumable | None:
    """Return how a job on these sources is found again, or None if one of them can be read only once.

    `intake` and `options` hold what the caller passed.
    """
    paths = [one for one in given or () if isinstance(one, Path)]
    files = [source.file for source in sources.all if source.file is not None]
    if given is None or len(paths) < len(given) or len(files) < len(sources.all):
        return None
    intakes = [sources.named[path].intake if path in sources.named else intake for path in paths]
    return Resumable(identity_of(paths, intakes, options), fingerprint_of([*dict.fromkeys(files)]))


def identity_of(paths: Sequence[Path], intakes: Sequence[Intake], more_options: Sequence[object] = ()) -> Key:
    """Return a hash of the paths and of everything that decides what a record becomes."""
    hashed = blake2b(digest_size=KEY_BYTES)
    for path, intake in zip(paths, intakes, strict=True):
        context = intake.context
        parts = [str(path.resolve()), intake.format.name, intake.namespace, context.source, sorted(context.include)]
        options = [context.trusts_decisions, context.is_told]
        schema = f"{intake.schema.__module__}.{intake.schema.__qualname__}"
        secrets = [] if intake.settings.secrets == "off" else [intake.settings.secrets, *intake.settings.secret_kinds]
        dates = [*intake.settings.dates] if intake.settings.dates.is_said else []
        hashed.update(encode([*parts, *options, dict(context.mapping), schema, intake.as_of, *secrets, *dates]))
    if any(option is not None for option in more_options):
        hashed.update(encode([*more_options]))
    return hashed.digest()


def fingerprint_of(paths: Sequence[Path]) -> Key:
    """Return a hash of the bytes of files."""
    hashed = blake2b(digest_size=KEY_BYTES)
    for path in paths:
        check_not_in_use(path)
        hashed.update(encode(path.stat().st_size))
        with path.open("rb") as stream:
            while chunk := stream.read(HASHED_AT_ONCE_BYTES):
                hashed.update(chunk)
    return hashed.digest()


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
            has_warned = True
        sleep(WAIT_SECONDS)
