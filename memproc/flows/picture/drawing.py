"""Where the steps of a flow stand in a picture: in layers, each below what it comes after. Pure.

Strategy: the layer of a step is one more than the lowest of those that it comes after. Within a layer steps keep the order of the
file, but those with one step before them stand below that, as near as there is room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from memproc.flows.plan import needed
from memproc.flows.step import Options

LONGEST_CONDITION_CHARS = 48


class Box(NamedTuple):
    """A step in a picture: its kind, its place (layer and column, from 0), what is said of it, and what became of it."""

    id: str
    do: str
    layer: int
    column: int
    about: str
    notes: tuple[str, ...]
    status: str | None


class Arrow(NamedTuple):
    """From a step to one that comes after it; `is_needed` where that says so, and not the order of the file alone."""

    start: str
    end: str
    is_needed: bool


class Drawn(NamedTuple):
    """A picture: its title, boxes and arrows."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawn(title: str, steps: Sequence[Options], statuses: Mapping[str, str] | None = None) -> Drawn:
    """Return the picture of steps, and where `statuses` are given what became of them."""
    arrows = [Arrow(start, step.id, step.needs is not None) for at, step in enumerate(steps) for start in needed(steps, at)]
    before = {step.id: [arrow.start for arrow in arrows if arrow.end == step.id] for step in steps}
    layers: dict[str, int] = {}
    columns: dict[str, int] = {}
    taken: dict[int, set[int]] = {}
    for step in steps:
        layer = layers[step.id] = 1 + max((layers[name] for name in before[step.id]), default=-1)
        wanted = min((columns[name] for name in before[step.id]), default=0)
        used = taken.setdefault(layer, set())
        columns[step.id] = next(column for column in range(wanted, wanted + len(steps) + 1) if column not in used)
        used.add(columns[step.id])
    boxes = tuple(
        Box(
            step.id,
            step.do,  # type: ignore[attr-defined]  # each kind of step has it
            layers[step.id],
            columns[step.id],
            step.about or "",
            _notes(step),
            None if statuses is None else statuses.get(step.id),
        )
        for step in steps
    )
    return Drawn(title, boxes, tuple(arrows))


def _notes(step: Options) -> tuple[str, ...]:
    """Return what is said of when and how often a step is taken."""
    notes = []
    if step.when is not None:
        notes.append(f"when {_short(step.when)}")
    if step.for_each is not None:
        notes.append(f"for each of {_short(step.for_each) if isinstance(step.for_each, str) else len(step.for_each)}")
    if step.after != "success":
        notes.append("after a failure" if step.after == "failure" else "in any case")
    return tuple(notes)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_CONDITION_CHARS else f"{text[: LONGEST_CONDITION_CHARS - 1]}…"
