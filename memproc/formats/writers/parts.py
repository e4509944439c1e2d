"""What the writers share: the id that a memory has in another system, and a list as pieces of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from memproc.dedup.keys import identity_key
from memproc.formats.own import PROVENANCE
from memproc.records import Plain

CONFIRMED = "confirmed"  # in a memory to be written: who confirmed it and when, if that was asked for


def id_of(memory: Plain, system: str | None = None) -> str:
    """Return the id of a memory in a system: its own one there, if that is what names it, else the id that the store gave it.

    `system` is the source of what comes from there; None stands for a shape that keeps the source.
    """
    store_id: str = memory["id"]
    if "source" not in memory or system not in (None, memory["source"]):
        return store_id
    given = {seen["id"] for seen in memory.get(PROVENANCE, ()) if seen.get("id") is not None}
    return next((one for one in sorted(given) if identity_key({**memory, "id": one}).hex() == store_id), store_id)


def count_source(memory: Plain, system: str, left: Counter[str]) -> None:
    """Count the source of a memory where a shape says nothing of it, and it is not read back as this one."""
    if memory.get("source", system) != system:
        left["source"] += 1


def as_list(items: Iterable[Mapping[str, Any]], before: bytes, behind: bytes) -> Iterator[bytes]:
    """Give a JSON list, an item a line, between what stands before and behind it."""
    yield before
    between = b"\n"
    for item in items:
        yield between + orjson.dumps(item)
        between = b",\n"
    yield b"\n" + behind
