"""Batches as rows: what each counted, and what was compared after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx


def insert_batch(tx: Tx, row: Mapping[str, Any]) -> None:
    """Write the row of a batch that lands now."""
    tx.insert_rows(tables.batches, [{**row, "committed_at": tx.now}])


def add_compared(tx: Tx, number: int, counts: tuple[int, int, int], seconds: float) -> None:
    """Add to a batch what was found when it was compared: reviews, candidates and pairs verified, and how long that took."""
    reviews, candidates, verified = counts
    row = {"number": number, "review": reviews, "candidates": candidates, "verified": verified, "seconds": seconds}
    tx.update_rows(tables.batches, [row], add=("review", "seconds"))
