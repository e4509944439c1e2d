"""What a store returns of its queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Priority = Literal["high", "normal", "low"]
IfFailed = Literal["wait", "skip", "run"]
Missed = Literal["once", "skip"]
Order = Literal["fifo", "lifo"]


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job of the queue.

    `state` is waiting, held, running, paused, done, failed, cancelled or skipped; `waits_for` says for what a waiting one waits:
    jobs, time or a worker. `needs` are the jobs that have to end before, `if_failed` what becomes of it if one of them fails: it
    waits, is skipped, or runs all the same. `attempts` are the runs that were begun, `failures` those that failed, of which
    `retries` are tried again. `deadline_met` is None while that is open, or where there is none. `error` says why the last attempt
    failed, or why it was skipped. `work` is what it reads, and how: `sources`, `options`, `settings`.
    """

    number: int
    kind: str
    name: str
    state: str
    waits_for: str | None
    priority: Priority
    namespace: str | None
    submitter: str
    work: Mapping[str, Any]
    needs: tuple[int, ...]
    if_failed: IfFailed
    not_before: str | None
    deadline: str | None
    deadline_met: bool | None
    schedule: int | None
    attempts: int
    failures: int
    retries: int
    retry_of: int | None
    submitted_at: str
    began_at: str | None
    ended_at: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class JobAttempt:
    """One run of a queued job: who ran it, from when to when, how it ended (None while it runs), and what it used."""

    job: int
    attempt: int
    worker: str
    began_at: str
    ended_at: str | None
    outcome: str | None
    cpu_seconds: float | None
    peak_bytes: int | None


@dataclass(frozen=True, slots=True)
class JobChange:
    """A change of the state of a queued job; `was` is None for the first."""

    job: int
    made_at: str
    made_by: str
    was: str | None
    became: str
    why: str


@dataclass(frozen=True, slots=True)
class JobHistory:
    """A queued job with its attempts and its changes, the oldest first."""

    job: QueuedJob
    attempts: tuple[JobAttempt, ...]
    changes: tuple[JobChange, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is submitted again and again: `next_job` is the one that waits for its time, None where it has ended."""

    number: int
    name: str
    cron: str
    time_zone: str
    missed: Missed
    next_job: int | None
    next_at: str | None
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class TenantUse:
    """What the jobs of one namespace have used: attempts, seconds of CPU and their share of all, the highest memory of one."""

    namespace: str | None
    attempts: int
    cpu_seconds: float
    share: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker: its machine, process, what it does (idle, running, waiting), its job, and when it was seen last."""

    number: int
    machine: str
    pid: int
    state: str
    job: int | None
    seen_at: str


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The queue in figures: jobs by state; seconds that jobs waited from when they were ready to their first run, in the mean and
    at most; of the jobs with a deadline that have ended, the share that met it; what each namespace used; who is at work.
    """

    states: Mapping[str, int]
    mean_wait_seconds: float | None
    longest_wait_seconds: float | None
    deadlines: int
    deadlines_met: float | None
    tenants: tuple[TenantUse, ...]
    workers: tuple[WorkerSeen, ...]
