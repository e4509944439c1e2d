"""What of a batch is looked at for reviews, when it has landed. Pure.

Rules: of each core the first fact is compared with what shares a band with it; another that was stored with what has its core; and
a fact with a date takes part in its chains. All of that follows from the observations alone: so what was not looked at, as the
process was killed behind its batch, is told by the rows just as it was told by the plan.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Self

from memproc.config import Policy
from memproc.dedup.decide import Plan, Row
from memproc.dedup.keys import Key, Prepared, prepare
from memproc.dedup.minhash.signatures import Hashes
from memproc.dedup.signing import hashes_of
from memproc.records import Outcome

MOST_IN_CORE = 8

Numbered = tuple[int, Prepared]


class Looking(NamedTuple):
    """Facts to look at: `firsts` those that were stored and are the first of their core, each with its number, and their `hashes`;
    `beside` others that were stored, each with the numbers of what it is compared with; `dated` those that are in chains.
    `memories` holds the memory of each, None or nothing for one by itself; `again` the keys of those whose content was there, and
    `first_number` is that of the first observation of the batch.
    """

    firsts: Sequence[Numbered]
    hashes: Hashes
    beside: Sequence[tuple[Prepared, Sequence[int]]]
    dated: Sequence[Prepared]
    memories: Mapping[Key, Key | None]
    again: frozenset[Key] = frozenset()
    first_number: int | None = None

    @property
    def keys(self) -> list[Key]:
        """The keys of all, each once."""
        seen = (*(one for _, one in self.firsts), *(one for one, _ in self.beside), *self.dated)
        return [*dict.fromkeys(one.key for one in seen)]

    def only(self, keys: Collection[Key]) -> Self:
        """Return those of some keys."""
        kept = [at for at, (_, one) in enumerate(self.firsts) if one.key in keys]
        return self._replace(
            firsts=[self.firsts[at] for at in kept],
            hashes=self.hashes[kept],
            beside=[found for found in self.beside if found[0].key in keys],
            dated=[one for one in self.dated if one.key in keys],
        )


def first_of_cores(plan: Plan, rows: Mapping[Key, Row], numbers: Mapping[Key, int]) -> list[Numbered]:
    """Return the first fact of each core that the store did not have, if it takes part in the near tier: what the index holds.

    `rows` are the neighbours that the plan was made with, `numbers` those of its new observations.
    """
    seen = {row.observation.core for row in rows.values()}
    first: dict[int, Prepared] = {}
    for (_, prepared), *_ in plan.new:
        if prepared.core not in seen:
            first.setdefault(prepared.core, prepared)
    return [(numbers[prepared.key], prepared) for prepared in first.values() if prepared.is_near]


def looking_planned(
    plan: Plan, rows: Mapping[Key, Row], numbers: Mapping[Key, int], firsts: Sequence[Numbered], hashes: Hashes
) -> Looking:
    """Return what is to be looked at of a plan that was carried out; `firsts` are those of `first_of_cores`, with their hashes."""
    memories = plan.changed.membership
    new = [judged.incoming.prepared for judged in plan.new]
    stored = {judged.incoming.prepared.key for judged in plan.new if judged.outcome is Outcome.STORED}
    kept = [at for at, (_, one) in enumerate(firsts) if one.key in stored]
    cores = Counter([*(row.observation.core for row in rows.values()), *(one.core for one in new)])
    late = [one for one in new if one.is_near and cores[one.core] > 1 and one.key in stored]
    members: list[tuple[int, int, Key]] = []
    if late:
        members += [
            (row.number, row.observation.core, memories.get(key, row.memory) or row.observation.node) for key, row in rows.items()
        ]
        members += [(numbers[one.key], one.core, memories.get(one.key) or one.node) for one in new]
    earlier = _earlier_in_core(members)
    told_again = [prepared for _, prepared in plan.known if prepared.as_of is not None]
    dated = [one for one in (*new, *told_again) if _is_in_chains(one)]
    again = {judged.incoming.prepared.key for judged in plan.new if judged.outcome is Outcome.DUPLICATE}
    return Looking(
        [firsts[at] for at in kept],
        hashes[kept],
        [(one, earlier[numbers[one.key]]) for one in late if numbers[one.key] in earlier],
        dated,
        memories,
        frozenset(one.key for one in dated if one.key in again),
        min(numbers.values(), default=None),
    )


def looking(
    rows: Iterable[Row],
    members: Iterable[Row],
    policy: Policy,
    outcomes: Mapping[int, str] | None = None,
    first_number: int | None = None,
) -> Looking:
    """Return what is to be looked at of observations that are in the store; `members` are all that speak of their cores.

    With `outcomes`, by number, only what was stored is compared, as when it came in, and what was read again is in chains only.
    """
    own = [(row, _prepared(row, policy)) for row in sorted(rows, key=_number)]
    there = sorted(members, key=_number, reverse=True)
    first = {row.observation.core: row.number for row in there}
    earlier = _earlier_in_core((row.number, row.observation.core, row.home) for row in there)
    stored = [(row, one) for row, one in own if one.is_near and (outcomes is None or outcomes.get(row.number) == Outcome.STORED)]
    firsts = [(row.number, one) for row, one in stored if first[one.core] == row.number]
    told = {row.observation.key for row, _ in own if outcomes and outcomes.get(row.number) == Outcome.DUPLICATE}
    dated = [one for _, one in own if _is_in_chains(one)]
    return Looking(
        firsts,
        hashes_of([one for _, one in firsts], policy.recall),
        [(one, earlier[row.number]) for row, one in stored if row.number in earlier],
        dated,
        {row.observation.key: row.memory for row, _ in own},
        frozenset(one.key for one in dated if one.key in told),
        first_number,
    )


def _prepared(row: Row, policy: Policy) -> Prepared:
    seen = row.observation
    return prepare(seen.record, is_identity=seen.is_identity, as_of=seen.as_of, policy=policy)


def _number(row: Row) -> int:
    return row.number


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


def _is_in_chains(prepared: Prepared) -> bool:
    """Tell whether an observation is a fact with a date."""
    return prepared.is_near and (prepared.changed_at is not None or prepared.as_of is not None)
