"""The face of flows: begin a run, go on with one, answer what it asks, cancel it, tell how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from memproc.config import Settings
from memproc.errors import UsageError
from memproc.flows.course import read, written
from memproc.flows.engine import Engine, set_due_again
from memproc.flows.expressions import filled
from memproc.flows.flow import Flow, parameters_of, told
from memproc.flows.reading import load_flow
from memproc.flows.scrubbing import without_personal
from memproc.flows.step import Allowed
from memproc.records import Memory
from memproc.store.flows.runs import NewRun
from memproc.store.flows.steps import FlowStep
from memproc.store.jobs.owners import Owner
from memproc.store.kinds import FlowStatus, StepStatus
from memproc.store.store import Store, journal_of

NOTHING = Allowed()


class Answer(NamedTuple):
    """What a person says to a step that asks: yes or no, who says it, and why."""

    approved: bool
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class StepTold:
    """What became of a step: how often it was attempted, what it gave, and why it failed, was skipped, or what it asks."""

    id: str
    do: str
    status: str
    attempts: int
    output: Mapping[str, Any]
    error: str | None
    began_at: str | None
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class FlowReport:
    """How far a run is. `status` is running, waiting (for a person), done, failed, interrupted or cancelled."""

    run: int
    flow: str
    status: str
    started_at: str
    finished_at: str | None
    error: str | None
    parameters: Mapping[str, Any]
    steps: tuple[StepTold, ...]

    @property
    def asks(self) -> dict[str, str]:
        """What is asked, by the ids of the steps that ask."""
        return {step.id: step.error or "" for step in self.steps if step.status == StepStatus.ASKING}


def run_flow(
    path: str | Path,
    *,
    store: str | Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    allowed: Allowed = NOTHING,
    settings: Settings | None = None,
) -> FlowReport:
    """Run a flow from its file to its end, or until it waits for a person, and return how far it is.

    `store` goes before the store that the file names. Raises FlowError where the file is wrong, UsageError where a parameter is.
    What a step fails with is no exception: the status is "failed" then.
    """
    flow, folder = load_flow(path), Path(path).resolve().parent
    given = parameters_of(flow, parameters or {}, Path.cwd())
    place = place_of(path, store, parameters or {})
    with Store(place, settings=settings) as opened:
        owner = Owner.of_new_run()
        try:
            new = NewRun(flow.flow, str(folder), told(flow), written(given))
            claim = journal_of(opened).begin(new, [step.id for step in flow.steps], owner)
            Engine(opened, claim, owner, allowed=allowed, place=place).go()
        finally:
            owner.end()
        return report_of(opened, claim.run)


def place_of(path: str | Path, store: str | Path | None, parameters: Mapping[str, Any]) -> str | Path:
    """Return the store that a flow in a file runs on, if `store` is given in place of its own. Raises UsageError where none is."""
    flow, folder, here = load_flow(path), Path(path).resolve().parent, Path.cwd()
    given = None if store is None else (here / store if "://" not in str(store) else str(store))
    return store_of(flow, folder, parameters_of(flow, parameters, here), given)


def store_of(flow: Flow, folder: Path, parameters: Mapping[str, Any], given: str | Path | None) -> str | Path:
    """Return the store of a flow. Raises UsageError where none is named."""
    named = given if given is not None else filled(flow.store, {"parameters": parameters})
    if not isinstance(named, str | Path):
        raise UsageError("the flow names no store: give one by --store, or as `store` in its file")
    return str(named) if "://" in str(named) else folder / Path(named).expanduser()


def resume_flow(
    store: str | Path, run: int | None = None, *, allowed: Allowed = NOTHING, settings: Settings | None = None
) -> FlowReport:
    """Go on with a run of a flow: by default the newest that is not over. What failed is tried again, and what asks asks again.

    Raises UsageError where there is none, or another process has it.
    """
    with Store(store, settings=settings) as opened:
        journal, owner = journal_of(opened), Owner.of_new_run()
        number = newest_left(opened) if run is None else run
        try:
            claim = journal.take(number, owner)
            set_due_again(journal, claim, Flow.model_validate_json(journal.run(number).definition))
            Engine(opened, claim, owner, allowed=allowed, place=store).go()
        finally:
            owner.end()
        return report_of(opened, number)


def newest_left(store: Store[Memory]) -> int:
    """Return the newest run that is not over. Raises UsageError where there is none."""
    left = [run.number for run in journal_of(store).runs() if run.status not in (FlowStatus.DONE, FlowStatus.CANCELLED)]
    if not left:
        raise UsageError("no run of a flow is left to go on with: `memproc flow list DB` shows them all")
    return left[-1]


def answer_flow(store: Store[Memory], run: int, step: str, answer: Answer) -> None:
    """Write what a person said to a step that asks; the run goes on with `resume_flow`. Raises UsageError where it asks nothing."""
    journal = journal_of(store)
    asking = [row for row in journal.steps(run) if row.status == StepStatus.ASKING]
    rows = [row for row in asking if row.step == step and (row.part or not any(one.part for one in asking if one.step == step))]
    if not rows:
        names = ", ".join(dict.fromkeys(row.step for row in asking)) or "none does"
        raise UsageError(f"step {step!r} of run {run} asks nothing ({names}): mind its id")
    for row in rows:
        journal.answer(row, written(answer._asdict()))


def cancel_flow(store: Store[Memory], run: int) -> bool:
    """Cancel a run, or ask its process to, which sees it before its next step; return whether it is cancelled now."""
    journal, owner = journal_of(store), Owner.of_new_run()
    if journal.ask_to_cancel(run):
        return False
    try:
        claim, begun = journal.take(run, owner), journal.run(run)
        changed = without_personal(journal, claim, Flow.model_validate_json(begun.definition), begun)
        journal.end(claim, FlowStatus.CANCELLED, **changed)
    finally:
        owner.end()
    return True


def flow_runs(store: Store[Memory]) -> list[FlowReport]:
    """Return how far all runs are, the oldest first."""
    return [report_of(store, run.number) for run in journal_of(store).runs()]


def report_of(store: Store[Memory], number: int) -> FlowReport:
    """Return how far a run is. Raises NotFoundError."""
    journal = journal_of(store)
    run, rows = journal.run(number), journal.steps(number)
    steps = {row.number: row.step for row in rows}
    tries = [steps[one.step] for one in journal.attempts(number)]
    kinds = {step.id: step.do for step in Flow.model_validate_json(run.definition).steps}  # type: ignore[attr-defined]
    told_steps = tuple(_told_step(row, kinds[row.step], tries.count(row.step)) for row in rows if row.part == 0)
    return FlowReport(
        run.number, run.flow, run.status, run.started_at, run.finished_at, run.error, read(run.parameters), told_steps
    )


def _told_step(row: FlowStep, kind: str, attempts: int) -> StepTold:
    return StepTold(row.step, kind, row.status, attempts, read(row.output), row.error, row.began_at, row.ended_at)


def flow_of_run(store: Store[Memory], number: int) -> Flow:
    """Return the flow that a run follows. Raises NotFoundError."""
    return Flow.model_validate_json(journal_of(store).run(number).definition)
