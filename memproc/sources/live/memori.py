"""What the tables of Memori add to its items: whose a row is, which conversation a message is of, what the ends of a triple are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from memproc.sources.live.pages import Row, Rows, looked_up

TABLE = "table"  # the name under which an item says which table it is a row of
_TIMES = ("date_created", "date_updated", "date_last_time")  # in UTC, without an offset
_ENDS = {"subject": "memori_subject", "predicate": "memori_predicate", "object": "memori_object"}

Completed = Callable[[Connection, Sequence[Row], str | None], None]


def _owned(kind: str, owner: str) -> Completed:
    """Return what gives each row the id that the application knows its owner by."""

    def completed(connection: Connection, page: Sequence[Row], schema: str | None) -> None:
        _with_owners(connection, page, schema, owner)
        for row in page:
            row[TABLE] = kind

    return completed


def _messages(connection: Connection, page: Sequence[Row], schema: str | None) -> None:
    conversations = _by_id(connection, "memori_conversation", ("uuid", "session_id"), _values(page, "conversation_id"), schema)
    for row in page:
        conversation = conversations.get(row["conversation_id"], {})
        row |= {TABLE: "memori_conversation_message", "conversation": conversation.get("uuid")}
        row["session_id"] = conversation.get("session_id")
    _with_session_owners(connection, page, schema)


def _summaries(connection: Connection, page: Sequence[Row], schema: str | None) -> None:
    for row in page:
        row[TABLE] = "memori_conversation"
    _with_session_owners(connection, page, schema)


def _triples(connection: Connection, page: Sequence[Row], schema: str | None) -> None:
    _with_owners(connection, page, schema, "entity")
    for end, of in _ENDS.items():
        name = "content" if end == "predicate" else "name"
        there = _by_id(connection, of, (name,), _values(page, f"{end}_id"), schema)
        for row in page:
            row[end] = there.get(row[f"{end}_id"], {}).get(name)
    for row in page:
        row[TABLE] = "memori_knowledge_graph"


def _with_session_owners(connection: Connection, page: Sequence[Row], schema: str | None) -> None:
    sessions = _by_id(connection, "memori_session", ("entity_id", "process_id"), _values(page, "session_id"), schema)
    for row in page:
        row |= {name: sessions.get(row["session_id"], {}).get(name) for name in ("entity_id", "process_id")}
    _with_owners(connection, page, schema, "entity")


def _with_owners(connection: Connection, page: Sequence[Row], schema: str | None, owner: str) -> None:
    owners = _by_id(connection, f"memori_{owner}", ("external_id",), _values(page, f"{owner}_id"), schema)
    for row in page:
        row[owner] = owners.get(row[f"{owner}_id"], {}).get("external_id")


def _values(page: Sequence[Row], name: str) -> list[Any]:
    return [row[name] for row in page if row.get(name) is not None]


def _by_id(connection: Connection, of: str, names: Sequence[str], ids: Sequence[Any], schema: str | None) -> dict[Any, Row]:
    return {row["id"]: row for row in looked_up(connection, of, ("id", *names), ("id", ids), schema)}


_LEFT = ("content_embedding", "uniq")
PARTS = (
    Rows("memori_entity_fact", ("id",), _LEFT, completed=_owned("memori_entity_fact", "entity"), utc=_TIMES),
    Rows("memori_process_attribute", ("id",), _LEFT, False, _owned("memori_process_attribute", "process"), _TIMES),
    Rows("memori_knowledge_graph", ("id",), _LEFT, False, _triples, _TIMES),
    Rows("memori_conversation", ("id",), _LEFT, False, _summaries, _TIMES),
    Rows("memori_conversation_message", ("id",), _LEFT, False, _messages, _TIMES),
)
