"""Decided reviews, and the decisions of a review or of undoing a job, so that they can be taken back."""

from __future__ import annotations

from sqlalchemy import select

from memproc.dedup.compare.reasons import reason_told
from memproc.dedup.decision import Decision
from memproc.dedup.keys import Key
from memproc.errors import NotFoundError
from memproc.store.answers import Settled
from memproc.store.kinds import LedgerKind
from memproc.store.rows.decisions import all_decisions, pairs_of
from memproc.store.rows.ledger import LedgerEntry, write_lines
from memproc.store.rows.observations import records_of
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_NODES = select(tables.observations.c.key, tables.observations.c.node)


def decisions_of_review(tx: Tx, number: int) -> list[Decision]:
    """Return the decisions in force on the pair of a review. Raises NotFoundError if there is no such review."""
    reviews = tables.reviews.c
    sides = tx.execute(select(reviews.one, reviews.other).where(reviews.number == number)).first()
    if sides is None:
        raise NotFoundError(f"no review {number}")
    nodes = dict(tuple(row) for row in tx.select_by_keys(_NODES, tables.observations.c.key, {*sides}))
    pairs = pairs_of(*({key, nodes.get(key, key)} for key in sides))
    return [decision for decision in all_decisions(tx) if decision.keys in pairs]


def decisions_of_job(tx: Tx, job: int) -> list[Decision]:
    """Return the decisions in force that undid the merges of a job."""
    ledger, made = tables.ledger.c, tables.decisions.c
    lines = tx.execute(select(ledger.made_at, ledger.reason).where(ledger.kind == LedgerKind.JOB_UNMERGED))
    moments = {made_at for made_at, of_job in lines if of_job == str(job)}
    if not moments:
        return []
    rows = tx.execute(select(made.a, made.b, made.verdict, made.made_at))
    undoing = {Decision(row.a, row.b, row.verdict) for row in rows if row.made_at in moments}
    return [decision for decision in all_decisions(tx) if decision in undoing]


def note_unmerged(tx: Tx, job: int) -> None:
    """Write to the ledger that the decisions made in this transaction undo the merges of a job."""
    write_lines(tx, None, [LedgerEntry(LedgerKind.JOB_UNMERGED, reason=str(job))])


def settled(tx: Tx) -> list[Settled]:
    """Return the decided reviews in the order they came."""
    reviews = tables.reviews.c
    query = select(reviews.one, reviews.other, reviews.number, reviews.status, reviews.kind, reviews.confidence, reviews.reason)
    rows = tx.execute(query.where(reviews.status != "open").order_by(reviews.number)).all()
    keys = {key for row in rows for key in (row.one, row.other)}
    nodes = dict(map(tuple, tx.select_by_keys(_NODES, tables.observations.c.key, keys)))
    policies = {decision.keys: decision.policy for decision in all_decisions(tx) if decision.policy}
    names = {key: {key, nodes.get(key, key)} for key in keys}
    records = records_of(tx, keys)
    decided = []
    for row in rows:
        by_policies = [policies[pair] for pair in pairs_of(names[row.one], names[row.other]) if pair in policies]
        reason = reason_told(row.reason, records.get(row.other), records.get(row.one))
        policy = by_policies[0] if by_policies else ""
        decided.append(Settled(row.number, row.status, row.kind, row.confidence, reason, policy))
    return decided


def status_of(tx: Tx, number: int) -> tuple[str, Key, Key] | None:
    """Return the status of a review, "open" or its verdict, and its two observations; None if it does not exist."""
    reviews = tables.reviews.c
    row = tx.execute(select(reviews.status, reviews.one, reviews.other).where(reviews.number == number)).first()
    return None if row is None else (row.status, row.one, row.other)
