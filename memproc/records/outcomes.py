"""What becomes of each record read: its outcome, and for one that is rejected the category and the faults."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a record that was read: exactly one of these."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    MERGED = "merged"
    QUARANTINED = "quarantined"


class Category(StrEnum):
    """Why a record was rejected, in one word."""

    SOURCE = "source"  # its bytes could not be decoded
    TRANSFORM = "transform"  # its format, or the caller's own transform, made no memory of it
    VALIDATION = "validation"  # it is no valid memory
    RESOURCE = "resource"  # it exceeds a limit, or ended the process that read it
    DEDUP_CONFLICT = "dedup_conflict"  # its key belongs to another record
    DATABASE = "database"  # the database refused it
    INTERNAL = "internal"  # an error in memproc or in the caller's schema


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a record: where, what, and how to mend it.

    `value` is a short excerpt of the value at `path`; None if there is none, or if it must not be shown. If the message shows the
    value, it contains exactly this text. `traceback` is that of an exception in the caller's code, if the settings ask for it, or
    in memproc's; otherwise it is empty.
    """

    path: str
    code: str
    message: str
    hint: str
    traceback: str = ""
    value: str | None = None

    def as_dict(self) -> dict[str, str]:
        """Return the fields as JSON values, without a traceback or a value that is not there."""
        told = asdict(self)
        if not self.traceback:
            del told["traceback"]
        if self.value is None:
            del told["value"]
        return told


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be taken: why in one word, every fault, and its raw bytes."""

    category: Category
    faults: tuple[Fault, ...]
    raw: bytes
