"""Forgetting: removes observations and everything derived from them except their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from memproc.dedup.decision import pair
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Row
from memproc.formats.draft import Decided
from memproc.store.access.replies import take_bodies_out
from memproc.store.changes.deciding import decide_by_hand, recluster
from memproc.store.enriching.kept import take_out
from memproc.store.index.indexing import index_again, prepare_again
from memproc.store.index.segments import Segments
from memproc.store.jobs.counting import IMPORTED
from memproc.store.kinds import LedgerKind
from memproc.store.quarantine.records import take_texts_out
from memproc.store.reviews.storing import delete_reviews_of
from memproc.store.rows.decisions import decisions_on, stands_against, take_notes_out
from memproc.store.rows.expired import delete_expired, take_over_expired
from memproc.store.rows.ledger import LedgerEntry, take_reasons_out, write_lines
from memproc.store.rows.memories import delete_merged
from memproc.store.rows.neighbourhood import neighbourhood
from memproc.store.rows.observations import ROWS, delete_observations, forgotten_among, home_in, to_row
from memproc.store.rows.searched import take_out_of_index
from memproc.store.rows.tombstones import Tombstone, write_tombstones
from memproc.store.rows.typo_links import delete_typo_links, write_typo_links
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c
_KEYS = select(_observations.key)
_TOMBSTONES = select(
    *(_observations[name] for name in Tombstone._fields if name != "home"), home_in(tables.observations).label("home")
)


def forget(tx: Tx, segments: Segments, rows: Sequence[Row], note: str = "") -> None:
    """Remove observations and everything derived from them except their keys and the note; cluster what was connected with them."""
    near = neighbourhood(tx, [row.observation for row in rows], is_whole=True)
    keys = [row.observation.key for row in rows]
    survivors = [row for key, row in near.rows.items() if key not in set(keys)]
    emptied = {row.home for row in rows} - {row.home for row in survivors}
    numbers = [row.number for row in rows]
    tombstones = [Tombstone(**row._asdict()) for row in tx.select_by_keys(_TOMBSTONES, _observations.key, keys)]
    delete_observations(tx, numbers)
    take_out_of_index(tx, {row.number: row.observation.record for row in rows})
    delete_expired(tx, keys)
    write_tombstones(tx, tombstones)
    delete_merged(tx, [row.memory for row in rows if row.memory])
    delete_reviews_of(tx, keys)
    handles = {*keys, *(row.observation.node for row in rows)}
    take_reasons_out(tx, handles)
    take_notes_out(tx, handles)
    take_texts_out(tx, [row.observation.record for row in rows], keys)
    take_bodies_out(tx)
    cores = {row.observation.core for row in rows}
    _forget_as_read(tx, take_out(tx, keys), tombstones[0].batch)
    segments.remove(tx, numbers)
    delete_typo_links(tx, sorted(cores))
    left = [(row.number, prepare_again(row.observation, tx.policy)) for row in survivors if row.observation.core in cores]
    write_typo_links(tx, {(meant, prepared.core) for _, prepared in left for meant in prepared.typo_links})
    index_again(tx, segments, left)
    lines = [LedgerEntry(LedgerKind.FORGOTTEN, key, reason=note) for key in keys]
    write_lines(tx, None, [*lines, LedgerEntry(LedgerKind.MEMORIES_FORGOTTEN, amount=len(emptied))])
    recluster(tx, [row.observation for row in survivors], cores, is_whole=True)  # other versions may have to speak now


def take_over(tx: Tx, segments: Segments, decided: Sequence[Decided], namespace: str | None, batch: int) -> int:
    """Apply decisions and tombstones of a full export; return how many were not applied. With a `namespace` they may name only what
    the store has in it, because anybody can compute the key of a guessed text.
    """
    applied = decided if namespace is None else _within(tx, decided, namespace)
    fresh = [
        pair(bytes.fromhex(one.keys[0]), bytes.fromhex(one.keys[1]), one.verdict, one.policy)
        for one in applied
        if one.verdict != "forgotten" and one.verdict != "expired"  # noqa: PLR1714 - mypy narrows by this
    ]
    existing = decisions_on(tx, {decision.keys for decision in fresh})
    if new := [(decision, decision.verdict) for decision in fresh if not stands_against(existing.get(decision.keys, {}), decision)]:
        decide_by_hand(tx, new, "from a full export")
    tombstones = [one.keys for one in applied if one.verdict == "forgotten"]
    keys = [bytes.fromhex(names[0]) for names in tombstones]
    if keys:
        rows = [*map(to_row, tx.select_by_keys(ROWS, tables.observations.c.key, keys))]
        if rows:
            forget(tx, segments, rows)
        with_node = [names for names in tombstones if len(names) > 1]
        spent = {bytes.fromhex(key): bytes.fromhex(node) for key, node in with_node}
        _remember_forgotten(tx, keys, spent, batch)
        left = tx.select_by_keys(ROWS, tables.observations.c.node, spent.values())
        recluster(tx, [to_row(row).observation for row in left])
    take_over_expired(tx, [(bytes.fromhex(one.keys[0]), one.policy) for one in applied if one.verdict == "expired"])
    return len(decided) - len(applied)


def _within(tx: Tx, decided: Sequence[Decided], namespace: str) -> list[Decided]:
    """Return the decisions that name nodes or observations of a namespace, and the tombstones of its observations."""
    named_keys = {bytes.fromhex(key) for one in decided for key in one.keys}
    observations: dict[Key, set[str]] = defaultdict(set)
    nodes: dict[Key, set[str]] = defaultdict(set)
    for row in map(to_row, tx.select_by_keys(ROWS, _observations.key, named_keys)):
        observations[row.observation.key].add(row.observation.record["namespace"])
    for row in map(to_row, tx.select_by_keys(ROWS, _observations.node, named_keys)):
        nodes[row.observation.node].add(row.observation.record["namespace"])

    def is_within(one: Decided) -> bool:
        keys = [bytes.fromhex(key) for key in one.keys]
        if one.verdict in ("forgotten", "expired"):
            return observations[keys[0]] == {namespace}
        return all(observations[key] | nodes[key] == {namespace} for key in keys)

    return [one for one in decided if is_within(one)]


def _forget_as_read(tx: Tx, reads: Collection[Key], batch: int) -> None:
    """Forget what enriched observations were read as, unless the store has that as an observation of its own."""
    there = {key for (key,) in tx.select_by_keys(_KEYS, _observations.key, sorted(reads))}
    _remember_forgotten(tx, [key for key in reads if key not in there], {}, batch)


def _remember_forgotten(tx: Tx, keys: Sequence[Key], spent: Mapping[Key, Key], batch: int) -> None:
    """Write tombstones of records that the store does not have, with the nodes that they use up."""
    fresh = set(keys) - forgotten_among(tx, keys)
    nodes = [(key, spent.get(key)) for key in sorted(fresh)]
    write_tombstones(tx, [Tombstone(key, node, node and key, batch, -1, IMPORTED, times_seen=0) for key, node in nodes])
    delete_expired(tx, keys)
