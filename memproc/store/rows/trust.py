"""Who confirmed a memory, as the ledger and the decisions have it.

Rules: a person confirms what they merge, or put in the place of another; a policy does as a process. Where two systems said the
same in other words, and memproc merged them, memproc confirms it. What was taken back confirms nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import select

from memproc.dedup.keys import Key
from memproc.formats.own import PROVENANCE
from memproc.formats.writers.parts import CONFIRMED
from memproc.records import Plain
from memproc.store.kinds import LedgerKind
from memproc.store.rows.decisions import DECISIONS, all_decisions, decision_of
from memproc.store.rows.ledger import lines_on
from memproc.store.rows.memories import CHUNK, memories_by_id
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

PERSON, PROCESS = "human:reviewer", "process:memproc"
_CONFIRMING = ("merge", "supersedes")
_seen = tables.observations.c
_NODES = select(_seen.key, _seen.node)

Event = dict[str, str]  # `by` whom, and `at` what time


def confirmed_memories(tx: Tx, *, expired: bool = False) -> Iterator[Plain]:
    """Give memories as `memories_by_id` does, and with who confirmed each, if anybody did."""
    decided = _decided(tx)
    memories = memories_by_id(tx, expired=expired)
    while some := list(islice(memories, CHUNK)):
        several = [memory for memory in some if len(memory[PROVENANCE]) > 1]
        keys = {key for memory in several for key in _keys_of(memory)}
        handles = {key: {key, node} for key, node in tx.select_by_keys(_NODES, _seen.key, keys)}
        merged = {line.subject: line.made_at for line in lines_on(tx, keys) if line.kind == LedgerKind.SIMILAR}
        for memory in some:
            events = _events(memory, decided, merged, handles) if len(memory[PROVENANCE]) > 1 else []
            yield {**memory, CONFIRMED: events} if events else memory


def _events(
    memory: Plain, decided: Collection[tuple[set[Key], Event]], merged: Mapping[Key, str], handles: Mapping[Key, set[Key]]
) -> list[Event]:
    """Return by whom a memory was confirmed and when, in order. `handles` holds what each observation may be called."""
    keys = _keys_of(memory)
    named = set().union(*(handles.get(key, ()) for key in keys))
    events = [event for ends, event in decided if ends <= named]
    if len({seen["source"] for seen in memory[PROVENANCE]}) > 1:
        events += [{"by": PROCESS, "at": merged[key]} for key in keys if key in merged]
    return [{"by": by, "at": at} for at, by in sorted({(event["at"], event["by"]) for event in events})]


def _keys_of(memory: Plain) -> set[Key]:
    return {bytes.fromhex(seen["observation"]) for seen in memory[PROVENANCE]}


def _decided(tx: Tx) -> Collection[tuple[set[Key], Event]]:
    """Return the decisions in force that confirm something: on what, and by whom and when the last time."""
    holding = set(all_decisions(tx))
    dated = DECISIONS.add_columns(tables.decisions.c.made_at).order_by(tables.decisions.c.number)
    found: dict[Any, tuple[set[Key], Event]] = {}
    for row in tx.execute(dated):
        decision = decision_of(row)
        if decision in holding and decision.verdict in _CONFIRMING:
            found[decision] = {decision.a, decision.b}, {"by": PROCESS if decision.policy else PERSON, "at": row.made_at}
    return list(found.values())
