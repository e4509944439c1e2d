"""What some items of a source became."""

from __future__ import annotations

from typing import NamedTuple

from memproc.formats.draft import Decided
from memproc.taken import Taken


class Chunk(NamedTuple):
    """What some items became: their records, and in `counts` how many records each item gave. Each decision comes with the number
    of records before it, and each count of what was left out with the number of its item.
    """

    records: Taken
    counts: list[int]
    decided: list[tuple[int, Decided]]
    left_out: list[tuple[int, dict[str, int]]]
