"""Takes the steps of a run, one after the other, and writes what became of each before the next one begins.

Strategy: all that is known of a run stands in its rows, so a killed process leaves at most one step that was begun and is not
over. Who resumes takes that step again, and the step finds what it had done. What fails is tried again as the step says; an attempt
that a kill ended does not count.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from loguru import logger
from pydantic import ValidationError

from memproc.errors import MemprocError, UsageError, redacting
from memproc.flows.checking import BARE, PLAIN
from memproc.flows.course import Course, read, written
from memproc.flows.expressions import evaluated, filled, is_true
from memproc.flows.flow import Flow
from memproc.flows.plan import AFTER_FAILURE, Move, has_failed, next_of
from memproc.flows.scrubbing import without_personal
from memproc.flows.secrets import FlowSecrets, names_more
from memproc.flows.step import MOST_ANSWER_BYTES, Allowed, Ask, At, Options, StepError
from memproc.flows.steps import STEPS
from memproc.records import Memory
from memproc.store.flows.journal import Journal
from memproc.store.flows.runs import FlowRun, RunClaim
from memproc.store.flows.steps import FlowStep
from memproc.store.jobs.owners import Owner
from memproc.store.kinds import FlowStatus, StepStatus
from memproc.store.store import Store, journal_of
from memproc.waiting import waiting

MOST_ITEMS = 1_000
LONGEST_WAIT_SECONDS = 3_600.0
LONGEST_ERROR_CHARS = 2_000
BEAT_EVERY_SECONDS = 60.0
LEADING = ("from", "into")  # fields that may be URLs, besides those that may hold secrets


class Engine:
    """One process that has a run."""

    def __init__(self, store: Store[Memory], claim: RunClaim, owner: Owner, *, allowed: Allowed, place: str | Path) -> None:
        """Know the run, and the store, which was opened at a place."""
        self._store, self._claim, self._owner, self._allowed, self._place = store, claim, owner, allowed, place
        self._journal: Journal = journal_of(store)
        self._run: FlowRun = self._journal.run(claim.run)
        self._flow = Flow.model_validate_json(self._run.definition)
        self._parameters = read(self._run.parameters)
        self._secrets = FlowSecrets(self._flow.secrets)
        self._beaten = time.monotonic()

    def go(self) -> None:
        """Take all steps that can be taken. Raises what ends the process: KeyboardInterrupt, and failures of the store."""
        try:
            self._go()
        except BaseException as error:
            if not isinstance(error, Exception):
                self._journal.end(self._claim, FlowStatus.INTERRUPTED)
            raise

    def _go(self) -> None:
        steps = self._flow.steps
        while True:
            if self._journal.is_cancelled(self._claim):
                self._end(FlowStatus.CANCELLED)
                return
            course = self._course()
            move, step, why = next_of(steps, course.statuses)
            if move is Move.WAIT:
                self._journal.end(self._claim, FlowStatus.WAITING)
                return
            if step is None:
                failed = has_failed(steps, course.statuses)
                first = next((row.error for row in course.of.values() if row.status == StepStatus.FAILED), None)
                self._end(FlowStatus.FAILED if failed else FlowStatus.DONE, error=first if failed else None)
                return
            if move is Move.SKIP:
                self._journal.change(self._claim, course.of[step.id], status=StepStatus.SKIPPED, error=why)
            else:
                self._take(step, course)

    def _course(self) -> Course:
        return Course(self._flow, self._claim.run, self._parameters, self._journal.steps(self._claim.run))

    def _end(self, status: FlowStatus, error: str | None = None) -> None:
        """Write the end of the run; where nothing can go on any more, what is personal is taken out before."""
        changed: dict[str, Any] = {"error": error}
        if status is not FlowStatus.FAILED:
            changed |= without_personal(self._journal, self._claim, self._flow, self._run)
        self._journal.end(self._claim, status, **changed)
        logger.info("run {} of the flow {} is {}", self._claim.run, self._flow.flow, status)

    def _take(self, step: Options, course: Course) -> None:
        """Take a step, or each of its items that is not over."""
        row = course.of[step.id]
        try:
            if row.began_at is None and step.when is not None and not is_true(step.when, course.data()):
                self._journal.change(self._claim, row, status=StepStatus.SKIPPED, error=f"not so: {step.when}")
                return
            if step.for_each is not None and row.status == StepStatus.DUE and not course.items[step.id]:
                self._journal.plan_items(self._claim, row, _items_of(step, course.data()))
                return
        except MemprocError as error:
            self._journal.change(self._claim, row, status=StepStatus.FAILED, error=self._told(error))
            return
        if step.for_each is None:
            self._attempt(step, row, course)
            return
        for item in course.items[step.id]:
            if item.status in (StepStatus.DUE, StepStatus.RUNNING):
                self._attempt(step, item, course)
                return
        self._sum_up(row, course.items[step.id])

    def _sum_up(self, row: FlowStep, items: list[FlowStep]) -> None:
        """Write what became of a step whose items are all over, or wait."""
        failed = [item for item in items if item.status == StepStatus.FAILED]
        asking = [item for item in items if item.status == StepStatus.ASKING]
        each = [{"status": item.status, **read(item.output)} for item in items]
        output = {"items": each, "count": len(items), "failed": len(failed)}
        status = StepStatus.ASKING if asking else StepStatus.FAILED if failed else StepStatus.DONE
        error = next((item.error for item in (*asking, *failed)), None)
        text = written(output) if len(written(output)) <= MOST_ANSWER_BYTES else written({**output, "items": []})
        self._journal.change(self._claim, row, status=status, output=text, error=error)

    def _attempt(self, step: Options, row: FlowStep, course: Course) -> None:
        """Make an attempt at a step, or at one of its items, and write how it ended."""
        try:
            options = self._filled(step, course.data(row))
            seconds = STEPS[step.do].seconds(options)  # type: ignore[attr-defined]  # each kind of step has it
        except MemprocError as error:
            self._journal.change(self._claim, row, status=StepStatus.FAILED, error=self._told(error))
            return
        attempt = self._journal.begin_attempt(self._claim, row, self._owner, seconds)
        values = self._outcome(step, options, row, course)
        self._journal.end_attempt(self._claim, row, attempt, values)
        if values["status"] == StepStatus.DUE:
            self._wait(step, row.failures)

    def _outcome(self, step: Options, options: Options, row: FlowStep, course: Course) -> dict[str, Any]:
        """Take the step, and return what is written of it."""
        try:
            with redacting(is_wanted=self._store.settings.redact):
                taken = STEPS[step.do].take(options, self._at(row, course))  # type: ignore[attr-defined]  # as above
            if isinstance(taken, Ask):
                known = written(self._secrets.hidden(taken.known))
                return {"status": StepStatus.ASKING, "error": self._secrets.hidden(taken.question), "output": known}
            output = _small(written(self._secrets.hidden(taken)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the flow says what becomes of a step that fails
            logger.warning("step {} of run {} failed: {}", step.id, self._claim.run, self._told(error))
            failures = row.failures + 1
            again = step.retry is not None and failures <= step.retry.times and not isinstance(error, UsageError)
            status = StepStatus.DUE if again else StepStatus.FAILED
            return {"status": status, "failures": failures, "error": self._told(error)}
        return {"status": StepStatus.DONE, "output": output, "error": None}

    def _filled(self, step: Options, data: Mapping[str, Any]) -> Options:
        """Return a step with its expressions filled. Raises StepError where what they give does not fit."""
        said = step.model_dump(by_alias=True, exclude_unset=True)
        whole = {name: value if name in (*BARE, *PLAIN) else filled(value, data) for name, value in said.items()}
        for name in {*STEPS[step.do].secret_fields, *LEADING} & said.keys():  # type: ignore[attr-defined]  # as below
            if names_more(said[name], whole[name], data.get("parameters")):
                raise StepError(f"{name}: what its expression gives names a secret: only the file of a flow may name one")
        try:
            return type(step).model_validate(whole)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(name) for name in first["loc"][:1])
            raise StepError(f"{where}={whole.get(where)!r}: {first['msg']}: mind the expression") from None

    def _at(self, row: FlowStep, course: Course) -> At:
        folder = Path(self._run.folder)
        name = f"{self._flow.flow}-{self._claim.run}-{blake2b(self._store.url.encode(), digest_size=3).hexdigest()}"
        at = At(
            store=self._store,
            store_place=self._place,
            folder=folder,
            work=folder / Path(self._flow.work).expanduser() / name,
            flow=self._flow.flow,
            run=self._claim.run,
            secrets=self._secrets,
            allowed=self._allowed,
            data=course.data(row),
            is_again=row.status == StepStatus.RUNNING or row.notes is not None,
            noted=read(row.notes),
            answer=read(row.answer) or None,
        )
        kept = dict(at.noted)

        def note(noted: Mapping[str, Any]) -> None:
            kept.update(noted)
            self._journal.change(self._claim, row, notes=written(kept))

        return replace(at, note=note, beat=self._beat)

    def _beat(self) -> None:
        """Renew the lease once a minute."""
        if time.monotonic() - self._beaten > BEAT_EVERY_SECONDS:
            self._beaten = time.monotonic()
            self._journal.renew(self._claim)

    def _wait(self, step: Options, failures: int) -> None:
        """Sleep before a step is tried again."""
        if step.retry is not None:
            with waiting():
                time.sleep(min(step.retry.wait_seconds * step.retry.factor**failures, LONGEST_WAIT_SECONDS))

    def _told(self, error: BaseException) -> str:
        """Return what is kept of an error: its message, without secrets."""
        told = str(error) if isinstance(error, MemprocError | OSError) else f"{type(error).__name__}: {error}"
        return str(self._secrets.hidden(told))[:LONGEST_ERROR_CHARS]


def _small(output: str) -> str:
    if len(output) > MOST_ANSWER_BYTES:
        raise StepError(f"it gives more than {MOST_ANSWER_BYTES:,} bytes, which is too much to be kept with the run")
    return output


def _items_of(step: Options, data: Mapping[str, Any]) -> list[str]:
    """Return what a step is taken for, each as JSON."""
    found = evaluated(step.for_each, data) if isinstance(step.for_each, str) else filled(step.for_each, data)
    if not isinstance(found, list):
        raise StepError(f"for_each: {step.for_each!r} gives no list")
    if len(found) > MOST_ITEMS:
        raise StepError(f"for_each gives {len(found):,} items, and there may be {MOST_ITEMS:,}")
    return [written(one) for one in found]


def set_due_again(journal: Journal, claim: RunClaim, flow: Flow) -> None:
    """Let a run that is resumed take again what failed, what was skipped for that, and what asks."""
    stops = {one.id for one in flow.steps if one.on_error == "stop"}
    for row in journal.steps(claim.run):
        is_left = row.status == StepStatus.ASKING or (row.status == StepStatus.SKIPPED and row.error == AFTER_FAILURE)
        if is_left or (row.status == StepStatus.FAILED and row.step in stops):
            has_items = row.part == 0 and row.began_at is not None and row.output is not None and "items" in read(row.output)
            status = StepStatus.RUNNING if has_items else StepStatus.DUE
            journal.change(claim, row, status=status, failures=0, error=None)
