"""The steps of a run, what is done for each item of one, and the attempts at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from memproc.store.kinds import AttemptOutcome, StepStatus
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_steps, _attempts = tables.flow_steps.c, tables.flow_attempts.c


@dataclass(frozen=True, slots=True)
class FlowStep:
    """A step of a run, or with a `part` above 0 what is done for one of its items. `item`, `notes`, `answer` and `output` are JSON.
    `error` is why it failed or was skipped, or what it asks.
    """

    number: int
    run: int
    place: int
    part: int
    step: str
    item: str | None
    status: str
    failures: int
    notes: str | None
    answer: str | None
    output: str | None
    error: str | None
    began_at: str | None
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class FlowAttempt:
    """An attempt at a step, or at one of its items: by which process, when, and how it ended."""

    number: int
    step: int
    worker: str
    began_at: str
    ended_at: str | None
    outcome: str
    error: str | None


_WHOLE = select(*(_steps[name] for name in FlowStep.__dataclass_fields__)).order_by(_steps.place, _steps.part)
_ATTEMPTS = select(*(_attempts[name] for name in FlowAttempt.__dataclass_fields__))


def plan(tx: Tx, run: int, names: Sequence[str]) -> None:
    """Write the steps of a run that begins."""
    _insert(tx, [{"run": run, "place": place, "part": 0, "step": name, "item": None} for place, name in enumerate(names)])


def plan_items(tx: Tx, step: FlowStep, items: Sequence[str]) -> None:
    """Write what a step is done for, each item as JSON. They are asked for once: what resumes the run finds them here."""
    rows = [
        {"run": step.run, "place": step.place, "part": part, "step": step.step, "item": item} for part, item in enumerate(items, 1)
    ]
    _insert(tx, rows)
    change(tx, step, {"status": StepStatus.RUNNING, "began_at": tx.now})


def _insert(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    first = tx.next_number(tables.flow_steps)
    due = {"status": StepStatus.DUE, "failures": 0}
    tx.insert_rows(tables.flow_steps, [{"number": number, **row, **due} for number, row in enumerate(rows, first)])


def steps_of(tx: Tx, run: int) -> list[FlowStep]:
    """Return the steps of a run in their order, each before what is done for its items."""
    return [FlowStep(**row._asdict()) for row in tx.execute(_WHOLE.where(_steps.run == run))]


def attempts_of(tx: Tx, run: int) -> list[FlowAttempt]:
    """Return all attempts of a run, the oldest first."""
    joined = _ATTEMPTS.join_from(tables.flow_attempts, tables.flow_steps, _attempts.step == _steps.number)
    return [FlowAttempt(**row._asdict()) for row in tx.execute(joined.where(_steps.run == run).order_by(_attempts.number))]


def change(tx: Tx, step: FlowStep, values: Mapping[str, Any]) -> None:
    """Set values of a step."""
    tx.update_rows(tables.flow_steps, [{"number": step.number, **values}])


def begin_attempt(tx: Tx, step: FlowStep, worker: str) -> int:
    """Write that an attempt begins, and return its number; one that was under way was killed."""
    left = select(_attempts.number).where(_attempts.step == step.number, _attempts.outcome == AttemptOutcome.RUNNING)
    for number in tx.execute(left).scalars().all():
        tx.update_rows(tables.flow_attempts, [{"number": number, "outcome": AttemptOutcome.KILLED}])
    number = tx.next_number(tables.flow_attempts)
    row = {"number": number, "step": step.number, "worker": worker, "began_at": tx.now, "outcome": AttemptOutcome.RUNNING}
    tx.insert_rows(tables.flow_attempts, [row])
    change(tx, step, {"status": StepStatus.RUNNING, "began_at": step.began_at or tx.now})
    return number


def end_attempt(tx: Tx, attempt: int, outcome: AttemptOutcome, error: str | None) -> None:
    """Write how an attempt ended."""
    tx.update_rows(tables.flow_attempts, [{"number": attempt, "outcome": outcome, "error": error, "ended_at": tx.now}])
