"""Forgetting all of a person: of a namespace, or of a subject, with a receipt.

Rules: what is removed says by itself whose it is: observations of that namespace and subject, and rejected records that came under
that namespace or name it. What only speaks of the person elsewhere stays, as nothing tells that it is meant; of rejected records
those that hold the name somewhere else are listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, select

from memproc.dedup.keys import namespace_number
from memproc.dedup.neighbourhood import Row
from memproc.formats.usual_names import claim_on
from memproc.store.access.replies import take_bodies_out
from memproc.store.changes.forgetting import forget
from memproc.store.enriching.kept import take_namespace_out
from memproc.store.index.segments import Segments
from memproc.store.jobs.counting import count_memories
from memproc.store.quarantine.records import raw_of, take_out
from memproc.store.rows.observations import ROWS, to_row
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.values import shown

_observations, _quarantine = tables.observations.c, tables.quarantine.c
_REJECTED = select(_quarantine.number, _quarantine.namespace).order_by(_quarantine.number)
_DEEPEST = 20  # of a rejected record that is looked through
_COUNTED = {
    "observations": tables.observations,
    "reviews": tables.reviews,
    "quarantine": tables.quarantine,
    "expired": tables.expired,
}


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The receipt of what was forgotten: of which namespace and subject, when, and how much was removed from where.

    `memories` are how many there are fewer, `quarantine` rejected records, `expired` the marks of what had expired. `unclear` are
    the numbers of rejected records that hold the name where it does not say whose they are: they stay, to be looked at. So many
    `hashes` of observations and rejected records were kept, which let nothing of it come back. With `is_trial` nothing was removed.
    """

    namespace: str | None
    subject: str | None
    made_at: str
    memories: int
    observations: int
    reviews: int
    quarantine: int
    expired: int
    hashes: int
    unclear: tuple[int, ...]
    is_trial: bool = False


def forget_whom(tx: Tx, segments: Segments, whom: Mapping[str, str], note: str) -> Forgotten:
    """Remove all observations and rejected records of a `namespace`, a `subject`, or a subject within a namespace."""
    before = _counts(tx)
    rows = _rows_of(tx, whom)
    if rows:
        forget(tx, segments, rows, note)
    if whom.keys() == {"namespace"}:
        take_namespace_out(tx, namespace_number(whom["namespace"]))
    stated: set[int] = set()
    unclear: list[int] = []
    for row in tx.execute(_REJECTED).all():
        raw = raw_of(tx, row.number)
        if _is_of(row, raw, whom):
            stated.add(row.number)
        elif any(name.encode() in raw for name in whom.values()):
            unclear.append(row.number)
    take_out(tx, stated)
    take_bodies_out(tx)
    after = _counts(tx)
    return Forgotten(
        namespace=whom.get("namespace"),
        subject=whom.get("subject"),
        made_at=tx.now,
        memories=before["memories"] - after["memories"],
        observations=before["observations"] - after["observations"],
        reviews=before["reviews"] - after["reviews"],
        quarantine=before["quarantine"] - after["quarantine"],
        expired=before["expired"] - after["expired"],
        hashes=after["forgotten"] - before["forgotten"],
        unclear=tuple(unclear),
    )


def _rows_of(tx: Tx, whom: Mapping[str, str]) -> list[Row]:
    query = ROWS
    if "namespace" in whom:
        query = query.where(_observations.namespace == namespace_number(whom["namespace"]))
    if "subject" in whom:
        query = query.where(_observations.record.contains(orjson.dumps(whom["subject"]).decode(), autoescape=True))
    rows = map(to_row, tx.execute(query.order_by(_observations.number)))
    return [row for row in rows if all(row.observation.record.get(name) == value for name, value in whom.items())]


def _is_of(row: Any, raw: bytes, whom: Mapping[str, str]) -> bool:
    """Tell whether a rejected record says of whom it is, by itself or by what the caller had said of its source."""
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        said = None
    stated = {(name, value) for name, value in names_in(said)}
    if row.namespace:
        stated.add(("namespace", row.namespace))
    return stated.issuperset(whom.items())


def names_in(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Give the namespaces and subjects that a value names, under any of their usual names."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from names_in(item, depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str | int):
                yield claim_on(name, frozenset())[0], shown(str(item))
            else:
                yield from names_in(item, depth + 1)


def _counts(tx: Tx) -> dict[str, int]:
    counted = {"forgotten": tables.forgotten, **_COUNTED}
    counts = {name: int(tx.execute(select(func.count()).select_from(table)).scalar_one()) for name, table in counted.items()}
    return {"memories": count_memories(tx), **counts}
