"""The caller's own ids: which observations carry one, within a namespace and a source."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import literal_column

from memproc.dedup.columns import Prepared
from memproc.dedup.keys import identity_key, namespace_number
from memproc.dedup.neighbourhood import Row
from memproc.errors import UsageError
from memproc.records import Plain
from memproc.store.rows.finding import likely_observations
from memproc.store.rows.observations import ROWS, named_by, to_row
from memproc.store.rows.wanted import Wanted
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c
_OF_NODE = ROWS.where(_observations.is_identity == literal_column("1"))


def versions_of(tx: Tx, prepared: Prepared) -> list[Row]:
    """Return the versions that the store has of the identity of a record."""
    if tx.policy.dedup != "off":
        return [*map(to_row, tx.select_by_keys(_OF_NODE, _observations.node, [prepared.node]))]
    return [row for row in with_own_id(tx, prepared.record) if row.observation.is_identity]


def named_by_caller(tx: Tx, identifier: str, namespace: str, source: str | None) -> Row | None:
    """Return the row that a caller's id leads to, in a namespace and, if one is given, a source. Raises UsageError where records of
    several memories have it.
    """
    named = {"namespace": namespace, "id": identifier, **({} if source is None else {"source": source})}
    if source is not None:
        for record in (named, {**named, "kind": "message"}):
            if (row := named_by(tx, identity_key(record).hex())) is not None:
                return row
    rows = with_own_id(tx, named)
    if len({row.home for row in rows}) > 1:
        raise UsageError(
            f"several memories of namespace {namespace!r} have the id {identifier!r}: give their source, or an id of the store"
        )
    return rows[0] if rows else None


def with_own_id(tx: Tx, named: Plain) -> list[Row]:
    """Return the observations with the id of a record, in its namespace; where it has a source, in that."""
    numbers, _ = likely_observations(tx, Wanted(namespace=named["namespace"], holds={"id": named["id"]}))
    if numbers is None:
        text = orjson.dumps(named["id"]).decode()
        in_namespace = ROWS.where(_observations.namespace == namespace_number(named["namespace"]))
        found: Iterable[Any] = tx.execute(in_namespace.where(_observations.record.contains(text, autoescape=True)))
    else:
        found = tx.select_by_keys(ROWS, _observations.number, numbers)
    return [
        row
        for row in sorted(map(to_row, found), key=attrgetter("number"))
        if all(
            row.observation.record.get(name) == named.get(name, row.observation.record.get(name))
            for name in ("id", "namespace", "source")
        )
    ]
