"""What quality gates found of a job, as a section of its report. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from memproc.gates.judged import GateJudged
from memproc.report.pages.parts import Callout, Column, Section, Table
from memproc.report.report import counted
from memproc.report.store_report import StoreReport


def gates(report: StoreReport) -> Iterator[Section]:
    """Yield the section on gates, if one judged the job."""
    if not report.gates:
        return
    failed = sum(len(gate.failed) for gate in report.gates)
    head = "The gate was met" if not failed else f"The gate was not met: {counted(failed, 'rule')} failed"
    found = ("Nothing was undone: what the job wrote is in the store.",) if failed else ("No rule failed.",)
    tables = tuple(map(_table, report.gates))
    yield Section("gates", "Gate", callouts=(Callout(head, found, is_good=not failed),), tables=tables)


def _table(gate: GateJudged) -> Table:
    columns = (Column("rule"), Column("result"), Column("found"), Column("asks for"), Column("advice"))
    rows = tuple((rule.rule, rule.verdict, rule.found, rule.says, rule.advice) for rule in gate.rules)
    return Table(f"gate-{gate.moment}", f"Rules judged {gate.moment} the job", columns, rows)
