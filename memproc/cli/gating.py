"""The command that judges a source, or a job, by the rules of a gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Json, app, settings_of, show, warn
from memproc.cli.how_read import HowRead
from memproc.cli.option_groups import grouped
from memproc.cli.options import FirstOnly, Hiding, Namespace, Schema, SourceName, schema_of
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.gates.judged import GateJudged


@app.command()
@grouped
def gate(
    how: HowRead,
    hiding: Hiding,
    file: Annotated[
        str | None, Argument(metavar="[FILE]", help="A file, folder, archive, database, web API; - is standard input.")
    ] = None,
    rules: Annotated[
        Path | None, Option("--rules", metavar="FILE", help="The rules: TOML, YAML or JSON.", show_default=False)
    ] = None,
    against: Annotated[
        str | None, Option("--against", metavar="DB", help="The store whose earlier jobs are compared with.", show_default=False)
    ] = None,
    job: Annotated[int | None, Option("--job", metavar="N", min=1, help="Judge this job of the store instead of a file.")] = None,
    namespace: Namespace = None,
    source: SourceName = None,
    schema: Schema = None,
    limit: FirstOnly = None,
    as_json: Json = False,
) -> None:
    """Judge a file before it is ingested, or a job, by rules. Exit with 1 if one is not met."""
    from memproc.ingestion.judging import judge

    if rules is None:
        raise UsageError("Missing option '--rules': give the file of the rules, as in --rules gate.toml")
    if (file is None) == (job is None):
        raise UsageError("give what to judge: a FILE, or a job by --against DB --job N")
    warn()
    if file is None:
        _show(_of_job(against, rules, job or 0, schema), as_json=as_json)
        return
    [given], asked = how.given([file])
    found = judge(
        given,
        rules,
        against=against,
        namespace=namespace,
        source=source,
        schema=schema_of(schema),
        settings=settings_of(**hiding.settings, **how.dates),
        limit=limit,
        **how.arguments(asked),
    )
    _show(found, as_json=as_json)


def _of_job(database: str | None, rules: Path, job: int, schema: str | None) -> GateJudged:
    from memproc.cli.stores import opened

    if database is None:
        raise UsageError("Missing option '--against': give the store of the job, as in --against memories.db --job 3")
    with opened(database, schema=schema) as store:
        return store.judge(rules, job)


def _show(found: GateJudged, *, as_json: bool) -> None:
    show(found.as_dict(), str(found), as_json=as_json)
    if not found.is_met:
        raise Exit(FAILED)
