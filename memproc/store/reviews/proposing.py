"""Pairs that are alike in meaning, proposed as reviews: what a store holds is read and embedded, and what was found is written.

Facts: no vector is kept. To read a fact and embed it again takes 200 microseconds, and what is forgotten can then be nowhere. Only
what came or was decided on since the last time is looked at, compared with all of its namespace and subject. Memory grows with the
facts of the largest namespace, four kilobytes each; time with the product of what is new and what has the same cues.

Strategy: one namespace at a time is read in a transaction of its own, and compared outside of any. All that was found is written in
one transaction with a cursor, behind a second look at what may have changed meanwhile. Who is killed before that begins anew.

Rules: nothing changes but the reviews and the cursor. A pair that waits holds its two facts until it is decided; what is held
distinct is never each other's nearest. Facts that are valid at other times are not compared, nor are those that say the same words:
they are apart for a reason.
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
from memproc.store.reviews.waiting import write_reviews
from memproc.store.rows.decisions import all_decisions
from memproc.store.rows.observations import SPEAKING, to_row
from memproc.store.sql import tables
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx

KIND = "meaning"
CHUNK = 2_000
_NEVER = -(2**63)  # before every date
_SHARED = ("namespace", "subject", "valid_from", "valid_to")  # what two facts must have in common to be compared

_observations, _reviews, _store = tables.observations.c, tables.reviews.c, tables.store.c
_FACTS = select(*(_observations[name] for name in ("key", "node", "memory", "batch", "date", "as_of", "record")))
_MEMBERS = select(_observations.key, _observations.node, _observations.memory)
_NAMESPACES = select(_observations.namespace)
_DECIDED = select(tables.decisions.c.a, tables.decisions.c.b)
_PAIRS = select(_reviews.one, _reviews.other)

Home = Key  # the id of a memory
Scope = tuple[str | None, ...]  # the values of `_SHARED`


class _Cursor(NamedTuple):
    """How far was looked: the newest batch and decision, and the cosine from which a pair was taken."""

    batch: int
    decision: int
    at_least: float


_FROM_THE_START = _Cursor(-1, -1, float("inf"))


class _Fact(NamedTuple):
    """What a memory says now: the newest of its observations that speak; of one date that of the largest key."""

    rank: tuple[int, int]
    key: Key
    home: Home
    scope: Scope
    content: str


class _Compared(NamedTuple):
    """A fact among those that it may be compared with."""

    text: str
    fact: _Fact
    is_new: bool


class _Pair(NamedTuple):
    """Two observations, the smaller first, and the cosine of their texts."""

    cosine: float
    one: Key
    other: Key


class _Decided(NamedTuple):
    """Nodes and observations that were decided on since the last time; what is held distinct from each; and all that these name."""

    since: AbstractSet[Key]
    distinct: Mapping[Key, Sequence[Key]]
    held: AbstractSet[Key]


class _Heard(NamedTuple):
    """The facts of a namespace by memory, those that are new, and pairs of memories that are held distinct."""

    facts: Mapping[Home, _Fact]
    new: frozenset[Home]
    apart: Sequence[tuple[Home, Home]]


@dataclass(frozen=True, slots=True)
class Proposer:
    """Looks for pairs that are alike in meaning in one store."""

    transactions: Transactions
    embed: Embed

    def propose(self, at_least: float, limit: int | None) -> Proposed:
        """Add the pairs of what is new as reviews, the nearest first, at most `limit`; if some are left, the cursor stays."""
        since, reached = self.transactions.read(partial(_cursors, at_least=at_least))
        found: list[_Pair] = []
        looked = 0
        decided = self.transactions.read(partial(_decided, since=since))
        for namespace in self.transactions.read(partial(_namespaces, since=since, decided=decided)):
            heard = self.transactions.read(partial(_heard_in, namespace=namespace, since=since, decided=decided))
            looked += len(heard.new)
            for compared in _rooms(heard):
                found += self._alike(compared, heard.apart, at_least)
        found.sort(key=lambda pair: (-pair.cosine, pair.one, pair.other))  # the nearest first
        proposed, known, left = self.transactions.write(partial(self._written, found=found, limit=limit, reached=reached))
        return Proposed(looked, proposed, known, left)

    def _alike(self, compared: Sequence[_Compared], apart: Sequence[tuple[Home, Home]], at_least: float) -> Iterator[_Pair]:
        """Give the pairs among facts with equal cues."""
        places = {one.fact.home: at for at, one in enumerate(compared)}
        barred = [(places[one], places[other]) for one, other in apart if one in places and other in places]
        vectors = self.embed([one.text for one in compared])
        for one, other, cosine in mutual_nearest(vectors, np.array([one.is_new for one in compared]), barred, at_least):
            yield _Pair(cosine, *sorted((compared[one].fact.key, compared[other].fact.key)))

    def _written(
        self,
        tx: Tx,
        found: Sequence[_Pair],
        limit: int | None,
        reached: _Cursor,
    ) -> tuple[int, int, int]:
        """Write what is no review yet, and the cursor; return how many were written, were known, and are left."""
        homes = _homes_of(tx, found)
        apart = [pair for pair in found if homes.get(pair.one) and homes.get(pair.other) and homes[pair.one] != homes[pair.other]]
        reviewed = _reviewed(tx, {homes[key] for pair in apart for key in pair[1:]})
        fresh = [pair for pair in apart if frozenset((homes[pair.one], homes[pair.other])) not in reviewed]
        for_review = [
            ReviewCandidate(one, other, KIND, None, f"alike in meaning (cosine {cosine:.2f})")
            for cosine, one, other in fresh[:limit]
        ]
        written = write_reviews(tx, for_review, tx.next_number(tables.batches) - 1)
        left = len(fresh) - len(for_review)
        if not left:
            text = orjson.dumps(reached._asdict(), option=orjson.OPT_SORT_KEYS).decode()
            tx.change_store(proposed=text)
        return written, len(apart) - len(fresh), left


def _cursors(tx: Tx, at_least: float) -> tuple[_Cursor, _Cursor]:
    """Return from where on to look, and where that gets. Who asks for less alike pairs than before looks at all again."""
    try:
        since = _Cursor(**orjson.loads(tx.execute(select(_store.proposed)).scalar() or ""))
    except (ValueError, TypeError):  # there is none, or what a check-up tells to be damaged
        since = _FROM_THE_START
    batch, decision = (tx.next_number(table) - 1 for table in (tables.batches, tables.decisions))
    return since if since.at_least <= at_least else _FROM_THE_START, _Cursor(batch, decision, at_least)


def _decided(tx: Tx, since: _Cursor) -> _Decided:
    """Read what was decided."""
    fresh = tx.execute(_DECIDED.where(tables.decisions.c.number > since.decision))
    distinct: dict[Key, list[Key]] = defaultdict(list)
    for made in all_decisions(tx):
        if made.verdict == "distinct":
            distinct[made.a].append(made.b)
    held = {*distinct, *(other for others in distinct.values() for other in others)}
    return _Decided({key for pair in fresh for key in pair}, distinct, held)


def _namespaces(tx: Tx, since: _Cursor, decided: _Decided) -> list[int]:
    """Return the namespaces in which something came or was decided on since."""
    found = {*tx.execute(_NAMESPACES.where(_observations.batch > since.batch).distinct()).scalars()}
    for column in (_observations.node, _observations.key):
        found |= {namespace for (namespace,) in tx.select_by_keys(_NAMESPACES, column, decided.since)}
    return sorted(found)


def _heard_in(tx: Tx, namespace: int, since: _Cursor, decided: _Decided) -> _Heard:
    """Read the facts of a namespace."""
    facts: dict[Home, _Fact] = {}
    new: set[Home] = set()
    homes_of: dict[Key, set[Home]] = defaultdict(set)
    query = _FACTS.where((_observations.namespace == namespace) & (_observations.speaks == 1))
    with tx.execute(query.execution_options(yield_per=CHUNK)) as rows:
        for key, node, memory, batch, date, as_of, text in rows:
            record, home = orjson.loads(text), memory or node
            if is_event(record):
                continue
            scope = (*map(record.get, _SHARED),)
            fact = _Fact(_rank(date, as_of), key, home, scope, record["content"])
            facts[home] = max(fact, facts.get(home, fact))
            if batch > since.batch or not decided.since.isdisjoint((node, key)):
                new.add(home)
            for handle in decided.held & {node, key}:
                homes_of[handle].add(home)
    sides = [(one, other) for one in decided.distinct.keys() & homes_of.keys() for other in decided.distinct[one]]
    apart = [(a, b) for one, other in sides for a in homes_of[one] for b in homes_of.get(other, ()) if a != b]
    return _Heard(facts, frozenset(new), apart)


def _rank(date: int | None, as_of: int | None) -> tuple[int, int]:
    """Return what orders observations, the newest last, given their dates in microseconds since 1970."""
    given = _NEVER if as_of is None else as_of
    return given if date is None else date, given


def _rooms(heard: _Heard) -> Iterator[list[_Compared]]:
    """Give the facts that may be compared, as many as there are together: of one subject and validity, with equal cues. Only those
    among which there is a new one; of those with the same text one, by key.
    """
    scopes: dict[Scope, list[_Fact]] = defaultdict(list)
    for fact in heard.facts.values():
        scopes[fact.scope].append(fact)
    for facts in scopes.values():
        if heard.new.isdisjoint(fact.home for fact in facts):
            continue
        rooms: dict[Cues, dict[str, _Compared]] = defaultdict(dict)
        for fact in sorted(facts, key=attrgetter("key")):
            text = text_of({"content": fact.content})
            cues = guard_of(text)
            if cues is not None:
                first = rooms[cues].get(text, _Compared(text, fact, is_new=False))
                rooms[cues][text] = first._replace(is_new=first.is_new or fact.home in heard.new)
        for room in rooms.values():
            if len(room) > 1 and any(one.is_new for one in room.values()):
                yield [*room.values()]


def _homes_of(tx: Tx, found: Sequence[_Pair]) -> dict[Key, Home]:
    """Return the memories that the observations of pairs are in tx.now, as far as they speak still."""
    keys = {key for pair in found for key in pair[1:]}
    rows = map(to_row, tx.select_by_keys(SPEAKING, _observations.key, keys))
    return {row.observation.key: row.home for row in rows}


def _reviewed(tx: Tx, homes: AbstractSet[Home]) -> set[frozenset[Home]]:
    """Return the pairs of these memories that have a review, open or decided."""
    home_of: dict[Key, Home] = {}
    for column in (_observations.memory, _observations.node):
        rows = tx.select_by_keys(_MEMBERS, column, homes)
        home_of |= {key: home for key, node, memory in rows if (home := memory or node) in homes}
    pairs = tx.select_by_keys(_PAIRS, _reviews.one, home_of)
    return {frozenset((home_of[one], home_of[other])) for one, other in pairs if other in home_of}
