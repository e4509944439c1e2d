"""The server ends the connections of a store, at named points and at random moments, while a process ingests.

What was begun is begun anew, nothing is lost, and nothing is there twice, also where the connection ends behind a COMMIT that came
through. A replay, a forgetting and a rebuild are disturbed too: each ends well, or is told as what may pass and done again.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import memproc
from faults.child import LONGEST_SECONDS, Task, run
from faults.kills import Undisturbed
from faults.points import ENDING, MAKING, POINTS, Point, Trap, Verb
from faults.stores import NewStore, check_whole, end_connections, exported
from memproc.errors import DatabaseError
from memproc.failures import Kind

MOMENT: Final = "ingest: a random moment"
MOMENTS_A_ROUND: Final = 8
BATCHES: Final = 80
LONGEST_GAP_SECONDS: Final = 0.5


@dataclass(slots=True)
class Ended:
    """What the ends of connections came to: how many there were at each point, how often that was raised, and the stores filled."""

    hits: Counter[str] = field(default_factory=Counter)
    raised: Counter[str] = field(default_factory=Counter)
    stores: int = 0

    def __str__(self) -> str:
        """Return the figures as lines, with all points, those too that were not hit."""
        names = [MOMENT, *(str(point) for point in POINTS if point is not MAKING)]
        raised = ", ".join(f"{verb} {count}" for verb, count in self.raised.items()) or "nowhere"
        head = f"{self.hits.total()} times the connections were ended; raised: {raised}"
        rows = (f"{self.hits[name]:6}  {name}" for name in names)
        return "\n".join([f"{head}; {self.stores} stores filled, all as undisturbed", "  hits  point", *rows])


def end_again_and_again(new_store: NewStore, undisturbed: Undisturbed, times: int, seed: int) -> Ended:
    """Fill stores whose connections are ended, until that was done so often. Raises AssertionError where something was lost."""
    found, chance = Ended(), random.Random(seed)
    while found.hits.total() < times:
        before, url = found.hits.total(), new_store()
        memproc.open(url).close()
        _ingest(url, undisturbed, found, chance, is_random=False)
        _mend_and_forget(url, undisturbed, found)
        assert exported(url) == undisturbed.done
        check_whole(url)
        url = new_store()
        memproc.open(url).close()
        _ingest(url, undisturbed, found, chance, is_random=True)
        found.stores += 2
        assert found.hits.total() > before, "no connection was ended"
    return found


def _ingest(url: str, undisturbed: Undisturbed, found: Ended, chance: random.Random, *, is_random: bool) -> None:
    task = Task(Verb.INGEST, url, str(undisturbed.source), max(undisturbed.records // BATCHES, 1))
    points = [point for point in POINTS if point.verb is Verb.INGEST and point not in (MAKING, ENDING)]
    chance.shuffle(points)
    with _at_moments(url, found, chance) if is_random else _at_points(url, found, [*points, ENDING]):
        run(task)
    with memproc.open(url) as store:
        (job,) = store.jobs()
        assert (job.status, job.runs, job.read) == ("done", 1, undisturbed.records), job
    assert exported(url) == undisturbed.ingested
    check_whole(url)


def _mend_and_forget(url: str, undisturbed: Undisturbed, found: Ended) -> None:
    """Replay, forget, and rebuild once for each point of a rebuild, as one transaction is the whole of it."""
    of_verb = {verb: [point for point in POINTS if point.verb is verb] for verb in Verb}
    _do(Task(Verb.REPLAY, url, "", max(undisturbed.replayed // 8, 2)), of_verb[Verb.REPLAY], found)
    _do(Task(Verb.FORGET, url, str(undisturbed.names)), of_verb[Verb.FORGET], found)
    for point in of_verb[Verb.REBUILD]:
        _do(Task(Verb.REBUILD, url), [point], found)


def _do(task: Task, points: Sequence[Point], found: Ended) -> None:
    """Do one thing whose connections are ended; where that is raised, do it again."""
    with _at_points(task.url, found, points):
        while True:
            try:
                return run(task)
            except DatabaseError as error:
                assert error.failure.kind is Kind.TRANSIENT, error
                found.raised[str(task.verb)] += 1


@contextmanager
def _at_points(url: str, found: Ended, points: Sequence[Point]) -> Iterator[None]:
    """End the connections at each point in turn."""
    due = [*points]

    def strike() -> None:
        end_connections(url)
        found.hits[str(trap.point)] += 1
        if due:
            trap.arm(due.pop(0), 1)

    trap = Trap(due.pop(0), 1, strike)
    with trap.watching():
        yield
        assert trap.struck, f"not met: {[trap.point, *due]}"


@contextmanager
def _at_moments(url: str, found: Ended, chance: random.Random) -> Iterator[None]:
    """End the connections at random moments, from another thread."""
    is_over = threading.Event()

    def strike() -> None:
        for _ in range(MOMENTS_A_ROUND):
            if is_over.wait(chance.uniform(0, LONGEST_GAP_SECONDS)):
                return
            found.hits[MOMENT] += end_connections(url) > 0

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(LONGEST_SECONDS)
        assert not thread.is_alive(), "who ends connections does not end"
