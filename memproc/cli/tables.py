"""What `inspect` tells of a database in which no table was named: its tables, and which of them may hold memories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memproc.cli.app import show
from memproc.cli.remotes import shown

if TYPE_CHECKING:
    from memproc.sources.databases.listing import TableSeen

COLUMNS_SHOWN = 20


def show_tables(where: str, *, as_json: bool) -> None:
    """Print the tables of a database, those with the most rows first, and the commands that go on with them."""
    from memproc.sources.databases.listing import tables_of

    tables = sorted(tables_of(where), key=lambda one: -one.rows)
    options = [(one, _options(one)) for one in tables]
    following = [_command(where, one, found) for one, found in options if found is not None]
    listed = [
        {"table": one.name, "rows": one.rows, "columns": list(one.columns), "key": list(one.key), "has_text": found is not None}
        for one, found in options
    ]
    lines = [f"{shown(where)}: {len(tables)} {'table' if len(tables) == 1 else 'tables'}", *map(_line, tables)]
    lines += ["next:", *(f"  {one}" for one in following)] if following else ["no table has a column that sounds like text"]
    show({"tables": listed, "next": following}, "\n".join(lines), as_json=as_json)


def _line(one: TableSeen) -> str:
    from memproc.validation import in_one_line

    names = ", ".join(map(in_one_line, one.columns[:COLUMNS_SHOWN])) + (", ..." if len(one.columns) > COLUMNS_SHOWN else "")
    key = f"by {', '.join(one.key)}" if one.key else "--key has to name what tells its rows apart"
    return f"  {in_one_line(one.name)}: {one.rows} {'row' if one.rows == 1 else 'rows'} of {names} ({key})"


def _options(one: TableSeen) -> list[str] | None:
    """Return the mapping that a table needs, as options, None if it seems to hold no text."""
    from memproc.formats import generic
    from memproc.formats.naming import Names
    from memproc.records import Memory

    fields = frozenset(Memory.model_fields)
    if any(generic.matches(row, fields) for row in one.first):
        return []
    name = Names.of_values(one.first).like_text if one.first else None
    return None if name is None else ["--map", f"content={name}"]


def _command(where: str, one: TableSeen, options: list[str]) -> str:
    from memproc.cli.inspecting import quoted

    key = [] if one.key else ["--key", "NAME"]
    return " ".join(map(quoted, ["memproc", "inspect", shown(where), "--table", one.name, *key, *options]))
