"""SIGKILL of a process at each step of a flow: as it begins, amid its work, when its work is done, and when that is written.

Strategy: a flow of eight steps is run under kills, each point once and in their order, in one run; at length at all four moments,
and each point in a run of its own too. Who resumes it has to come to the same: the memories, the files, what the steps gave, and
one job. A point that is not met fails.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import orjson

import memproc
from faults.child import CONTEXT, is_killed
from faults.stores import NewStore, check_whole, exported
from memproc.flows import Allowed, flow_runs, resume_flow, run_flow
from memproc.flows.steps import STEPS
from memproc.store.flows.journal import Journal

MOMENTS: Final = ("begins", "is at work", "has done its work", "is over")
FILES: Final = ("turned.jsonl", "out.jsonl", "made.txt")
BEATS: Final = 5
# Where in its work each step is killed: before it puts its file in place, between deciding and telling, while its command runs. An
# ingestion is killed amid its batches.
AMID: Final = {
    "fetch": "memproc.writing._place",
    "validate": "memproc.writing._place",
    "transform": "memproc.writing._place",
    "review": "memproc.store.store.Store.policies",
    "export": "memproc.writing._place",
    "report": "memproc.writing._place",
    "run": "subprocess.Popen.wait",
}
MAKE: Final = "import os, time; time.sleep(0.05); open('part', 'x').write('made'); os.rename('part', 'made.txt')"
STEPS_TAKEN: Final[list[dict[str, Any]]] = [
    {"id": "copy", "do": "fetch", "from": "${parameters.source}"},
    {"id": "look", "do": "validate", "from": "${steps.copy.path}", "to": "checks.json"},
    {"id": "turn", "do": "transform", "from": "${steps.copy.path}", "to": "turned.jsonl"},
    {
        "id": "load",
        "do": "ingest",
        "from": "${steps.turn.path}",
        "settings": {"batch_size": 30},
        "when": "steps.turn.written > `9`",
    },
    {"id": "settle", "do": "review", "policy": "confidence >= 0", "verdict": "distinct"},
    {"id": "write", "do": "export", "to": "out.jsonl"},
    {"id": "page", "do": "report", "to": "page.csv", "job": "${steps.load.job}"},
    {"id": "make", "do": "run", "command": [sys.executable, "-c", MAKE], "creates": "made.txt"},
]


class Point(NamedTuple):
    """A step and a moment of it."""

    step: str
    moment: str

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.step} {self.moment}"


POINTS: Final = tuple(Point(step["id"], moment) for step in STEPS_TAKEN for moment in MOMENTS)
FEW: Final = tuple(point for point in POINTS if point.moment in MOMENTS[1:3])


def kill_at_each_step(new_store: NewStore, source: Path, folder: Path, *, apart: bool) -> str:
    """Run the flow under kills. Raises AssertionError where it does not come to the same."""
    undisturbed = _Trial(new_store(), source, folder / "undisturbed")
    undisturbed.go(None)
    wanted = undisturbed.came_to()
    trial = _Trial(new_store(), source, folder / "together")
    points = POINTS if apart else FEW
    for point in points:
        assert trial.go(point), f"{point} was not met"
    trial.go(None)
    assert trial.came_to() == wanted, _difference(trial.came_to(), wanted)
    for number, point in enumerate(POINTS if apart else ()):
        alone = _Trial(new_store(), source, folder / f"apart-{number}")
        assert alone.go(point), f"{point} was not met"
        alone.go(None)
        assert alone.came_to() == wanted, f"{point}: {_difference(alone.came_to(), wanted)}"
    told = f", and {len(POINTS)} runs killed at one point each" if apart else ""
    return f"a flow of {len(STEPS_TAKEN)} steps killed {len(points)} times in one run{told}: the same memories, files and answers"


def _difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    return "; ".join(
        f"{name}: {str(one[name])[:400]} instead of {str(other[name])[:400]}" for name in other if one[name] != other[name]
    )


class _Trial:
    """A flow in a folder of its own, and its store."""

    def __init__(self, url: str, source: Path, folder: Path) -> None:
        folder.mkdir()
        self._url, self._folder, self._file = url, folder, folder / "flow.json"
        parameters = {"source": {"type": "path", "default": str(source)}}
        self._file.write_bytes(orjson.dumps({"flow": "eight", "parameters": parameters, "steps": STEPS_TAKEN}))

    def go(self, point: Point | None) -> bool:
        """Begin the run, or go on with it, in a process of its own; return whether that was killed."""
        process = CONTEXT.Process(target=go, args=(str(self._file), self._url, point))
        process.start()
        return is_killed(process)

    def came_to(self) -> dict[str, Any]:
        """Return what the run came to, but for times and folders."""
        check_whole(self._url)
        with memproc.open(self._url) as store:
            (run,) = flow_runs(store)
            assert run.status == "done", run
            jobs = [job.status for job in store.jobs()]
        answers = {step.id: {**step.output, "path": Path(step.output.get("path", "")).name} for step in run.steps}
        files = {name: (self._folder / name).read_bytes() for name in FILES}
        left = sorted(path.name for path in self._folder.rglob("*") if path.name.endswith(".part"))
        return {"status": run.status, "answers": answers, "jobs": jobs, "memories": exported(self._url), "left": left, **files}


def go(file: str, url: str, point: Point | None) -> None:
    """Take a flow to its end, or to a point."""
    with ExitStack() as stack:
        if point is not None:
            stack.enter_context(_killing(point))
        with memproc.open(url) as store:
            is_begun = bool(flow_runs(store))
        if is_begun:
            resume_flow(url, 1, allowed=Allowed(run=True))
        else:
            run_flow(file, store=url, allowed=Allowed(run=True))


@contextmanager
def _killing(point: Point) -> Iterator[None]:
    """Let the process be killed at a point."""
    (kind,) = (step["do"] for step in STEPS_TAKEN if step["id"] == point.step)
    begin, end, step = Journal.begin_attempt, Journal.end_attempt, STEPS[kind]

    def begin_attempt(self: Journal, claim: Any, row: Any, *more: Any) -> int:
        attempt = begin(self, claim, row, *more)
        if row.step == point.step and point.moment == "begins":
            _die()
        return attempt

    def end_attempt(self: Journal, claim: Any, row: Any, *more: Any) -> None:
        end(self, claim, row, *more)
        if row.step == point.step and point.moment == "is over":
            _die()

    def take(options: Any, at: Any) -> Any:
        if point.moment == "is at work":
            with patch(AMID[kind], _die) if kind in AMID else nullcontext():
                step.take(options, replace(at, beat=_dying(BEATS)))
            raise AssertionError(f"{point} was not met")
        taken = step.take(options, at)
        if point.moment == "has done its work":
            _die()
        return taken

    taken = {**STEPS, kind: step._replace(take=take)}
    with (
        patch.object(Journal, "begin_attempt", begin_attempt),
        patch.object(Journal, "end_attempt", end_attempt),
        patch("memproc.flows.engine.STEPS", taken),
    ):
        yield


def _dying(times: int) -> Callable[..., None]:
    """Return what kills the process when it is called for this time."""
    left = [times]

    def die(*_given: Any, **_named: Any) -> None:
        left[0] -= 1
        if not left[0]:
            _die()

    return die


def _die(*_given: Any, **_named: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
