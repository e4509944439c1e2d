"""Versions of an application's own schema: which ones there are, and the steps from each to the next.

Facts: a subclass of `Memory` that has `migrations` keeps the version of each record in a field of its own, `schema_version`, whose
default is the newest. So each record says, in a store and in every export, which version it was written by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from memproc.errors import UsageError

VERSION_FIELD = "schema_version"
Step = Callable[[dict[str, Any]], dict[str, Any]]


def check_migrations(name: str, migrations: Mapping[int, Step], default: object) -> None:
    """Raise UsageError unless the steps of the class `name` lead from version to version up to its newest, the `default` of the
    field that holds it.
    """
    versions = sorted(migrations)
    if not all(type(version) is int and version > 0 for version in migrations) or versions != [
        *range(versions[0], versions[-1] + 1)
    ]:
        raise UsageError(
            f"{name}.migrations has steps from {versions}: give one from each version to the next, as in {{1: f, 2: g}}"
        )
    if not all(map(callable, migrations.values())):
        raise UsageError(f"{name}.migrations: each step is a function of a record that returns one")
    if default != versions[-1] + 1:
        raise UsageError(
            f"{name}.migrations leads to version {versions[-1] + 1}: give the field {VERSION_FIELD}: int = {versions[-1] + 1}"
        )


def version_of(record: Mapping[str, Any]) -> int | None:
    """Return the version that a record says it is of, None if it says none. Tables say it as text.

    >>> version_of({"schema_version": "2"}), version_of({"schema_version": True}), version_of({})
    (2, None, None)
    """
    said = record.get(VERSION_FIELD)
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < len("1000000000"):
        return int(said)
    return said if type(said) is int else None
