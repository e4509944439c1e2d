"""What is read of the sources before anything is written: for `validate="before"`, and for rules that are judged before."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from memproc.config import Settings
from memproc.errors import SourceEndedError, UsageError
from memproc.gates.rule import Gate
from memproc.ingestion.judging import judged_before, measured
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.ingestion.source import Sources
from memproc.intake import Intake
from memproc.records import Memory
from memproc.report.report import Report
from memproc.store.sql.opening import can_rehearse
from memproc.store.store import Store


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be ingested and how it is read, the settings, the gate, and how many records at most."""

    what: object
    intake: Intake
    asked: Asked
    settings: Settings
    gate: Gate | None
    limit: int | None

    def why_twice(self, *, is_rehearsal: bool) -> str:
        """Return what asks that the sources are read twice, nothing if they are not."""
        if self.settings.validate == "before":
            return "validate='before'"
        if self.gate is not None and self.gate.at("before"):
            return "a gate with a rule that is judged before"
        return "a gate that is rehearsed" if self.gate is not None and self.gate.rehearse and not is_rehearsal else ""


def looked_ahead(wanted: Wanted, into: str | Path | Store, settings: Settings | None, *, is_rehearsal: bool) -> Report | None:
    """Read the sources without writing where that is asked for, and return a report: "refused" or "failed" where they are not to be
    ingested, else with what the gate found. Raises UsageError where they are to be read twice, and cannot be.
    """
    reason = wanted.why_twice(is_rehearsal=is_rehearsal)
    if not reason:
        return None
    given = given_of(wanted.what)
    if given is None and not isinstance(wanted.what, Sequence):
        raise UsageError(f"{reason} reads twice: give files or a list, not an iterator")
    sources = open_all(given, wanted.what, wanted.intake, wanted.asked)
    try:
        if given is not None and not all(source.can_reread for source in sources.all):
            raise UsageError(f"{reason} reads twice: give files, not a pipe")
        is_read = wanted.settings.validate == "before" or (wanted.gate is not None and wanted.gate.at("before"))
        return _report(wanted, sources, _earlier(into, settings, wanted.gate)) if is_read else None
    finally:
        sources.close()


def _earlier(
    into: str | Path | Store, settings: Settings | None, gate: Gate | None
) -> AbstractContextManager[Store[Memory] | None]:
    """Return the store that earlier jobs are in, if a rule that is judged before compares with them and there is one."""
    if gate is None or not any(rule.drift is not None for rule in gate.at("before")):
        return nullcontext()
    if isinstance(into, Store):
        return nullcontext(into)
    return Store(into, settings=settings) if can_rehearse(into, settings) else nullcontext()


def _report(wanted: Wanted, sources: Sources, earlier: AbstractContextManager[Store[Memory] | None]) -> Report:
    gate, started = wanted.gate, perf_counter()
    rules = () if gate is None else gate.at("before")
    report = Report(format=sources.all[0].intake.format.name)
    try:
        found = measured(sources.all, rules, wanted.limit)
        with earlier as store:
            report.gates = [judged_before(gate, found.facts, sources.all, store)] if gate is not None and rules else []
    except SourceEndedError as error:
        report.notes.append(f"failed: {error}; nothing was written")
        report.finish("failed", perf_counter() - started)
        return report
    is_refused = bool(found.errors) and wanted.settings.validate == "before"
    if is_refused:
        report.notes.append(f"{found.errors.total()} of {found.read} records are invalid; nothing was written")
    if not report.is_gate_met:
        report.notes.append("the gate is not met: nothing was written")
    report.notes[:0] = [note for one in report.gates for note in one.notes()]
    if is_refused or not report.is_gate_met:
        report.errors = found.errors
        report.finish("refused", perf_counter() - started)
    return report
