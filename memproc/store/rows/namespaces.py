"""Which namespaces there are.

Strategy: an index has observations by the number of their namespace, so each statement jumps to the first of the next one. What it
costs grows with the namespaces, and not with the memories.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from sqlalchemy import bindparam, literal_column, select

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c
_ALL = select(_observations.namespace, _observations.record).order_by(_observations.namespace)
_FIRST = _ALL.limit(literal_column("1")).offset(literal_column("0"))  # else SQLite gets a parameter for none
_NEXT = _FIRST.where(_observations.namespace > bindparam("behind"))


def namespaces(tx: Tx) -> Iterator[str]:
    """Give the name of each namespace that has an observation, in no order that means something."""
    row = tx.run(_FIRST).first()
    while row is not None:
        yield orjson.loads(row.record)["namespace"]
        row = tx.run(_NEXT, behind=row.namespace).first()
