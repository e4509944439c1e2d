"""What a source gives: items, in order, each with its raw bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

from memproc.records import Category, Fault, Memory


class Item(NamedTuple):
    """One item: its value (of a memory that came as an object `Given`), or the fault that kept it from being decoded; `raw` is None
    for what never was bytes.
    """

    value: object
    raw: bytes | None = None
    fault: Fault | None = None
    category: Category = Category.SOURCE


Piece = bytes | Item  # an item as it is cut out of a source: JSON that is not decoded yet, or what is an item by itself


@dataclass(slots=True)
class Reading:
    """What reading finds beside the items: how many objects are in lists that are not read, by name, and remarks."""

    unread: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)


class Items(NamedTuple):
    """The items of one source, the head of a wrapped list, and where reading stands. `item_of` decodes a piece. `classes` are those
    of the memories among what was read of an iterable so far.
    """

    items: Iterator[Piece]
    head: Mapping[str, Any] = {}
    is_table: bool = False
    stream: IO[bytes] | None = None
    classes: AbstractSet[type[Memory]] = frozenset()
    reading: Reading | None = None

    def close(self) -> None:
        """Close the file, if it is one."""
        if self.stream is not None:
            self.stream.close()
