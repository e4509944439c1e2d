"""Batches as rows: what each counted, and what was compared after it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_batches = tables.batches.c
_COUNTED = select(_batches.review, _batches.seconds)


def insert_batch(tx: Tx, row: tuple[Any, ...]) -> None:
    """Write the row of a batch that lands."""
    tx.insert_rows(tables.batches, [row])


def add_compared(tx: Tx, number: int, counts: tuple[int, int, int], seconds: float) -> None:
    """Add to a batch what was found when it was compared: reviews, candidates and pairs verified, and how long that took."""
    before, seconds_before = tx.execute(_COUNTED.where(_batches.number == number)).one()
    reviews, candidates, verified = counts
    values = {"review": before + reviews, "candidates": candidates, "verified": verified, "seconds": seconds_before + seconds}
    tx.change_row(tables.batches, number, values)
