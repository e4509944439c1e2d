"""A gate during an ingestion and after it.

Rules: during, what lands is measured batch by batch, and the job stops as soon as a rule can no longer be met. After, the whole job
is judged; what was found and measured is kept with the job. A gate undoes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from memproc.gates.facts import Facts, Measuring
from memproc.gates.judged import GateJudged
from memproc.gates.judging import failed_early, judged
from memproc.gates.measures import OUTCOMES
from memproc.gates.rule import Gate
from memproc.ingestion.checkpoint import named
from memproc.ingestion.source import Source
from memproc.records import Memory
from memproc.report.report import Report
from memproc.store.store import Store, gate_book_of
from memproc.taken import Taken
from memproc.times import to_text

_ENDED = ("done", "rehearsed")


class GateKeeper:
    """Judges the rules of a gate while a job runs, and when it is over."""

    def __init__(self, gate: Gate, store: Store[Memory], report: Report) -> None:
        self._gate, self._book, self._report = gate, gate_book_of(store), report
        self._early = tuple(rule for rule in gate.at("during") if not rule.only_warns)
        self._measuring = Measuring((*gate.at("during"), *gate.at("after")))
        self._has_noted = False

    def begin(self) -> None:
        """Take into account what earlier runs of the job brought."""
        if self._report.read and self._report.job is not None:
            self._book.measure(self._report.job, self._measuring)

    def note(self, records: Taken) -> None:
        """Take records that have landed into account."""
        self._has_noted = True
        self._measuring.note(records.accepted.json)

    def failure(self) -> GateJudged | None:
        """Return the rules that can no longer be met, None if there is none."""
        return failed_early(self._early, self._facts()) if self._early else None

    def end(self, sources: Sequence[Source]) -> None:
        """Judge the job if it is done, write that into the report, and keep what was found and measured."""
        report, rules = self._report, self._gate.at("after")
        if report.job is None:
            return
        is_known = self._has_noted or not report.read
        facts = self._facts() if is_known else self._book.facts(report.job, rules)
        if report.status in _ENDED and rules:
            history = self._book.history(self._gate, named(sources), report.job)
            report.gates.append(judged(self._gate, facts, "after", history))
            report.notes += report.gates[-1].notes()
        if is_known:
            self._book.keep(report.job, report.gates, facts)

    def _facts(self) -> Facts:
        counts = {name: getattr(self._report, name) for name in OUTCOMES}
        return self._measuring.facts(counts, now())


def now() -> str:
    """Return the moment from which ages are counted."""
    return to_text(datetime.now(UTC))
