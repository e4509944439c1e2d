"""Gates on an open store: a job judged afterwards, and what ingestion keeps of its gates and compares with."""

from __future__ import annotations

from collections.abc import Iterable

from memproc.arguments import whole_number
from memproc.gates.facts import Facts, Measuring
from memproc.gates.files import Given, gate_given
from memproc.gates.judged import GateJudged
from memproc.gates.judging import History, judged
from memproc.gates.rule import Gate, Rule
from memproc.records import M
from memproc.store.face.face import Face
from memproc.store.jobs.gating import keep
from memproc.store.opened import OpenStore
from memproc.store.reporting.measuring import facts_of, history_of, measure_rows, names_of
from memproc.store.sql.tx import Tx


class Gating(Face[M]):
    """Gates on an open store."""

    def judge(self, gate: Given, job: int) -> GateJudged:
        """Return what the rules of a gate come to for a job; `gate` is the path of a file of rules, its content as a dictionary, or
        a `Gate`. Nothing is written. Raises UsageError if a rule is wrong, and NotFoundError if there is no such job.
        """
        wanted, number = gate_given(gate), whole_number("job", job)

        def found(tx: Tx) -> GateJudged:
            facts = facts_of(tx, number, wanted.rules)
            return judged(wanted, facts, "after", history_of(tx, wanted, names_of(tx, number), number), of_all=True)

        return self._opened.transactions.read(found)


class GateBook:
    """What a store keeps for gates: for ingestion only."""

    def __init__(self, store: OpenStore) -> None:
        self._store = store

    def history(self, gate: Gate, named: tuple[str, str], before: int | None = None) -> History:
        """Return what jobs with the same source had of what drifts, those before a job or all."""
        return self._store.transactions.read(lambda tx: history_of(tx, gate, named, before)) if gate.drifting else {}

    def facts(self, job: int, rules: Iterable[Rule]) -> Facts:
        """Return what rules are about of a job."""
        asked = tuple(rules)
        return self._store.transactions.read(lambda tx: facts_of(tx, job, asked))

    def measure(self, job: int, measuring: Measuring) -> None:
        """Take into account what a job brought so far."""
        self._store.transactions.read(lambda tx: measure_rows(tx, job, measuring))

    def keep(self, job: int, found: Iterable[GateJudged], facts: Facts) -> None:
        """Keep what gates found of a job, and what was measured."""
        gates = tuple(found)
        self._store.transactions.write(lambda tx: keep(tx, job, gates, facts))
