"""What the tables of a Letta server add to its items: which agents a block or an archive belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from memproc.sources.live.pages import Row, Rows, looked_up

TABLE = "table"  # the name under which an item says which table it is a row of


def _blocks(connection: Connection, page: Sequence[Row], schema: str | None) -> None:
    _with_agents(connection, page, schema, ("blocks_agents", "block_id", "id"))
    for row in page:
        row[TABLE] = "block"


def _passages(connection: Connection, page: Sequence[Row], schema: str | None) -> None:
    _with_agents(connection, page, schema, ("archives_agents", "archive_id", "archive_id"))
    for row in page:
        row[TABLE] = "archival_passages"


def _messages(_connection: Connection, page: Sequence[Row], _schema: str | None) -> None:
    for row in page:
        row[TABLE] = "messages"


def _with_agents(connection: Connection, page: Sequence[Row], schema: str | None, link: tuple[str, str, str]) -> None:
    """Give each row the ids of its agents, by the table that links them, its column, and the name in the row."""
    linking, theirs, ours = link
    agents: dict[object, list[str]] = {}
    for found in looked_up(connection, linking, ("agent_id", theirs), (theirs, [row.get(ours) for row in page]), schema):
        agents.setdefault(found[theirs], []).append(found["agent_id"])
    for row in page:
        row["agents"] = sorted(agents.get(row.get(ours), []))


_EMBEDDING = ("embedding", "embedding_config")
PARTS = (
    Rows("block", ("id",), completed=_blocks),
    Rows("archival_passages", ("id",), _EMBEDDING, completed=_passages),
    Rows("messages", ("id",), completed=_messages),
)
