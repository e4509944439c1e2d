"""What changes the store other than a batch: decisions, forgetting, and computing everything again.

All of it ends in the same step: the observations that may be concerned are loaded whole, clustered anew, and the difference
to what was is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

from sqlalchemy import delete, func, select, union, update

from memproc.config import Policy
from memproc.dedup.cluster import Decision, are_told_apart, clusters, pair
from memproc.dedup.decide import Row, regroup
from memproc.dedup.keys import Columns, Key, Observation, Prepared, prepare
from memproc.formats.draft import Decided
from memproc.store.changes.landing import write_mends, write_regrouped
from memproc.store.checkup.orphans import clear_orphans
from memproc.store.index.segments import Segments
from memproc.store.jobs.counting import IMPORTED, count_memories, memories_told
from memproc.store.quarantine.records import mend_reasons, take_texts_out
from memproc.store.quarantine.texts import write_texts_again
from memproc.store.reviews.open_reviews import open_again
from memproc.store.rows.ledger import Line, take_notes_out, write_lines
from memproc.store.rows.memories import forgotten_among
from memproc.store.rows.neighbourhood import ROWS, SPENT, WITHDRAWN, decisions_on, neighbourhood, stands_against, to_row
from memproc.store.sql import tables
from memproc.store.sql.seals import resealed
from memproc.store.sql.tx import Tx

CHUNK = 2_000
COMPUTED = ("node", "content", "core", "length", "namespace", "date")  # columns of an observation that its record gives

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


class Moved(NamedTuple):
    """How many memories fewer (`joins`) and more (`splits`) there are."""

    joins: int
    splits: int


def decide_by_hand(
    tx: Tx,
    decisions: Sequence[tuple[Decision, str]],
    note: str,
) -> None:
    """Write decisions, each with the verdict to note (`WITHDRAWN` takes it back), and what follows from them.

    Whoever decides is who each of them names: a policy, or else a person.
    """
    number = tx.next_number(tables.decisions)
    rows = [
        (number + at, decision.a, decision.b, verdict, tx.now, note, decision.policy)
        for at, (decision, verdict) in enumerate(decisions)
    ]
    tx.insert_rows(tables.decisions, rows)
    lines = [Line("decision", made.a, made.b, reason=_reason(verdict, made.policy, note)) for made, verdict in decisions]
    write_lines(tx, None, lines)
    handles = {key for decision, _ in decisions for key in decision[:2]}
    found = [*tx.select_by_keys(ROWS, _observations.node, handles)]
    found += tx.select_by_keys(ROWS, _observations.key, handles)
    rows_found = [*map(to_row, found)]
    unheard = [(1, row.number) for row in rows_found if not row.speaks and row.observation.key in handles]
    tx.update_rows(tables.observations, ("speaks",), unheard)  # what a decision names speaks
    touched = [row.observation for row in rows_found]
    open_again(tx, [decision for decision, verdict in decisions if verdict == WITHDRAWN], touched)
    recluster(tx, touched)


def _reason(verdict: str, policy: str, note: str) -> str:
    """Return what the ledger says of a decision: first the verdict, which alone stays when what it is about is forgotten."""
    said = [f"by the policy {policy}"] * bool(policy) + [note] * bool(note)
    return f"{verdict}: {', '.join(said)}" if said else verdict


def recluster(
    tx: Tx,
    touched: Iterable[Observation],
    cores: Iterable[int] = (),
    *,
    is_whole: bool = False,
) -> None:
    """Cluster again all that is connected with these observations and cores; note joins and splits in the ledger."""
    near = neighbourhood(tx, touched, cores, is_whole=is_whole)
    found, _ = clusters((row.observation for row in near.rows.values()), near.mends, near.decisions, near.spent)
    changed = regroup(found, near.rows, near.rows.keys(), near)
    write_regrouped(tx, changed, near.rows)
    write_lines(tx, None, [Line("joins", amount=changed.joins), Line("splits", amount=changed.splits)])


def forget(
    tx: Tx,
    segments: Segments,
    rows: Sequence[Row],
    policy: Policy,
    note: str = "",
) -> None:
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
    tx.delete_by_keys(tables.observations.c.number, numbers)
    tx.insert_rows(tables.forgotten, tombstones)
    tx.delete_by_keys(tables.merged.c.id, [row.memory for row in rows if row.memory])
    for column in ("one", "other"):
        tx.delete_by_keys(tables.reviews.c[column], keys)
    take_notes_out(tx, {*keys, *(row.observation.node for row in rows)})
    take_texts_out(tx, [row.observation.record for row in rows], keys)
    cores = {row.observation.core for row in rows}
    segments.remove(tx, numbers)
    tx.delete_by_keys(tables.mends.c.core, sorted(cores))
    left = [(row.number, _prepare(row.observation, policy)) for row in survivors if row.observation.core in cores]
    write_mends(tx, {(meant, found.core) for _, found in left for meant in found.mends})
    _index_again(tx, segments, left, policy)
    gone = [Line("forgotten", key, reason=note) for key in keys]
    write_lines(tx, None, [*gone, Line("memories_forgotten", amount=len(emptied))])
    recluster(tx, [row.observation for row in survivors], cores, is_whole=True)  # others may have to speak


def take_over(
    tx: Tx,
    segments: Segments,
    decided: Sequence[Decided],
    namespace: str | None,
    batch: int,
    policy: Policy,
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
    there = decisions_on(tx, {decision[:2] for decision in fresh})
    if new := [(decision, decision.verdict) for decision in fresh if not stands_against(there.get(decision[:2], {}), decision)]:
        decide_by_hand(tx, new, "from a full export")
    keys = [bytes.fromhex(found.keys[0]) for found in meant if found.verdict == "forgotten"]
    if keys:
        rows = [*map(to_row, tx.select_by_keys(ROWS, tables.observations.c.key, keys))]
        if rows:
            forget(tx, segments, rows, policy)
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
    tx.insert_rows(tables.forgotten, rows)


def rebuild(tx: Tx, segments: Segments, policy: Policy) -> Moved:
    """Compute keys, index, links and memories from the observations, the decisions and the policy."""
    before = memories_told(tx)  # what is there may be damaged; the ledger goes on from what it told
    tx.change_row(tables.store, tables.THE_STORE, {"policy": policy.to_json()})
    tx.policy = policy
    clear_orphans(tx)
    mend_reasons(tx)
    write_texts_again(tx)
    decided = {key for row in tx.execute(select(tables.decisions.c.a, tables.decisions.c.b)) for key in row}
    nodes: dict[Key, set[Key]] = defaultdict(set)
    segments.clear(tx)
    tx.execute(delete(tables.mends))
    tx.execute(delete(tables.merged))
    tx.execute(update(tables.observations).values(memory=None))
    indexed: set[int] = set()
    for rows in _all_rows(tx):
        prepared = [(row, _prepare(row.observation, policy)) for row in rows]
        keyed = [(*computed(found), row.number) for row, found in prepared]
        tx.update_rows(tables.observations, COMPUTED, keyed)
        write_mends(tx, {(meant, found.core) for _, found in prepared for meant in found.mends})
        for row, found in prepared:
            if row.observation.node in decided:
                nodes[row.observation.node].add(found.node)
        fresh = {found.core: (row.number, found) for row, found in reversed(prepared) if found.core not in indexed}
        indexed |= fresh.keys()
        _index(tx, segments, fresh.values(), policy)
        while alike := segments.newest_alike():
            segments.unite(tx, alike)
    _decide_on(tx, nodes)
    done: set[Key] = set()
    for observations in in_company(tx):
        near = neighbourhood(tx, [seen for seen in observations if seen.key not in done], is_whole=True)
        done |= near.rows.keys()
        found_clusters, _ = clusters((row.observation for row in near.rows.values()), near.mends, near.decisions, near.spent)
        write_regrouped(tx, regroup(found_clusters, near.rows, near.rows.keys(), near), near.rows)
    fewer = before - count_memories(tx)
    moved = Moved(max(fewer, 0), max(-fewer, 0))
    write_lines(tx, None, [Line("joins", amount=moved.joins), Line("splits", amount=moved.splits)])
    return moved


def computed(found: Prepared) -> tuple[object, ...]:
    """Return what the columns `COMPUTED` of an observation should hold."""
    return found.node, found.content, found.core, len(found.text), found.namespace, found.changed_at


def _decide_on(tx: Tx, nodes: Mapping[Key, set[Key]]) -> None:
    """Write the decisions anew, each on the nodes that its nodes have become; one on observations stays as it is."""
    if all(now == {before} for before, now in nodes.items()):
        return
    made = tx.execute(select(tables.decisions).order_by(tables.decisions.c.number)).all()
    tx.execute(delete(tables.decisions))
    rows = [
        (row, {"a": ends[0], "b": ends[1]})
        for row in made
        for ends in (sorted(pair) for pair in sorted(product(nodes.get(row.a, {row.a}), nodes.get(row.b, {row.b}))))
        if ends[0] != ends[1]
    ]
    again = [resealed(tables.decisions, row, {"number": number, **ends}) for number, (row, ends) in enumerate(rows, 1)]
    tx.insert_rows(tables.decisions, again)


def _prepare(seen: Observation, policy: Policy) -> Prepared:
    return prepare(seen.record, is_identity=seen.is_identity, as_of=seen.as_of, policy=policy)


def _all_rows(tx: Tx) -> Iterator[list[Row]]:
    last = 0
    query = ROWS.order_by(_observations.number).limit(CHUNK)
    while rows := [to_row(found) for found in tx.execute(query.where(_observations.number > last))]:
        yield rows
        last = rows[-1].number


def in_company(tx: Tx) -> Iterator[list[Observation]]:
    """Give, in chunks, observations of every memory that may have more than one, or may not be called by its node."""
    crowded = select(_observations.core).group_by(_observations.core).having(func.count() > 1)
    linked = union(select(tables.mends.c.core), select(tables.mends.c.meant))
    cores = sorted({*tx.execute(crowded).scalars(), *tx.execute(linked).scalars()})
    versioned = select(_observations.node).group_by(_observations.node).having(func.count() > 1)
    decided = union(select(tables.decisions.c.a), select(tables.decisions.c.b))
    nodes = sorted({key for query in (versioned, decided, SPENT) for key in tx.execute(query).scalars()})
    for column, keys in ((_observations.core, cores), (_observations.node, nodes), (_observations.key, nodes)):
        for start in range(0, len(keys), CHUNK):
            found = tx.select_by_keys(ROWS, column, keys[start : start + CHUNK])
            yield [to_row(row).observation for row in found]


def _index(tx: Tx, segments: Segments, numbered: Iterable[tuple[int, Prepared]], policy: Policy) -> None:
    """Index facts, each with its number, but for those that take no part in the near tier."""
    near = [(number, prepared) for number, prepared in numbered if prepared.is_near]
    if near:
        segments.index(tx, [number for number, _ in near], Columns.of(prepared for _, prepared in near), policy.recall)


def _index_again(tx: Tx, segments: Segments, survivors: Sequence[tuple[int, Prepared]], policy: Policy) -> None:
    """Index the first observation that is left of each core."""
    first = {found.core: (number, found) for number, found in sorted(survivors, reverse=True)}
    segments.remove(tx, [number for number, _ in first.values()])
    _index(tx, segments, first.values(), policy)


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
    merged = set(tx.execute(of_job.where((batches.job == job) & (ledger.kind == "similar"))).scalars())
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
        left, _ = clusters([near.rows[seen.key].observation for seen in others], near.mends, near.decisions)
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
