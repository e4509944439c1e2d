"""`ingest`: records into a store, as one job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from pydantic import Field

from memproc.flows.step import At, Step, StepError, Switch, Text, rates
from memproc.flows.steps.reading import Reading
from memproc.ingestion.pipeline import ingest as run
from memproc.records import Memory
from memproc.report.report import Report
from memproc.store.store import Store

ENDED_WELL = ("done", "rehearsed")
COUNTS = ("read", "stored", "duplicate", "merged", "quarantined")
MOST_CATEGORIES = 20


class Into(Reading):
    """What is read, and the store that it goes to."""

    into: Text | None = Field(None, description="The store, a path or a URL; by default that of the flow.")
    as_of: Text | None = Field(None, description="The date of the source itself.")
    dry_run: Switch = Field(False, description="Do everything, then roll it back.")
    strict: Switch = Field(False, description="Fail where a record was quarantined.")


class Ingest(Into):
    """Write records to a store, as one job."""

    do: Literal["ingest"]
    gate: Text | None = Field(
        None, description="The path of a file of rules: where they are not met, the job stops and the step fails."
    )


@contextmanager
def target(options: Into, at: At) -> Iterator[Store[Memory]]:
    """Open the store that a step writes to."""
    settings = options.settings_of(at)
    if options.into is None and settings == at.store.settings:
        yield at.store
    else:
        with Store(at.store_place if options.into is None else at.place(options.into), settings=settings) as store:
            yield store


def is_resumed(store: Store[Memory], at: At) -> bool:
    """Return whether a job that was begun for this step before a kill is gone on with. It is younger than all that were there."""
    newest = max((job.number for job in store.jobs()), default=0)
    if "jobs_before" not in at.noted:
        at.note({"jobs_before": newest})
        return False
    return newest > int(at.noted["jobs_before"])


def given(options: Into, at: At, store: Store[Memory]) -> dict[str, Any]:
    """Return the arguments of an ingestion or a migration into a store."""
    names = ("namespace", "source", "format", "include", "as_of", "records", "delimiter", "encoding", "allow_pickle", "dry_run")
    found = {name: getattr(options, name) for name in names}
    found |= {"settings": store.settings, "mapping": options.mapping_file(at), "on_event": lambda _event: at.beat()}
    return {**found, "resume": not options.dry_run and is_resumed(store, at)}


def ingest(options: Ingest, at: At) -> dict[str, Any]:
    """Ingest the records. A job that was begun before a kill is found by its identity, and gone on with."""
    return ingested(options, at, gate=None if options.gate is None else at.path(options.gate))[0]


def ingested(options: Into, at: At, **more: Any) -> tuple[dict[str, Any], Report]:
    """Ingest the records with more than all steps say; return what later steps may ask for, and the report."""
    with target(options, at) as store:
        report = run(options.what(at), store, **given(options, at, store), **more)
    check(report, is_strict=options.strict)
    return told(report), report


def check(report: Report, *, is_strict: bool) -> None:
    """Raise StepError where an ingestion did not end well."""
    if report.status not in ENDED_WELL:
        raise StepError(f"the ingestion is {report.status}: {'; '.join(report.notes) or 'see the job in the store'}")
    if is_strict and report.quarantined:
        raise StepError(f"{report.quarantined} of {report.read} records were quarantined, and the step is strict")


def told(report: Report) -> dict[str, Any]:
    """Return what of a report later steps may ask for."""
    counts = {name: getattr(report, name) for name in COUNTS}
    errors = dict(report.errors.most_common(MOST_CATEGORIES))
    more = {"job": report.job, "outcome": report.status, "review": report.review, "errors": errors}
    return {**more, **counts, **rates(counts)}


STEP = Step(Ingest, ingest)
