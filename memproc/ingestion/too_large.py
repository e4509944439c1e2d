"""What becomes of a record that is too large for the database."""

from __future__ import annotations

from memproc.errors import DatabaseError
from memproc.formats import own
from memproc.records import Category, Rejected
from memproc.taken import Taken
from memproc.validation import fault

KEPT_OF_TOO_LARGE = 1 << 16  # bytes of one that was rejected before


def too_large(records: Taken, error: DatabaseError) -> Taken:
    """Return records as rejected for what the database said."""
    found = fault("", "too_large", f"is too large for the database: {error}")
    lines = [own.whole_line(records.accepted.at(at).observation) for at in range(len(records.accepted))]
    lines += [one.raw[:KEPT_OF_TOO_LARGE] for _, one in records.rejected]
    return Taken.of_rejected([Rejected(Category.RESOURCE, (found,), line) for line in lines])
