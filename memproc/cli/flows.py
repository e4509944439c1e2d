"""The commands on flows: begin one from a template, check it, run it, go on with it, and look at its runs."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Database, Json, app, print_json, settings_of, show, warn
from memproc.cli.help import Application, Family
from memproc.cli.output import target
from memproc.cli.remotes import shown as without_password
from memproc.cli.stores import opened
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.flows import Allowed, FlowReport
    from memproc.flows.picture import Drawn

flow = Application(name="flow", cls=Family, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(flow, help="Run steps that stand in a file of YAML, go on with them after a kill, and let a person approve.")

File = Annotated[str, Argument(metavar="FLOW", help="The file of the flow, in YAML or JSON.")]
AllowRun = Annotated[bool, Option("--allow-run", help="Let its steps run commands: only of a flow that you trust.")]
AllowPrivate = Annotated[bool, Option("--allow-private", help="Let its steps fetch from addresses that are not public.")]
INDENT = " " * 12  # of what a step gave
NARROWEST = 40  # columns
Picture = Literal["svg", "mermaid"]


@flow.command()
def new(
    template: Annotated[str | None, Option(metavar="NAME", help="Which template; without it they are listed.")] = None,
    to: Annotated[str | None, Option(metavar="FILE", help="The file to write; printed by default.")] = None,
    as_json: Json = False,
) -> None:
    """Write a flow to begin with, from a template, or list the templates."""
    from memproc.flows.starting import TEMPLATES
    from memproc.flows.starting import template as text_of
    from memproc.writing import beside, plain_file, written

    if template is None:
        lines = "\n".join(f"{one.name:16} {one.about}" for one in TEMPLATES)
        show({"templates": [one._asdict() for one in TEMPLATES]}, lines, as_json=as_json)
        return
    text = text_of(template)
    if to is None:
        show({"template": template, "text": text}, text.rstrip("\n"), as_json=as_json)
        return
    file = plain_file(to)
    if file is None:
        written(target(to), [text.encode()], is_private=False)
    else:
        with beside(to, file, is_private=False, overwrite=False) as part:
            part.stream.write(text.encode())
    show({"template": template, "to": to}, f"written to {to}", as_json=as_json, to=to)


@flow.command()
def check(file: File, as_json: Json = False) -> None:
    """Show all that is wrong in a flow, with lines. Exit with 1 if something is."""
    from memproc.flows import FlowError, load_flow

    faults = []
    try:
        steps = len(load_flow(file).steps)
        told = f"{file}: {steps} steps, nothing wrong"
    except FlowError as error:
        steps, faults, told = 0, [asdict(one) for one in error.faults], str(error)
    show({"file": file, "steps": steps, "faults": faults}, told, as_json=as_json)
    if faults:
        raise Exit(FAILED)


@flow.command()
def run(
    file: File,
    store: Annotated[str | None, Option(metavar="DB", help="The store, in place of the one that the flow names.")] = None,
    parameter: Annotated[
        list[str] | None, Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter of the flow; may be repeated.")
    ] = None,
    allow_run: AllowRun = False,
    allow_private: AllowPrivate = False,
    as_json: Json = False,
) -> None:
    """Run a flow to its end, or until it waits for a person. Exit with 1 if it failed."""
    from memproc.flows import run_flow
    from memproc.flows.running import place_of

    warn()
    given = _parameters(parameter or ())
    allowed = _allowed(run=allow_run, private=allow_private)
    report = run_flow(file, store=store, parameters=given, allowed=allowed, settings=settings_of())
    _show(report, str(place_of(file, store, given)), as_json=as_json)


@flow.command()
def resume(
    database: Database,
    number: Annotated[int | None, Argument(metavar="RUN", help="The run; by default the newest that is not over.")] = None,
    approve: Annotated[list[str] | None, Option(metavar="STEP", help="Say yes to what this step asks; may be repeated.")] = None,
    reject: Annotated[list[str] | None, Option(metavar="STEP", help="Say no to it: the step fails.")] = None,
    note: Annotated[str, Option(help="Why; kept with the answer.")] = "",
    by: Annotated[str | None, Option(metavar="NAME", help="Who answers; by default the user of this machine.")] = None,
    allow_run: AllowRun = False,
    allow_private: AllowPrivate = False,
    as_json: Json = False,
) -> None:
    """Go on with a run that was cut off, that failed, or that waits for an answer. Exit with 1 if it fails."""
    from memproc.flows import Answer, answer_flow, resume_flow
    from memproc.flows.running import newest_left

    warn()
    with opened(database) as store:
        run_number = newest_left(store) if number is None else number
        for steps, approved in ((approve, True), (reject, False)):
            for step in steps or ():
                answer_flow(store, run_number, step, Answer(approved, by or _user(), note))
    allowed = _allowed(run=allow_run, private=allow_private)
    place = database if "://" in database else str(Path(database).absolute())
    _show(resume_flow(place, run_number, allowed=allowed, settings=settings_of()), database, as_json=as_json)


@flow.command("list")
def list_runs(database: Database, as_json: Json = False) -> None:
    """List the runs of flows, and how they ended."""
    from memproc.flows import flow_runs

    with opened(database) as store:
        reports = flow_runs(store)
    lines = [f"{one.run:>5}  {one.status:12} {one.flow:24} {one.started_at}  {one.error or ''}".rstrip() for one in reports]
    show({"runs": [asdict(one) for one in reports]}, "\n".join(lines) or "no flow was run", as_json=as_json)


@flow.command("show")
def show_run(
    database: Database,
    number: Annotated[int | None, Argument(metavar="RUN", min=1, help="The number of the run; by default the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Show how far a run is: each step, what it gave, and what it asks."""
    from memproc.flows import flow_runs, report_of

    with opened(database) as store:
        runs = flow_runs(store) if number is None else []
        if number is None and not runs:
            raise UsageError(f"no flow was run on {database}: memproc flow run FLOW runs one")
        report = runs[-1] if number is None else report_of(store, number)
    show(asdict(report), _told(report, database), as_json=as_json)


