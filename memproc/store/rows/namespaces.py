"""Which namespaces there are.

Strategy: an index has observations by the number of their namespace, so each statement jumps to the first of the next one. What it
costs grows with the namespaces, and not with the memories.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from sqlalchemy import select

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_observations = tables.observations.c
_FIRST = select(_observations.namespace, _observations.record).order_by(_observations.namespace).limit(1)


def namespaces(tx: Tx) -> Iterator[str]:
    """Give the name of each namespace that has an observation, in no order that means something."""
    row = tx.execute(_FIRST).first()
    while row is not None:
        yield orjson.loads(row.record)["namespace"]
        row = tx.execute(_FIRST.where(_observations.namespace > row.namespace)).first()
