"""Memories as mem0 returns them, what its calls are given as a memory has it, and a history as mem0 lists it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from memproc.errors import UsageError
from memproc.integrations.mem0.scope import AGENT, IDS, ids_of
from memproc.records import Plain
from memproc.store.answers import Entry, Step

ROLE, ACTOR, EXPIRES = "role", "actor_id", "expiration_date"
_TOLD = (AGENT, ROLE, ACTOR, EXPIRES)  # what stands in the metadata of a memory, and beside the metadata of an item
_VERSIONS = ("version", "superseded", "current")


def item_of(memory: Plain) -> dict[str, Any]:
    """Return a memory as an item of mem0, without a score."""
    metadata = memory.get("metadata", {})
    own = {name: value for name, value in metadata.items() if name not in _TOLD}
    expires = {EXPIRES: memory["valid_to"][:10]} if "valid_to" in memory else {}
    return {
        "id": memory["id"],
        "memory": memory["content"],
        "hash": hashlib.md5(memory["content"].encode(), usedforsecurity=False).hexdigest(),
        "metadata": own or None,
        "created_at": memory.get("created_at"),
        "updated_at": memory.get("updated_at", memory.get("created_at")),
        **ids_of(memory),
        **expires,
        **{name: metadata[name] for name in (ROLE, ACTOR, EXPIRES) if name in metadata},
    }


def messages_in(given: object) -> Iterator[tuple[str, str, str | None]]:
    """Give role, text and name of who speaks of each message that is to be kept. Raises UsageError on what is no message."""
    listed = [{"role": "user", "content": given}] if isinstance(given, str) else [given] if isinstance(given, Mapping) else given
    if not isinstance(listed, Sequence):
        raise UsageError("messages: give a text, a message, or a list of messages with role and content")
    for one in listed:
        role, text = (one.get("role"), one.get("content")) if isinstance(one, Mapping) else (None, None)
        if not isinstance(role, str) or not isinstance(text, str):
            raise UsageError("messages: a message has a role and a content, both text; what has other parts is for memproc.ingest")
        if role != "system":
            name = one.get("name")
            yield role, text, str(name) if name else None


def own_metadata(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the metadata that a caller gives, without the names that say whose a memory is."""
    return {name: value for name, value in (given or {}).items() if name not in (*IDS, ACTOR)}


def expiring(given: object) -> tuple[str, datetime]:
    """Return a last day as text, and the moment at which a memory is no longer valid then: the next midnight in UTC.

    >>> expiring("2030-12-31")[1].isoformat()
    '2031-01-01T00:00:00+00:00'
    """
    try:
        day = given.date() if isinstance(given, datetime) else given if isinstance(given, date) else date.fromisoformat(str(given))
    except ValueError:
        raise UsageError(f"{EXPIRES}={given!r}: give a day, as in 2030-12-31") from None
    return day.isoformat(), datetime.combine(day, time(), UTC) + timedelta(days=1)


def changes_of(memory: Plain, steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return what a memory said over time as mem0 lists it: it was added, then updated."""
    metadata = memory.get("metadata", {})
    listed, before = [], None
    for step in steps:
        if step.link in _VERSIONS:
            told = {
                "created_at": memory.get("created_at"),
                "updated_at": step.date or memory.get("created_at"),
                "is_deleted": False,
            }
            event = {"old_memory": before, "new_memory": step.content, "event": "ADD" if before is None else "UPDATE"}
            who = {ACTOR: metadata.get(ACTOR), ROLE: metadata.get(ROLE)}
            listed.append({"id": step.observation, "memory_id": memory["id"], **event, **told, **who})
            before = step.content
    return listed


def deletion_of(identifier: str, ledger: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the history of a memory that was forgotten: that it was deleted, and when; not what it said."""
    gone = [entry.made_at for entry in ledger if entry.kind == "forgotten"][-1:]
    what = {"id": identifier, "memory_id": identifier, "old_memory": None, "new_memory": None, "event": "DELETE"}
    return [{**what, "created_at": None, "updated_at": at, "is_deleted": True, ACTOR: None, ROLE: None} for at in gone]
