"""Expiry: hides memories by rules, brings them back, and forgets for good what has been hidden long enough.

Strategy: what has expired are observations, each under the name of what hid it, and a memory is hidden when all of its observations
have. So who reads the same records in any order gets the same, and what is said again later is told again. Forgetting goes on in
parts, each a transaction, and begins anew where it was cut off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, literal_column, or_, select

from memproc.dedup.keys import Key, namespace_number
from memproc.errors import NotFoundError
from memproc.records import Plain
from memproc.retention import Expired, RetentionRule, moment_before
from memproc.store.changes.forgetting import forget
from memproc.store.index.segments import Segments
from memproc.store.rows.expired import (
    Held,
    expired_before,
    expired_memories,
    expired_under,
    note_expired,
    note_restored,
)
from memproc.store.rows.observations import ROWS, to_row
from memproc.store.sql import tables
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx
from memproc.store.sql.views import IS_EXPIRED
from memproc.times import to_micros

MEMORIES_AT_ONCE = 500
ROWS_AT_ONCE = 1_000

_observations, _merged = tables.observations.c, tables.merged.c
_MEMBERS = select(_observations.key, _observations.memory)


@dataclass(slots=True)
class _Chosen:
    """What rules mean: the keys of observations that are memories by themselves, and ids of memories of several, each with the name
    to expire under; the records; and the keys of memories that only the missing date kept.
    """

    alone: dict[Key, str] = field(default_factory=dict)
    of_many: dict[Key, str] = field(default_factory=dict)
    records: list[Plain] = field(default_factory=list)
    undated: set[Key] = field(default_factory=set)

    def has(self, key: Key) -> bool:
        """Tell whether something is chosen."""
        return key in self.alone or key in self.of_many


def would_expire(tx: Tx, rules: Sequence[RetentionRule], name: str | None) -> Expired:
    """Return what `expire` would do."""
    return _result(_chosen(tx, rules, name))


def expire(tx: Tx, rules: Sequence[RetentionRule], name: str | None) -> Expired:
    """Let the memories that one of the rules means expire, under a name or that of the rule."""
    chosen = _chosen(tx, rules, name)
    named = [*chosen.alone.items()]
    members = tx.select_by_keys(_MEMBERS, _observations.memory, chosen.of_many)
    named += [(row.key, chosen.of_many[row.memory]) for row in members]
    note_expired(tx, sorted(named))
    return _result(chosen)


def restore(tx: Tx, name: str | None) -> Expired:
    """Bring back what has expired under a name, or all; what has expired under another name too stays hidden.

    Raises NotFoundError where nothing has expired under the name.
    """
    rows = expired_under(tx, name)
    if not rows and name is not None:
        raise NotFoundError(f"nothing has expired under the name {name!r}")
    keys = {row.key for row in rows}
    before = expired_memories(tx, keys)
    note_restored(tx, rows)
    after = expired_memories(tx, keys)
    return counted([held.record for home, held in before.items() if home not in after], names={row.name for row in rows})


def would_purge(tx: Tx, older_than: str) -> Expired:
    """Return what `purge` would do."""
    return counted([held.record for held in _due(tx, moment_before(tx.now, older_than))])


def purge(transactions: Transactions, segments: Segments, older_than: str, pause: Callable[[], None]) -> Expired:
    """Forget the memories that have been expired for so long."""
    moment, due = transactions.read(lambda tx: (moment := moment_before(tx.now, older_than), _due(tx, moment)))
    records: list[Plain] = []
    for start in range(0, len(due), MEMORIES_AT_ONCE):
        some = {key for held in due[start : start + MEMORIES_AT_ONCE] for key in held.keys}
        records += transactions.write(lambda tx, some=some: _forget(tx, segments, some, moment))  # type: ignore[misc]
        pause()
    return counted(records)


def _forget(tx: Tx, segments: Segments, keys: Collection[Key], moment: str) -> list[Plain]:
    """Forget those of the memories of these observations that are due still, and return them."""
    due = _due(tx, moment, keys)
    if due:
        rows = [to_row(row) for row in tx.select_by_keys(ROWS, _observations.key, {key for held in due for key in held.keys})]
        forget(tx, segments, rows, "expired")
        tx.note_deleted()
    return [held.record for held in due]


def counted(records: Iterable[Plain], *, undated: int = 0, names: Iterable[str] = ()) -> Expired:
    """Return how many memories these are, by kind and namespace."""
    kinds: Counter[str] = Counter()
    namespaces: Counter[str] = Counter()
    for record in records:
        kinds[record["kind"]] += 1
        namespaces[record["namespace"]] += 1
    return Expired(kinds.total(), dict(sorted(kinds.items())), dict(sorted(namespaces.items())), undated, tuple(sorted(names)))


def _result(chosen: _Chosen) -> Expired:
    names = {*chosen.alone.values(), *chosen.of_many.values()}
    return counted(chosen.records, undated=len(chosen.undated), names=names)


def _chosen(tx: Tx, rules: Sequence[RetentionRule], name: str | None) -> _Chosen:
    chosen = _Chosen()
    for rule in rules:
        before = None if rule.older_than is None else to_micros(moment_before(tx.now, rule.older_than))
        for is_alone, row in _candidates(tx, rule, before):
            record = orjson.loads(row.record)
            if chosen.has(row.key) or not rule.means(record, tx.now):
                continue
            if before is not None and row.date is None:
                chosen.undated.add(row.key)
                continue
            (chosen.alone if is_alone else chosen.of_many)[row.key] = name or rule.name
            chosen.records.append({"kind": record["kind"], "namespace": record["namespace"]})
    chosen.undated = {key for key in chosen.undated if not chosen.has(key)}
    return chosen


def _candidates(tx: Tx, rule: RetentionRule, before: int | None) -> Iterator[tuple[bool, Any]]:
    """Give the memories that are not hidden and may be meant by a rule, each with whether it is of one observation."""
    for table, key in ((tables.observations, _observations.key), (tables.merged, _merged.id)):
        is_alone = table is tables.observations
        query = select(key.label("key"), table.c.date, table.c.record).where(*_narrowed(table.c, rule, before))
        query = query.where(_observations.memory.is_(None)) if is_alone else query
        with tx.execute(query.where(~IS_EXPIRED[table]).execution_options(yield_per=ROWS_AT_ONCE)) as rows:
            yield from ((is_alone, row) for row in rows)


def _narrowed(columns: Any, rule: RetentionRule, before: int | None) -> Iterator[ColumnElement[bool]]:
    if rule.namespace is not None:
        yield columns.namespace == namespace_number(rule.namespace)
    if before is not None:
        yield or_(columns.date < before, columns.date.is_(None))
    if rule.past_valid_to:  # cheaper than to read each record, and those it finds are looked at
        yield columns.record.like(literal_column("'%\"valid_to\":%'"))


def _due(tx: Tx, moment: str, among: Collection[Key] | None = None) -> list[Held]:
    """Return the memories whose observations have all been expired since a moment, of all or of some observations."""
    keys = expired_before(tx, moment, among)
    return [held for _, held in sorted(expired_memories(tx, keys).items()) if keys.issuperset(held.keys)]
