"""Going on where a job was cut off: what makes two ingestions the same job, and where the next batch begins.

Rules: a job is told by what is read and how: the paths, the format, and all that decides what a record becomes. Settings of a run,
such as the size of its batches and its tolerance, may differ from run to run. The bytes must be the same. The place is counted in
items of the source, so that nothing that has landed is parsed again, and in records of the item that a batch cut through.
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
from memproc.ingestion.opening import Source
from memproc.intake import Intake
from memproc.records import Memory, encode
from memproc.sources.files import check_not_in_use
from memproc.store.changes.writer import Writer
from memproc.store.jobs.jobs import FINISHED, Claim, NewJob
from memproc.store.store import Store, writer_of

WAIT_SECONDS = 0.5
CHUNK_BYTES = 1 << 20


class Checkpoint(NamedTuple):
    """Where the next batch begins: the number of the source, how many of its items have landed whole, and how many records of the
    next one. `left_out` is what the items before it left out.
    """

    source: int = 0
    items: int = 0
    records: int = 0
    left_out: Mapping[str, int] = {}

    def to_json(self) -> str:
        """Return the checkpoint as it is written."""
        return orjson.dumps((*self[:3], dict(self.left_out))).decode()

    @classmethod
    def from_json(cls, text: str | None) -> Self:
        """Return a checkpoint as it was written, or the beginning."""
        return cls(*orjson.loads(text)) if text else cls()


class Place:
    """Where a run is: moves on with each item that is taken and each batch that lands."""

    def __init__(self, start: Checkpoint) -> None:
        self._behind = start
        self._skip = start.records
        self._waiting: deque[int] = deque()  # of each item taken and not landed whole, how many of its records are to land
        self._left_out: deque[tuple[int, Mapping[str, int]]] = deque()  # of those that left something out: which item, and what
        self._taken = start.items

    @property
    def items(self) -> int:
        """How many items of the source have landed whole."""
        return self._behind.items

    @property
    def left_out(self) -> Mapping[str, int]:
        """What the items left out that were passed."""
        return self.after(0).left_out

    def begins(self, source: int) -> bool:
        """Tell whether a source has anything left to read."""
        return source >= self._behind.source

    def take(self, counts: Sequence[int], left_out: Sequence[tuple[int, Mapping[str, int]]]) -> int:
        """Note items that gave so many records each, and by their place among these what some left out; return how many of the
        records have landed before.
        """
        skipped, self._skip = (self._skip, 0) if counts else (0, self._skip)
        self._left_out.extend((self._taken + at, more) for at, more in left_out)
        self._waiting.extend(counts)
        self._taken += len(counts)
        if skipped:
            self._waiting[0] -= skipped  # nothing is taken before what was cut through
        return skipped

    def after(self, records: int) -> Checkpoint:
        """Return the checkpoint behind the next so many records."""
        source, items, inside, left_out = self._behind
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

    def land(self, there: Checkpoint) -> None:
        """Move to a checkpoint that `after` gave."""
        inside = self._behind.records
        for _ in range(there.items - self._behind.items):
            self._waiting.popleft()
            inside = 0
        if there.records:
            self._waiting[0] -= there.records - inside
        while self._left_out and self._left_out[0][0] < there.items:
            self._left_out.popleft()
        self._behind = there

    def leave_out(self, kind: str, count: int) -> None:
        """Note that something of what has landed was left out."""
        left_out = Counter(self._behind.left_out) + Counter({kind: count})
        self._behind = self._behind._replace(left_out=left_out)

    def end(self) -> None:
        """Move to the next source."""
        self._behind = Checkpoint(self._behind.source + 1, left_out=self.after(0).left_out)
        self._waiting.clear()
        self._left_out.clear()
        self._taken = 0


class Begun(NamedTuple):
    """A job that is begun or taken over, and where it goes on; without a claim it is finished. `can_resume`: another run could go
    on with it, as it reads files and is no rehearsal.
    """

    number: int
    claim: Claim | None
    start: Checkpoint
    can_resume: bool


def begun(store: Store[Memory], sources: Sequence[Source], paths: Sequence[Path] | None, *, is_resumed: bool) -> Begun:
    """Begin a job for these sources, or take over the unfinished one on them. Raises UsageError where they have changed since."""
    writer, intakes = writer_of(store), [source.intake for source in sources]
    identity = None if paths is None else identity_of(paths, intakes)
    fingerprint = None if paths is None else fingerprint_of(paths)
    if is_resumed and identity is not None and (taken := _taken(writer, identity, fingerprint)) is not None:
        return taken
    formats = " ".join(dict.fromkeys(intake.format.name for intake in intakes))
    claim = writer.begin_job(NewJob(" ".join(source.name for source in sources), formats, identity, fingerprint))
    return Begun(claim.job, claim, Checkpoint(), identity is not None and not writer.is_rehearsal)


def identity_of(paths: Sequence[Path], intakes: Sequence[Intake]) -> Key:
    """Return a hash of what is read and of all that decides what a record becomes."""
    hashed = blake2b(digest_size=KEY_BYTES)
    for path, intake in zip(paths, intakes, strict=True):
        context = intake.context
        parts = [str(path.resolve()), intake.format.name, intake.namespace, context.source, sorted(context.include)]
        said = [context.trusts_decisions, context.is_told]
        schema = f"{intake.schema.__module__}.{intake.schema.__qualname__}"
        hashed.update(encode([*parts, *said, dict(context.mapping), schema, intake.as_of]))
    return hashed.digest()


def fingerprint_of(paths: Sequence[Path]) -> Key:
    """Return a hash of the bytes of files."""
    hashed = blake2b(digest_size=KEY_BYTES)
    for path in paths:
        check_not_in_use(path)
        hashed.update(encode(path.stat().st_size))
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                hashed.update(chunk)
    return hashed.digest()


def _taken(writer: Writer, identity: Key, fingerprint: Key | None) -> Begun | None:
    """Take over the newest job of this identity, if need be after waiting for the process that holds it.

    None where there is none to go on with.
    """
    is_told = False
    while True:
        found, claim = writer.take_job(identity, fingerprint)
        if found is None or found.status == "cancelled":
            return None
        if found.fingerprint != fingerprint:
            if found.status == "done":
                return None
            raise UsageError(
                f"the source has changed since job {found.number} began: give it as it was, "
                "or leave out resume, and what is known will be duplicate"
            )
        if claim is not None or found.status in FINISHED:
            return Begun(found.number, claim, Checkpoint.from_json(found.checkpoint), not writer.is_rehearsal)
        if not is_told:
            logger.warning("job {} is held by another process ({}): waiting for it", found.number, found.owner)
            is_told = True
        sleep(WAIT_SECONDS)
