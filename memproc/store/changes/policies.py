"""Applies policies: decides the open reviews that match one, in batches, and takes its decisions back together.

Facts: a person sees both memories as they are now; a policy knows only the model's confidence in two texts. So a policy does not
override a person, and does not decide if the texts are not those that were compared.

Rules: pairs are decided by falling confidence, then by key, so that the result does not depend on the order in which they were
found. A pair is left to a person if a person ever decided on it or took back a decision on it; if something in one memory is held
distinct from something in the other, counting what this run has merged; if a newer version has replaced one side; or if
`supersedes` lacks a later date. Decisions of other policies on the pair stand too. A pair that has become one memory meanwhile
needs no decision.

Each batch is a transaction. After an interruption the policy can be run again: decided pairs are no longer open.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import orjson
from sqlalchemy import select

from memproc.config import Verdict
from memproc.dedup.cluster import Cluster, clusters
from memproc.dedup.decision import Decision, pair
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Neighbourhood
from memproc.dedup.observation import Observation
from memproc.dedup.review_policy import ReviewPolicy, parse_policy
from memproc.dedup.versions import newest_of
from memproc.errors import NotFoundError, UsageError
from memproc.store.answers import Applied, PolicyCount
from memproc.store.changes.deciding import decide_by_hand
from memproc.store.reviews.storing import settle_reviews
from memproc.store.rows.decisions import WITHDRAWN, Pair, decisions_ever, decisions_on, in_force, not_withdrawn, pairs_of
from memproc.store.rows.neighbourhood import neighbourhood
from memproc.store.rows.observations import rows_by_key
from memproc.store.sql import tables
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx

PAIRS_AT_ONCE = 2_000  # pairs per transaction, about a second; each transaction looks up large memories again

_reviews, _observations = tables.reviews.c, tables.observations.c
_SIDES = select(_reviews.number, _reviews.one, _reviews.other, _reviews.status)
_MEMORY_OF = select(_observations.node, _observations.memory)
_OPEN = (
    select(_reviews.number, _reviews.one, _reviews.other, _reviews.kind, _reviews.confidence, _observations.record)
    .join_from(tables.reviews, tables.observations, _observations.key == _reviews.one)
    .where(_reviews.status == "open")
    .execution_options(yield_per=PAIRS_AT_ONCE)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to decide: the pairs that match a policy, with a `job` only those that it found, at most `limit`; the verdict, and the
    name and note of the decisions.
    """

    policy: ReviewPolicy
    verdict: Verdict
    name: str
    note: str
    limit: int | None
    job: int | None


def carry_out(transactions: Transactions, order: Order, give_way: Callable[[], None]) -> Applied:
    """Decide all matching pairs in batches, calling `give_way` after each; return what was decided."""
    numbers = transactions.read(lambda tx: _matching(tx, order))
    decided: list[int] = []
    held = 0
    for start in range(0, len(numbers), PAIRS_AT_ONCE):
        left = None if order.limit is None else order.limit - len(decided)
        if left == 0:
            break
        done, left_out = transactions.write(
            partial(_decide, order=order, numbers=numbers[start : start + PAIRS_AT_ONCE], limit=left)
        )
        decided += done
        held += left_out
        give_way()
    memories = transactions.read(lambda tx: _count_memories(tx, decided))
    return Applied(order.name, order.verdict, len(decided), memories, held, tuple(decided))


def _matching(tx: Tx, order: Order) -> list[int]:
    """Return the numbers of the matching open reviews, the highest confidence first."""
    of_job = select(tables.batches.c.number).where(tables.batches.c.job == order.job)
    query = _OPEN if order.job is None else _OPEN.where(_reviews.batch.in_(of_job))
    matching = []
    with tx.execute(query) as rows:
        for row in rows:
            namespace = orjson.loads(row.record)["namespace"]
            if order.policy.is_met_by(confidence=row.confidence, kind=row.kind, namespace=namespace):
                matching.append((-(row.confidence or 0.0), row.one, row.other, row.number))
    return [number for *_, number in sorted(matching)]


