"""What a source gives: items, in order, each with its raw bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from memproc.records import Category, Fault, Memory


class Place(NamedTuple):
    """Where an item stands that is one message: its conversation, its number there from 0 (None where items are in no file, and so
    in no order that stays), and what the head of the file says. Of one that holds whole conversations without ids: of each how many
    before it in the file begin with the same.
    """

    conversation: str = ""
    turn: int | None = 0
    head: Mapping[str, Any] = {}
    before: tuple[int, ...] = ()


class Item(NamedTuple):
    """One item: its value (`Given` for a memory object), or the fault that prevents decoding it. `raw` is None for an item that
    never was bytes. `place` is known of messages, `line` (the number of the first, from 1) where it was asked for. `left_out`
    counts what the source left out of it, by kind.
    """

    value: object
    raw: bytes | None = None
    fault: Fault | None = None
    category: Category = Category.SOURCE
    place: Place | None = None
    line: int | None = None
    left_out: Mapping[str, int] = {}


Piece = bytes | Item  # an item as cut out of a source: JSON that is not decoded yet, or a finished item


@dataclass(slots=True)
class Reading:
    """What reading finds besides the items: how many objects are in lists that are not read, by name, remarks, and whether a list
    has no end, as one that was cut off.
    """

    unread: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)
    is_cut: bool = False


class Opened(Protocol):
    """An open file: how far it is read, and how to close it."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    def tell(self) -> int:
        """Return how many bytes are read."""

    def close(self) -> None:
        """Close the file."""


class Items(NamedTuple):
    """The items of one source (`item_of` decodes a piece), the head of a wrapped list, and the open file. `classes` are the classes
    of the memory objects read so far from an iterable.
    """

    items: Iterator[Piece]
    head: Mapping[str, Any] = {}
    is_table: bool = False
    stream: Opened | None = None
    classes: AbstractSet[type[Memory]] = frozenset()
    reading: Reading | None = None

    def close(self) -> None:
        """Close the file, if there is one."""
        if self.stream is not None:
            self.stream.close()