@flow.command()
def cancel(
    database: Database, number: Annotated[int, Argument(metavar="RUN", min=1, help="The number of the run.")], as_json: Json = False
) -> None:
    """Give a run up; where a process is at it, before its next step."""
    from memproc.flows import cancel_flow

    with opened(database) as store:
        is_cancelled = cancel_flow(store, number)
    told = "cancelled" if is_cancelled else "asked: its process ends it before the next step"
    show({"run": number, "cancelled": is_cancelled}, f"run {number} is {told}", as_json=as_json)


@flow.command()
def picture(
    what: Annotated[str, Argument(metavar="FLOW|DB", help="The file of a flow, or with --run the store.")],
    number: Annotated[
        int | None, Option("--run", metavar="RUN", min=1, help="The number of a run: what became of each step.")
    ] = None,
    form: Annotated[
        Picture | None, Option("--as", help="The form; by default by the file's name, else svg.", show_default=False)
    ] = None,
    to: Annotated[str | None, Option(metavar="FILE", help="The file to write; printed by default.")] = None,
) -> None:
    """Draw a flow, or a run of one, as SVG or as a Mermaid flowchart."""
    from memproc.cli.output import beside
    from memproc.flows.picture import mermaid, svg
    from memproc.writing import written

    is_mermaid = form == "mermaid" or (form is None and to is not None and Path(to).suffix in (".mmd", ".mermaid", ".md"))
    drawn = _drawn(what, number)
    text = mermaid(drawn) if is_mermaid else svg(drawn)
    if to is not None and to.endswith(".md"):
        text = f"```mermaid\n{text}```\n"
    if to is None:
        show({}, text.rstrip("\n"), as_json=False)
    else:
        written(target(to), [text.encode()], is_private=False)
        beside(to).write(f"written to {to}\n")


@flow.command("schema")
def show_schema(as_json: Json = False) -> None:  # noqa: ARG001 - it is JSON in any case
    """Print the JSON Schema of the file of a flow, for editors and other validators."""
    from memproc.flows.schema import flow_schema

    print_json(flow_schema())


def _drawn(what: str, number: int | None) -> Drawn:
    from memproc.flows import load_flow, report_of
    from memproc.flows.picture import drawn
    from memproc.flows.running import flow_of_run

    if number is None:
        found = load_flow(what)
        return drawn(f"{found.flow}: {found.about}" if found.about else found.flow, found.steps)
    with opened(what) as store:
        report, found = report_of(store, number), flow_of_run(store, number)
    return drawn(f"run {number} of {found.flow}: {report.status}", found.steps, {one.id: one.status for one in report.steps})


def _parameters(given: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    for name, is_there, _ in pairs:
        if not is_there or not name:
            raise UsageError(f"--parameter {name!r}: give it as NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _allowed(*, run: bool, private: bool) -> Allowed:
    from memproc.flows import Allowed

    return Allowed(run=run, private=private)


def _user() -> str:
    with suppress(OSError, KeyError, ImportError):  # what getpass raises where nothing tells
        return getpass.getuser()
    return "somebody"


def _show(report: FlowReport, database: str, *, as_json: bool) -> None:
    show(asdict(report), _told(report, database), as_json=as_json)
    if report.status == "failed":
        raise Exit(FAILED)


def _told(report: FlowReport, database: str) -> str:
    lines = [f"run {report.run} of {report.flow}: {report.status}"]
    for step in report.steps:
        again = f", {step.attempts} attempts" if step.attempts > 1 else ""
        lines.append(f"  {step.status:9} {step.id} ({step.do}){again}{f': {step.error}' if step.error else ''}")
        if step.output and step.status == "done":
            lines += _brief(step.output)
    resume = f"memproc flow resume {quote(_nearby(database))} {report.run}"
    if report.asks:
        lines += ["", *(f"answer {name} (--reject says no) by:\n  {resume} --approve {quote(name)}" for name in report.asks)]
    elif report.status in ("failed", "interrupted"):
        lines += ["", f"mend what failed, then go on by:\n  {resume}"]
    return "\n".join(lines)


def _nearby(database: str) -> str:
    """Return a store as it is named in this folder, without a password."""
    if "://" in database:
        return without_password(database)
    path = Path(database)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _brief(output: Mapping[str, Any]) -> list[str]:
    """Return what a step gave as lines that are as wide as the terminal; what is long stands in one of its own."""
    shown = [f"{name} {_value(value)}" for name, value in output.items() if isinstance(value, str | int | float | bool)]
    width = max(get_terminal_size().columns, NARROWEST)
    lines = wrap(", ".join(shown), width - len(INDENT), break_long_words=False, break_on_hyphens=False)
    return [f"{INDENT}{line}" for line in lines]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else f"{value}"