def _count_memories(tx: Tx, numbers: Sequence[int]) -> int:
    """Return the number of memories that the sides of these reviews are in."""
    keys = {key for row in tx.select_by_keys(_SIDES, _reviews.number, numbers) for key in (row.one, row.other)}
    return len({memory or node for node, memory in tx.select_by_keys(_MEMORY_OF, _observations.key, keys)})


def _decide(tx: Tx, order: Order, numbers: Sequence[int], limit: int | None) -> tuple[list[int], int]:
    """Decide those of these reviews that are still open; return their numbers, and how many are left to a person."""
    rows = {row.number: row for row in tx.select_by_keys(_SIDES, _reviews.number, numbers)}
    still_open = [row for row in map(rows.get, numbers) if row is not None and row.status == "open"]
    sides = rows_by_key(tx, {key for row in still_open for key in (row.one, row.other)})
    located = ((row.number, sides.get(row.one), sides.get(row.other)) for row in still_open)
    pairs = {at: (one.observation, other.observation) for at, one, other in located if one and other and one.home != other.home}
    near = neighbourhood(tx, {seen.key: seen for both in pairs.values() for seen in both}.values())
    made = decisions_on(tx, {names for one, other in pairs.values() for names in _name_pairs(one, other)})
    judge = _Judge(near, order, made)
    decisions: dict[int, Decision] = {}
    closed: list[int] = []
    for number, (one, other) in pairs.items():
        if limit is not None and len(decisions) >= limit:
            break
        if judge.is_decided_already(one, other):
            closed.append(number)
        elif decision := judge.decision_on(one, other):
            decisions[number] = decision
    if decisions:
        decide_by_hand(tx, [(decision, order.verdict) for decision in decisions.values()], order.note)
    settle_reviews(tx, dict.fromkeys([*decisions, *closed], order.verdict))
    return [*decisions], judge.held


def _name_pairs(one: Observation, other: Observation) -> set[Pair]:
    """Return all pairs of keys that a decision on two observations may name."""
    return pairs_of({one.node, one.key}, {other.node, other.key})


class _Judge:
    """Judges pairs one after the other, counting each decision for those after it. `held` counts the pairs left to a person."""

    def __init__(self, near: Neighbourhood, order: Order, made: Mapping[Pair, Mapping[int, Decision]]) -> None:
        self.order, self.made, self.held = order, made, 0
        memories, _ = clusters((row.observation for row in near.rows.values()), near.typo_links, near.decisions, near.spent)
        self.homes = {(seen.node, seen.content): at for at, memory in enumerate(memories) for seen in memory.observations}
        self.parents = [*range(len(memories))]  # union-find over memories
        self.ranks = [max(seen.rank for seen in memory.observations) for memory in memories]
        self.apart = _apart(memories, near.decisions)
        self.newest = _newest(row.observation for row in near.rows.values())

    def is_decided_already(self, one: Observation, other: Observation) -> bool:
        """Tell whether a policy has given this verdict on the pair in another review."""
        made = self._made_on(one, other)
        return not _is_a_persons(made) and [decision.verdict for decision in in_force(made)] == [self.order.verdict]

    def decision_on(self, one: Observation, other: Observation) -> Decision | None:
        """Return the decision on a pair; None if none is needed or it is left to a person."""
        homes = [self._root(self.homes[seen.node, seen.content]) for seen in (one, other)]
        if homes[0] == homes[1]:
            return None
        if self._is_for_a_person(one, other, homes):
            self.held += 1
            return None
        if self.order.verdict != "distinct":
            self._unite(*homes)
        return pair(self._handle(one), self._handle(other), self.order.verdict, self.order.name)

    def _is_for_a_person(self, one: Observation, other: Observation, homes: Sequence[int]) -> bool:
        made = self._made_on(one, other)
        if in_force(made) or _is_a_persons(made):
            return True
        if not (self._speaks(one) and self._speaks(other)):
            return True
        verdict, (first, second) = self.order.verdict, homes
        if verdict == "supersedes" and len(newest_of({one.key: self.ranks[first], other.key: self.ranks[second]})) > 1:
            return True
        return verdict != "distinct" and second in self.apart[first]

    def _made_on(self, one: Observation, other: Observation) -> dict[int, Decision]:
        """Return every decision ever made on a pair, by number."""
        return {number: made for names in _name_pairs(one, other) for number, made in self.made.get(names, {}).items()}

    def _speaks(self, seen: Observation) -> bool:
        """Tell whether no newer version of its node has replaced it."""
        return seen.content in self.newest[seen.node]

    def _handle(self, seen: Observation) -> Key:
        """Return the key by which decisions name an observation that speaks, as `deciding.handle_of` does."""
        return seen.node if len(self.newest[seen.node]) == 1 else seen.key

    def _root(self, place: int) -> int:
        while self.parents[place] != place:
            self.parents[place] = place = self.parents[self.parents[place]]
        return place

    def _unite(self, one: int, other: int) -> None:
        """Unite two memories; the result is held distinct from everything that either of them was."""
        large, small = (one, other) if len(self.apart[one]) >= len(self.apart[other]) else (other, one)
        self.parents[small] = large
        self.ranks[large] = max(self.ranks[large], self.ranks[small])
        for third in self.apart.pop(small):
            self.apart[third].discard(small)
            self.apart[third].add(large)
            self.apart[large].add(third)


