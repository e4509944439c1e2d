"""Rows of the tables of a Letta server: blocks, archival passages and messages, each with the name of its `table` and its agents.

Facts: a block and an archive may belong to several agents, whose ids are in `agents`. A row that was deleted may stay in its table
with `is_deleted`. What a message holds is as in an agent file.

Rules: a passage is a fact under its id, of its agent; where several share its archive, of the archive. Each line of a block is a
fact of each of its agents, with the label of the block as its subject, as in an agent file. A message is an event of its role in
the conversation that it belongs to, else in that of its agent.

Left out: deleted rows; and, read on request, `persona`, `thinking`, `tool` and `system`, as in an agent file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memproc.formats import letta
from memproc.formats.cells import EMBEDDINGS, list_of, object_of, without_embeddings
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times
from memproc.validation import fault
from memproc.values import is_blank

BLOCKS, PASSAGES, MESSAGES = "block", "archival_passages", "messages"
_OF_JSON = frozenset(("content", "tool_calls", "metadata_", "tags"))
_TABLES = frozenset((BLOCKS, PASSAGES, MESSAGES))


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return item.get("table") in _TABLES and isinstance(item.get("id"), str) and "is_deleted" in item


def _read(item: Item, context: Context) -> Iterator[Part]:
    if item.get("is_deleted"):
        yield LeftOut("deleted")
        return
    kept, dropped = without_embeddings({name: _json_of(name, value) for name, value in item.items()})
    if dropped:
        yield LeftOut(EMBEDDINGS, dropped)
    table = item.get("table")
    if table == PASSAGES:
        yield from _of_passage(kept)
    elif table == MESSAGES:
        yield from _of_message(kept, context)
    else:
        for part in letta.of_block(kept, context):
            yield from _of_agents(part, kept) if isinstance(part, Draft) else (part,)


def _json_of(name: object, value: object) -> object:
    """Return a value that is JSON in the table, also where its database keeps that as text."""
    if name not in _OF_JSON or not isinstance(value, str):
        return value
    return list_of(value) if value.lstrip().startswith("[") else object_of(value)


def _of_passage(item: Item) -> Iterator[Part]:
    if is_blank(item.get("text")):
        yield Broken(fault("text", "missing", "a passage has its text in text"))
        return
    agents = listed(item.get("agents"))
    given = item.get("metadata_")
    metadata = {**given} if isinstance(given, dict) else {}
    if len(agents) > 1:
        metadata["agents"] = agents
    fields = {
        "content": item["text"],
        "id": item.get("id"),
        "namespace": agents[0] if len(agents) == 1 else item.get("archive_id"),
        "tags": listed(item.get("tags")),
        "created_at": item.get("created_at"),
        "updated_at": item.get("updated_at"),
        "metadata": metadata,
    }
    yield Draft(_with_values(fields), is_identity=True)


def _of_agents(draft: Draft, item: Item) -> Iterator[Part]:
    """Yield a line of a block for each agent that has the block."""
    for agent in listed(item.get("agents")) or [None]:
        metadata = {**draft.fields.get("metadata", {}), "block": item.get("id")}
        fields = {**draft.fields, "namespace": agent, "created_at": item.get("created_at"), "metadata": metadata}
        yield Draft(_with_values(fields))


def _of_message(item: Item, context: Context) -> Iterator[Part]:
    conversation = item.get("agent_id") if is_blank(item.get("conversation_id")) else item.get("conversation_id")
    is_first = True
    for turn in letta.turns_of(item):
        if turn.kind and turn.kind not in context.include:
            yield LeftOut(turn.kind)
            continue
        if not isinstance(turn.text, str) or is_blank(turn.text):
            yield Broken(fault("content", "missing", "a message has its text in content, or in the arguments of send_message"))
            continue
        fields = {
            "content": turn.text,
            "id": item.get("id") if is_first else None,
            "namespace": item.get("agent_id"),
            "subject": turn.role,
            "conversation": conversation,
            "kind": "message",
            "created_at": item.get("created_at"),
        }
        yield Draft(_with_values(fields), is_identity=is_first)
        is_first = False


def _with_values(fields: dict[str, Any]) -> dict[str, Any]:
    return with_raw_times({name: value for name, value in fields.items() if not is_blank(value) and value not in ({}, [])})


FORMAT = Format(
    "letta-store", "rows of a Letta server's tables: blocks, passages, messages", _matches, _read, options=letta.OPTIONS
)
