"""`Journal`: what a process writes of the runs of flows, a transaction for each thing that happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from memproc.store.flows import runs, steps
from memproc.store.flows.runs import FlowRun, NewRun, RunClaim
from memproc.store.flows.steps import FlowAttempt, FlowStep
from memproc.store.jobs.owners import Owner
from memproc.store.kinds import AttemptOutcome, FlowStatus, StepStatus
from memproc.store.opened import OpenStore
from memproc.store.sql.tx import Tx

Answer = TypeVar("Answer")

_OUTCOMES = {
    StepStatus.DONE: AttemptOutcome.DONE,
    StepStatus.FAILED: AttemptOutcome.FAILED,
    StepStatus.DUE: AttemptOutcome.FAILED,  # and it is tried again
    StepStatus.ASKING: AttemptOutcome.ASKING,
}


class Journal:
    """The runs of flows in a store."""

    def __init__(self, opened: OpenStore) -> None:
        """Know the store."""
        self._transactions = opened.transactions

    def begin(self, new: NewRun, names: Sequence[str], owner: Owner) -> RunClaim:
        """Write the start of a run with these steps."""

        def began(tx: Tx) -> RunClaim:
            claim = runs.begin(tx, new, owner)
            steps.plan(tx, claim.run, names)
            return claim

        return self._transactions.write(began)

    def take(self, run: int, owner: Owner) -> RunClaim:
        """Go on with a run. Raises UsageError where that cannot be."""
        return self._transactions.write(lambda tx: runs.take(tx, run, owner))

    def run(self, number: int) -> FlowRun:
        """Return a run. Raises NotFoundError."""
        return self._transactions.read(lambda tx: runs.run_of(tx, number))

    def runs(self) -> Sequence[FlowRun]:
        """Return all runs, the oldest first."""
        return self._transactions.read(runs.all_runs)

    def steps(self, run: int) -> list[FlowStep]:
        """Return the steps of a run in their order, each before what is done for its items."""
        return self._transactions.read(lambda tx: steps.steps_of(tx, run))

    def attempts(self, run: int) -> list[FlowAttempt]:
        """Return all attempts of a run, the oldest first."""
        return self._transactions.read(lambda tx: steps.attempts_of(tx, run))

    def is_cancelled(self, claim: RunClaim) -> bool:
        """Tell whether a run was asked to end."""
        return self._transactions.read(lambda tx: runs.check_own(tx, claim)) == "cancel"

    def ask_to_cancel(self, number: int) -> bool:
        """Ask the process of a run to end it; return whether there is one. Raises UsageError where the run has come to its end."""
        return self._transactions.write(lambda tx: runs.ask_to_cancel(tx, number))

    def end(self, claim: RunClaim, status: FlowStatus, **changed: Any) -> None:
        """Write how a run ended, or that it waits."""
        self._own(claim, lambda tx: runs.end(tx, claim, status, changed))

    def renew(self, claim: RunClaim, seconds: float = 0.0) -> None:
        """Let the lease last for what may take so many seconds."""
        self._own(claim, lambda tx: runs.renew(tx, claim, seconds))

    def plan_items(self, claim: RunClaim, step: FlowStep, items: Sequence[str]) -> None:
        """Write what a step is done for, each item as JSON."""
        self._own(claim, lambda tx: steps.plan_items(tx, step, items))

    def begin_attempt(self, claim: RunClaim, step: FlowStep, owner: Owner, seconds: float) -> int:
        """Write that an attempt begins that may take so long, and return its number."""

        def began(tx: Tx) -> int:
            runs.renew(tx, claim, seconds)
            return steps.begin_attempt(tx, step, f"{owner.machine} {owner.pid}")

        return self._own(claim, began)

    def end_attempt(self, claim: RunClaim, step: FlowStep, attempt: int, values: Mapping[str, Any]) -> None:
        """Write how an attempt ended, and what becomes of the step."""

        def ended(tx: Tx) -> None:
            steps.end_attempt(tx, attempt, _OUTCOMES[values["status"]], values.get("error"))
            is_over = values["status"] in (StepStatus.DONE, StepStatus.FAILED)
            steps.change(tx, step, {**values, **({"ended_at": tx.now} if is_over else {})})

        self._own(claim, ended)

    def change(self, claim: RunClaim, step: FlowStep, **values: Any) -> None:
        """Set values of a step."""
        self._own(claim, lambda tx: steps.change(tx, step, values))

    def answer(self, step: FlowStep, answer: str) -> None:
        """Write what a person said to a step that asks."""
        self._transactions.write(lambda tx: steps.change(tx, step, {"answer": answer}))

    def _own(self, claim: RunClaim, work: Callable[[Tx], Answer]) -> Answer:
        """Do what only the owner of a run may."""

        def checked(tx: Tx) -> Answer:
            runs.check_own(tx, claim)
            return work(tx)

        return self._transactions.write(checked)
