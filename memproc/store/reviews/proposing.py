"""Proposes pairs of facts with similar meaning as reviews: reads and embeds the facts of a store, and writes the pairs.

Facts: no vector is stored. Reading and embedding a fact again takes 200 microseconds, and so nothing of a forgotten fact is left.
Only facts that are new or were decided on since the last run are compared, with all of their namespace and subject. Memory grows
with the facts of the largest namespace, four kilobytes each; time with the product of new facts and facts with the same cues.

Strategy: each namespace is read in a transaction of its own and compared outside of it. One last transaction checks what changed
meanwhile, and writes all pairs and a cursor. A run that is killed before that starts again.

Rules: only the reviews and the cursor change. An open pair keeps its two facts from other pairs until it is decided; facts held
distinct do not count as each other's nearest. Facts that are valid at different times are not compared, nor are those with the same
words: they are separate for a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import orjson
from sqlalchemy import select

from memproc.dedup.keys import Key, text_of
from memproc.dedup.meaning import Cues, guard_of, mutual_nearest
from memproc.dedup.review_candidates import ReviewCandidate
from memproc.embedding import Embed
from memproc.records import is_event
from memproc.store.answers import Proposed
from memproc.store.reviews.storing import write_reviews
from memproc.store.rows.decisions import all_decisions
from memproc.store.rows.observations import SPEAKING, home_in, to_row
from memproc.store.sql import tables
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx

KIND = "meaning"
FACTS_AT_ONCE = 2_000
_NEVER = -(2**63)  # before every date
_SHARED = ("namespace", "subject", "valid_from", "valid_to")  # fields that must be equal for two facts to be compared

_observations, _reviews, _store = tables.observations.c, tables.reviews.c, tables.store.c
_HOME = home_in(tables.observations).label("home")
_FACTS = select(_HOME, *(_observations[name] for name in ("key", "node", "batch", "date", "as_of", "record")))
_MEMBERS = select(_observations.key, _HOME)
_NAMESPACES = select(_observations.namespace)
_DECIDED = select(tables.decisions.c.a, tables.decisions.c.b)
_PAIRS = select(_reviews.one, _reviews.other)

Home = Key  # the id of a memory
Scope = tuple[str | None, ...]  # the values of `_SHARED`


class _Cursor(NamedTuple):
    """How far a run came: the newest batch and decision, and the smallest cosine accepted."""

    batch: int
    decision: int
    at_least: float


_FROM_THE_START = _Cursor(-1, -1, float("inf"))


class _Fact(NamedTuple):
    """The present content of a memory: its newest observation that speaks; of equal dates the one with the largest key."""

    rank: tuple[int, int]
    key: Key
    home: Home
    scope: Scope
    content: str


class _Candidate(NamedTuple):
    """A fact with its canonical text, in a group of facts to compare."""

    text: str
    fact: _Fact
    is_new: bool


class _Pair(NamedTuple):
    """Two observations, the smaller first, and the cosine of their texts."""

    cosine: float
    one: Key
    other: Key


class _Decided(NamedTuple):
    """Keys decided on since the last run, the keys held distinct from each, and all keys in the latter."""

    since: AbstractSet[Key]
    distinct: Mapping[Key, Sequence[Key]]
    held: AbstractSet[Key]


class _Namespace(NamedTuple):
    """The facts of a namespace by memory, those that are new, and pairs of memories that are held distinct."""

    facts: Mapping[Home, _Fact]
    new: frozenset[Home]
    apart: Sequence[tuple[Home, Home]]


@dataclass(frozen=True, slots=True)
class Proposer:
    """Proposes pairs with similar meaning in one store."""

    transactions: Transactions
    embed: Embed

    def propose(self, at_least: float, limit: int | None) -> Proposed:
        """Add pairs with new facts as reviews, the nearest first, at most `limit`; if some are left, the cursor stays."""
        since, reached = self.transactions.read(partial(_cursors, at_least=at_least))
        pairs: list[_Pair] = []
        facts_compared = 0
        decided = self.transactions.read(partial(_decided, since=since))
        for namespace in self.transactions.read(partial(_namespaces, since=since, decided=decided)):
            facts = self.transactions.read(partial(_read_namespace, namespace=namespace, since=since, decided=decided))
            facts_compared += len(facts.new)
            for group in _groups(facts):
                pairs += self._alike(group, facts.apart, at_least)
        pairs.sort(key=lambda pair: (-pair.cosine, pair.one, pair.other))
        proposed, known, left = self.transactions.write(partial(self._write, pairs=pairs, limit=limit, reached=reached))
        return Proposed(facts_compared, proposed, known, left)

    def _alike(self, group: Sequence[_Candidate], apart: Sequence[tuple[Home, Home]], at_least: float) -> Iterator[_Pair]:
        """Yield the pairs of mutually nearest facts of a group."""
        places = {one.fact.home: at for at, one in enumerate(group)}
        barred = [(places[one], places[other]) for one, other in apart if one in places and other in places]
        vectors = self.embed([one.text for one in group])
        for one, other, cosine in mutual_nearest(vectors, np.array([one.is_new for one in group]), barred, at_least):
            yield _Pair(cosine, *sorted((group[one].fact.key, group[other].fact.key)))

    def _write(self, tx: Tx, pairs: Sequence[_Pair], limit: int | None, reached: _Cursor) -> tuple[int, int, int]:
        """Write the pairs without a review, and the cursor; return how many were written, were known, and are left."""
        homes = _homes_of(tx, pairs)
        distinct = [
            pair for pair in pairs if homes.get(pair.one) and homes.get(pair.other) and homes[pair.one] != homes[pair.other]
        ]
        reviewed = _reviewed(tx, {homes[key] for pair in distinct for key in pair[1:]})
        fresh = [pair for pair in distinct if frozenset((homes[pair.one], homes[pair.other])) not in reviewed]
        for_review = [
            ReviewCandidate(one, other, KIND, None, f"alike in meaning (cosine {cosine:.2f})")
            for cosine, one, other in fresh[:limit]
        ]
        written = write_reviews(tx, for_review, tx.next_number(tables.batches) - 1)
        left = len(fresh) - len(for_review)
        if not left:
            text = orjson.dumps(reached._asdict(), option=orjson.OPT_SORT_KEYS).decode()
            tx.change_store(proposed=text)
        return written, len(distinct) - len(fresh), left


def _cursors(tx: Tx, at_least: float) -> tuple[_Cursor, _Cursor]:
    """Return the cursors to start from and to reach. A smaller cosine than in the last run starts from the beginning."""
    try:
        since = _Cursor(**orjson.loads(tx.execute(select(_store.proposed)).scalar() or ""))
    except (ValueError, TypeError):  # there is none, or it is damaged, which a check-up reports
        since = _FROM_THE_START
    batch, decision = (tx.next_number(table) - 1 for table in (tables.batches, tables.decisions))
    return since if since.at_least <= at_least else _FROM_THE_START, _Cursor(batch, decision, at_least)


def _decided(tx: Tx, since: _Cursor) -> _Decided:
    """Read the decisions."""
    fresh = tx.execute(_DECIDED.where(tables.decisions.c.number > since.decision))
    distinct: dict[Key, list[Key]] = defaultdict(list)
    for made in all_decisions(tx):
        if made.verdict == "distinct":
            distinct[made.a].append(made.b)
    held = {*distinct, *(other for others in distinct.values() for other in others)}
    return _Decided({key for pair in fresh for key in pair}, distinct, held)


def _namespaces(tx: Tx, since: _Cursor, decided: _Decided) -> list[int]:
    """Return the namespaces with new facts or decisions."""
    namespaces = {*tx.execute(_NAMESPACES.where(_observations.batch > since.batch).distinct()).scalars()}
    for column in (_observations.node, _observations.key):
        namespaces |= {namespace for (namespace,) in tx.select_by_keys(_NAMESPACES, column, decided.since)}
    return sorted(namespaces)


def _read_namespace(tx: Tx, namespace: int, since: _Cursor, decided: _Decided) -> _Namespace:
    """Read the facts of a namespace."""
    facts: dict[Home, _Fact] = {}
    new: set[Home] = set()
    homes_of: dict[Key, set[Home]] = defaultdict(set)
    query = _FACTS.where((_observations.namespace == namespace) & (_observations.speaks == 1))
    with tx.execute(query.execution_options(yield_per=FACTS_AT_ONCE)) as rows:
        for row in rows:
            record, home, handles = orjson.loads(row.record), row.home, {row.node, row.key}
            if is_event(record):
                continue
            scope = (*map(record.get, _SHARED),)
            fact = _Fact(_rank(row.date, row.as_of), row.key, home, scope, record["content"])
            facts[home] = max(fact, facts.get(home, fact))
            if row.batch > since.batch or not decided.since.isdisjoint(handles):
                new.add(home)
            for handle in decided.held & handles:
                homes_of[handle].add(home)
    sides = [(one, other) for one in decided.distinct.keys() & homes_of.keys() for other in decided.distinct[one]]
    apart = [(a, b) for one, other in sides for a in homes_of[one] for b in homes_of.get(other, ()) if a != b]
    return _Namespace(facts, frozenset(new), apart)


def _rank(date: int | None, as_of: int | None) -> tuple[int, int]:
    """Return the sort key of an observation by its dates in microseconds since 1970, the newest last."""
    source_date = _NEVER if as_of is None else as_of
    return source_date if date is None else date, source_date


def _groups(namespace: _Namespace) -> Iterator[list[_Candidate]]:
    """Yield the groups of facts to compare: of one subject and validity, with equal cues, at least one of them new. Of facts with
    the same text a group holds one, by key.
    """
    scopes: dict[Scope, list[_Fact]] = defaultdict(list)
    for fact in namespace.facts.values():
        scopes[fact.scope].append(fact)
    for facts in scopes.values():
        if namespace.new.isdisjoint(fact.home for fact in facts):
            continue
        groups: dict[Cues, dict[str, _Candidate]] = defaultdict(dict)
        for fact in sorted(facts, key=attrgetter("key")):
            text = text_of({"content": fact.content})
            cues = guard_of(text)
            if cues is not None:
                first = groups[cues].get(text, _Candidate(text, fact, is_new=False))
                groups[cues][text] = first._replace(is_new=first.is_new or fact.home in namespace.new)
        for group in groups.values():
            if len(group) > 1 and any(one.is_new for one in group.values()):
                yield [*group.values()]


def _homes_of(tx: Tx, pairs: Sequence[_Pair]) -> dict[Key, Home]:
    """Return the present memories of the observations of pairs that still speak."""
    keys = {key for pair in pairs for key in pair[1:]}
    rows = map(to_row, tx.select_by_keys(SPEAKING, _observations.key, keys))
    return {row.observation.key: row.home for row in rows}


def _reviewed(tx: Tx, homes: AbstractSet[Home]) -> set[frozenset[Home]]:
    """Return the pairs of these memories with an open or decided review."""
    home_of: dict[Key, Home] = {}
    for column in (_observations.memory, _observations.node):
        rows = tx.select_by_keys(_MEMBERS, column, homes)
        home_of |= {key: home for key, home in rows if home in homes}
    pairs = tx.select_by_keys(_PAIRS, _reviews.one, home_of)
    return {frozenset((home_of[one], home_of[other])) for one, other in pairs if other in home_of}
