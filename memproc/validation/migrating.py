"""Brings a record of an older version of its schema to the newest, step by step.

Rule: a step is the application's own and may raise anything. Its record is then rejected as one that could not be transformed.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from memproc.records import Fault, Memory
from memproc.records.versions import VERSION_FIELD, version_of
from memproc.validation.faults import failed, fault

FAILED = "migration_failed"
NEWER, OLDER = "newer_schema", "older_schema"


def migrated(record: Mapping[str, Any], schema: type[Memory], *, tracebacks: bool = False) -> Mapping[str, Any] | Fault:
    """Return a record as the newest version of the schema has it, or the fault that keeps it from that. Never raises.

    A record that names no version is of the newest.
    """
    steps, version = schema.migrations, version_of(record)
    newest = max(steps) + 1
    if version is None or version == newest:
        return record
    if version > newest:
        return fault(
            VERSION_FIELD, NEWER, f"was written by a newer {schema.__name__}: version ", str(version), f", this is {newest}"
        )
    if version not in steps:
        return fault(VERSION_FIELD, OLDER, f"is older than {schema.__name__} has steps from: version ", str(version))
    try:
        current = deepcopy({**record})
        for at in range(version, newest):
            current = steps[at](current)
            if type(current) is not dict:
                return fault("", FAILED, f"the step from version {at} gave ", type(current).__name__, " and no dictionary")
    except Exception as error:  # noqa: BLE001 - a step is the caller's and may raise anything
        return failed(FAILED, f"the step from version {at}", error, tracebacks=tracebacks)
    return {**current, VERSION_FIELD: newest}
