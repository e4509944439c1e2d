"""What a server does before it says that a transaction is done: asked on the connection of a side."""

from __future__ import annotations

from typing import Any, Final

POSTGRESQL: Final = ("synchronous_commit", "fsync", "full_page_writes")
MARIADB: Final = ("innodb_flush_log_at_trx_commit", "sync_binlog", "innodb_doublewrite", "innodb_buffer_pool_size")
# The default durability of memproc on PostgreSQL; on MariaDB it leaves to the server what a commit waits for.
ASYNCHRONOUS: Final = "SET synchronous_commit TO off"


def server_settings(connection: Any) -> str:
    """Give a line such as "synchronous_commit=off, fsync=on, ..." of a connection of psycopg or PyMySQL."""
    is_postgresql = type(connection).__module__.startswith("psycopg")
    names, query = (POSTGRESQL, "SHOW {}") if is_postgresql else (MARIADB, "SELECT @@{}")
    return ", ".join(f"{name}={_answer(connection, query.format(name))}" for name in names)


def _answer(connection: Any, query: str) -> object:
    cursor = connection.cursor()
    cursor.execute(query)
    return cursor.fetchone()[0]
