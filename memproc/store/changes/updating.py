"""Updates: a memory gets a new version, which is an observation with its date, and decisions by which it replaces the former.

Strategy: what the memory says now, with the changes, is a new record. It is later than all that it replaces, so that dates decide
which speaks, as everywhere; the decisions say that it is the same thing that is spoken of. Of an identity no decision is needed
where both versions have dates. Nothing that was there is changed: the former versions are history, and can be said again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from memproc.dedup.cluster import clusters
from memproc.dedup.decision import Decision, pair
from memproc.dedup.keys import Key
from memproc.dedup.memory import memory_of
from memproc.dedup.neighbourhood import Row
from memproc.dedup.observation import Observation
from memproc.errors import UsageError
from memproc.records import Plain
from memproc.store.changes.deciding import decide_by_hand, handle_of
from memproc.store.changes.landed import Replaced
from memproc.store.reviews.storing import settle_reviews
from memproc.store.rows.history import speaking_of
from memproc.store.rows.memories import memory_at
from memproc.store.rows.neighbourhood import neighbourhood
from memproc.store.rows.observations import require
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import from_micros, parse_time, to_micros, to_text

SAID = "it says this already"
NAMING = ("id", "namespace", "source")  # what says which memory it is
_observations = tables.observations.c
_KEYS = select(_observations.key)
_reviews = tables.reviews.c
_OPEN = select(_reviews.number, _reviews.one, _reviews.other, _reviews.status)


class Present(NamedTuple):
    """A memory as it is: its plain form, its observations, those of them that speak, and the one that it goes on as."""

    memory: Plain
    rows: Sequence[Row]
    speaking: Collection[Key]
    shown: Row

    @property
    def latest(self) -> str:
        """The date of what was said last, "" without any."""
        return max(row.observation.date or "" for row in self.rows)

    @property
    def record(self) -> Plain:
        """What it says, as a record with the caller's own id."""
        named = {name: value for name, value in self.shown.observation.record.items() if name in ("id", "source")}
        return {**{name: value for name, value in self.memory.items() if name != "id"}, **named}


def present(tx: Tx, identifier: str) -> Present:
    """Return the memory that an id leads to. Raises NotFoundError."""
    rows = require(tx, identifier)
    memory = memory_at(tx, rows[0])
    speaking = {rows[0].observation.key} if len(rows) == 1 else speaking_of(tx, rows)
    told = [row for row in rows if row.observation.key in speaking] or rows
    return Present(memory, rows, speaking, min(told, key=lambda row: _distance(row.observation, memory)))


def present_version(tx: Tx, rows: Sequence[Row]) -> Present:
    """Return an identity as it is, given the versions of it, of which the one that speaks is shown."""
    speaking = {rows[0].observation.key} if len(rows) == 1 else speaking_of(tx, rows)
    shown = max(rows, key=lambda row: (row.observation.key in speaking, row.observation.rank, row.observation.key))
    return Present(memory_at(tx, shown), rows, speaking, shown)


def next_version(now: str, record: Plain, there: Present) -> tuple[Plain, str]:
    """Return the record by which an identity gets a new version, and why nothing will change, "" where something will.

    A record without a later date than the version that is there is of now; only an `updated_at` of its own makes it an older one.
    """
    own, latest, given = there.shown.observation.record, there.latest, record.get("updated_at")
    if without_date(record) == without_date(own) and (given or "") <= latest:
        return own, SAID
    if given is not None and given < latest:
        return record, "older than the version that is there"
    if max(given or "", record.get("created_at", "")) > latest:
        return record, ""
    return {**record, "updated_at": next_date(latest if given else now, latest)}, ""


def without_date(record: Plain) -> Plain:
    """Return what a record says, but for when it was changed."""
    return {name: value for name, value in record.items() if name != "updated_at"}


def _distance(seen: Observation, memory: Plain) -> tuple[bool, bool, bool, Key]:
    """Return a sort key of the observations of a memory: one under the caller's own id first, then that whose text is shown."""
    differs = [seen.record.get(name) != memory.get(name) for name in ("content", "source")]
    return not seen.is_identity, differs[0], differs[1], seen.key


