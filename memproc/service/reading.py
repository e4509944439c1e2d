"""How a job of the queue is read, as an ingestion takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memproc.records import Memory
from memproc.service.kept import kept_to

ONLY_NAMESPACE = "only_namespace"


def options_of(work: Mapping[str, Any], schema: type[Memory]) -> dict[str, Any]:
    """Return the options of a job. One that keeps to its namespace takes no record that names another."""
    given = dict(work["options"])
    keeps = given.pop(ONLY_NAMESPACE, False)
    return {**given, "schema": kept_to(schema, (work["namespace"],)) if keeps else schema}
