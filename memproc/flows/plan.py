"""Which step of a run is next, as a function of what became of the others. Pure.

Rules: steps are looked at in the order of the file, and a step needs only what stands above it. One without `needs` comes after the
step above it, whatever became of that. Where all that a step needs was skipped, it is skipped too: so branches end, and what joins
them goes on where one of them was taken. A step that failed and says `continue` counts as over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from memproc.flows.step import Options
from memproc.store.kinds import StepStatus

OVER = (StepStatus.DONE, StepStatus.FAILED, StepStatus.SKIPPED)
AFTER_FAILURE = "a step failed"


class Move(StrEnum):
    """What is done next."""

    TAKE = "take"
    SKIP = "skip"
    WAIT = "wait"  # for a person
    END = "end"


class Next(NamedTuple):
    """What is done next, with which step, and why it is skipped."""

    move: Move
    step: Options | None = None
    why: str = ""


def needed(steps: Sequence[Options], at: int) -> list[str]:
    """Return the steps that come before one."""
    own = steps[at].needs
    return list(own) if own is not None else [steps[at - 1].id] if at else []


def has_failed(steps: Sequence[Options], statuses: Mapping[str, str]) -> bool:
    """Tell whether a step failed that stops the flow."""
    return any(statuses[one.id] == StepStatus.FAILED and one.on_error == "stop" for one in steps)


def next_of(steps: Sequence[Options], statuses: Mapping[str, str]) -> Next:
    """Return what is done next."""
    failed = has_failed(steps, statuses)
    for at, step in enumerate(steps):
        if statuses[step.id] in OVER or statuses[step.id] == StepStatus.ASKING:
            continue
        before = [statuses[name] for name in needed(steps, at)]
        if any(status not in OVER for status in before):
            continue
        why = ""
        if step.after == "success" and failed:
            why = AFTER_FAILURE
        elif step.after == "failure" and not failed:
            why = "nothing failed"
        elif step.after == "success" and step.needs and all(status == StepStatus.SKIPPED for status in before):
            why = "all that it needs was skipped"
        return Next(Move.SKIP, step, why) if why else Next(Move.TAKE, step)
    is_asking = any(status == StepStatus.ASKING for status in statuses.values())
    return Next(Move.WAIT if is_asking else Move.END)
