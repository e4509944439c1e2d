"""The ledger: what was merged and decided, when and why; append-only, but that forgetting takes reasons out.

Rule: of why two are alike it keeps the kinds of difference, and no word of their texts; the words are told from the records.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import select

from memproc.dedup.keys import Key
from memproc.store.answers import Entry
from memproc.store.kinds import LedgerKind
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

LINES = select(*(tables.ledger.c[name] for name in ("number", "made_at", "kind", "subject", "other", "confidence", "reason")))


class Counts(Protocol):
    """What tells how many memories fewer (`joins`) and more (`splits`) there are."""

    @property
    def joins(self) -> int:
        """How many memories fewer there are."""

    @property
    def splits(self) -> int:
        """How many memories more there are."""


class LedgerEntry(NamedTuple):
    """A line to write, a value for each column of this name. `kind`: similar or version (a merge), review, decision, forgotten, or
    an `amount` of joins, splits, memories_forgotten. `reason` holds kinds of difference, a fixed phrase or a person's note.
    """

    kind: LedgerKind
    subject: Key | None = None
    other: Key | None = None
    confidence: float | None = None
    amount: int = 1
    reason: str = ""


def moves(changed: Counts) -> list[LedgerEntry]:
    """Return the lines on how many memories fewer and more there are after a change."""
    return [LedgerEntry(LedgerKind.JOINS, amount=changed.joins), LedgerEntry(LedgerKind.SPLITS, amount=changed.splits)]


def write_lines(tx: Tx, batch: int | None, lines: Sequence[LedgerEntry]) -> None:
    """Write lines, in order; those of no amount say nothing. `batch` is None for what no batch did."""
    if written := [line for line in lines if line.amount]:
        numbered = enumerate(written, tx.next_number(tables.ledger))
        rows = [{"number": number, "batch": batch, "made_at": tx.now, **line._asdict()} for number, line in numbered]
        tx.insert_rows(tables.ledger, rows)


def take_reasons_out(tx: Tx, handles: Collection[Key]) -> None:
    """Take out what persons noted on decisions about these nodes and observations; that they were made stays."""
    made = [line for line in lines_on(tx, handles) if line.kind == LedgerKind.DECISION]
    tx.update_rows(tables.ledger, [{"number": line.number, "reason": line.reason.partition(":")[0]} for line in made])


def entry_of(line: Any, reason: str) -> Entry:
    """Return a line of the query `LINES` as it is told, for this reason."""
    subject, other = (key and key.hex() for key in (line.subject, line.other))
    return Entry(line.made_at, line.kind, subject, other, line.confidence, reason)


def lines_on(tx: Tx, handles: Collection[Key]) -> list[Any]:
    """Return the lines on these nodes and observations as rows of the query `LINES`, in order."""
    columns = (tables.ledger.c.subject, tables.ledger.c.other)
    lines = {line.number: line for column in columns for line in tx.select_by_keys(LINES, column, handles)}
    return [line for _, line in sorted(lines.items())]