def changed(now: str, there: Present, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a new version of a memory; what is None in the changes is taken out.

    Raises UsageError on changes of what names a memory, and on a date that is not later than what it replaces.
    """
    naming = [name for name in NAMING if name in changes]
    if naming:
        raise UsageError(f"{', '.join(naming)}: this says which memory it is, and stays; add another memory, and forget this one")
    fields = {**there.record, **changes}
    if changes.get("updated_at") is None:
        fields["updated_at"] = next_date(now, there.latest)
    else:
        check_is_later(changes["updated_at"], there.latest)
    return {name: value for name, value in fields.items() if value is not None}


def next_date(now: str, latest: str) -> str:
    """Return when a version is told that replaces another one: now, and later than that.

    >>> next_date("2025-01-01T00:00:00.000000Z", "2025-01-01T00:00:00.000000Z")
    '2025-01-01T00:00:00.000001Z'
    """
    return max(now, from_micros(to_micros(latest) + 1)) if latest else now


def check_is_later(given: object, latest: str) -> None:
    """Raise UsageError where a date is not later than another one; what is no date at all, validation tells."""
    try:
        moment = parse_time(given)
    except (ValueError, OverflowError):
        return
    if moment is not None and latest and to_text(moment) <= latest:
        raise UsageError(f"updated_at={given!r}: give a time after {latest}, when this memory was last told, or none for now")


def said_before(tx: Tx, there: Present) -> Plain | None:
    """Return what a memory was before what it says now, as a record without its date; None if it never said anything else."""
    near = neighbourhood(tx, [row.observation for row in there.rows], is_whole=True)
    older = [near.rows[row.observation.key].observation for row in there.rows if row.observation.key not in there.speaking]
    clustered, _ = clusters(older, near.typo_links, near.decisions, near.spent)
    if not clustered:
        return None
    newest = max(clustered, key=lambda one: max((seen.rank, seen.key) for seen in one.speaking))
    return {name: value for name, value in memory_of(newest).items() if name not in ("id", "updated_at")}


def to_replace(tx: Tx, new: Observation, there: Present, note: str) -> Replaced | None:
    """Return what a new version replaces, where that is known before it lands; None where its node has other versions."""
    if new.is_identity or any(row.observation.node == new.node for row in there.rows):
        return None
    return Replaced(there.rows, replacing(tx, new, there), note)


def replacing(tx: Tx, seen: Observation, there: Present) -> list[Decision]:
    """Return the decisions by which a new version replaces all that a memory says."""
    decisions: set[Decision] = set()
    tellings = [row.observation for row in there.rows if row.observation.key != seen.key]
    same = [other for other in tellings if (other.node, other.content) == (seen.node, seen.content)]
    if same:  # one decision stands for all that is older
        decisions.add(pair(seen.key, min(same, key=lambda other: (other.key not in there.speaking, other.key)).key, "supersedes"))
    for other in tellings:
        if other.key not in there.speaking:
            continue
        if other.node != seen.node:
            decisions.add(pair(_handle(tx, seen, {seen.key, *(told.key for told in tellings)}), handle_of(tx, other), "supersedes"))
        elif other.content != seen.content and not other.date:
            decisions.add(pair(seen.key, other.key, "supersedes"))
    return sorted(decisions)


def _handle(tx: Tx, new: Observation, known: Collection[Key]) -> Key:
    """Return what decisions call a new version by: its node, so that they hold for the next version too, unless versions of the
    node are in another memory.
    """
    keys = {key for (key,) in tx.select_by_keys(_KEYS, _observations.node, [new.node])} if new.is_identity else set()
    return new.node if keys.issubset(known) else handle_of(tx, new)


def replace_by(tx: Tx, new: Row, there: Present, note: str) -> tuple[Decision, ...]:
    """Let a new version replace all that a memory says, and return the decisions that this took."""
    decisions = replacing(tx, new.observation, there)
    if decisions:
        decide_by_hand(tx, [(decision, decision.verdict) for decision in decisions], note)
    settle_between(tx, new.observation.key, {row.observation.key for row in there.rows})
    return tuple(decisions)


def settle_between(tx: Tx, new: Key, former: Collection[Key]) -> None:
    """Settle the open reviews of a new version and what it replaces."""
    found = [*tx.select_by_keys(_OPEN, _reviews.one, [new]), *tx.select_by_keys(_OPEN, _reviews.other, [new])]
    both = {row.number for row in found if row.status == "open" and {row.one, row.other} <= {new, *former}}
    settle_reviews(tx, dict.fromkeys(both, "supersedes"))
