"""Records that are rejected for an error in memproc or the death of a worker, and the raw bytes of a rejected record."""

from __future__ import annotations

from memproc.intake.chunk import Chunk
from memproc.records import Category, Rejected
from memproc.sources.items import Piece
from memproc.sources.raw import raw_bytes
from memproc.taken import Taken
from memproc.validation import broke, fault


def internal(raw: bytes, error: Exception) -> Rejected:
    """Return a record on which memproc itself failed, as rejected."""
    return Rejected(Category.INTERNAL, (broke("memproc itself", error),), raw)


def given_up(piece: Piece) -> Chunk:
    """Return what becomes of an item on which worker processes died."""
    died = fault("", "worker_died", "ended the process that read it, more than once")
    return Chunk(Taken.of_rejected([Rejected(Category.RESOURCE, (died,), raw_of(None, piece))]), [1], [], [])


def raw_of(part: object, item: Piece) -> bytes:
    """Return the bytes of a part of an item, or of all of it."""
    if part is not None:
        return raw_bytes(part)
    if isinstance(item, bytes):
        return item
    return raw_bytes(item.value) if item.raw is None else item.raw
