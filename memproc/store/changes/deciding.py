"""Decisions: writes them, clusters again what they may concern, and writes the changed memories."""

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
from memproc.store.reviews.storing import settle_reviews
from memproc.store.rows.decisions import WITHDRAWN, write_decisions
from memproc.store.rows.ledger import LedgerEntry, moves, write_lines
from memproc.store.rows.memories import write_regrouped
from memproc.store.rows.neighbourhood import neighbourhood
from memproc.store.rows.observations import ROWS, require, set_speaking, to_row
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c


def decide_by_hand(tx: Tx, decisions: Sequence[tuple[Decision, str]], note: str) -> None:
    """Write decisions and everything that follows from them, each with the verdict to store (`WITHDRAWN` takes it back).

    Each decision names the policy that made it, or none if a person did.
    """
    write_decisions(tx, decisions, note)
    write_lines(tx, None, lines_on(decisions, note))
    handles = {key for decision, _ in decisions for key in decision.keys}
    columns = (_observations.node, _observations.key)
    rows = [to_row(row) for column in columns for row in tx.select_by_keys(ROWS, column, handles)]
    silent = [row.number for row in rows if not row.speaks and row.observation.key in handles]
    set_speaking(tx, dict.fromkeys(silent, True))  # an observation that a decision names speaks
    touched = [row.observation for row in rows]
    open_again(tx, [decision for decision, verdict in decisions if verdict == WITHDRAWN], touched)
    recluster(tx, touched, is_whole=_is_within_versions(touched, handles))


def lines_on(decisions: Sequence[tuple[Decision, str]], note: str) -> list[LedgerEntry]:
    """Return the lines of the ledger that tell of decisions, each given with its verdict."""
    return [
        LedgerEntry(LedgerKind.DECISION, made.a, made.b, reason=_reason(verdict, made.policy, note)) for made, verdict in decisions
    ]


def _is_within_versions(touched: Sequence[Observation], handles: set[Key]) -> bool:
    """Tell whether decisions may name two observations of one version: what is silent in it may have to speak then."""
    versions = [(seen.node, seen.content) for seen in touched if seen.key in handles]
    return len(set(versions)) < len(versions)


def _reason(verdict: str, policy: str, note: str) -> str:
    """Return the ledger text of a decision. The verdict comes first; forgetting removes the rest."""
    details = [f"by the policy {policy}"] * bool(policy) + [note] * bool(note)
    return f"{verdict}: {', '.join(details)}" if details else verdict


def unmerge(tx: Tx, identifier: str, note: str) -> tuple[Decision, ...]:
    """Separate what an id names from the rest of its memory; return the decisions made. Raises NotFoundError."""
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
    # Removing an observation may let another join that it had kept out, and that the job had merged before.
    while fresh := unmerging_job(tx, job):
        if not decisions:
            note_unmerged(tx, job)
        decide_by_hand(tx, [(decision, "distinct") for decision in fresh], note)
        decisions += fresh
    return tuple(sorted(decisions))


def resolve(tx: Tx, number: int, verdict: Verdict, note: str) -> Decision:
    """Decide an open review, and return the decision.

    Raises NotFoundError if it is not open, and UsageError if `supersedes` lacks a later date.
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
    """Return a verdict that a caller passed. Raises UsageError if it is not one."""
    if verdict not in get_args(Verdict):
        raise UsageError(f"verdict {verdict!r}: choose one of {', '.join(get_args(Verdict))}")
    return verdict


def recluster(tx: Tx, touched: Iterable[Observation], cores: Iterable[int] = (), *, is_whole: bool = False) -> None:
    """Cluster again everything connected with these observations and cores; write joins and splits to the ledger."""
    near = neighbourhood(tx, touched, cores, is_whole=is_whole)
    clustered, _ = clusters((row.observation for row in near.rows.values()), near.typo_links, near.decisions, near.spent)
    changed = regroup(clustered, near.rows, near.rows.keys(), near)
    write_regrouped(tx, changed, near.rows)
    write_lines(tx, None, moves(changed))


def unmerging(tx: Tx, rows: Sequence[Row], separated: Observation) -> list[Decision]:
    """Return the decisions that separate an observation from everything else in its memory, whose observations are `rows`.

    A replaced version stays the history of its identity; only versions without a newer one, which a person merged, can be separated
    again.
    """
    decisions: set[Decision] = set()
    observations = [row.observation for row in rows]
    for seen in observations:
        if seen.node != separated.node:
            one, other = handle_of(tx, separated), handle_of(tx, seen)
            decisions.add(pair(one, other, "distinct"))
        elif seen.content != separated.content and are_told_apart(
            separated, seen, [one for one in observations if one.node == separated.node]
        ):
            decisions.add(pair(separated.key, seen.key, "distinct"))
    return sorted(decisions)


def unmerging_job(tx: Tx, job: int) -> list[Decision]:
    """Return the decisions that undo every merge by likeness of a job: they separate the observations it merged from everything
    else, and split the rest of each memory into what it would be without these.
    """
    ledger, batches = tables.ledger.c, tables.batches.c
    of_job = select(ledger.subject).join_from(tables.ledger, tables.batches, ledger.batch == batches.number)
    merged = set(tx.execute(of_job.where((batches.job == job) & (ledger.kind == LedgerKind.SIMILAR))).scalars())
    rows = [to_row(row) for row in tx.select_by_keys(ROWS, _observations.key, merged)]
    homes = {row.memory for row in rows if row.memory is not None}
    separated = {handle_of(tx, row.observation) for row in rows}
    members: dict[Key, list[Observation]] = defaultdict(list)
    for row in map(to_row, tx.select_by_keys(ROWS, _observations.memory, homes)):
        members[row.memory or b""].append(row.observation)
    decisions: set[Decision] = set()
    for observations in members.values():
        handles = {seen.key: handle_of(tx, seen) for seen in observations}
        others = [seen for seen in observations if handles[seen.key] not in separated]
        near = neighbourhood(tx, others, is_whole=True)  # each of them has to be told apart, the silent ones too
        left, _ = clusters([near.rows[seen.key].observation for seen in others], near.typo_links, near.decisions)
        parts = [{handles[seen.key] for seen in cluster.observations} for cluster in left]
        parts += [{handle} for handle in sorted(separated.intersection(handles.values()))]
        for one, other in combinations(parts, 2):
            decisions.update(pair(a, b, "distinct") for a, b in product(one, other) if a != b)
    return sorted(decisions)


def handle_of(tx: Tx, observation: Observation) -> Key:
    """Return the key by which decisions name an observation: its node, or its own key if undated versions share the node."""
    if not observation.is_identity:
        return observation.node
    versions = tx.select_by_keys(ROWS, _observations.node, [observation.node])
    clustered, _ = clusters((to_row(row).observation for row in versions), {})
    return observation.node if len(clustered) == 1 else observation.key
