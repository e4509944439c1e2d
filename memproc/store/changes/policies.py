"""Policies carried out: the pairs that wait and that a policy means, decided batch by batch, and taken back as one.

Facts: a person sees both memories as they are now and what stands between them; a policy knows how sure the model was of two texts.
So a policy gives way wherever a person has spoken, or the texts are not what was compared.

Rules: the surest pair comes first, of equals that with the smaller keys, so that what is decided does not depend on the order in
which pairs were found. A pair is left to a person where one ever decided on it, or took a decision on it back; where something in
the one memory is held distinct from something in the other, with all that was united before in the same run; where a side is a
version that a newer one replaced; and where nothing tells which is later, if that is asked. What another policy said on the pair
stands too. What came to be one memory meanwhile needs no decision.

Each batch is a transaction of its own. Who is cut off runs the policy again: what was decided waits no more.
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
from memproc.store.reviews.waiting import settle_reviews
from memproc.store.rows.decisions import WITHDRAWN, Pair, decisions_ever, decisions_on, in_force, not_withdrawn, pairs_of
from memproc.store.rows.neighbourhood import neighbourhood
from memproc.store.rows.observations import rows_by_key
from memproc.store.sql import tables
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx

BATCH = 2_000  # pairs a transaction: it takes about a second, and who is in one memory with much is looked up again by each

_reviews, _observations = tables.reviews.c, tables.observations.c
_SIDES = select(_reviews.number, _reviews.one, _reviews.other, _reviews.status)
_HOMES = select(_observations.node, _observations.memory)
_MEANT = (
    select(_reviews.number, _reviews.one, _reviews.other, _reviews.kind, _reviews.confidence, _observations.record)
    .join_from(tables.reviews, tables.observations, _observations.key == _reviews.one)
    .where(_reviews.status == "open")
    .execution_options(yield_per=BATCH)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be decided: the pairs that a policy means, with a `job` those that it found, at most `limit`; and how, under what
    name, and why.
    """

    policy: ReviewPolicy
    verdict: Verdict
    name: str
    note: str
    limit: int | None
    job: int | None


def carry_out(transactions: Transactions, order: Order, give_way: Callable[[], None]) -> Applied:
    """Decide all that is meant, in batches, with `give_way` called behind each; return what was decided."""
    numbers = transactions.read(lambda tx: _meant(tx, order))
    decided: list[int] = []
    held = 0
    for start in range(0, len(numbers), BATCH):
        left = None if order.limit is None else order.limit - len(decided)
        if left == 0:
            break
        done, left_out = transactions.write(partial(_decide, order=order, numbers=numbers[start : start + BATCH], limit=left))
        decided += done
        held += left_out
        give_way()
    memories = transactions.read(lambda tx: _count_homes(tx, decided))
    return Applied(order.name, order.verdict, len(decided), memories, held, tuple(decided))


def _meant(tx: Tx, order: Order) -> list[int]:
    """Return the numbers of the open reviews that are meant, the surest first."""
    of_job = select(tables.batches.c.number).where(tables.batches.c.job == order.job)
    query = _MEANT if order.job is None else _MEANT.where(_reviews.batch.in_(of_job))
    found = []
    with tx.execute(query) as rows:
        for number, one, other, kind, confidence, record in rows:
            namespace = orjson.loads(record)["namespace"]
            if order.policy.is_met_by(confidence=confidence, kind=kind, namespace=namespace):
                found.append((-(confidence or 0.0), one, other, number))
    return [number for *_, number in sorted(found)]


def _count_homes(tx: Tx, numbers: Sequence[int]) -> int:
    """Return in how many memories the sides of some reviews are."""
    sides = tx.select_by_keys(_SIDES, _reviews.number, numbers)
    keys = {key for _, one, other, _ in sides for key in (one, other)}
    return len({memory or node for node, memory in tx.select_by_keys(_HOMES, _observations.key, keys)})


def _decide(tx: Tx, order: Order, numbers: Sequence[int], limit: int | None) -> tuple[list[int], int]:
    """Decide on those of some reviews that still wait; return the numbers of these, and how many are left to a person."""
    waiting = {row.number: row for row in tx.select_by_keys(_SIDES, _reviews.number, numbers)}
    asked = [row for row in map(waiting.get, numbers) if row is not None and row.status == "open"]
    sides = rows_by_key(tx, {key for row in asked for key in (row.one, row.other)})
    there = ((row.number, sides.get(row.one), sides.get(row.other)) for row in asked)
    pairs = {at: (one.observation, other.observation) for at, one, other in there if one and other and one.home != other.home}
    near = neighbourhood(tx, {seen.key: seen for both in pairs.values() for seen in both}.values())
    said = decisions_on(tx, {named for one, other in pairs.values() for named in _names(one, other)})
    judge = _Judge(near, order, said)
    decisions: dict[int, Decision] = {}
    closed: list[int] = []
    for number, (one, other) in pairs.items():
        if limit is not None and len(decisions) >= limit:
            break
        if judge.is_said_already(one, other):
            closed.append(number)
        elif decision := judge.decision_on(one, other):
            decisions[number] = decision
    if decisions:
        made = [(decision, order.verdict) for decision in decisions.values()]
        decide_by_hand(tx, made, order.note)
    settle_reviews(tx, dict.fromkeys([*decisions, *closed], order.verdict))
    return [*decisions], judge.held


