"""The closed sets of a store: what its rows say by a word. Each member is equal to the text that the row holds."""

from __future__ import annotations

from enum import StrEnum


class LedgerKind(StrEnum):
    """What a line of the ledger is about."""

    SIMILAR = "similar"  # of a batch: a merge by likeness
    VERSION = "version"  # of a batch: another version of one id
    JOINED = "joined"  # of a batch: two memories that a new observation made one
    RETURNED = "returned"  # of a batch: a value that is told again after another had replaced it
    JOINS = "joins"  # how many memories fewer there are
    SPLITS = "splits"  # how many memories more there are
    REVIEW = "review"
    DECISION = "decision"
    JOB_UNMERGED = "job_unmerged"  # the decisions of that moment undid the merges of a job
    FORGOTTEN = "forgotten"
    MEMORIES_FORGOTTEN = "memories_forgotten"
    REPLAYED = "replayed"  # a rejected record was taken
    REJECTED = "rejected"  # a replay in vain
    DISCARDED = "discarded"


class JobStatus(StrEnum):
    """How a job stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    PAUSED = "paused"
    CANCELLED = "cancelled"
