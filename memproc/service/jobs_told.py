"""What the service answers of jobs."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from memproc.service.told import QuarantinedTold, Told


class SecondsTold(Told):
    """Bounds within which a running job ends in 95 of 100 cases, in seconds from now."""

    low: float
    high: float


class JobTold(Told):
    """A job: what it reads, how it stands, and what became of its records so far."""

    number: int
    kind: str
    name: str
    state: str = Field(description="waiting, held, running, paused, done, failed, cancelled or skipped.")
    waits_for: str | None = Field(description="What a waiting one waits for: jobs, time or a worker.")
    request: str | None = Field(description="pause or cancel, until its worker has seen it.")
    priority: str
    namespace: str | None
    submitter: str
    sources: list[str]
    after: list[int]
    if_failed: str
    at: str | None
    deadline: str | None
    deadline_met: bool | None
    attempts: int
    failures: int
    retries: int
    retry_of: int | None
    submitted_at: str
    began_at: str | None
    ended_at: str | None
    error: str | None
    read: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    share: float | None = Field(description="How much of the sources has been read, 0 to 1; null where that is not known.")
    seconds_left: SecondsTold | None


class AttemptTold(Told):
    """One run of a job."""

    attempt: int
    began_at: str
    ended_at: str | None
    outcome: str | None
    cpu_seconds: float | None
    peak_bytes: int | None


class ChangeTold(Told):
    """A change of the state of a job: when, by whom, from what to what, and why."""

    made_at: str
    made_by: str
    was: str | None
    became: str
    why: str


class JobWhole(JobTold):
    """A job with its runs and the changes of its state, the oldest first."""

    runs: list[AttemptTold]
    changes: list[ChangeTold]


class JobPage(Told):
    """A page of jobs, the newest first."""

    jobs: list[JobTold]
    cursor: str | None = Field(None, description="Where the next page begins; none at the end.")


class BatchTold(Told):
    """A batch of a job: what one transaction wrote."""

    number: int
    first_position: int
    records: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    review: int
    seconds: float
    committed_at: str


class TasksTold(Told):
    """A page of the batches of a job, and one of the records that it rejected; each goes on by its own cursor."""

    batches: list[BatchTold]
    cursor: str | None = Field(None, description="Where the next page of batches begins; none at the end.")
    quarantined: list[QuarantinedTold]
    quarantined_cursor: str | None = Field(None, description="Where the next page of rejected records begins; none at the end.")


class TenantTold(Told):
    """What the jobs of one namespace have used."""

    namespace: str | None
    attempts: int
    cpu_seconds: float
    peak_bytes: int


class MetricsTold(Told):
    """The queue in figures: of the namespaces that the token reaches."""

    states: dict[str, int]
    mean_wait_seconds: float | None = Field(description="From when a job was submitted, or was to begin, to its first run.")
    longest_wait_seconds: float | None
    deadlines: int
    deadlines_met: float | None = Field(description="The share of those that have ended; null where there are none.")
    tenants: list[TenantTold]
    workers: dict[str, int] = Field(description="How many workers do what.")


class JobReportTold(Told):
    """What a job did, by the names of a kept report: see the reference of kept reports."""

    form: Any
    job: int | None
    made_at: str
    outcomes: dict[str, Any]
    errors: dict[str, Any]
