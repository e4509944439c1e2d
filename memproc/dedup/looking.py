"""Which facts of a batch are looked at for reviews, after it has landed. Pure.

Rules: the first fact of each core is compared with those that share a band with it; any other that was stored, with those of its
core; and a fact with a date takes part in its chains. All of this follows from the observations alone. So if the process was killed
after the batch, the rows tell what is left to look at, just as the plan did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import NamedTuple, Self

import numpy as np

from memproc.config import Policy
from memproc.dedup.band_hashes import hashes_of, width
from memproc.dedup.columns import Columns
from memproc.dedup.decide import Plan, shared
from memproc.dedup.keys import Key
from memproc.dedup.minhash.minhash import Hashes
from memproc.dedup.neighbourhood import Row
from memproc.dedup.preparing import prepare_all
from memproc.records import Outcome, encode

MOST_IN_CORE = 8
_NUMBER = attrgetter("number")


class Looking(NamedTuple):
    """Facts to look at.

    First in `facts` are the stored ones that are the first of their core, with their `numbers` and `hashes`; then other stored
    ones, with the numbers of the facts that each is compared with, `beside`. `dated` holds the chain hashes of those with a date,
    by key. `memories` gives the memory of each, None or nothing for a memory by itself. `again` holds the keys of dated ones whose
    content was there already. `first_number` is the number of the first observation of the batch.
    """

    facts: Columns
    numbers: Sequence[int]
    hashes: Hashes
    beside: Sequence[Sequence[int]]
    dated: Mapping[Key, tuple[int, int]]
    memories: Mapping[Key, Key | None]
    again: frozenset[Key] = frozenset()
    first_number: int | None = None

    @property
    def keys(self) -> list[Key]:
        """The keys of all facts, each once."""
        return [*dict.fromkeys((*self.facts.key, *self.dated))]

    def only(self, keys: Collection[Key]) -> Self:
        """Return those of some keys."""
        places = [at for at, key in enumerate(self.facts.key) if key in keys]
        firsts = [at for at in places if at < len(self.numbers)]
        return self._replace(
            facts=self.facts.take(places),
            numbers=[self.numbers[at] for at in firsts],
            hashes=self.hashes[firsts],
            beside=[self.beside[at - len(self.numbers)] for at in places[len(firsts) :]],
            dated={key: chains for key, chains in self.dated.items() if key in keys},
            again=self.again.intersection(keys),
        )


def first_of_cores(plan: Plan, rows: Iterable[Row]) -> list[int]:
    """Return the places of the first fact of each core that is new to the store, if it takes part in the near tier: these go into
    the index. `rows` are those with which the plan was made.
    """
    cores = plan.fresh.core
    first = dict(zip(reversed(cores), range(len(cores) - 1, -1, -1), strict=True))
    for row in rows:
        first.pop(row.observation.core, None)
    return sorted([at for at in first.values() if plan.fresh.is_near[at]])


def looking_planned(plan: Plan, rows: Mapping[Key, Row], first_number: int, firsts: Sequence[int], hashes: Hashes) -> Looking:
    """Return what to look at after a plan was carried out. Its first new observation has the number `first_number`; `firsts` are
    the places that `first_of_cores` returned, with their hashes.
    """
    fresh, memories = plan.fresh, plan.changed.membership
    kept = [which for which, at in enumerate(firsts) if at not in plan.judged]
    repeated = shared(fresh.core, [row.observation.core for row in rows.values()])
    alike = [at for at, core in enumerate(fresh.core) if core in repeated] if repeated else []
    there = [(row.number, row.observation, memories.get(key, row.memory)) for key, row in rows.items()]
    members = [(number, seen.core, memory or seen.node) for number, seen, memory in there]
    members += [(first_number + at, fresh.core[at], memories.get(fresh.key[at]) or fresh.node[at]) for at in alike]
    earlier = _earlier_in_core(members) if alike else {}
    late = [at for at in alike if first_number + at in earlier and fresh.is_near[at] and at not in plan.judged]
    dated = _dated(fresh)
    again = frozenset(fresh.key[at] for at, judged in plan.judged.items() if judged.outcome is Outcome.DUPLICATE)
    return Looking(
        fresh.take([*(firsts[which] for which in kept), *late]),
        [first_number + firsts[which] for which in kept],
        hashes[kept],
        [earlier[first_number + at] for at in late],
        dated | _dated(plan.repeated, is_told_again=True),
        memories,
        again & dated.keys(),
        first_number,
    )


def looking(
    rows: Collection[Row],
    members: Iterable[Row],
    policy: Policy,
    outcomes: Mapping[int, str] | None = None,
    first_number: int | None = None,
) -> Looking:
    """Return what to look at of observations in the store; `members` are all speaking observations of their cores.

    With `outcomes`, by number, only those that were stored are compared, as when they came in; repeated ones are in chains only.
    """
    if not rows:
        return Looking(Columns(), [], np.empty((0, width(policy.recall)), np.uint32), [], {}, {})
    own = sorted(rows, key=_NUMBER)
    there = sorted(members, key=_NUMBER, reverse=True)
    first = {row.observation.core: row.number for row in there}
    earlier = _earlier_in_core((row.number, row.observation.core, row.home) for row in there)
    given = [(seen.record, encode(seen.record), seen.is_identity, seen.as_of) for seen in (row.observation for row in own)]
    facts = prepare_all(given, policy)
    stored = [
        at for at, row in enumerate(own) if facts.is_near[at] and (outcomes is None or outcomes.get(row.number) == Outcome.STORED)
    ]
    firsts = [at for at in stored if first[facts.core[at]] == own[at].number]
    late = [at for at in stored if own[at].number in earlier]
    told = {row.observation.key for row in own if outcomes and outcomes.get(row.number) == Outcome.DUPLICATE}
    dated = _dated(facts)
    return Looking(
        facts.take([*firsts, *late]),
        [own[at].number for at in firsts],
        hashes_of(facts.take(firsts), policy.recall),
        [earlier[own[at].number] for at in late],
        dated,
        {row.observation.key: row.memory for row in own},
        frozenset(told & dated.keys()),
        first_number,
    )


def _dated(facts: Columns, *, is_told_again: bool = False) -> dict[Key, tuple[int, int]]:
    """Return the hashes of the chains of those facts that have a date, by key; of those told again, of their source."""
    own = zip(facts.key, facts.is_near, facts.changed_at, facts.as_of, facts.chains, strict=True)
    return {
        key: chains
        for key, is_near, changed_at, as_of, chains in own
        if is_near and (as_of is not None or (changed_at is not None and not is_told_again))
    }


def _earlier_in_core(members: Iterable[tuple[int, int, Key]]) -> dict[int, list[int]]:
    """Return by number, of the first observation of each memory, those of the memories of its core that began before it, the first
    `MOST_IN_CORE`: they hold the same words but for what says nothing, in another order or form. `members` are numbers, cores and
    memories.
    """
    first: dict[int, dict[Key, int]] = defaultdict(dict)  # by core and memory
    earlier: dict[int, list[int]] = {}
    for number, core, home in sorted(members):
        homes = first[core]
        if home not in homes:
            if homes:
                earlier[number] = [*islice(homes.values(), MOST_IN_CORE)]
            homes[home] = number
    return earlier
