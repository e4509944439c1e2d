"""When a job stops before its sources end: at its limits, and on request."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from time import perf_counter

from memproc.arguments import LARGEST_NUMBER
from memproc.config import Settings
from memproc.gates.judging import exceeds
from memproc.gates.rule import Bound
from memproc.ingestion.gating import GateKeeper
from memproc.report.report import Report
from memproc.sources.remote import LateError
from memproc.store.changes.landed import Landed
from memproc.store.enriching.meanwhile import StoppedError
from memproc.store.jobs.jobs import ENDED_BY


@dataclass(slots=True)
class Stops:
    """What may stop a job: the limits of its settings, `limit` records in all its runs, and the rules of a gate.

    Each method that returns a status returns "" where the job goes on, and tells in the report why it stops.
    """

    settings: Settings
    report: Report
    can_resume: bool
    started: float  # by `perf_counter`
    limit: int | None = None
    most_at_once: int = LARGEST_NUMBER  # records that are best enriched before they land
    gate: GateKeeper | None = None

    def most_records(self, size: int) -> int:
        """Return how many records the next batch may have, if it could have `size`."""
        size = min(size, self.most_at_once)
        return size if self.limit is None else min(size, max(1, self.limit - self.report.read))

    def seconds_left(self) -> float:
        """Return how much time is left, in seconds; there may be no limit."""
        limit = self.settings.max_seconds
        return inf if limit is None else limit - (perf_counter() - self.started)

    def is_late(self) -> bool:
        """Tell whether the time is over."""
        return self.seconds_left() <= 0

    def at_limit(self) -> str:
        """Return "done" if the limit of records is reached."""
        if self.limit is None or self.report.read < self.limit:
            return ""
        self.report.notes.append(f"limit={self.limit}: what stands behind the first records was not read")
        return "done"

    def if_late(self) -> str:
        """Return "stopped" if max_seconds have passed; a resumed job reads the rest."""
        return self._stopped(f"max_seconds={self.settings.max_seconds} are over") if self.is_late() else ""

    def within_a_wait(self, error: LateError) -> str:
        """Return "stopped" where a source was waited for, or would be, until max_seconds have passed."""
        return self._stopped(f"max_seconds={self.settings.max_seconds} do not suffice: {error}")

    def within_enrichment(self, error: StoppedError) -> str:
        """Return the status of a job that stops while records are enriched: it was asked to, or has no more time or quota."""
        return ENDED_BY[error.request] if error.request is not None else self._stopped(str(error))

    def _stopped(self, why: str) -> str:
        self.report.notes.append(f"stopped: {why}" + ("; resume goes on here" if self.can_resume else ""))
        return "stopped"

    def after(self, landed: Landed) -> str:
        """Return the status that stops the job after a batch."""
        if landed.request is not None:
            return ENDED_BY[landed.request]
        if self.settings.on_error == "stop" and landed.rejected:
            self.report.notes.append("stopped at the first error")
            return "stopped"
        return self.if_over()

    def if_over(self) -> str:
        """Return "stopped" if all runs together exceed max_errors, or a rule of the gate can no longer be met."""
        return self._if_too_many_errors() or self._if_gate_fails()

    def _if_gate_fails(self) -> str:
        found = None if self.gate is None else self.gate.failure()
        if found is None:
            return ""
        self.report.gates.append(found)
        self.report.notes += [f"stopped: {note}" for note in found.notes()]
        return "stopped"

    def _if_too_many_errors(self) -> str:
        limit = self.settings.max_errors
        bad, read = self.report.quarantined, self.report.read
        is_over = limit is not None and exceeds(Bound(limit, is_share=isinstance(limit, float)), bad, read)
        if is_over:
            self.report.notes.append(f"stopped: {bad} of {read} records were quarantined, more than max_errors={limit}")
        return "stopped" if is_over else ""
