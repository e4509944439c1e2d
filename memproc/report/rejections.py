"""What is told of the records of a batch that were quarantined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from memproc.records import Rejected
from memproc.report.events import RecordsQuarantined
from memproc.validation import redacted

MOST_KINDS = 20  # of faults in a batch that are told


def quarantined_in(rejected: Sequence[tuple[int, Rejected]], source: str, *, redacts: bool) -> Iterator[RecordsQuarantined]:
    """Yield what the rejected records of a batch have in common, the most frequent first."""
    kinds: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], tuple[int, str]] = {}
    for position, one in rejected:
        found = redacted(one.faults[0]) if redacts else one.faults[0]
        kind = one.category.value, found.code, found.path
        kinds[kind] += 1
        first.setdefault(kind, (position, found.message))
    for kind, count in kinds.most_common(MOST_KINDS):
        position, message = first[kind]
        yield RecordsQuarantined(source, count, *kind, message, position)
