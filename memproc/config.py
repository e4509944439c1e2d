"""Everything that can be set, in one frozen value.

Facts: some settings decide what a store *is* (which memories exist): `dedup`, `recall`, `merge_at`. They are written into
the store when it is made, and a store refuses to work under others (`rebuild` changes them). All the rest only says how one
ingestion behaves and may differ from run to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

from memproc.errors import UsageError

Dedup = Literal["off", "exact", "near"]
Recall = Literal["standard", "high"]
OnError = Literal["continue", "stop"]
ValidateWhen = Literal["inline", "before"]
Durability = Literal["normal", "full"]

CHOICES: dict[str, tuple[str, ...]] = {
    "dedup": ("off", "exact", "near"),
    "recall": ("standard", "high"),
    "on_error": ("continue", "stop"),
    "validate": ("inline", "before"),
    "durability": ("normal", "full"),
}
DEEPEST = 100  # levels of nesting that every database and JSON reader keeps
COUNTED = {
    "pool_size": "connection",
    "pool_overflow": "connections",
    "max_depth": "level",
    "max_record_bytes": "byte",
    "max_fields": "name",
    "max_memory": "byte",
    "max_workers": "worker",
}
BOUNDS: dict[str, tuple[int, float]] = {"pool_overflow": (0, inf), "max_depth": (1, DEEPEST)}  # else 1 is the least
SECONDS = ("max_seconds", "pool_timeout_seconds", "pool_recycle_seconds")
OPEN = ("max_memory", "max_workers", "max_seconds")  # None means: what the machine allows
STORED = ("dedup", "recall", "merge_at")
SMALLEST_BATCH, LARGEST_BATCH = 1, 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to ingest. `None` for a stored setting means: as the store was built, or the default for a new one.

    `dedup`: "near" (default), "exact" or "off". `recall`: how widely reviews are looked for. `merge_at`, `review_at`:
    probabilities 0..1. Two facts that differ in benign ways only merge where the trust in these is at or above `merge_at`; two that
    differ in any other way never do, and wait for review where the model is sure of them from `review_at` on. `batch_size`:
    records a transaction, or None to adapt. `max_errors`: quarantined records after which a job stops: a count, or a
    share 0..1 given as a float (judged after each batch from the 100th record on). `durability`: "full" syncs each
    commit to the disk, "normal" may lose the last commits (never the store) when the power fails. `pool_size`: connections
    that are kept for the threads of a store; `pool_overflow` more are opened when all are busy; who finds none free for
    `pool_timeout_seconds` is refused; one that is older than `pool_recycle_seconds` is made anew. `tracebacks`: keep that of
    an exception in a reader, a transform or a rule of a schema with the record that it quarantined. `max_record_bytes`: a longer
    line, row or element is quarantined. `max_fields`: a memory with more names in it, at all levels, is quarantined.
    `max_depth`: one whose metadata or fields of a subclass are nested deeper, 100 at most, is quarantined. `redact`: say nothing
    in messages of what a record holds (quarantine keeps its bytes).
    `max_memory`: bytes that this process and its children should stay under, or None for 80 % of what the cgroup or the machine
    allows. `max_seconds`: after so long an ingestion stops, to go on with `resume`. `max_workers`: workers at once, or None for as
    many as there are cores allowed.

    Raises UsageError on a value outside its range.
    """

    dedup: Dedup | None = None
    recall: Recall | None = None
    merge_at: float | None = None
    review_at: float = 0.4
    batch_size: int | None = None
    max_errors: int | float | None = None
    on_error: OnError = "continue"
    validate: ValidateWhen = "inline"
    durability: Durability = "normal"
    max_record_bytes: int = 64 * 1024 * 1024
    max_fields: int = 10_000
    max_depth: int = DEEPEST
    pool_size: int = 5
    pool_overflow: int = 10
    pool_timeout_seconds: float = 30.0
    pool_recycle_seconds: float = 1_800.0
    tracebacks: bool = False
    redact: bool = False
    max_memory: int | None = None
    max_seconds: float | None = None
    max_workers: int | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise UsageError(f"{name}={value!r}: choose one of {', '.join(choices)}")
        for name in ("merge_at", "review_at"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise UsageError(f"{name}={value!r}: give a probability between 0 and 1")
        if self.batch_size is not None and not SMALLEST_BATCH <= self.batch_size <= LARGEST_BATCH:
            raise UsageError(f"batch_size={self.batch_size!r}: give {SMALLEST_BATCH} to {LARGEST_BATCH:,} records")
        for name, counted in COUNTED.items():
            value, (least, most) = getattr(self, name), BOUNDS.get(name, (1, inf))
            is_open = value is None and name in OPEN
            if not is_open and not (isinstance(value, int) and least <= value <= most):
                raise UsageError(f"{name}={value!r}: give at least {least} {counted}" + (f", at most {most}" if most < inf else ""))
        for name in SECONDS:
            value = getattr(self, name)
            is_open = value is None and name in OPEN
            if not is_open and not (isinstance(value, int | float) and 0 < value < inf):
                raise UsageError(f"{name}={value!r}: give more than 0 seconds")
        if self.max_errors is not None and not self.max_errors >= 0:
            raise UsageError(f"max_errors={self.max_errors!r}: give a count, or a share between 0.0 and 1.0")
        if isinstance(self.max_errors, float) and self.max_errors > 1:
            raise UsageError(f"max_errors={self.max_errors!r}: a share lies between 0.0 and 1.0; give a count as an int")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a store was built with: the settings that decide which memories exist.

    >>> Policy().dedup
    'near'
    """

    dedup: Dedup = "near"
    recall: Recall = "standard"
    merge_at: float = 0.8
    model: str = ""  # the model of confidence that the store was calibrated with, as JSON; the shipped one where it is empty
    refuses_to_merge: bool = False  # labels said that merges by likeness are too often wrong: facts merge by a person's word only

    def changed_by(self, settings: Settings) -> dict[str, object]:
        """Return the settings given that differ from this policy, by name."""
        given = {name: getattr(settings, name) for name in STORED}
        return {name: value for name, value in given.items() if value not in (None, getattr(self, name))}