def _names(one: Observation, other: Observation) -> set[Pair]:
    """Return all pairs by which a decision on two observations may have been made."""
    return pairs_of({one.node, one.key}, {other.node, other.key})


class _Judge:
    """Says what may be decided on pairs, one after the other: each decision counts for those behind it. `held` counts what is left
    to a person.
    """

    def __init__(self, near: Neighbourhood, order: Order, said: Mapping[Pair, Mapping[int, Decision]]) -> None:
        self.order, self.said, self.held = order, said, 0
        found, _ = clusters((row.observation for row in near.rows.values()), near.typo_links, near.decisions, near.spent)
        self.homes = {(seen.node, seen.content): at for at, memory in enumerate(found) for seen in memory.observations}
        self.parents = [*range(len(found))]  # of memories that become one, a way to the one that stands for all
        self.ranks = [max(seen.rank for seen in memory.observations) for memory in found]
        self.apart = _apart(found, near.decisions)
        self.newest = _newest(row.observation for row in near.rows.values())

    def is_said_already(self, one: Observation, other: Observation) -> bool:
        """Tell whether a policy has said the very same of this pair by another review."""
        made = self._made_on(one, other)
        holding = in_force(made)
        return not _is_a_persons(made) and [held.verdict for held in holding] == [self.order.verdict]

    def decision_on(self, one: Observation, other: Observation) -> Decision | None:
        """Return the decision on a pair; None where there is none to make, or it is a person's to make."""
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
        """Return all that was ever decided on a pair, by whichever names."""
        return {number: made for named in _names(one, other) for number, made in self.said.get(named, {}).items()}

    def _speaks(self, seen: Observation) -> bool:
        """Tell whether no newer version of its node has replaced it."""
        return seen.content in self.newest[seen.node]

    def _handle(self, seen: Observation) -> Key:
        """Return by what a decision on an observation that speaks is kept, as `regrouping.handle_of` does."""
        return seen.node if len(self.newest[seen.node]) == 1 else seen.key

    def _root(self, place: int) -> int:
        while self.parents[place] != place:
            self.parents[place] = place = self.parents[self.parents[place]]
        return place

    def _unite(self, one: int, other: int) -> None:
        """Make two memories one, which is held apart from all that either of them was."""
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


def _apart(found: Sequence[Cluster], decisions: Sequence[Decision]) -> dict[int, set[int]]:
    """Return for each memory those that something in it is held distinct from."""
    places: dict[Key, set[int]] = defaultdict(set)
    for at, memory in enumerate(found):
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
    """Return for each node the contents of those of its versions than which none is newer."""
    ranks: dict[Key, dict[Key, tuple[str, str]]] = defaultdict(dict)
    for seen in observations:
        ranks[seen.node][seen.content] = max(seen.rank, ranks[seen.node].get(seen.content, seen.rank))
    return {node: newest_of(versions) for node, versions in ranks.items()}


def policies_in(tx: Tx) -> list[PolicyCount]:
    """Return the policies of which decisions were not taken back, by name."""
    made = not_withdrawn(decisions_ever(tx)).values()
    counts = Counter(decision.policy for on_pair in made for decision in on_pair if decision.policy)
    return [PolicyCount(*counted) for counted in sorted(counts.items())]


def withdraw_policy(tx: Tx, name: str, note: str) -> list[Decision]:
    """Take back all that a policy decided and nobody took back, and return it. A policy without a name of its own goes by what it
    says, in any spelling. Raises NotFoundError where there is nothing of it.
    """
    known = {policy.name for policy in policies_in(tx)}
    meant = name if name in known else _spelling(name)
    if meant not in known:
        listed = f"there is {', '.join(map(repr, sorted(known)))}" if known else "no policy has decided anything"
        raise NotFoundError(f"nothing is decided by a policy named {name!r}: {listed}")
    made = not_withdrawn(decisions_ever(tx)).values()
    taken = sorted({decision for on_pair in made for decision in on_pair if decision.policy == meant})
    decide_by_hand(tx, [(decision, WITHDRAWN) for decision in taken], note)
    return taken


def _spelling(name: str) -> str:
    try:
        return str(parse_policy(name))
    except UsageError:
        return name
