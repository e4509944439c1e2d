"""Prepared observations on their way into a store: one of them, and many as columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import orjson

from memproc.dedup.keys import Key
from memproc.dedup.observation import Grouped, Observation
from memproc.records import Plain


class Prepared(NamedTuple):
    """An observation on its way into a store, as bytes, numbers and text: one place of `Columns`.

    - `json` is its JSON text. `text` is its compared text: the canonical text, without a near tier the exact text, and where
      nothing is compared the content.
    - `namespace` is the hash of its namespace. `scope` is the hash of its namespace and subject, which two facts must share to be
      compared (0 without a near tier).
    - `changed_at` is its date of last change in microseconds since 1970, `position` its place among the records it came with.
    - `is_near` tells whether it takes part in the near tier. `typo_links` are the cores that it would have if one of its tokens
      were a typo. `chains` are the hashes of the chains it is in. `bands` are its band hashes, empty until they are computed.
    - `grouped` is what it merges by, if that is already known.
    """

    key: Key
    node: Key
    content: Key
    core: int
    is_identity: bool
    as_of: str | None
    json: bytes
    text: str
    namespace: int
    scope: int
    changed_at: int | None
    position: int
    is_near: bool = False
    typo_links: tuple[int, ...] = ()
    chains: tuple[int, int] = (0, 0)
    bands: bytes = b""
    grouped: Grouped | None = None

    @property
    def record(self) -> Plain:
        """Its record, parsed from its JSON text."""
        record: Plain = orjson.loads(self.json)
        return record

    @property
    def observation(self) -> Observation:
        """The observation, with the group of one that meets no other."""
        group = self.content
        is_identity, as_of, length = self.is_identity, self.as_of, len(self.text)
        return Observation(self.key, self.node, self.content, group, is_identity, as_of, length, (), self.record, self.core)


@dataclass(slots=True)
class Columns:
    """Observations on their way into a store, in their order: a list for each field of `Prepared`, so that many of them are sliced,
    joined and written at once.
    """

    key: list[Key] = field(default_factory=list)
    node: list[Key] = field(default_factory=list)
    content: list[Key] = field(default_factory=list)
    core: list[int] = field(default_factory=list)
    is_identity: list[bool] = field(default_factory=list)
    as_of: list[str | None] = field(default_factory=list)
    json: list[bytes] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    namespace: list[int] = field(default_factory=list)
    scope: list[int] = field(default_factory=list)
    changed_at: list[int | None] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    is_near: list[bool] = field(default_factory=list)
    typo_links: list[tuple[int, ...]] = field(default_factory=list)
    chains: list[tuple[int, int]] = field(default_factory=list)
    bands: list[bytes] = field(default_factory=list)
    grouped: list[Grouped | None] = field(default_factory=list)

    @classmethod
    def of(cls, prepared: Iterable[Prepared]) -> Self:
        """Return the columns of single observations."""
        return cls(*map(list, zip(*prepared, strict=True)))

    def __len__(self) -> int:
        """Return how many observations there are."""
        return len(self.key)

    @property
    def lists(self) -> list[list[Any]]:
        """The lists, in the order of the fields."""
        return [getattr(self, name) for name in Prepared._fields]

    def extend(self, more: Columns) -> None:
        """Append others."""
        for column, other in zip(self.lists, more.lists, strict=True):
            column.extend(other)

    def cut(self, start: int, stop: int | None = None) -> Columns:
        """Return those from `start` up to `stop`."""
        return Columns(*[column[start:stop] for column in self.lists])

    def moved(self, by: int) -> Columns:
        """Return them with their positions increased by a number."""
        return replace(self, position=[at + by for at in self.position])

    def take(self, places: Collection[int]) -> Columns:
        """Return those at some places, in the order given."""
        return Columns(*[[column[at] for at in places] for column in self.lists])

    def at(self, place: int) -> Prepared:
        """Return one observation."""
        return Prepared(*[column[place] for column in self.lists])
