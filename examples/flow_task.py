"""A task that runs a flow of memproc, for whatever program starts tasks: Airflow, Prefect, Dagster, cron.

A program that starts tasks starts one again that failed, or whose machine went away. So the task goes on with the run that is left,
and begins one where none is. `airflow_dag.py`, `prefect_flow.py` and `dagster_job.py` wrap this function.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import memproc
from memproc.flows import flow_runs, load_flow, resume_flow, run_flow

FLOW = """
flow: nightly
store: memories.db
parameters:
  source: {type: path}
steps:
  - {id: look, do: validate, from: "${parameters.source}"}
  - id: load
    do: ingest
    when: steps.look.invalid_rate <= `0.5`
    from: ${parameters.source}
    source: app
  - {id: report, do: report, job: "${steps.load.job}", to: night.md}
"""
LEFT = ("running", "failed", "interrupted")


def night(flow: str, store: str, **parameters: str) -> dict[str, Any]:
    """Go on with the run of a flow that is left, or begin one; return what its steps gave. Raises RuntimeError where it failed."""
    name = load_flow(flow).flow
    with memproc.open(store) as opened:
        left = [run.run for run in flow_runs(opened) if run.flow == name and run.status in LEFT]
    report = resume_flow(store, left[-1]) if left else run_flow(flow, store=store, parameters=parameters)
    if report.status == "failed":
        raise RuntimeError(f"run {report.run} failed: {report.error}")  # the program that starts tasks starts it again
    return {"run": report.run, "status": report.status, **{step.id: dict(step.output) for step in report.steps}}


def prepared() -> tuple[str, str, str]:
    """Make a flow, and what it reads, in this folder; return the paths of the flow, the store and the source."""
    flow, store, source = (Path(name).absolute() for name in ("nightly.yaml", "memories.db", "export.jsonl"))
    flow.write_text(FLOW)
    lines = [{"content": "Prefers tea"}, {"content": "Works at a harbour"}, {"content": "Keeps hens", "importance": 7}]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(flow), str(store), str(source)


if __name__ == "__main__":
    flow, store, source = prepared()
    Path(source).rename(f"{source}.late")  # what it reads has not come yet
    try:
        night(flow, store, source=source)
    except RuntimeError as error:
        print(str(error).partition(":")[0])
    Path(f"{source}.late").rename(source)
    done = night(flow, store, source=source)
    print("run", done["run"], "is", done["status"], "and stored", done["load"]["stored"])
    again = night(flow, store, source=source)
    print("run", again["run"], "is", again["status"], "and stored", again["load"]["stored"])
