"""The result of preparing a chunk of items."""

from __future__ import annotations

from typing import NamedTuple

from memproc.formats.draft import Decided
from memproc.taken import Taken


class Chunk(NamedTuple):
    """A prepared chunk: its records, and in `counts` the number of records of each item. `decided` pairs each decision with the
    number of records before it; `left_out` pairs the place of an item with the counts of what it left out, of the
    secrets in it, as `secret:<kind>`, and of dates that were read by an assumption, as `date:<form>`.
    """

    records: Taken
    counts: list[int]
    decided: list[tuple[int, Decided]]
    left_out: list[tuple[int, dict[str, int]]]
