"""From where the records of a batch were read, kept once with the batch: a source, and how many records each of its items gave.

An item is an element of a list, a line, a row or a conversation, and may give any number of records.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

import orjson


class ReadFrom(NamedTuple):
    """The source of a batch by its name, the number of its first item there, from 0, and how many records each of the items gave
    that the batch begins with; those of the first one begin behind `inside` of them.
    """

    source: str
    item: int
    inside: int
    counts: Iterable[int]

    @classmethod
    def of(cls, source: str, place: tuple[int, int], waiting: Iterable[int], records: int) -> ReadFrom:
        """Return from where so many records are read, at a place that is an item and how many of its records were read before.
        `waiting` are the records that it, and each item behind it, still have to give.
        """
        needed: list[int] = []
        left = records
        for count in waiting:
            if left <= 0:
                break
            needed.append(count if needed else count + place[1])
            left -= count
        return cls(source, *place, needed)

    def to_values(self) -> list[object]:
        """Return it as JSON values, in which items that gave as many records as the one before take no place.

        >>> ReadFrom("a.json", 17, 0, [1, 1, 1, 4]).to_values()
        ['a.json', 17, 0, [[1, 3], [4, 1]]]
        """
        alike = [[count, sum(1 for _ in group)] for count, group in groupby(self.counts)]
        return [self.source, self.item, self.inside, alike]


def place_in(measured: str | None, index: int) -> str | None:
    """Return the place of the record with this index in a batch, as a source with the number of an item in it; None where that is
    not kept: of single records, replays, and batches of an older memproc.

    >>> kept = '{"from": ["a.zip!b.json", 17, 0, [[1, 3], [4, 1]]]}'
    >>> place_in(kept, 0), place_in(kept, 2), place_in(kept, 6), place_in(kept, 7), place_in(None, 0)
    ('a.zip!b.json[17]', 'a.zip!b.json[19]', 'a.zip!b.json[20]', None, None)
    """
    found = orjson.loads(measured).get("from") if measured else None
    if found is None or index < 0:
        return None
    source, item, inside, alike = found
    left = index + inside
    for records, items in alike:
        if left < records * items:
            return f"{source}[{item + left // records}]"
        left, item = left - records * items, item + items
    return None
