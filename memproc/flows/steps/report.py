"""`report`: what a job did, or what the store holds, as a page."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from memproc.config import ReportForm
from memproc.flows.step import At, Options, Step, Switch, Text, Whole, rates
from memproc.flows.steps.ingest import COUNTS
from memproc.flows.steps.writing import make_folder


class Report(Options):
    """Write what a job did, or what the whole store holds, as a page."""

    do: Literal["report"]
    to: Text = Field(description="The file to write: .html, .md, .csv or .json.")
    job: Whole | None = Field(None, description="The job, as in `${steps.load.job}`; by default the whole store.")
    as_: ReportForm | None = Field(None, alias="as", description="The form, whatever the file is called.")
    redact: Switch = Field(False, description="Say nothing of what records hold.")


def report(options: Report, at: At) -> dict[str, Any]:
    """Write the page, which is replaced as a whole."""
    to = at.path(options.to)
    make_folder(to)
    made = at.store.report(options.job, redact=options.redact)
    made.write(to, options.as_)
    counts = {name: getattr(made.outcomes, name) for name in COUNTS}
    return {"path": str(to), "job": options.job, **counts, **rates(counts)}


STEP = Step(Report, report)
