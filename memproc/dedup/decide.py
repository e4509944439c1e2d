"""Decides about a batch: the outcome of each record, and the memories that change. A pure function.

The shell looks up what the batch can touch (`Neighbourhood`), this module decides (`Plan`), and the shell writes the plan.

Rules: a record whose observation is known is a `duplicate`. The first record of a memory that is new is `stored`. Any other is a
`duplicate` if its content is already in the memory, else `merged`. So memories = stored - joins + splits, where a join is one
stored memory less, and a split one more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TypeVar

from memproc.dedup.cluster import clusters
from memproc.dedup.columns import Columns
from memproc.dedup.grouping import in_group
from memproc.dedup.judging import Joined, Judged, joined_by_new, judge
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Neighbourhood, Row
from memproc.dedup.observation import Observation
from memproc.dedup.regrouping import Regrouped, regroup
from memproc.dedup.versions import Undated

_GROUP, _NODE = attrgetter("group"), attrgetter("node")


@dataclass(frozen=True)
class Plan:
    """What to write for a batch.

    `fresh` holds the new observations and `repeated` those that were known. `judged` gives the outcome of new ones by their place;
    any other is stored as a memory of its own. `changed` says how the stored memories change, and `joined` which were joined.
    `undated` holds the pairs of versions that wait for a person.
    """

    fresh: Columns
    judged: Mapping[int, Judged]
    repeated: Columns
    changed: Regrouped
    undated: tuple[Undated, ...]
    joined: tuple[Joined, ...] = ()


def decide(batch: Columns, known: AbstractSet[Key], neighbourhood: Neighbourhood, *, judges: bool = True) -> Plan:
    """Return the plan for a batch, in order. `known` holds the keys that are in the store or were forgotten. Unless it `judges`,
    all that is new is stored.
    """
    new, repeated = _apart(batch, known)
    dates = _latest_dates(repeated)
    new = _with_latest_dates(new, dates)
    rows = _with_later_dates(neighbourhood.rows, dates)
    typo_links = neighbourhood.typo_links
    places = _places_to_judge(new, rows, typo_links, neighbourhood)
    fresh = {new.key[at]: in_group(new.at(at).observation, neighbourhood.groups) for at in places}
    together = [*(row.observation for row in rows.values()), *fresh.values()]
    grouped, undated = clusters(together, typo_links, neighbourhood.decisions, neighbourhood.spent)
    redated = {key for key, row in rows.items() if row is not neighbourhood.rows[key]}
    changed = regroup(grouped, rows, redated, neighbourhood)
    judged = judge(new, places, grouped, fresh.keys(), neighbourhood.groups) if judges else {}
    moved = _moved_versions(together, fresh.keys(), redated) if undated else frozenset[tuple[Key, Key]]()
    to_place = tuple(pair for pair in undated if not moved.isdisjoint((side.node, side.content) for side in pair))
    joined = joined_by_new(judged.values(), grouped, rows, neighbourhood.groups) if changed.joins > 0 else ()
    return Plan(new, judged, repeated, changed, to_place, joined)


Shared = TypeVar("Shared", Key, int)


def shared(values: Sequence[Shared], others: Iterable[Shared]) -> set[Shared]:
    """Return the values that occur twice among themselves, or also among the others."""
    distinct = set(values)
    common = distinct.intersection(others)
    if len(distinct) < len(values):
        common.update(value for value, count in Counter(values).items() if count > 1)
    return common


def _apart(batch: Columns, known: AbstractSet[Key]) -> tuple[Columns, Columns]:
    """Return the records that are new, and those whose observation is known or occurs earlier in the batch."""
    if not shared(batch.key, known):
        return batch, Columns()
    seen = set(known)
    new: list[int] = []
    repeated: list[int] = []
    for at, key in enumerate(batch.key):
        (repeated if key in seen else new).append(at)
        seen.add(key)
    return batch.take(new), batch.take(repeated)


def _moved_versions(
    observations: Sequence[Observation], fresh: AbstractSet[Key], redated: AbstractSet[Key]
) -> frozenset[tuple[Key, Key]]:
    """Return the versions that are new or have another date, each as its node and content."""
    changed = fresh | redated
    known = {(seen.node, seen.content) for seen in observations if seen.key not in changed}
    dated_anew = {(seen.node, seen.content) for seen in observations if seen.key in redated}
    return frozenset({(seen.node, seen.content) for seen in observations} - (known - dated_anew))


def _latest_dates(repeated: Columns) -> dict[Key, str]:
    """Return the latest date that the source gives, by key, for the repeated records that have one."""
    dates: dict[Key, str] = {}
    for key, as_of in zip(repeated.key, repeated.as_of, strict=True):
        if as_of is not None:
            dates[key] = max(dates.get(key, ""), as_of)
    return dates


def _with_latest_dates(new: Columns, dates: Mapping[Key, str]) -> Columns:
    """Return the new records, each with the latest date that its source gives for it within the batch."""
    if not dates:
        return new
    dated = zip(new.key, new.as_of, strict=True)
    return replace(new, as_of=[max(dates.get(key, ""), as_of or "") or None for key, as_of in dated])


def _with_later_dates(rows: Mapping[Key, Row], dates: Mapping[Key, str]) -> dict[Key, Row]:
    """Return the rows, with the later dates that the batch gives for the same observations."""
    dated = dict(rows)
    for key, date in dates.items():
        row = dated.get(key)
        if row is not None and date > (row.observation.as_of or ""):
            dated[key] = row._replace(observation=row.observation._replace(as_of=date))
    return dated


def _places_to_judge(
    new: Columns, rows: Mapping[Key, Row], typo_links: Mapping[Key, frozenset[Key]], neighbourhood: Neighbourhood
) -> list[int]:
    """Return the places of the new observations that may be in one memory with another, or whose memory may not have their node as
    its id. Each of the rest is a memory by itself.
    """
    stored = [row.observation for row in rows.values()]
    known = neighbourhood.groups
    group_of = [known[content].group if content in known else content for content in new.content] if known else new.content
    groups, nodes = shared(group_of, map(_GROUP, stored)), shared(new.node, map(_NODE, stored))
    if typo_links:
        inhabited = {*group_of, *map(_GROUP, stored)}
        linked = {group for group, meant in typo_links.items() if not inhabited.isdisjoint(meant)}
        groups |= linked.union(*(typo_links[group] for group in linked))
    special = neighbourhood.named | neighbourhood.spent
    nodes |= special
    if not (groups or nodes):
        return []
    keys = enumerate(zip(new.key, new.node, group_of, strict=True))
    return [at for at, (key, node, group) in keys if group in groups or node in nodes or key in special]
