"""The kinds of steps, by their names in a flow."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from memproc.flows.step import Step
from memproc.flows.steps import (
    enrich,
    export,
    fetch,
    forget,
    gate,
    ingest,
    migrate,
    notify,
    report,
    review,
    run,
    transform,
    validate,
)

STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "fetch": fetch.STEP,
        "ingest": ingest.STEP,
        "migrate": migrate.STEP,
        "validate": validate.STEP,
        "gate": gate.STEP,
        "transform": transform.STEP,
        "enrich": enrich.STEP,
        "review": review.STEP,
        "export": export.STEP,
        "report": report.STEP,
        "notify": notify.STEP,
        "forget": forget.STEP,
        "run": run.STEP,
    }
)
