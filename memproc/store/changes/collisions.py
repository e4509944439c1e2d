"""Finds records that share a hash but differ, and ids that are used for unrelated texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import compress
from typing import Any

from memproc.dedup.columns import Columns, Prepared
from memproc.dedup.compare.differences import have_nothing_in_common
from memproc.dedup.decide import Plan, shared
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Row
from memproc.dedup.observation import Observation, is_confirmed
from memproc.formats import own
from memproc.records import Category, Rejected
from memproc.validation import fault

COLLIDES = "report it: two records with one hash were made on purpose, or memproc is wrong; a space more in the text parts them"


def colliding_in(columns: Columns, known: Mapping[Key, Any], rows: Mapping[Key, Row]) -> set[int]:
    """Return the places of the records that share a key with a record of other content."""
    owners: dict[Key, Observation | Prepared] = {}  # by content, and by node if it differs
    for row in rows.values():
        owners[row.observation.content] = owners[row.observation.node] = row.observation
    names = columns.content
    if columns.node != names:
        names = [*names, *(node for node, content in zip(columns.node, names, strict=True) if node != content)]
    shared_keys, shared_names = shared(columns.key, known), shared(names, owners)
    if not (shared_keys or shared_names):
        return set()
    colliding: set[int] = set()
    texts = {key: (bool(row.is_identity), row.record) for key, row in known.items()}
    for at, own_names in enumerate(zip(columns.content, columns.node, strict=True)):
        if columns.key[at] in shared_keys or not shared_names.isdisjoint(own_names):
            prepared = columns.at(at)
            text = (prepared.is_identity, prepared.json.decode())
            others = [owners.setdefault(name, prepared) for name in own_names]
            if texts.setdefault(prepared.key, text) != text or not all(_is_confirmed(prepared, other) for other in others):
                colliding.add(at)
    return colliding


def _is_confirmed(prepared: Prepared, other: Observation | Prepared) -> bool:
    if other is prepared or other.key == prepared.key:  # equal keys were compared before
        return True
    return is_confirmed(prepared.observation, other.observation if isinstance(other, Prepared) else other)


def collided(prepared: Prepared) -> Rejected:
    """Return the rejection of a record that shares a hash with another."""
    found = replace(fault("", "hash_collision", "has the hash of another record, which says something else"), hint=COLLIDES)
    return Rejected(Category.DEDUP_CONFLICT, (found,), own.whole_line(prepared.observation))


def reused_ids(plan: Plan, rows: Mapping[Key, Row]) -> dict[Key, str]:
    """Return, by node, the ids of new observations whose text has nothing in common with an earlier version."""
    columns = plan.fresh
    fresh = [*compress(range(len(columns)), columns.is_identity)]
    nodes = {columns.node[at] for at in fresh}
    versions = sorted([row for row in rows.values() if row.observation.node in nodes], reverse=True, key=lambda row: row.number)
    first_texts = {row.observation.node: row.observation.record["content"] for row in versions}  # of the oldest version
    reused: dict[Key, str] = {}
    for at in fresh:
        node, text = columns.node[at], columns.text[at]
        before = first_texts.setdefault(node, text)
        if before is not text and node not in reused and have_nothing_in_common(before, text):
            reused[node] = columns.at(at).record["id"]
    return reused
