"""Ingesting as a job that a worker has claimed from the queue: which claim it is, and where its job goes on."""

from __future__ import annotations

from collections.abc import Sequence

from memproc.ingestion.checkpoint import Checkpoint, StartedJob, begin_or_resume, named, start_behind
from memproc.ingestion.identity import Resumable
from memproc.ingestion.source import Source
from memproc.records import Memory
from memproc.store.jobs.jobs import Claim
from memproc.store.store import Store, writer_of


def begin(
    store: Store[Memory], sources: Sequence[Source], key: Resumable | None, claim: Claim | None, *, is_resumed: bool
) -> StartedJob:
    """Begin a job on these sources: that of a claim, or another, or the unfinished one that is resumed. Raises UsageError."""
    return begin_or_resume(store, sources, key, is_resumed=is_resumed) if claim is None else _go_on(store, sources, key, claim)


def _go_on(store: Store[Memory], sources: Sequence[Source], key: Resumable | None, claim: Claim) -> StartedJob:
    """Begin the job that a worker was given, or go on with it behind its last batch. Raises UsageError where that has changed."""
    writer = writer_of(store)
    followed = next((one.remote.remote for one in sources if one.remote is not None and one.remote.remote.is_followed), None)
    before = None if key is None or followed is None or followed.from_start else writer.newest_job(key.identity)
    job = writer.adopt_job(claim, *named(sources), key or (None, None))
    claim.landed, claim.is_followed = job.landed, followed is not None
    start = Checkpoint.from_json(job.trusted_checkpoint() if key is not None else None)
    if followed is not None and before is not None and not job.landed:
        start = start_behind(followed, before) or start
    return StartedJob(claim.job, claim, start, key is not None)
