"""SIGKILL of a process at named points and at random moments: while it ingests, replays, forgets and rebuilds.

Strategy: the points are dealt round by round, each once, with random moments among them; one that was not met (the process came
to its end first) stays due. A store is ingested under kills until nothing is left to read, then its quarantine is replayed, some
memories are forgotten, and it is rebuilt, all under kills. After each kill it must add up; in the end it must be the store that
nobody disturbed, with every record once, and reading the source again must add nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import orjson

import memproc
from faults.child import Task, is_killed, run, started
from faults.points import ENDING, MAKING, POINTS, Point, Verb
from faults.stores import NewStore, check_whole, exported, filled, waiting

MOMENT: Final = "ingest: a random moment"
MOMENTS_A_ROUND: Final = 8
BATCHES: Final = 80
FORGOTTEN: Final = 12
BAD_EVERY: Final = 100
MOST_MISSES: Final = 5


class Undisturbed(NamedTuple):
    """A source, what to forget of it, and what the store is after the ingestion and at the end when nobody disturbs it; after the
    ingestion also which reviews wait.
    """

    source: Path
    names: Path
    records: int
    ingested: bytes
    waiting: frozenset[tuple[str, ...]]
    done: bytes
    replayed: int


@dataclass(slots=True)
class Killed:
    """What the kills found: how many hit each point, how many of these found a part done, and how many stores were filled."""

    hits: Counter[str] = field(default_factory=Counter)
    partial: Counter[str] = field(default_factory=Counter)
    stores: int = 0

    def __str__(self) -> str:
        """Return the figures as lines, with all points, those too that were not hit."""
        names = [MOMENT, *(str(point) for point in POINTS)]
        head = (
            f"{self.hits.total()} kills, {self.partial.total()} found a part done; {self.stores} stores filled, all as undisturbed"
        )
        rows = (f"{self.hits[name]:6} {self.partial[name]:8}  {name}" for name in names)
        return "\n".join([head, "  hits  partial  point", *rows])


def kill_again_and_again(new_store: NewStore, undisturbed: Undisturbed, kills: int, seed: int) -> Killed:
    """Fill stores under SIGKILL until so many processes were killed. Raises AssertionError where something was lost."""
    killing = _Killing(undisturbed, kills, random.Random(seed))
    while killing.left:
        before = killing.left
        killing.fill(new_store())
        assert killing.left < before, f"none of {killing.due} was met"
    return killing.found


def with_bad_lines(source: Path, folder: Path) -> Path:
    """Return a copy of a source in which of every hundred lines one is out of range and can be mended, and one is no JSON."""
    lines = source.read_bytes().splitlines(keepends=True)
    for number in range(BAD_EVERY // 2, len(lines), BAD_EVERY):
        lines[number] = orjson.dumps({**orjson.loads(lines[number]), "importance": 7}) + b"\n"
    for number in range(BAD_EVERY - 1, len(lines), BAD_EVERY):
        lines[number] = lines[number][:-3] + b"\n"
    path = folder / f"bad-{source.name}"
    path.write_bytes(b"".join(lines))
    return path


def undisturbed(url: str, source: Path, folder: Path) -> Undisturbed:
    """Do to a store all that is going to be disturbed, and return what it is then."""
    filled(url, source)
    ingested, reviews = exported(url), waiting(url)
    names = folder / "forget.txt"
    with memproc.open(url) as store:
        identifiers = [str(memory.id) for memory in store]
        records = store.recount().read
    names.write_text("\n".join(identifiers[:: len(identifiers) // FORGOTTEN][:FORGOTTEN]))
    for verb in (Verb.REPLAY, Verb.FORGET, Verb.REBUILD):
        run(Task(verb, url, str(names)))
    with memproc.open(url) as store:
        replayed = len(store.quarantine(status="replayed"))
    return Undisturbed(source, names, records, ingested, reviews, exported(url), replayed)


class _Killing:
    """The kills that are left, the points that are due, and what was found."""

    def __init__(self, undisturbed: Undisturbed, kills: int, chance: random.Random) -> None:
        self._undisturbed, self.left, self._chance = undisturbed, kills, chance
        self._batch_size = max(undisturbed.records // BATCHES, 1)
        self._misses: Counter[str] = Counter()
        self.due: list[Point | None] = []
        self.found = Killed()

    def fill(self, url: str) -> None:
        """Take one store through all that is done to it, under kills, and check it."""
        if not self.due:
            self._deal()
        wanted = self._undisturbed
        self._do(Verb.INGEST, url)
        assert exported(url) == wanted.ingested, f"{url} is not what it is undisturbed after its ingestion"
        assert waiting(url) == wanted.waiting, f"{url} has other reviews than undisturbed"
        check_whole(url)  # before a rebuild repairs what a kill may have spoilt
        for verb in (Verb.REPLAY, Verb.FORGET, Verb.REBUILD):
            self._do(verb, url)
        assert exported(url) == wanted.done, f"{url} is not what it is undisturbed"
        check_whole(url)
        with memproc.open(url) as store:
            first, *_ = store.jobs()
            assert (first.status, first.read) == ("done", wanted.records), first
            again = memproc.ingest(wanted.source, store)
            assert (again.read, again.stored, again.merged) == (wanted.records, 0, 0), again
        self.found.stores += 1

    def _deal(self) -> None:
        """Make each point due once, and as many random moments as the kills leave room for."""
        within = [point for point in POINTS if point not in (MAKING, ENDING)]
        moments = max(min(MOMENTS_A_ROUND, self.left - len(POINTS)), 0)
        shuffled: list[Point | None] = [*within, *[None] * moments]
        self._chance.shuffle(shuffled)
        self.due = [MAKING, *shuffled, ENDING]

    def _do(self, verb: Verb, url: str) -> None:
        """Do one thing to the end, killed at each point of it that is due."""
        is_fresh = verb is Verb.INGEST
        for at in self._of(verb):
            if self.left and (at is not MAKING or is_fresh):
                is_fresh = False
                if not self._killed(verb, url, at):
                    return
        assert not is_killed(started(self._task(verb, url)))

    def _of(self, verb: Verb) -> list[Point | None]:
        return [at for at in self.due if (Verb.INGEST if at is None else at.verb) is verb]

    def _killed(self, verb: Verb, url: str, at: Point | None) -> bool:
        """Do one thing in a process that is killed at a point or a moment; tell whether it was, and did not come to its end."""
        name = MOMENT if at is None else str(at)
        if not is_killed(started(self._task(verb, url, at)), self._moment_seconds() if at is None else None):
            self._misses[name] += 1
            assert self._misses[name] < MOST_MISSES, f"{name} is never met"
            return False
        self.due.remove(at)
        self.left -= 1
        self._misses[name] = 0
        self.found.hits[name] += 1
        self.found.partial[name] += self._is_partial(verb, url)
        return True

    def _task(self, verb: Verb, url: str, at: Point | None = None) -> Task:
        wanted = self._undisturbed
        path = wanted.names if verb is Verb.FORGET else wanted.source
        size = max(wanted.replayed // 8, 2) if verb is Verb.REPLAY else self._batch_size
        place = None if at is None else POINTS.index(at)
        return Task(verb, url, str(path), size, place, self._times(at))

    def _times(self, at: Point | None) -> int:
        """Return at which meeting to kill: far enough on that a round takes a store about to its end."""
        is_once = at in (None, MAKING, ENDING) or self._misses[str(at)] > 0 or at.name == "segment merge"
        if is_once or at is None or at.verb is Verb.REBUILD:
            return 1
        return self._chance.randint(1, 6 if at.verb is Verb.INGEST else 2)

    def _moment_seconds(self) -> float:
        return self._chance.uniform(0, self._undisturbed.records / 10_000)

    def _is_partial(self, verb: Verb, url: str) -> bool:
        """Tell whether a part is done of what was killed. Raises AssertionError where the store does not add up."""
        with memproc.open(url) as store:
            recount = store.recount()
            assert recount.is_whole, recount
            if verb is Verb.INGEST:
                return 0 < recount.read < self._undisturbed.records
            if verb is Verb.REPLAY:
                return 0 < len(store.quarantine(status="replayed")) < self._undisturbed.replayed
            names = self._undisturbed.names.read_text().split()
            return verb is Verb.FORGET and 0 < sum(store.get(name) is None for name in names) < len(names)
