"""What changes the store other than a batch: decisions, forgetting, and computing everything again.

All of it ends in the same step: the observations that may be concerned are loaded whole, clustered anew, and the difference
to what was is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, product
from typing import get_args

from sqlalchemy import select

from memproc.config import Verdict
from memproc.dedup.cluster import clusters
from memproc.dedup.decision import Decision, pair
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Row
from memproc.dedup.observation import Observation
from memproc.dedup.regrouping import regroup
from memproc.dedup.versions import are_told_apart
from memproc.errors import NotFoundError, UsageError
from memproc.store.kinds import LedgerKind
from memproc.store.reviews.open_reviews import open_again, verdicts_on
from memproc.store.reviews.settled import note_unmerged, status_of
from memproc.store.reviews.waiting import settle_reviews
from memproc.store.rows.decisions import WITHDRAWN, write_decisions
from memproc.store.rows.ledger import LedgerEntry, moves, write_lines
from memproc.store.rows.memories import write_regrouped
from memproc.store.rows.neighbourhood import neighbourhood
from memproc.store.rows.observations import ROWS, require, set_speaking, to_row
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c


def decide_by_hand(
    tx: Tx,
    decisions: Sequence[tuple[Decision, str]],
    note: str,
) -> None:
    """Write decisions, each with the verdict to note (`WITHDRAWN` takes it back), and what follows from them.

    Whoever decides is who each of them names: a policy, or else a person.
    """
    write_decisions(tx, decisions, note)
    lines = [
        LedgerEntry(LedgerKind.DECISION, made.a, made.b, reason=_reason(verdict, made.policy, note)) for made, verdict in decisions
    ]
    write_lines(tx, None, lines)
    handles = {key for decision, _ in decisions for key in decision.keys}
    found = [*tx.select_by_keys(ROWS, _observations.node, handles)]
    found += tx.select_by_keys(ROWS, _observations.key, handles)
    rows_found = [*map(to_row, found)]
    unheard = [row.number for row in rows_found if not row.speaks and row.observation.key in handles]
    set_speaking(tx, dict.fromkeys(unheard, True))  # what a decision names speaks
    touched = [row.observation for row in rows_found]
    open_again(tx, [decision for decision, verdict in decisions if verdict == WITHDRAWN], touched)
    recluster(tx, touched)


def _reason(verdict: str, policy: str, note: str) -> str:
    """Return what the ledger says of a decision: first the verdict, which alone stays when what it is about is forgotten."""
    said = [f"by the policy {policy}"] * bool(policy) + [note] * bool(note)
    return f"{verdict}: {', '.join(said)}" if said else verdict


def unmerge(tx: Tx, identifier: str, note: str) -> tuple[Decision, ...]:
    """Hold what an id names apart from the rest of its memory; return the decisions made. Raises NotFoundError."""
    rows = require(tx, identifier)
    decisions = unmerging(tx, rows, rows[0].observation)
    if decisions:
        decide_by_hand(tx, [(decision, "distinct") for decision in decisions], note)
    return tuple(decisions)


def unmerge_job(tx: Tx, job: int, note: str) -> tuple[Decision, ...]:
    """Undo every merge by likeness that a job made; return the decisions made. Raises NotFoundError."""
    if tx.execute(select(tables.jobs.c.number).where(tables.jobs.c.number == job)).first() is None:
        raise NotFoundError(f"no job {job}")
    decisions: list[Decision] = []
    # What is held apart lets in what it had kept out, which may be what the job had merged first.
    while fresh := unmerging_job(tx, job):
        if not decisions:
            note_unmerged(tx, job)
        decide_by_hand(tx, [(decision, "distinct") for decision in fresh], note)
        decisions += fresh
    return tuple(sorted(decisions))


def resolve(tx: Tx, number: int, verdict: Verdict, note: str) -> Decision:
    """Decide an open review, and return the decision.

    Raises NotFoundError where it is not open, and UsageError where nothing tells which side is later.
    """
    status, *pair_of = status_of(tx, number) or ("", b"", b"")
    if status != "open":
        raise NotFoundError(f"no open review {number}" + (f": it is decided, {status}" if status else ""))
    sides = [require(tx, key.hex()) for key in pair_of]
    if verdict not in verdicts_on(*sides):
        raise UsageError(f"review {number}: supersedes takes two dates, one later than the other")
    one, other = (rows[0].observation for rows in sides)
    if one.node == other.node:
        decision = pair(one.key, other.key, verdict)
    else:
        decision = pair(handle_of(tx, one), handle_of(tx, other), verdict)
    decide_by_hand(tx, [(decision, verdict)], note)
    settle_reviews(tx, {number: verdict})
    return decision


def checked_verdict(verdict: Verdict) -> Verdict:
    """Return the verdict that a call was given. Raises UsageError on what is none."""
    if verdict not in get_args(Verdict):
        raise UsageError(f"verdict {verdict!r}: choose one of {', '.join(get_args(Verdict))}")
    return verdict


def recluster(
    tx: Tx,
    touched: Iterable[Observation],
    cores: Iterable[int] = (),
    *,
    is_whole: bool = False,
) -> None:
    """Cluster again all that is connected with these observations and cores; note joins and splits in the ledger."""
    near = neighbourhood(tx, touched, cores, is_whole=is_whole)
    found, _ = clusters((row.observation for row in near.rows.values()), near.typo_links, near.decisions, near.spent)
    changed = regroup(found, near.rows, near.rows.keys(), near)
    write_regrouped(tx, changed, near.rows)
    write_lines(tx, None, moves(changed))


def unmerging(tx: Tx, rows: Sequence[Row], own: Observation) -> list[Decision]:
    """Return the decisions that hold `own` apart from everything else in its memory, whose observations are `rows`.

    What a newer version of an identity replaced stays its history; only versions of which none is newer, and that a person merged,
    can be told apart again.
    """
    decisions: set[Decision] = set()
    observations = [row.observation for row in rows]
    for seen in observations:
        if seen.node != own.node:
            one, other = handle_of(tx, own), handle_of(tx, seen)
            decisions.add(pair(one, other, "distinct"))
        elif seen.content != own.content and are_told_apart(own, seen, [one for one in observations if one.node == own.node]):
            decisions.add(pair(own.key, seen.key, "distinct"))
    return sorted(decisions)


def unmerging_job(tx: Tx, job: int) -> list[Decision]:
    """Return the decisions that undo every merge by likeness of a job: what it merged is held apart from everything else in its
    memory, and the rest falls into what it would be without that.
    """
    ledger, batches = tables.ledger.c, tables.batches.c
    of_job = select(ledger.subject).join_from(tables.ledger, tables.batches, ledger.batch == batches.number)
    merged = set(tx.execute(of_job.where((batches.job == job) & (ledger.kind == LedgerKind.SIMILAR))).scalars())
    rows = [to_row(row) for row in tx.select_by_keys(ROWS, _observations.key, merged)]
    homes = {row.memory for row in rows if row.memory is not None}
    own = {handle_of(tx, row.observation) for row in rows}
    members: dict[Key, list[Observation]] = defaultdict(list)
    for row in map(to_row, tx.select_by_keys(ROWS, _observations.memory, homes)):
        members[row.memory or b""].append(row.observation)
    decisions: set[Decision] = set()
    for observations in members.values():
        handles = {seen.key: handle_of(tx, seen) for seen in observations}
        others = [seen for seen in observations if handles[seen.key] not in own]
        near = neighbourhood(tx, others)
        left, _ = clusters([near.rows[seen.key].observation for seen in others], near.typo_links, near.decisions)
        parts = [{handles[seen.key] for seen in found.observations} for found in left]
        parts += [{handle} for handle in sorted(own.intersection(handles.values()))]
        for one, other in combinations(parts, 2):
            decisions.update(pair(a, b, "distinct") for a, b in product(one, other) if a != b)
    return sorted(decisions)


def handle_of(tx: Tx, observation: Observation) -> Key:
    """Return by what a decision on an observation is kept: its node, or its own key where undated versions share the node."""
    if not observation.is_identity:
        return observation.node
    versions = tx.select_by_keys(ROWS, _observations.node, [observation.node])
    found, _ = clusters((to_row(row).observation._replace(group=row[4]) for row in versions), {})
    return observation.node if len(found) == 1 else observation.key
