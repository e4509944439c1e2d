"""What has expired, as rows: which observations, under which names, since when; and the rules of retention that a store keeps.

Rules: the ledger tells it, and the table holds what of that is in force, so that it can be asked for by key. An observation may
have expired under several names. A memory has expired when each of its observations has. What was forgotten has no row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import delete, exists, func, select

from memproc.dedup.keys import Key
from memproc.records import Plain
from memproc.retention import RetentionRule
from memproc.store.kinds import LedgerKind
from memproc.store.rows.ledger import LedgerEntry, write_lines
from memproc.store.rows.observations import forgotten_among
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.store.sql.views import IS_EXPIRED

_expired, _ledger, _observations, _merged = tables.expired.c, tables.ledger.c, tables.observations.c, tables.merged.c
_HAS_EXPIRED = select(exists(select(tables.expired.c.number)))
_COLUMNS = ("number", "key", "name", "made_at")
ROWS = select(*(_expired[name] for name in _COLUMNS))
_TOLD = select(_ledger.number, _ledger.subject, _ledger.kind, _ledger.reason, _ledger.made_at)
_KINDS = (LedgerKind.EXPIRED, LedgerKind.RESTORED)
_SEEN = select(_observations.key, _observations.memory, _observations.node, _observations.record)
_OF_MERGED = select(_merged.id, _merged.record)


class Held(NamedTuple):
    """A memory: its plain record, without an id, and the keys of all its observations."""

    record: Plain
    keys: tuple[Key, ...]


def has_expired(tx: Tx) -> bool:
    """Tell whether anything has expired."""
    return bool(tx.run(_HAS_EXPIRED).scalar())


def count_expired(tx: Tx) -> int:
    """Return how many memories have expired."""
    if not has_expired(tx):
        return 0
    alone = select(func.count()).select_from(tables.observations).where(_observations.memory.is_(None))
    of_many = select(func.count()).select_from(tables.merged)
    counts = (alone.where(IS_EXPIRED[tables.observations]), of_many.where(IS_EXPIRED[tables.merged]))
    return sum(int(tx.execute(count).scalar_one()) for count in counts)


def expired_by_name(tx: Tx) -> dict[str, int]:
    """Return under which names observations have expired, sorted, with their number."""
    counted = select(_expired.name, func.count()).group_by(_expired.name)
    return dict(sorted(tuple(row) for row in tx.execute(counted)))


def expired_under(tx: Tx, name: str | None) -> list[Any]:
    """Return the rows of what has expired under a name, or of all."""
    query = ROWS.order_by(_expired.number)
    return [*tx.execute(query if name is None else query.where(_expired.name == name))]


def expired_before(tx: Tx, moment: str, among: Collection[Key] | None = None) -> set[Key]:
    """Return the keys of the observations, all or of some, that have been expired since then, or longer."""
    rows: Iterable[Any] = tx.execute(ROWS) if among is None else tx.select_by_keys(ROWS, _expired.key, among)
    return {row.key for row in rows if row.made_at <= moment}


def note_expired(tx: Tx, named: Sequence[tuple[Key, str]]) -> None:
    """Write that observations have expired, each under a name."""
    first = tx.next_number(tables.ledger)
    write_lines(tx, None, [LedgerEntry(LedgerKind.EXPIRED, key, reason=name) for key, name in named])
    rows = [{"number": at, "key": key, "name": name, "made_at": tx.now} for at, (key, name) in enumerate(named, first)]
    tx.insert_rows(tables.expired, rows)


def note_restored(tx: Tx, rows: Sequence[Any]) -> None:
    """Take back what rows of the table tell."""
    tx.delete_by_keys(_expired.number, [row.number for row in rows])
    write_lines(tx, None, [LedgerEntry(LedgerKind.RESTORED, row.key, reason=row.name) for row in rows])


def take_over_expired(tx: Tx, named: Iterable[tuple[Key, str]]) -> None:
    """Write what a full export tells, but for what was forgotten here, and of which it was decided here ever."""
    told = {*named}
    if not told:
        return
    keys = {key for key, _ in told}
    known = {row.subject for row in tx.select_by_keys(_TOLD, _ledger.subject, keys) if row.kind in _KINDS}
    known |= forgotten_among(tx, keys)
    note_expired(tx, sorted((key, name) for key, name in told if key not in known))


def delete_expired(tx: Tx, keys: Iterable[Key]) -> None:
    """Delete the rows of observations that are forgotten."""
    tx.delete_by_keys(_expired.key, keys)


def told_by_ledger(tx: Tx) -> set[tuple[int, Key, str, str]]:
    """Return what the rows of the table should be, by the ledger and what was forgotten."""
    held: dict[tuple[Key, str], tuple[int, str]] = {}
    for line in tx.execute(_TOLD.where(_ledger.kind.in_(_KINDS)).order_by(_ledger.number)):
        if line.kind == LedgerKind.RESTORED:
            held.pop((line.subject, line.reason), None)
        else:
            held.setdefault((line.subject, line.reason), (line.number, line.made_at))
    gone = forgotten_among(tx, {key for key, _ in held})
    return {(number, key, name, made_at) for (key, name), (number, made_at) in held.items() if key not in gone}


def wrong_expired(tx: Tx) -> list[int]:
    """Return the numbers of rows that are not what the ledger tells, or missing."""
    there = {tuple(row) for row in tx.execute(ROWS)}
    return sorted({row[0] for row in there ^ told_by_ledger(tx)})


def write_expired_again(tx: Tx) -> None:
    """Write the table again as the ledger tells it."""
    if wrong_expired(tx):
        tx.execute(delete(tables.expired))
        tx.insert_rows(tables.expired, [dict(zip(_COLUMNS, row, strict=True)) for row in sorted(told_by_ledger(tx))])


def expired_memories(tx: Tx, keys: Iterable[Key]) -> dict[Key, Held]:
    """Return, by id, the memories that observations with these keys are in and that have expired."""
    own = [*tx.select_by_keys(_SEEN, _observations.key, {*keys})]
    members: dict[Key, list[Key]] = {row.node: [row.key] for row in own if row.memory is None}
    records = {row.node: row.record for row in own if row.memory is None}
    shared = {row.memory for row in own if row.memory is not None}
    records |= dict(map(tuple, tx.select_by_keys(_OF_MERGED, _merged.id, shared)))
    for row in tx.select_by_keys(_SEEN, _observations.memory, shared):
        members.setdefault(row.memory, []).append(row.key)
    among = {row.key for row in tx.select_by_keys(ROWS, _expired.key, {key for some in members.values() for key in some})}
    return {
        home: Held(orjson.loads(records[home]), tuple(sorted(some))) for home, some in members.items() if among.issuperset(some)
    }


def write_rules(tx: Tx, rules: Sequence[RetentionRule]) -> None:
    """Keep these rules of retention from now on."""
    told = orjson.dumps([rule.as_dict() for rule in rules]).decode()
    write_lines(tx, None, [LedgerEntry(LedgerKind.RETENTION, reason=told)])


def rules_kept(tx: Tx) -> tuple[RetentionRule, ...]:
    """Return the rules of retention that the store keeps."""
    query = select(_ledger.reason).where(_ledger.kind == LedgerKind.RETENTION).order_by(_ledger.number.desc()).limit(1)
    told: list[Mapping[str, Any]] = orjson.loads(tx.execute(query).scalar() or "[]")
    return tuple(RetentionRule(**rule) for rule in told)
