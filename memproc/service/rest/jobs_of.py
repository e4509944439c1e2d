"""Jobs as a caller reaches them, and as they are told.

Rules: a job is its namespace's, but records of it may name others, unless it was kept to its own. So whoever is kept to namespaces
is told nothing of what records hold in a job that was not, and never what the whole store holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from memproc.errors import NotFoundError
from memproc.service.jobs_told import AttemptTold, ChangeTold, JobTold, JobWhole, MetricsTold, SecondsTold, TenantTold
from memproc.service.reading import ONLY_NAMESPACE
from memproc.service.rest.callers import Caller
from memproc.service.rest.sourcing import shown_source, without_places
from memproc.service.serving import Serving
from memproc.store.answers import Job
from memproc.store.queued import JobChange, QueuedJob
from memproc.store.store import Store
from memproc.times import to_micros

_COUNTS = ("read", "stored", "duplicate", "merged", "quarantined")
_SAME = (
    *("number", "kind", "name", "state", "waits_for", "priority", "namespace", "submitter", "if_failed", "deadline"),
    *("deadline_met", "attempts", "failures", "retries", "retry_of", "submitted_at", "began_at", "ended_at"),
)
_MICROS = 1_000_000


def reaches_job(caller: Caller, job: QueuedJob) -> bool:
    """Tell whether a job is the caller's."""
    return caller.reaches(job.namespace)


def job_of(store: Store, caller: Caller, number: int) -> QueuedJob:
    """Return a job of the caller's. Raises NotFoundError on any other."""
    try:
        found = store.queued(number).job
    except NotFoundError:
        found = None
    if found is None or not reaches_job(caller, found):
        raise NotFoundError(f"there is no job {number} here: take a number that GET /api/batch/jobs gives")
    return found


def jobs_told(store: Store, serving: Serving, found: Sequence[QueuedJob]) -> list[JobTold]:
    """Return jobs as they are told."""
    counts = {job.number: job for job in store.jobs(numbers=[one.number for one in found])}
    return [JobTold(**_values(serving, one, counts[one.number])) for one in found]


def job_told(store: Store, serving: Serving, caller: Caller, number: int) -> JobWhole:
    """Return a job of the caller's with its runs and changes. Raises NotFoundError on any other."""
    found = job_of(store, caller, number)
    history = store.queued(number)
    [counts] = store.jobs(numbers=[number])
    runs = [AttemptTold(**{name: getattr(one, name) for name in AttemptTold.model_fields}) for one in history.attempts]
    workers = {one.worker for one in history.attempts}
    changes = [_change_told(serving, one, workers) for one in history.changes]
    return JobWhole(**_values(serving, found, counts), runs=runs, changes=changes)


def report_told(store: Store, caller: Caller, job: QueuedJob) -> dict[str, Any]:
    """Return what a job did, as far as it is the caller's to know."""
    is_bound = caller.namespaces is not None
    is_kept = bool(job.work.get("options", {}).get(ONLY_NAMESPACE))
    told = {**store.report(job.number, redact=is_bound and not is_kept).as_dict(), "store": ""}
    return _without_others(told) if is_bound else told


def _without_others(told: dict[str, Any]) -> dict[str, Any]:
    """Return a report of a job without what counts all that the store holds."""
    outcomes = _without(told["outcomes"], "memories_before", "memories_after")
    proof = _without(outcomes["proof"], "memories", "joins", "splits", "forgotten")
    return {**_without(told, "counts", "jobs_in_all"), "outcomes": {**outcomes, "proof": proof}}


def _without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


def _values(serving: Serving, job: QueuedJob, counts: Job) -> dict[str, Any]:
    left = None if counts.seconds_left is None else SecondsTold(**asdict(counts.seconds_left))
    return {
        **{name: getattr(job, name) for name in _SAME},
        **{name: getattr(counts, name) for name in _COUNTS},
        "sources": [shown_source(serving, one) for one in job.work.get("sources", ())],
        "after": [*job.needs],
        "at": job.not_before,
        "error": None if job.error is None else without_places(serving, job.error),
        "request": counts.request,
        "share": counts.share,
        "seconds_left": left,
    }


def _change_told(serving: Serving, change: JobChange, workers: Collection[str]) -> ChangeTold:
    """Return a change as it is told: of a worker nothing of the machine that it runs on, nor of its folders."""
    told = {name: getattr(change, name) for name in ChangeTold.model_fields}
    made_by = "a worker" if change.made_by in workers else change.made_by
    return ChangeTold(**{**told, "made_by": made_by, "why": without_places(serving, change.why)})


def metrics_of(store: Store, caller: Caller) -> MetricsTold:
    """Return the queue in figures, of what the caller reaches."""
    found = [one for one in store.queue() if reaches_job(caller, one)]
    stats = store.queue_stats()
    waits = [_waited(one) for one in found if one.began_at is not None]
    due = [one.deadline_met for one in found if one.deadline_met is not None]
    tenants = [one for one in stats.tenants if caller.reaches(one.namespace)]
    return MetricsTold(
        states=dict(Counter(one.state for one in found)),
        mean_wait_seconds=sum(waits) / len(waits) if waits else None,
        longest_wait_seconds=max(waits, default=None),
        deadlines=len(due),
        deadlines_met=sum(due) / len(due) if due else None,
        tenants=[TenantTold(**{name: getattr(one, name) for name in TenantTold.model_fields}) for one in tenants],
        workers=dict(Counter(one.state for one in stats.workers)),
    )


def _waited(job: QueuedJob) -> float:
    ready = max(job.submitted_at, job.not_before or "")
    return max(0, to_micros(job.began_at or ready) - to_micros(ready)) / _MICROS