def _is_a_persons(made: Mapping[int, Decision]) -> bool:
    """Tell whether a person ever decided on a pair, or took a decision on it back."""
    return not all(before.policy for before in made.values())


def _apart(memories: Sequence[Cluster], decisions: Sequence[Decision]) -> dict[int, set[int]]:
    """Return, for each memory, the memories that it is held distinct from."""
    places: dict[Key, set[int]] = defaultdict(set)
    for at, memory in enumerate(memories):
        for seen in memory.observations:
            places[seen.node].add(at)
            places[seen.key].add(at)
    apart: dict[int, set[int]] = defaultdict(set)
    for decision in decisions:
        if decision.verdict == "distinct":
            for one, other in ((decision.a, decision.b), (decision.b, decision.a)):
                for at in places[one]:
                    apart[at] |= places[other] - {at}
    return apart


def _newest(observations: Iterable[Observation]) -> dict[Key, Collection[Key]]:
    """Return, for each node, the contents of its newest versions."""
    ranks: dict[Key, dict[Key, tuple[str, str]]] = defaultdict(dict)
    for seen in observations:
        ranks[seen.node][seen.content] = max(seen.rank, ranks[seen.node].get(seen.content, seen.rank))
    return {node: newest_of(versions) for node, versions in ranks.items()}


def policies_in(tx: Tx) -> list[PolicyCount]:
    """Return the policies with decisions that were not taken back, by name."""
    made = not_withdrawn(decisions_ever(tx)).values()
    counts = Counter(decision.policy for on_pair in made for decision in on_pair if decision.policy)
    return [PolicyCount(*counted) for counted in sorted(counts.items())]


def withdraw_policy(tx: Tx, name: str, note: str) -> list[Decision]:
    """Take back and return all decisions of a policy that are not taken back yet. The name of an unnamed policy is its text, in any
    spelling. Raises NotFoundError if there are none.
    """
    known = {count.name for count in policies_in(tx)}
    policy = name if name in known else _normalized(name)
    if policy not in known:
        listed = f"there is {', '.join(map(repr, sorted(known)))}" if known else "no policy has decided anything"
        raise NotFoundError(f"nothing is decided by a policy named {name!r}: {listed}")
    made = not_withdrawn(decisions_ever(tx)).values()
    taken = sorted({decision for on_pair in made for decision in on_pair if decision.policy == policy})
    decide_by_hand(tx, [(decision, WITHDRAWN) for decision in taken], note)
    return taken


def _normalized(name: str) -> str:
    try:
        return str(parse_policy(name))
    except UsageError:
        return name
