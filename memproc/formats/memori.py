"""Rows of the tables of Memori, each with the name of its `table` and what its owner is called.

Facts: facts are of an *entity*, whom an application knows by an external id; attributes are of a *process*, an agent. A triple has
a subject, a predicate and an object, also of an entity. Conversations have messages and, later, a summary. A fact that is said
again is counted in `num_times`. Times are in UTC.

Rules: facts, attributes and triples are facts under their uuid, in the namespace of the entity, without one in that of the process.
A triple is told as a sentence and has a relation. A message is an event of its role; the summary of a conversation is of the kind
`summary`.

Left out, and read on request: messages of the role `system`. Left out too: conversations without a summary.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, with_raw_times
from memproc.validation import fault
from memproc.values import is_blank

FACTS, TRIPLES = ("memori_entity_fact", "memori_process_attribute"), "memori_knowledge_graph"
CONVERSATIONS, MESSAGES = "memori_conversation", "memori_conversation_message"
_TABLES = frozenset((*FACTS, TRIPLES, CONVERSATIONS, MESSAGES))
_KEPT = ("num_times", "date_last_time", "type")


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return item.get("table") in _TABLES and "uuid" in item


def _read(item: Item, context: Context) -> Iterator[Part]:
    table = item.get("table")
    fields: dict[str, Any]
    if table in FACTS:
        fields = {"content": item.get("content")}
    elif table == TRIPLES:
        fields = _of_triple(item)
    elif table == CONVERSATIONS:
        if is_blank(item.get("summary")):
            yield LeftOut("conversations without a summary")
            return
        fields = {"content": item["summary"], "kind": "summary", "conversation": item.get("uuid")}
    else:
        if item.get("role") == "system" and "system" not in context.include:
            yield LeftOut("system")
            return
        fields = {"content": item.get("content"), "kind": "message", "subject": item.get("role")}
        fields["conversation"] = item.get("conversation")
    if is_blank(fields["content"]):
        yield Broken(fault("content", "missing", "a row of Memori has its text in content"))
        return
    entity, process = item.get("entity"), item.get("process")
    metadata = {name: item[name] for name in _KEPT if not is_blank(item.get(name))}
    if not is_blank(process):
        metadata["process"] = process
    fields |= {
        "id": item.get("uuid"),
        "namespace": process if is_blank(entity) else entity,
        "created_at": item.get("date_created"),
        "updated_at": item.get("date_updated"),
        "metadata": metadata,
    }
    kept = {name: value for name, value in fields.items() if not is_blank(value) and value not in ({}, [])}
    yield Draft(with_raw_times(kept), is_identity="id" in kept)


def _of_triple(item: Item) -> dict[str, Any]:
    subject, predicate, target = (item.get(name) for name in ("subject", "predicate", "object"))
    if not all(isinstance(one, str) and not is_blank(one) for one in (subject, predicate, target)):
        return {"content": None}
    relation = {"type": predicate, "target": target, "target_kind": "entity"}
    return {"content": f"{subject} {str(predicate).replace('_', ' ')} {target}", "subject": subject, "relations": [relation]}


FORMAT = Format("memori", "rows of Memori's tables: facts, attributes, triples, messages", _matches, _read, options=("system",))
