"""Enumerations of the words in the rows of a store. Each member equals the text in the row."""

from __future__ import annotations

from enum import IntEnum, StrEnum


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
    WAITING = "waiting"  # in the queue, as the next two
    HELD = "held"
    SKIPPED = "skipped"


class QueueState(IntEnum):
    """The state of a job in the queue, as its row keeps it."""

    HELD = 0  # a person has it
    BLOCKED = 1  # others have to end before
    LATER = 2  # its time has not come
    READY = 3
    RUNNING = 4
    PAUSED = 5
    DONE = 6
    FAILED = 7
    CANCELLED = 8
    SKIPPED = 9  # what it needed failed, or its time was missed

    @property
    def told(self) -> str:
        """What people are told: three of them are called waiting."""
        return JobStatus.WAITING.value if self in WAITING else self.name.lower()


WAITING = (QueueState.BLOCKED, QueueState.LATER, QueueState.READY)
ENDED = (QueueState.DONE, QueueState.FAILED, QueueState.CANCELLED, QueueState.SKIPPED)


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
