"""The commands that tell what a valid record is, and which records are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Exit, Option

from memproc.arguments import whole_number
from memproc.cli.app import FAILED, Json, app, print_json, settings_of, show, tell, warn
from memproc.cli.how_read import HowRead
from memproc.cli.option_groups import grouped
from memproc.cli.options import FirstOnly, Hiding, Schema, schema_of
from memproc.errors import MemprocError, UsageError

if TYPE_CHECKING:
    from memproc.report.checks import Checks

Output = Literal["human", "json", "sarif", "github"]


@app.command()
@grouped
def validate(
    how: HowRead,
    hiding: Hiding,
    file: Annotated[
        str | None, Argument(metavar="FILE", help="A file, folder, archive, database, web API; - is standard input.")
    ] = None,
    record: Annotated[
        str | None, Option("--record", metavar="JSON", help="Check this one record, and no file.", show_default=False)
    ] = None,
    schema: Schema = None,
    most_shown: Annotated[
        int, Option("--max-shown", metavar="N", help="Of equal faults in a file show this many; all are counted.")
    ] = 10,
    output: Annotated[Output, Option(help="sarif: a SARIF 2.1.0 log; github: workflow commands that annotate lines.")] = "human",
    limit: FirstOnly = None,
    strict: Annotated[bool, Option("--strict", help="Exit with 1 also if a file in a folder or archive cannot be read.")] = False,
    as_json: Json = False,
) -> None:
    """Check the records of a file and show every fault. Exit with 1 if there is one."""
    from dataclasses import replace

    from memproc.ingestion.checking import check, check_one
    from memproc.ingestion.reading import intake_of

    if (file is None) == (record is None):
        raise UsageError("give what to check: a file, or one record by --record '{...}'")
    if as_json and output not in ("human", "json"):
        raise UsageError(f"--json and --output {output}: give one of them")
    whole_number("--max-shown", most_shown)
    warn()
    with _told_in(output):
        settings = settings_of(**hiding.settings, **how.dates)
        intake = replace(intake_of(how.context(), settings), schema=schema_of(schema))
        if file is not None:
            [given], asked = how.given([file])
            found = check(given, intake, asked, most_shown=most_shown, limit=limit)
        else:
            found = check_one(record or "", intake, how.written.asked, most_shown=most_shown)
    _show(found.checks, "json" if as_json else output)
    if found.advice:
        tell(f"no record can be taken: {found.advice}")
    if not found.checks.is_valid or (strict and found.checks.not_read):
        raise Exit(FAILED)


@app.command("schema")
def show_schema(
    schema: Schema = None,
    gate: Annotated[bool, Option("--gate", help="The schema of a file of rules, and not that of a memory.")] = False,
    as_json: Json = False,  # noqa: ARG001 - it is JSON in any case
) -> None:
    """Print the JSON Schema of a memory, or of your own class, for editors and other validators."""
    from memproc.gates.schema import gate_schema
    from memproc.validation import json_schema

    if gate and schema is not None:
        raise UsageError("give --gate or --schema: rules are the same for each class")
    print_json(gate_schema() if gate else json_schema(schema_of(schema)))


@contextmanager
def _told_in(output: Output) -> Iterator[None]:
    """Tell why a check could not be made in the form that was asked for, too: who reads that has no other way to learn it."""
    from memproc.report.annotations import failure_to_command, failure_to_sarif

    try:
        yield
    except (MemprocError, OSError) as error:
        if output == "sarif":
            print_json(failure_to_sarif(str(error), **_of_run()))
        elif output == "github":
            show({}, failure_to_command(str(error)), as_json=False)
        raise


def _of_run() -> dict[str, Any]:
    """Return what a SARIF log tells of the run."""
    from memproc import __version__

    return {"version": __version__, "help_uri": _help_uri(), "folder": str(Path.cwd())}


def _show(checks: Checks, output: Output) -> None:
    from memproc.report.annotations import to_commands, to_sarif

    if output == "sarif":
        print_json(to_sarif(checks, **_of_run()))
    elif output == "github":
        show({}, "\n".join(to_commands(checks, folder=str(Path.cwd()))), as_json=False)
    elif output == "human" and checks.broken:
        tell(str(checks))  # a part is not shown for the whole
    else:
        show(checks.as_dict(), str(checks), as_json=output == "json")
    if output in ("human", "json"):
        for note in checks.not_read:
            tell(note)


def _help_uri() -> str | None:
    """Return where the installed package says that its documents are, None if it does not."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        urls = metadata("memproc-sdk").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    named = dict(url.split(", ", 1) for url in urls)
    return f"{named['Documentation']}/reference/codes.md" if "Documentation" in named else None
