"""Forgetting: observations and all that was derived from them are removed, but for their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from memproc.dedup.decision import pair
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Row
from memproc.formats.draft import Decided
from memproc.store.changes.deciding import decide_by_hand, recluster
from memproc.store.index.indexing import index_again, prepare_again
from memproc.store.index.segments import Segments
from memproc.store.jobs.counting import IMPORTED
from memproc.store.kinds import LedgerKind
from memproc.store.quarantine.records import take_texts_out
from memproc.store.reviews.waiting import delete_reviews_of
from memproc.store.rows.decisions import decisions_on, stands_against, take_notes_out
from memproc.store.rows.ledger import LedgerEntry, take_reasons_out, write_lines
from memproc.store.rows.memories import delete_merged
from memproc.store.rows.neighbourhood import neighbourhood
from memproc.store.rows.observations import ROWS, delete_observations, forgotten_among, to_row
from memproc.store.rows.tombstones import write_tombstones
from memproc.store.rows.typo_links import delete_typo_links, write_typo_links
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c
_TOMBSTONES = select(
    _observations.key,
    _observations.node,
    func.coalesce(_observations.memory, _observations.node),
    _observations.batch,
    _observations.position,
    _observations.outcome,
    _observations.times_seen,
)


def forget(tx: Tx, segments: Segments, rows: Sequence[Row], note: str = "") -> None:
    """Remove observations and all that was derived from them, but for their keys; the note is kept.

    What is left of their memories, and of all that is connected with these, is clustered anew.
    """
    near = neighbourhood(tx, [row.observation for row in rows], is_whole=True)
    keys = [row.observation.key for row in rows]
    survivors = [row for key, row in near.rows.items() if key not in set(keys)]
    homes = {row.memory or row.observation.key for row in survivors}
    emptied = {row.memory or row.observation.key for row in rows} - homes
    numbers = [row.number for row in rows]
    tombstones = [tuple(found) for found in tx.select_by_keys(_TOMBSTONES, _observations.key, keys)]
    delete_observations(tx, numbers)
    write_tombstones(tx, tombstones)
    delete_merged(tx, [row.memory for row in rows if row.memory])
    delete_reviews_of(tx, keys)
    handles = {*keys, *(row.observation.node for row in rows)}
    take_reasons_out(tx, handles)
    take_notes_out(tx, handles)
    take_texts_out(tx, [row.observation.record for row in rows], keys)
    cores = {row.observation.core for row in rows}
    segments.remove(tx, numbers)
    delete_typo_links(tx, sorted(cores))
    left = [(row.number, prepare_again(row.observation, tx.policy)) for row in survivors if row.observation.core in cores]
    write_typo_links(tx, {(meant, found.core) for _, found in left for meant in found.typo_links})
    index_again(tx, segments, left)
    gone = [LedgerEntry(LedgerKind.FORGOTTEN, key, reason=note) for key in keys]
    write_lines(tx, None, [*gone, LedgerEntry(LedgerKind.MEMORIES_FORGOTTEN, amount=len(emptied))])
    recluster(tx, [row.observation for row in survivors], cores, is_whole=True)  # others may have to speak


def take_over(
    tx: Tx,
    segments: Segments,
    decided: Sequence[Decided],
    namespace: str | None,
    batch: int,
) -> int:
    """Take over decisions and tombstones from a full export: with a `namespace` only those that name nothing but what the store has
    of it, for keys can be computed from a guessed text. Return how many were not taken.
    """
    meant = decided if namespace is None else _within(tx, decided, namespace)
    fresh = [
        pair(bytes.fromhex(found.keys[0]), bytes.fromhex(found.keys[1]), found.verdict, found.policy)
        for found in meant
        if found.verdict != "forgotten"
    ]
    there = decisions_on(tx, {decision.keys for decision in fresh})
    if new := [(decision, decision.verdict) for decision in fresh if not stands_against(there.get(decision.keys, {}), decision)]:
        decide_by_hand(tx, new, "from a full export")
    keys = [bytes.fromhex(found.keys[0]) for found in meant if found.verdict == "forgotten"]
    if keys:
        rows = [*map(to_row, tx.select_by_keys(ROWS, tables.observations.c.key, keys))]
        if rows:
            forget(tx, segments, rows)
        told_apart = [found.keys for found in meant if found.verdict == "forgotten" and len(found.keys) > 1]
        spent = {bytes.fromhex(key): bytes.fromhex(node) for key, node in told_apart}
        _remember_forgotten(tx, keys, spent, batch)
        left = tx.select_by_keys(ROWS, tables.observations.c.node, spent.values())
        recluster(tx, [to_row(row).observation for row in left])
    return len(decided) - len(meant)


def _within(tx: Tx, decided: Sequence[Decided], namespace: str) -> list[Decided]:
    """Return the decisions that name nodes or observations of a namespace, and the tombstones of its observations."""
    named = {bytes.fromhex(key) for found in decided for key in found.keys}
    observations: dict[Key, set[str]] = defaultdict(set)
    nodes: dict[Key, set[str]] = defaultdict(set)
    for row in map(to_row, tx.select_by_keys(ROWS, _observations.key, named)):
        observations[row.observation.key].add(row.observation.record["namespace"])
    for row in map(to_row, tx.select_by_keys(ROWS, _observations.node, named)):
        nodes[row.observation.node].add(row.observation.record["namespace"])

    def is_within(found: Decided) -> bool:
        keys = [bytes.fromhex(key) for key in found.keys]
        if found.verdict == "forgotten":
            return observations[keys[0]] == {namespace}
        return all(observations[key] | nodes[key] == {namespace} for key in keys)

    return [found for found in decided if is_within(found)]


def _remember_forgotten(tx: Tx, keys: Sequence[Key], spent: Mapping[Key, Key], batch: int) -> None:
    """Write tombstones that came without the records they speak of, with their nodes where these are spent."""
    fresh = set(keys) - forgotten_among(tx, keys)
    rows = [(key, node, node and key, batch, -1, IMPORTED, 0) for key in sorted(fresh) for node in [spent.get(key)]]
    write_tombstones(tx, rows)
