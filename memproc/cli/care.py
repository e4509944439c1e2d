"""The commands that look after a store: a copy of it, and its check-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memproc.cli.app import FAILED, Database, Json, app, settings_of, show
from memproc.cli.output import target
from memproc.cli.stores import opened

if TYPE_CHECKING:
    from memproc.store.answers import Finding


@app.command()
def backup(
    database: Database,
    to: Annotated[str, typer.Argument(metavar="FILE", help="The file to write; - for standard output.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
    as_json: Json = False,
) -> None:
    """Copy a store that may be in use, as it is at one moment, and check the copy."""
    with opened(database) as store:
        size_bytes = store.backup(target(to), overwrite=force)
    show({"to": to, "bytes": size_bytes}, f"{size_bytes:,} bytes to {to}", as_json=as_json, to=to)


@app.command()
def doctor(database: Database, as_json: Json = False) -> None:
    """Check a store from its files to its index, and tell what is wrong and what mends it. Nothing is written."""
    from memproc.store.doctor import examine_at

    findings = examine_at(database, settings_of())
    told = "\n".join(map(_told, findings)) or "nothing is wrong"
    show({"findings": [finding._asdict() for finding in findings]}, told, as_json=as_json)
    if findings:
        raise typer.Exit(FAILED)


def _told(finding: Finding) -> str:
    more = ", ..." if finding.how_many > len(finding.examples) else ""
    examples = f"\n    {', '.join(finding.examples)}{more}" if finding.examples else ""
    head = f"{finding.severity}  {finding.code} ({finding.how_many}): {finding.message}"
    return f"{head}{examples}\n    what mends it: {finding.advice}"
