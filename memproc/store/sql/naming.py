"""The names of a store's tables, views and indexes under the prefix that it has.

Fact: every statement is compiled from Core tables and every value is bound, so a name of theirs in a statement's text is a name. As
SQLAlchemy's own `schema_translate_map` does, names are put in when the text is ready. A store under the usual prefix pays nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event

from memproc.store.sql import tables
from memproc.store.sql.views import VIEWS

TEXTS_KEPT = 500  # the statements of a store are some two hundred, but for lists of different lengths
OBJECTS = frozenset(
    [
        *tables.metadata.tables,
        *VIEWS,
        *(str(index.name) for table in tables.metadata.tables.values() for index in table.indexes),
    ]
)
# What stands in quotes is named by who asks what there is; the names of Core tables need none.
_NAME = re.compile(rf"(?<![\"'`\w])(?:{'|'.join(sorted(OBJECTS, key=len, reverse=True))})\b")


class Names:
    """What the tables, views and indexes of a store are called."""

    def __init__(self, prefix: str) -> None:
        """Know the prefix; upper case is no matter, as databases do not agree about it."""
        self.prefix = prefix.lower()
        self.put_in: Callable[[str], str] = str  # gives a statement with these names, for who sends it past the engine

    def of(self, name: object) -> str:
        """Return what is called under the prefix what `tables` calls so."""
        return self.prefix + str(name).removeprefix(tables.PREFIX)

    def put_into(self, engine: Engine) -> None:
        """Let the statements of an engine have these names."""
        if self.prefix == tables.PREFIX:
            return
        quote = engine.dialect.identifier_preparer.quote

        @lru_cache(maxsize=TEXTS_KEPT)
        def renamed(statement: str) -> str:
            return _NAME.sub(lambda found: quote(self.of(found[0])), statement)

        self.put_in = renamed

        @event.listens_for(engine, "before_cursor_execute", retval=True)
        def executed(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: object) -> tuple[str, Any]:
            return renamed(statement), parameters
