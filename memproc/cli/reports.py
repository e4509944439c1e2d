"""The command that shows what a store holds, or what a job did, as a page or a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from memproc.cli.app import Database, app, print_json, show
from memproc.cli.output import STANDARD_OUTPUT, target
from memproc.cli.stores import opened
from memproc.config import ReportForm
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.report.store_report import Comparison, StoreReport
    from memproc.store.store import Store

TERMINAL: ReportForm = "md"


@app.command()
def report(
    database: Database,
    job: Annotated[int | None, Option(metavar="N", min=1, help="What this job did; else the whole store.")] = None,
    compare: Annotated[
        tuple[int, int] | None, Option(metavar="A B", help="The figures of two jobs side by side.", show_default=False)
    ] = None,
    to: Annotated[
        str | None, Option(metavar="FILE", help="The file to write: .html, .md, .csv or .json; - for standard output.")
    ] = None,
    form: Annotated[
        ReportForm | None, Option("--as", help="The form, whatever the file is called; md by default.", show_default=False)
    ] = None,
    redact: Annotated[bool, Option("--redact", help="Say nothing of what records hold: no texts, values or names.")] = False,
    schema: Annotated[
        str | None, Option(metavar="MODULE:CLASS", help="The class of memories, for the names of its fields.")
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print the report as one JSON object to standard output.")] = False,
) -> None:
    """Show what became of records: outcomes and their proof, errors, duplicates, where the time went, and what fields hold."""
    from memproc.report.pages.writing import form_of

    if job is not None and compare is not None:
        raise UsageError("give --job N or --compare A B")
    chosen = form or (TERMINAL if to is None or to == STANDARD_OUTPUT else form_of(to))
    with opened(database, schema=schema) as store:
        made = _made(store, job, compare, redact=redact)
    if to is not None:
        made.write(target(to), chosen)
    if as_json:
        values = made.as_dict()
        if to is None:
            print_json(values)
        else:
            show({"to": to, "form": chosen}, "", as_json=True, to=to)
    elif to is None:
        show({}, made.to_text(chosen).rstrip("\n"), as_json=False)
    elif to != STANDARD_OUTPUT:
        show({}, f"written to {to}", as_json=False, to=to)


def _made(store: Store, job: int | None, compare: tuple[int, int] | None, *, redact: bool) -> StoreReport | Comparison:
    return store.report(job, redact=redact) if compare is None else store.compare_jobs(*compare, redact=redact)
