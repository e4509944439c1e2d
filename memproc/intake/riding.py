"""What is counted beside the parts that were left out, and rides along with their counts: secrets, and forms of dates.

So it comes through every engine, and is kept with the checkpoint of a job over all its runs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from memproc.dates import forms_read
from memproc.records import Given, Plain

SECRET, DATE = "secret:", "date:"  # what the names of the counts begin with
MOST_KINDS, OTHERS = 1_000, "of other kinds"
OWN = "memproc"  # what the names of memproc's own formats begin with
Counts = Mapping[str, int]


def with_secrets(
    left_out: Iterable[tuple[int, Counts]], secrets: Iterable[tuple[int, Counts]], records: Sequence[int]
) -> list[tuple[int, dict[str, int]]]:
    """Return the counts of items with those of the secrets in them, in the order of the items. Secrets come by the place of their
    record, `records` tells how many of these each item has.

    >>> with_secrets([(3, {"images": 1})], [(4, {"jwt": 2}), (1, {"iban": 1}), (0, {})], [1, 3, 0, 1])
    [(1, {'secret:iban': 1}), (3, {'images': 1, 'secret:jwt': 2})]
    """
    ends = [*accumulate(records)]
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for item, found in left_out:
        counts[item].update(found)
    for place, found in secrets:
        if found:
            counts[bisect_right(ends, place)].update({SECRET + kind: count for kind, count in found.items()})
    return [(item, dict(found)) for item, found in sorted(counts.items())]


def add_counts(counted: Counter[str], more: Counts) -> None:
    """Add counts of what was left out. Names may come from data: of more than a thousand, the new ones are counted together.

    >>> counted = Counter({f"column {number}": 1 for number in range(MOST_KINDS)})
    >>> add_counts(counted, {"column a": 1, "column 7": 1, "secret:jwt": 1, "column b": 2})
    >>> counted[OTHERS], counted["column 7"], counted["secret:jwt"]
    (3, 2, 1)
    """
    for kind, count in more.items():
        is_kept = kind in counted or len(counted) < MOST_KINDS or kind.startswith((SECRET, DATE))
        counted[kind if is_kept else OTHERS] += count


def note_dates(record: Plain, counts: Counter[str], value: object, format_name: str) -> None:
    """Count the dates of a memory that were read by an assumption. A memory object, and one that memproc wrote, tells of what was
    read before.
    """
    if not isinstance(value, Given) and not format_name.startswith(OWN):
        for form in forms_read(record):
            counts[DATE + form] += 1


def kinds_left_out(counts: Counts) -> Counts:
    """Return those of the counts of a chunk that are of what was left out."""
    return {kind: count for kind, count in counts.items() if not kind.startswith((SECRET, DATE))}


def secrets_among(counts: Counts) -> Counter[str]:
    """Return those of the counts of a chunk that are of secrets, by kind.

    >>> secrets_among({"secret:jwt": 2, "images": 1})
    Counter({'jwt': 2})
    """
    return _among(counts, SECRET)


def dates_among(counts: Counts) -> Counter[str]:
    """Return those of the counts of a chunk that are of dates, by form.

    >>> dates_among({"date:99/99/9999": 2, "images": 1})
    Counter({'99/99/9999': 2})
    """
    return _among(counts, DATE)


def _among(counts: Counts, mark: str) -> Counter[str]:
    return Counter({kind.removeprefix(mark): count for kind, count in counts.items() if kind.startswith(mark)})
