"""Flows for tests: their files, and what a run of one came to."""

from __future__ import annotations

import json
from pathlib import Path

from memproc.flows import Allowed, run_flow

RECORDS = [
    {"content": "She prefers tea in the morning", "namespace": "ann"},
    {"content": "He works at a harbour in Bremen", "namespace": "bob"},
    {"content": "She keeps nine hens", "namespace": "ann", "importance": 7},
]


def records(folder, name="export.jsonl", lines=RECORDS):
    """Write records to a file, and return its path."""
    path = Path(folder) / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def flow_file(folder, steps, name="flow.json", **more):
    """Write a flow of these steps, and return its path."""
    path = Path(folder) / name
    path.write_text(json.dumps({"flow": "trial", "store": "m.db", **more, "steps": steps}))
    return path


def ran(folder, steps, *, parameters=None, run=False, **more):
    """Run a flow of these steps, and return how far it is."""
    return run_flow(flow_file(folder, steps, **more), parameters=parameters, allowed=Allowed(run=run))


def outputs(report):
    """Return what the steps of a run gave, by their ids."""
    return {step.id: step.output for step in report.steps}


def statuses(report):
    """Return what became of the steps of a run, by their ids."""
    return {step.id: step.status for step in report.steps}
