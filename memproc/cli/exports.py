"""The command that writes what a store holds."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from memproc.cli.app import Database, Json, app, show
from memproc.cli.output import target
from memproc.cli.stores import opened
from memproc.config import Shape
from memproc.errors import UsageError


@app.command()
def export(
    database: Database,
    to: Annotated[str, Option(metavar="FILE", help="The file to write; - for standard output.")],
    full: Annotated[bool, Option("--full", help="Write every observation in full, then the decisions.")] = False,
    shape: Annotated[
        Shape | None,
        Option(
            "--as",
            help="Write the shape of another system; of markdown, markdown-daily and okf a new or empty folder.",
            show_default=False,
        ),
    ] = None,
    expired: Annotated[bool, Option("--expired", help="Write memories that have expired too.")] = False,
    as_json: Json = False,
) -> None:
    """Write one memory per line, ordered by id, or all memories in the shape of another system."""
    if shape is not None:
        if full:
            raise UsageError("give --full or --as: only memproc's own lines hold every observation")
        _export_as(database, to, shape, expired=expired, as_json=as_json)
        return
    with opened(database) as store:
        lines = store.export(target(to), full=full, expired=expired)
        hidden = 0 if full or expired else store.stats()["expired"]
    told = f"{lines} lines to {to}{_hidden(hidden)}"
    show({"lines": lines, "expired": hidden, "to": to}, told, as_json=as_json, to=to)


def _hidden(count: int) -> str:
    return f"\nleft out, as they have expired: {count} (--expired writes them)" if count else ""


def _export_as(database: str, to: str, shape: Shape, *, expired: bool, as_json: bool) -> None:
    from memproc.report.report import counted

    with opened(database) as store:
        written = store.export_as(target(to), shape, expired=expired)
        hidden = 0 if expired else store.stats()["expired"]
    left = ", ".join(f"{name} {count}" for name, count in written.left_out.items())
    note = f"\nleft out, as {shape} has no place for it: {left}" if left else ""
    told = f"{counted(written.memories, 'memory', 'memories')} to {to}{note}{_hidden(hidden)}"
    values = {"memories": written.memories, "expired": hidden, "left_out": written.left_out, "to": to}
    show(values, told, as_json=as_json, to=to)
