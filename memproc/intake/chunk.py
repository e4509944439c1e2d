"""What some items of a source became."""

from __future__ import annotations

from typing import NamedTuple

from memproc.formats.draft import Decided
from memproc.taken import Taken


class Chunk(NamedTuple):
    """What some items became, signed: the records of all, and `counts`, how many of them each item gave. Each decision stands with
    the number of records before it, and what was left out with the number of its item.
    """

    records: Taken
    counts: list[int]
    decided: list[tuple[int, Decided]]
    left_out: list[tuple[int, dict[str, int]]]
