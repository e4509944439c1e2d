"""Which stage an ingestion spends most of its time in, and which setting to try. Pure, and a table.

Rules: the rest is no bottleneck. Advice names a setting or a change that a user can make, never a change that would lose something
without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from memproc.report.figures import Bottleneck, StageTime
from memproc.report.measured import Stage

MEANS: Mapping[Stage, str] = {
    Stage.READING: "taking items out of the source",
    Stage.PREPARING: "decoding, validating and computing keys; with workers, waiting for them",
    Stage.ENRICHING: "asking others what they add to records, and waiting for them",
    Stage.WAITING: "waiting for the lock of the store",
    Stage.LOOKUP: "looking up what records meet in the store",
    Stage.DECIDING: "deciding which records are the same",
    Stage.WRITING: "writing rows of the batch and of the index",
    Stage.COMMITTING: "committing the batch, which may wait for the disk",
    Stage.REVIEWS: "comparing pairs that may wait for a person",
    Stage.REST: "merging the index, giving way to other writers, telling progress",
}


class _Told(NamedTuple):
    """Why a stage may take long, and what to try."""

    why: str
    advice: str


_ADVICE: Mapping[Stage, _Told] = {
    Stage.READING: _Told(
        "Records come in more slowly than they are taken: the disk, the network or the decompression is the limit.",
        "Read from a disk of this machine, and an uncompressed file; raise --requests-per-second for a web API.",
    ),
    Stage.PREPARING: _Told(
        "One core decodes and validates, and computes the keys of every text; the store waits for it.",
        "Let more cores prepare: --engine processes.",
    ),
    Stage.ENRICHING: _Told(
        "The function, endpoint or service that enriches records takes long to answer.",
        "Ask for more at once: a larger batch_size or concurrency of the enrichment, or orders of a batch API.",
    ),
    Stage.WAITING: _Told(
        "Other writers hold the lock of the store.",
        "Let one process write at a time, give all files to one ingest call, or read while nobody else writes.",
    ),
    Stage.LOOKUP: _Told(
        "Records meet many others in the store, or each question takes long to reach the database.",
        "Use larger batches (--batch-size 10000), so there are fewer questions; have a server near, or a faster disk.",
    ),
    Stage.DECIDING: _Told(
        "Many records are alike, and each group is read closely.",
        "Where only what is literally the same should merge: --dedup exact, in a new store.",
    ),
    Stage.WRITING: _Told(
        "The database takes the rows more slowly than they are made.",
        "Use larger batches (--batch-size 10000), and put the store on a faster disk or a nearer server.",
    ),
    Stage.COMMITTING: _Told(
        "The disk takes long to confirm a transaction.",
        "Use larger batches (--batch-size 10000), so there are fewer commits, or a faster disk.",
    ),
    Stage.REVIEWS: _Told(
        "Many pairs are nearly alike and are compared one by one, so that a person can decide.",
        "Ask for fewer pairs: --review-at 0.5, and --recall standard if it is high.",
    ),
}
_WITH_WORKERS = _Told(
    "The workers prepare records more slowly than the store takes them.",
    "Give more workers (--max-workers), up to the cores of this machine; beyond it, --engine dask or ray.",
)
_SYNCED = _Told(
    "Each commit waits until the disk has it, as --durability full asks.",
    "Where a power failure may cost the last commits but never the store: --durability normal; or use larger batches.",
)


def bottleneck_of(stages: Sequence[StageTime], workers: int, durability: str) -> Bottleneck | None:
    """Return the stage that took longest, with advice; None if nothing was measured."""
    named = [one for one in stages if one.stage != Stage.REST and one.seconds > 0]
    if not named:
        return None
    longest = max(named, key=lambda one: one.seconds)
    told = _ADVICE[Stage(longest.stage)]
    if longest.stage == Stage.PREPARING and workers:
        told = _WITH_WORKERS
    if longest.stage == Stage.COMMITTING and durability == "full":
        told = _SYNCED
    return Bottleneck(longest.stage, longest.share, *told)
