"""`enrich`: records into a store, with what an endpoint on the web adds to them on the way."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from memproc.config import OnFailure
from memproc.enrichment.http import HttpEnrichment
from memproc.flows.step import At, Part, Step, Text
from memproc.flows.steps.ingest import Into, ingested

TOLD = ("records", "kept", "answered", "changed", "failed", "wrong", "calls", "cost")


class Endpoint(Part):
    """What enriches records: an endpoint, and the bounds of its calls."""

    url: Text = Field(description="Where records are posted to, by https (http only to this machine).")
    name: Text | None = Field(None, description="By this and its version results are kept; by default the host.")
    version: Text = Field("1", description="A new version asks anew.")
    sets: list[str] | None = Field(None, description="The fields that it may set; by default all but content.")
    reads: list[str] | None = Field(None, description="The fields that it is sent; by default all.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers of the requests; they may hold `${secrets.NAME}`.")
    batch_size: int = Field(50, ge=1, description="Records of a call.")
    concurrency: int = Field(4, ge=1, le=64, description="Calls at once.")
    per_second: float | None = Field(None, gt=0, description="Calls a second.")
    per_day: int | None = Field(None, ge=1, description="Records a day (UTC), of all jobs.")
    seconds: float = Field(120.0, gt=0, description="How long an answer may take.")
    retry_seconds: float = Field(120.0, gt=0, description="How long a call is tried again.")
    on_failure: OnFailure = Field("keep", description="Whether a record without an answer goes on, or to quarantine.")


class Enrich(Into):
    """Write records to a store, as one job, with what an endpoint adds to them. It is asked once for each, whatever is repeated."""

    do: Literal["enrich"]
    by: Endpoint = Field(description="What enriches the records.")


def enrich(options: Enrich, at: At) -> dict[str, Any]:
    """Ingest the records. What was answered before a kill is kept in the store, and not asked for again."""
    by = options.by
    given = {"sets": by.sets, "reads": by.reads, "requests_per_second": by.per_second, "records_per_day": by.per_day}
    made = HttpEnrichment(
        at.secrets.reference(by.url),
        name=by.name or "",
        version=by.version,
        headers={name: at.secrets.reference(value) for name, value in by.headers.items()},
        batch_size=by.batch_size,
        concurrency=by.concurrency,
        response_seconds=by.seconds,
        retry_seconds=by.retry_seconds,
        on_failure=by.on_failure,
        allow_private=at.allowed.private,
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]  # each by its own name
    )
    told, report = ingested(options, at, enrich=made)
    return {**told, "enriched": {one.name: {name: getattr(one, name) for name in TOLD} for one in report.enrichment}}


STEP = Step(Enrich, enrich, ("by",), lambda options: options.by.seconds + options.by.retry_seconds)
