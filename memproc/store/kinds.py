"""Enumerations of the words in the rows of a store. Each member equals the text in the row."""

from __future__ import annotations

from enum import StrEnum


class LedgerKind(StrEnum):
    """The kind of a line in the ledger."""

    SIMILAR = "similar"  # of a batch: a merge by likeness
    VERSION = "version"  # of a batch: another version of one id
    JOINED = "joined"  # of a batch: a new observation joined two memories
    RETURNED = "returned"  # of a batch: a value repeated after another had replaced it
    JOINS = "joins"  # by how many the number of memories fell
    SPLITS = "splits"  # by how many it rose
    REVIEW = "review"
    DECISION = "decision"
    JOB_UNMERGED = "job_unmerged"  # the decisions made at the same moment undo the merges of a job
    FORGOTTEN = "forgotten"
    MEMORIES_FORGOTTEN = "memories_forgotten"
    EXPIRED = "expired"  # an observation, under a name
    RESTORED = "restored"  # what had expired under a name
    RETENTION = "retention"  # the rules that the store keeps from now on, as JSON
    REPLAYED = "replayed"  # a quarantined record was accepted
    REJECTED = "rejected"  # a replay that failed again
    DISCARDED = "discarded"


class JobStatus(StrEnum):
    """The state of a job."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class FlowStatus(StrEnum):
    """The state of a run of a flow."""

    RUNNING = "running"
    WAITING = "waiting"  # for a person
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"


class StepStatus(StrEnum):
    """The state of a step of a run, or of what is done for one of its items."""

    DUE = "due"
    RUNNING = "running"
    ASKING = "asking"  # a person
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class AttemptOutcome(StrEnum):
    """How an attempt at a step ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ASKING = "asking"
    KILLED = "killed"
