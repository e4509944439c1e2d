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
    as_json: Json = False,
) -> None:
    """Write one memory per line, ordered by id, or all memories in the shape of another system."""
    if shape is not None:
        if full:
            raise UsageError("give --full or --as: only memproc's own lines hold every observation")
        _export_as(database, to, shape, as_json=as_json)
        return
    with opened(database) as store:
        lines = store.export(target(to), full=full)
    show({"lines": lines, "to": to}, f"{lines} lines to {to}", as_json=as_json, to=to)


def _export_as(database: str, to: str, shape: Shape, *, as_json: bool) -> None:
    from memproc.report.report import counted

    with opened(database) as store:
        written = store.export_as(target(to), shape)
    left = ", ".join(f"{name} {count}" for name, count in written.left_out.items())
    note = f"\nleft out, as {shape} has no place for it: {left}" if left else ""
    told = f"{counted(written.memories, 'memory', 'memories')} to {to}{note}"
    show({"memories": written.memories, "left_out": written.left_out, "to": to}, told, as_json=as_json, to=to)
