"""Tombstones: the keys of what was forgotten, so that reading it again does not bring it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx


def write_tombstones(tx: Tx, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write tombstones: each with key, node, home, batch, position, outcome and the times that it was seen."""
    tx.insert_rows(tables.forgotten, rows)
