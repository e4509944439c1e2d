"""SIGKILL of workers at named points of the queue and at random moments, while three of them work off ten jobs.

Strategy: the ten differ in priority, namespace and what they need; one fails, one is skipped for it, one runs in spite of it, one
is of a schedule. Workers are killed again and again, and others take their place. In the end each job must be in the state that it
should be in, have read each of its records once, and be told to be done once; the store must be the one that comes of reading the
sources one by one (but for reviews, which are advice, and depend on the order); and the oldest job of low priority must not have
waited for much longer than the others.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final, NamedTuple

import memproc
from faults.child import CONTEXT, LONGEST_SECONDS
from faults.points import ENDING, Moment, Point, Trap, Verb
from faults.stores import NewStore, check_whole, exported
from memproc.service.worker import Worker
from memproc.store.queued import QueuedJob
from memproc.store.store import Store
from memproc.times import to_micros

WORKERS: Final = 3
BATCHES: Final = 12  # of a job
LONGEST_WAIT: Final = 20  # of the oldest job of low priority, in means of all
EACH_SECOND: Final = "* * * * * *"
MOMENT: Final = "a random moment"
LONGEST_MOMENT_SECONDS: Final = 1.5
_CLAIM, _FREED = "update queue set state=.*attempts=", "update queue set state=.*ready_at="
_TAKEN, _ADOPTED = "update jobs set .*fence=", "update jobs set .*source="
_BATCH, _ENDED = "insert into batches", "update queue_attempts set ended="
POINTS: Final = (
    Point(Verb.WORK, "claim: behind the state", Moment.BEHIND, _CLAIM),
    Point(Verb.WORK, "claim: before the attempt", Moment.BEFORE, "insert into queue_attempts"),
    Point(Verb.WORK, "claim: before the job is taken", Moment.BEFORE, _TAKEN),
    Point(Verb.WORK, "claim: before COMMIT", Moment.COMMIT, _TAKEN),
    Point(Verb.WORK, "claim: after COMMIT", Moment.COMMITTED, _TAKEN),
    Point(Verb.WORK, "before it is told what is read", Moment.BEFORE, _ADOPTED),
    Point(Verb.WORK, "after it is told what is read", Moment.COMMITTED, _ADOPTED),
    Point(Verb.WORK, "before the batch's row", Moment.BEFORE, _BATCH),
    Point(Verb.WORK, "batch: before COMMIT", Moment.COMMIT, _BATCH),
    Point(Verb.WORK, "batch: after COMMIT", Moment.COMMITTED, _BATCH),
    Point(Verb.WORK, "before the end of the job is written", Moment.BEFORE, ENDING.statement),
    Point(Verb.WORK, "between the end of the job and its settling", Moment.COMMITTED, ENDING.statement),
    Point(Verb.WORK, "settling: before the attempt is ended", Moment.BEFORE, _ENDED),
    Point(Verb.WORK, "settling: before COMMIT", Moment.COMMIT, _ENDED),
    Point(Verb.WORK, "settling: after COMMIT", Moment.COMMITTED, _ENDED),
    Point(Verb.WORK, "freeing: behind the state", Moment.BEHIND, _FREED),
    Point(Verb.WORK, "freeing: before COMMIT", Moment.COMMIT, _FREED),
    Point(Verb.WORK, "schedule: before the next job is named", Moment.BEFORE, "update schedules set last_job="),
    Point(Verb.WORK, "schedule: after COMMIT", Moment.COMMITTED, "update schedules set last_job="),
    Point(Verb.WORK, "before a change is written", Moment.BEFORE, "insert into queue_changes"),
)


class Wanted(NamedTuple):
    """The sources, how many records each has, and what the store is when they are read one by one."""

    sources: Sequence[Path]
    records: int
    done: bytes


@dataclass(slots=True)
class WorkedOff:
    """What the kills found: how many hit each point, how many queues were worked off, and the longest wait in means."""

    hits: Counter[str] = field(default_factory=Counter)
    queues: int = 0
    lost: int = 0
    longest_wait: float = 0.0

    def __str__(self) -> str:
        """Return the figures as lines, with all points, those too that were not hit."""
        killed = f"{self.hits.total()} kills of workers, {self.lost} of them within a job"
        worked = f"{self.queues} queues of ten jobs worked off: each effect once, the same store as one by one"
        head = f"{killed}; {worked}; the oldest low one waited at most {self.longest_wait:.1f} times the mean"
        rows = (f"{self.hits[name]:6}  {name}" for name in (MOMENT, *(point.name for point in POINTS)))
        return "\n".join([head, "  hits  point", *rows])


def one_by_one(url: str, corpus: Path, folder: Path) -> Wanted:
    """Cut a corpus into ten sources, read them one by one, and return what the store is then."""
    lines = corpus.read_bytes().splitlines(keepends=True)
    count = len(lines) // 10
    sources = []
    for at in range(10):
        sources.append(folder / f"part-{at}.jsonl")
        sources[-1].write_bytes(b"".join(lines[at * count : (at + 1) * count]))
    for at in _DONE:
        memproc.ingest(sources[at], url, namespace=_NAMESPACES.get(at))
    return Wanted(sources, count, exported(url))


def kill_workers(new_store: NewStore, wanted: Wanted, kills: int, seed: int) -> WorkedOff:
    """Let workers work off queues until so many were killed. Raises AssertionError where something is lost or done twice."""
    killing = _Killing(wanted, kills, random.Random(seed))
    while killing.left:
        before = killing.left
        killing.work_off(new_store())
        assert killing.left < before, "no worker was killed"
    return killing.found


FAILING, SKIPPED, SCHEDULED = 6, 7, 9
_DONE = tuple(at for at in range(10) if at not in (FAILING, SKIPPED))
_NAMESPACES = {3: "ann", 4: "ben"}


def _submitted(store: Store, wanted: Wanted, missing: Path) -> list[int]:
    """Submit the ten jobs, and return their numbers."""
    size = {"batch_size": max(wanted.records // BATCHES, 1)}
    numbers: list[int] = []
    how: list[dict[str, object]] = [
        {"priority": "low"},
        {"priority": "high"},
        {"after": lambda: numbers[0]},
        {"namespace": "ann"},
        {"namespace": "ben", "submitter": "ben"},
        {"priority": "high", "after": lambda: numbers[1]},
        {"retries": 1},
        {"after": lambda: numbers[FAILING], "if_failed": "skip"},
        {"after": lambda: [numbers[FAILING], numbers[3]], "if_failed": "run"},
        {"every": EACH_SECOND},
    ]
    for at, given in enumerate(how):
        named = {name: value() if callable(value) else value for name, value in given.items()}
        source = missing if at == FAILING else wanted.sources[at]
        numbers.append(store.submit(source, settings=size, **named).number)  # type: ignore[arg-type]
    return numbers


class _Killing:
    """The kills that are left, the points that are due, and what was found."""

    def __init__(self, wanted: Wanted, kills: int, chance: random.Random) -> None:
        self._wanted, self.left, self._chance = wanted, kills, chance
        self._due: list[int | None] = []
        self.found = WorkedOff()

    def work_off(self, url: str) -> None:
        """Take one queue to its end, under kills, and check all that came of it."""
        with memproc.open(url) as store:
            store.set_queue_rules(most_losses=1_000, retry_seconds=0.01, ageing_seconds=2, max_memory_share=None)
            numbers = _submitted(store, self._wanted, self._wanted.sources[0].parent / "missing.jsonl")
            self._until_ended(store, url, numbers)
            self._check(store, numbers)
        assert exported(url) == self._wanted.done, f"{url} is not the store of reading one by one"
        check_whole(url)
        self.found.queues += 1

    def _until_ended(self, store: Store, url: str, numbers: Sequence[int]) -> None:
        """Keep three workers at work until the ten jobs have ended and nothing runs any more."""
        workers: list[_Worker] = []
        until = time.monotonic() + LONGEST_SECONDS
        try:
            while not _is_ended(store, numbers):
                assert time.monotonic() < until, [(job.number, job.state, job.waits_for) for job in store.queue()]
                for worker in [worker for worker in workers if worker.is_over()]:
                    workers.remove(worker)
                    self._note(worker)
                while len(workers) < WORKERS:
                    workers.append(self._begun(url))
                time.sleep(0.02)
        finally:
            for worker in workers:
                worker.process.kill()
                worker.process.join(LONGEST_SECONDS)
        while (ran := Worker(store).run_next()) is not None:  # what those left that were killed at last
            assert ran.status == "done", ran

    def _begun(self, url: str) -> _Worker:
        """Begin a worker that is to be killed at the next point that is due, or at a random moment."""
        if not self.left:
            return _Worker.begun(url, None, 0, None)
        if not self._due:
            self._due = [*range(len(POINTS)), *[None] * (len(POINTS) // 4)]
            self._chance.shuffle(self._due)
        at = self._due.pop()
        seconds = self._chance.uniform(0, LONGEST_MOMENT_SECONDS) if at is None else None
        times = self._chance.randint(1, 4) if at is not None and POINTS[at].statement == _BATCH else 1
        return _Worker.begun(url, at, times, seconds)

    def _note(self, worker: _Worker) -> None:
        """Count a worker that was killed; one that came to its end has to have come to it well."""
        assert worker.process.exitcode in (0, -signal.SIGKILL), f"a worker failed with {worker.process.exitcode}"
        if worker.process.exitcode and self.left:
            self.found.hits[worker.name] += 1
            self.left -= 1

    def _check(self, store: Store, numbers: Sequence[int]) -> None:
        """Check that each job is what it should be, and did what it should do once."""
        jobs, waits = {job.number: job for job in store.jobs()}, []
        for at, number in enumerate(numbers):
            history = store.queued(number)
            expected = "failed" if at == FAILING else "skipped" if at == SKIPPED else "done"
            assert history.job.state == expected, history
            ends = [step.became for step in history.changes].count(expected)
            assert ends == 1, history
            outcomes = Counter(one.outcome for one in history.attempts)
            assert history.job.attempts == outcomes.total(), history
            assert outcomes["done"] == (at in _DONE), history
            self.found.lost += outcomes["lost"]
            assert jobs[number].read == (self._wanted.records if at in _DONE else 0), jobs[number]
            assert store.recount(number).is_whole
            if at in _DONE:
                waits.append(_wait_of(history.job, history.changes[0].made_at, history.attempts[0].began_at))
        assert not [job for job in store.queue() if job.state in ("running", "waiting")], store.queue()
        longest = waits[0] / (sum(waits) / len(waits))
        self.found.longest_wait = max(self.found.longest_wait, longest)
        assert longest < LONGEST_WAIT, waits


def _wait_of(job: QueuedJob, submitted: str, began: str) -> float:
    """Return how long a job waited, in seconds: from when it was submitted, or was to begin, to its first run."""
    since = max(to_micros(submitted), to_micros(job.not_before or submitted))
    return max(0, to_micros(began) - since) / 1e6


def _is_ended(store: Store, numbers: Sequence[int]) -> bool:
    """Tell whether the jobs have ended; of the schedule the first, and then there are no more."""
    jobs = {job.number: job for job in store.queue()}
    first = jobs[numbers[SCHEDULED]]
    (schedule,) = store.schedules()
    if first.state == "done" and schedule.ended_at is None:
        store.end_schedule(schedule.number)
    return all(jobs[number].ended_at is not None for number in numbers) and schedule.ended_at is not None


@dataclass(slots=True)
class _Worker:
    """A process that works: it kills itself at a point, or is killed at a moment."""

    process: ForkServerProcess
    name: str
    kill_at: float | None

    @classmethod
    def begun(cls, url: str, at: int | None, times: int, seconds: float | None) -> _Worker:
        """Begin a worker."""
        process = CONTEXT.Process(target=work, args=(url, at, times))
        process.start()
        return cls(process, MOMENT if at is None else POINTS[at].name, None if seconds is None else time.monotonic() + seconds)

    def is_over(self) -> bool:
        """Kill it if its moment has come; tell whether it has ended."""
        if self.kill_at is not None and time.monotonic() >= self.kill_at:
            self.process.kill()
        self.process.join(0)
        return not self.process.is_alive()


def work(url: str, at: int | None, times: int) -> None:
    """Work off a queue until it is empty, or until a point was met so often."""
    with ExitStack() as stack:
        if at is not None:
            stack.enter_context(Trap(POINTS[at], times, _die).watching())
        with memproc.open(url) as store:
            Worker(store).work(until_empty=True)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
