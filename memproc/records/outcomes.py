"""What becomes of each record read: its outcome, and for one that is rejected the category and the faults."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """What became of a record read: exactly one of these."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    MERGED = "merged"
    QUARANTINED = "quarantined"


class Category(StrEnum):
    """Where a record was rejected, or by what."""

    SOURCE = "source"  # its bytes could not be decoded
    TRANSFORM = "transform"  # its format, or the caller's own transform, made no memory of it
    VALIDATION = "validation"  # it is no valid memory
    RESOURCE = "resource"  # it exceeds a limit, or ended the process that read it
    DEDUP_CONFLICT = "dedup_conflict"  # its key belongs to another record
    DATABASE = "database"  # the database refused it
    INTERNAL = "internal"  # an error in memproc or in the caller's schema


class Fault(NamedTuple):
    """One thing that is wrong with a record: where, what, and how to mend it. `traceback` is that of an exception in code of the
    caller's or of memproc's, where the settings ask for it; else empty.
    """

    path: str
    code: str
    message: str
    hint: str
    traceback: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the fields that say something, as JSON values."""
        return {name: value for name, value in self._asdict().items() if name != "traceback" or value}


class Rejected(NamedTuple):
    """A record that could not be taken: why in one word, every fault, and its raw bytes."""

    category: Category
    faults: tuple[Fault, ...]
    raw: bytes
