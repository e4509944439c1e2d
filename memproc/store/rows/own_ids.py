"""The caller's own ids: which observations carry one, within a namespace and a source."""

from __future__ import annotations

import orjson
from sqlalchemy import literal_column

from memproc.dedup.columns import Prepared
from memproc.dedup.keys import namespace_number
from memproc.dedup.neighbourhood import Row
from memproc.records import Plain
from memproc.store.rows.observations import ROWS, to_row
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c
_OF_NODE = ROWS.where(_observations.is_identity == literal_column("1"))


def versions_of(tx: Tx, prepared: Prepared) -> list[Row]:
    """Return the versions that the store has of the identity of a record."""
    if tx.policy.dedup != "off":
        return [*map(to_row, tx.select_by_keys(_OF_NODE, _observations.node, [prepared.node]))]
    return [row for row in with_own_id(tx, prepared.record) if row.observation.is_identity]


def with_own_id(tx: Tx, named: Plain) -> list[Row]:
    """Return the observations with the id of a record, in its namespace; where it has a source, in that."""
    text = orjson.dumps(named["id"]).decode()
    query = ROWS.where(
        _observations.namespace == namespace_number(named["namespace"]), _observations.record.contains(text, autoescape=True)
    )
    rows = map(to_row, tx.execute(query.order_by(_observations.number)))
    return [
        row
        for row in rows
        if all(
            row.observation.record.get(name) == named.get(name, row.observation.record.get(name))
            for name in ("id", "namespace", "source")
        )
    ]
