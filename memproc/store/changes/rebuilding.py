"""Rebuild: computes everything again from observations, decisions and settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import func, select

from memproc.config import Policy
from memproc.dedup.cluster import clusters
from memproc.dedup.keys import SCHEME, Key
from memproc.dedup.neighbourhood import Row
from memproc.dedup.regrouping import regroup
from memproc.report.rebuild_steps import told_step
from memproc.store.checkup.orphans import clear_orphans
from memproc.store.index.indexing import index_facts, prepare_again
from memproc.store.index.segments import Segments
from memproc.store.jobs.counting import count_memories, memories_told
from memproc.store.quarantine.records import mend_reasons
from memproc.store.quarantine.texts import write_texts_again
from memproc.store.rows.decisions import decide_on
from memproc.store.rows.expired import write_expired_again
from memproc.store.rows.ledger import moves, write_lines
from memproc.store.rows.memories import clear_merged, write_regrouped
from memproc.store.rows.neighbourhood import CHUNK, in_company, neighbourhood
from memproc.store.rows.observations import ROWS, set_computed, take_apart, to_row
from memproc.store.rows.searched import clear_search_index
from memproc.store.rows.typo_links import clear_typo_links, write_typo_links
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c
_OBSERVATIONS = select(func.count()).select_from(tables.observations)


class Moved(NamedTuple):
    """How many memories fewer (`joins`) and more (`splits`) there are."""

    joins: int
    splits: int


def rebuild(tx: Tx, segments: Segments, policy: Policy) -> Moved:
    """Compute keys, index, links and memories from the observations, the decisions and the policy."""
    before = memories_told(tx)  # from the ledger: the memories themselves may be damaged
    tx.change_store(policy=policy.to_json(), scheme=SCHEME)
    tx.policy = policy
    clear_orphans(tx)
    mend_reasons(tx)
    write_texts_again(tx)
    write_expired_again(tx)
    decided = {key for row in tx.execute(select(tables.decisions.c.a, tables.decisions.c.b)) for key in row}
    nodes: dict[Key, set[Key]] = defaultdict(set)
    segments.clear(tx)
    clear_search_index(tx)
    clear_typo_links(tx)
    clear_merged(tx)
    take_apart(tx)
    indexed: set[int] = set()  # cores
    for rows in told_step("keys", _all_rows(tx), tx.execute(_OBSERVATIONS).scalar_one()):
        prepared = [(row, prepare_again(row.observation, policy)) for row in rows]
        set_computed(tx, {row.number: fact for row, fact in prepared})
        write_typo_links(tx, {(meant, fact.core) for _, fact in prepared for meant in fact.typo_links})
        for row, fact in prepared:
            if row.observation.node in decided:
                nodes[row.observation.node].add(fact.node)
        fresh = {fact.core: (row.number, fact) for row, fact in reversed(prepared) if fact.core not in indexed}
        indexed |= fresh.keys()
        index_facts(tx, segments, fresh.values())
        while alike := segments.newest_alike():
            segments.unite(tx, alike)
    decide_on(tx, nodes)
    done: set[Key] = set()
    companies = in_company(tx)
    for company in told_step("memories", companies, sum(map(len, companies))):
        near = neighbourhood(tx, [seen for seen in company.observations(tx) if seen.key not in done], is_whole=True)
        done |= near.rows.keys()
        clustered, _ = clusters((row.observation for row in near.rows.values()), near.typo_links, near.decisions, near.spent)
        write_regrouped(tx, regroup(clustered, near.rows, near.rows.keys(), near), near.rows)
    fewer = before - count_memories(tx)
    moved = Moved(max(fewer, 0), max(-fewer, 0))
    write_lines(tx, None, moves(moved))
    return moved


def _all_rows(tx: Tx) -> Iterator[list[Row]]:
    last = 0
    query = ROWS.order_by(_observations.number).limit(CHUNK)
    while rows := [to_row(row) for row in tx.execute(query.where(_observations.number > last))]:
        yield rows
        last = rows[-1].number
