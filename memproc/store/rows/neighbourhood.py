"""What of the store a batch can touch, looked up until nothing more leads out of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import compress
from typing import Any

from sqlalchemy import Column, Select, func, select, union

from memproc.dedup.columns import Columns
from memproc.dedup.decision import Decision
from memproc.dedup.grouping import Link, group_all, grouped, in_group
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Neighbourhood, Row
from memproc.dedup.observation import Observation
from memproc.store.rows.decisions import DECISIONS, decision_of, in_force
from memproc.store.rows.observations import ROWS, SPEAKING, to_row
from memproc.store.rows.state import StoreState, what_there_is
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c
_TYPO_LINKS = select(tables.typo_links.c.meant, tables.typo_links.c.core)
SPENT = select(tables.forgotten.c.node).where(tables.forgotten.c.home != tables.forgotten.c.node)


CHUNK = 2_000


def neighbourhood(
    tx: Tx, observations: Iterable[Observation] = (), cores: Iterable[int] = (), *, is_whole: bool = False
) -> Neighbourhood:
    """Return all that may be one memory with one of these observations of the store, or has one of these cores.

    Without `is_whole` silent observations are left out, except those that are given with a date of their source, which may be a
    later one.
    """
    given = [*observations]
    search = _Search(tx, None, is_whole=is_whole)
    nodes = {seen.node for seen in given if seen.is_identity}
    search.follow({*cores, *(seen.core for seen in given)}, nodes, search.handles_of(given))
    if not is_whole:
        search.add({seen.key for seen in given if seen.as_of is not None})
    return search.result(Columns())


def neighbourhood_of_batch(tx: Tx, batch: Columns, state: StoreState, beside: Sequence[Observation] = ()) -> Neighbourhood:
    """Return all that may be one memory with one of these new observations, or with one of those `beside` them, which are of the
    store. Silent ones are left out, except those that the batch gives again with a date of their source, which may be a later one.
    """
    search = _Search(tx, state, is_whole=False)
    search.links = {(meant, core) for core, meanings in zip(batch.core, batch.typo_links, strict=True) for meant in meanings}
    cores = {meant for meant, _ in search.links}
    if tx.policy.dedup != "off":  # there a core is of one observation
        cores.update(batch.core)
    cores.update(seen.core for seen in beside)
    handles = {*batch.node, *batch.key} if search.has_decisions else set()
    nodes = {*compress(batch.node, batch.is_identity), *(seen.node for seen in beside if seen.is_identity)}
    search.follow(cores, nodes, handles | search.handles_of(beside))
    search.add({key for key, as_of in zip(batch.key, batch.as_of, strict=True) if as_of is not None})
    return search.result(batch)


def in_groups(tx: Tx, rows: Sequence[Row]) -> list[Row]:
    """Return rows with the groups of their observations, found out whether they meet others or not."""
    groups = {seen.content: grouped(seen.content, seen.record, tx.policy) for seen in (row.observation for row in rows)}
    return [row._replace(observation=in_group(row.observation, groups)) for row in rows]


class _Search:
    """A search under way: what it has found, and the queries that find more."""

    def __init__(self, tx: Tx, there: StoreState | None, *, is_whole: bool) -> None:
        self.tx = tx
        self.query = ROWS if is_whole else SPEAKING
        self.cores: set[int] = set()
        self.nodes: set[Key] = set()
        self.homes: set[Key] = set()
        self.rows: dict[Key, Row] = {}
        self.links: set[Link] = set()
        self.decisions: dict[int, Decision] = {}
        self.has_typo_links, self.has_decisions, self.has_forgotten = there.has if there else what_there_is(tx)

    def follow(self, cores: set[int], nodes: set[Key], handles: set[Key]) -> None:
        """Find what has these cores, nodes and names in decisions, what that leads to, and so on."""
        while cores or nodes or handles:
            rows = self.rows_of(cores, nodes)
            linked = self.linked_with(cores, {row.observation.core for row in rows})
            merged = self.decisions_on(handles | self.handles_of(row.observation for row in rows))
            handles = set()
            cores = (linked | {row.observation.core for row in rows}) - self.cores
            nodes = (merged | {row.observation.node for row in rows if row.observation.is_identity}) - self.nodes

    def result(self, batch: Columns) -> Neighbourhood:
        """Return what was found, with what it and a new batch merge by."""
        groups = group_all([row.observation for row in self.rows.values()], batch, self.links, self.tx.policy)
        rows = self.rows
        if groups:
            rows = {key: row._replace(observation=in_group(row.observation, groups)) for key, row in rows.items()}
        return Neighbourhood(rows, groups, in_force(self.decisions), self.spent(), self.query is ROWS)

    def linked_with(self, cores: set[int], inhabited: set[int]) -> set[int]:
        """Note the links of these cores to what they may stand for, and back; return the cores at both ends.

        Only a core that is `inhabited` has been written with what it may stand for.
        """
        if not self.has_typo_links:
            return set()
        up = self._select(_TYPO_LINKS, tables.typo_links.c.core, cores & inhabited)
        links = {(meant, core) for meant, core in (*up, *self._select(_TYPO_LINKS, tables.typo_links.c.meant, cores))}
        self.links |= links
        return {end for link in links for end in link}

    def rows_of(self, cores: set[int], nodes: set[Key]) -> list[Row]:
        """Note and return the observations of these cores and nodes, which may be keys of observations."""
        self.cores |= cores
        self.nodes |= nodes
        rows = [*map(to_row, self._select(self.query, _observations.core, cores))]
        rows += map(to_row, self._select(self.query, _observations.node, nodes))
        if self.has_decisions:
            rows += map(to_row, self._select(ROWS, _observations.key, nodes))
            homes = {row.memory for row in rows if row.memory is not None} - self.homes  # else a chain leads there link by link
            self.homes |= homes
            rows += map(to_row, self._select(self.query, _observations.memory, homes))
        self.rows.update((row.observation.key, row) for row in rows)
        return rows

    def add(self, keys: set[Key]) -> None:
        """Add some observations, though they may be silent."""
        rows = map(to_row, self._select(ROWS, _observations.key, keys - self.rows.keys()))
        self.rows.update((row.observation.key, row) for row in rows)

    def handles_of(self, observations: Iterable[Observation]) -> set[Key]:
        """Return what decisions may name these observations by; nothing where there are no decisions."""
        if not self.has_decisions:
            return set()
        return {handle for seen in observations for handle in (seen.node, seen.key)}

    def decisions_on(self, handles: set[Key]) -> set[Key]:
        """Note the decisions on these nodes and units; return what they join with these."""
        if not self.has_decisions:
            return set()
        columns = (tables.decisions.c.a, tables.decisions.c.b)
        made = {row.number: decision_of(row) for column in columns for row in self._select(DECISIONS, column, handles)}
        self.decisions |= made  # all on a pair are found together
        return {key for decision in in_force(made) if decision.verdict != "distinct" for key in decision.keys}

    def spent(self) -> frozenset[Key]:
        """Return those of the nodes of which a part was forgotten by itself, or within a memory of another name."""
        if not self.has_forgotten:
            return frozenset()
        return frozenset(node for (node,) in self._select(SPENT, tables.forgotten.c.node, self.nodes))

    def _select(self, query: Select[Any], column: Column[Any], keys: Collection[Any]) -> Iterator[Any]:
        return self.tx.select_by_keys(query, column, keys)


class Company:
    """Keys of observations of memories that may have more than one, or may not be called by their nodes."""

    def __init__(self, column: Column[Any], keys: Sequence[Any]) -> None:
        self._column, self._keys = column, keys

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._keys)

    def observations(self, tx: Tx) -> list[Observation]:
        """Return the observations that have them."""
        return [to_row(row).observation for row in tx.select_by_keys(ROWS, self._column, self._keys)]


def in_company(tx: Tx) -> list[Company]:
    """Return, in chunks, what finds the observations of every memory that may have more than one, or may not be called by its
    node.
    """
    crowded = select(_observations.core).group_by(_observations.core).having(func.count() > 1)
    linked = union(select(tables.typo_links.c.core), select(tables.typo_links.c.meant))
    cores = sorted({*tx.execute(crowded).scalars(), *tx.execute(linked).scalars()})
    versioned = select(_observations.node).group_by(_observations.node).having(func.count() > 1)
    decided = union(select(tables.decisions.c.a), select(tables.decisions.c.b))
    nodes = sorted({key for query in (versioned, decided, SPENT) for key in tx.execute(query).scalars()})
    found = ((_observations.core, cores), (_observations.node, nodes), (_observations.key, nodes))
    return [Company(column, keys[start : start + CHUNK]) for column, keys in found for start in range(0, len(keys), CHUNK)]
