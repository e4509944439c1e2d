"""The command that migrates the store of another application, and verifies the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Json, app, settings_of, warn
from memproc.cli.how_read import HowRead
from memproc.cli.option_groups import grouped
from memproc.cli.options import AsOf, Hiding, Namespace, Schema, SourceName, schema_of
from memproc.cli.output import json_text, target

if TYPE_CHECKING:
    from memproc.cli.progress import Shown
    from memproc.report.report import Report


@app.command()
@grouped
def migrate(
    what: Annotated[list[str], Argument(metavar="SOURCE", help="Files, folders, patterns, archives, databases.")],
    into: Annotated[str, Option(metavar="DB", help="The store: a path, or a SQLAlchemy URL.", show_default=False)],
    how: HowRead,
    hiding: Hiding,
    namespace: Namespace = None,
    source: SourceName = None,
    as_of: AsOf = None,
    schema: Schema = None,
    to: Annotated[Path | None, Option("--report", metavar="FILE", help="Write the report as JSON to this file.")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Do everything, then roll it back.")] = False,
    resume: Annotated[bool, Option("--resume", help="Continue the unfinished migration of these files.")] = False,
    as_json: Json = False,
) -> None:
    """Ingest the records of another application, tell what changed by field, verify. Exit with 1 if a check fails."""
    from memproc.cli.working import Telling, Told, Wanted, worked
    from memproc.ingestion.migrating import migrate as run
    from memproc.report.migration import Migration
    from memproc.writing import written

    warn()
    settings = settings_of(retries=how.retries, **hiding.settings, **how.dates)
    given, asked = how.given(what)
    arguments, chosen_schema = how.arguments(asked), schema_of(schema)
    done: list[Migration] = []

    def work(shown: Shown) -> Report:
        migrated = run(
            given,
            into,
            namespace=namespace,
            source=source,
            as_of=as_of,
            schema=chosen_schema,
            settings=settings,
            dry_run=dry_run,
            resume=resume,
            on_event=shown.hear,
            **arguments,
        )
        done.append(migrated)
        return migrated.report

    def told(report: Report) -> Told:
        done[:] = done or [Migration(report)]  # an interrupted one has no more than the report
        values = done[0].as_dict()
        if to is not None:
            written(target(str(to)), [json_text(values).encode() + b"\n"], is_private=True)
        return values, str(done[0])

    worked(work, Wanted(given, what, into), Telling("auto", is_quiet=False, as_json=as_json), told)
    (migration,) = done
    if not migration.is_verified or migration.report.is_all_quarantined:
        raise Exit(FAILED)
