"""The kinds of steps, by their names in a flow."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from memproc.flows.step import Step
from memproc.flows.steps import export, fetch, forget, ingest, migrate, report, review, run, transform, validate

STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "fetch": fetch.STEP,
        "ingest": ingest.STEP,
        "migrate": migrate.STEP,
        "validate": validate.STEP,
        "transform": transform.STEP,
        "review": review.STEP,
        "export": export.STEP,
        "report": report.STEP,
        "forget": forget.STEP,
        "run": run.STEP,
    }
)
