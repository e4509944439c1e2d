"""Flows: steps in a file of YAML or JSON, taken one after the other, whose state lies in a store."""

from __future__ import annotations

from memproc.flows.flow import Flow
from memproc.flows.reading import FlowError, FlowFault, flow_of, load_flow
from memproc.flows.running import (
    Answer,
    FlowReport,
    StepTold,
    answer_flow,
    cancel_flow,
    flow_runs,
    report_of,
    resume_flow,
    run_flow,
)
from memproc.flows.step import Allowed

__all__ = [
    "Allowed",
    "Answer",
    "Flow",
    "FlowError",
    "FlowFault",
    "FlowReport",
    "StepTold",
    "answer_flow",
    "cancel_flow",
    "flow_of",
    "flow_runs",
    "load_flow",
    "report_of",
    "resume_flow",
    "run_flow",
]
