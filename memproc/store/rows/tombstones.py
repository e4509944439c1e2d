"""Tombstones: the keys of what was forgotten, so that reading it again does not bring it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from memproc.dedup.keys import Key
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx


class Tombstone(NamedTuple):
    """What is left of an observation, a value for each column of this name; of a rejected record it has neither node nor home."""

    key: Key
    node: Key | None
    home: Key | None
    batch: int
    position: int
    outcome: str
    times_seen: int


def write_tombstones(tx: Tx, tombstones: Iterable[Tombstone]) -> None:
    """Write tombstones."""
    tx.insert_rows(tables.forgotten, [tombstone._asdict() for tombstone in tombstones])
