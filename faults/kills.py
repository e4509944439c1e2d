"""SIGKILL of an ingesting process, at random moments and at named points, again and again until nothing is left to read.

After each kill the store must add up; at the end it must be the store of a run that nobody disturbed, with every record once.
"""

from __future__ import annotations

import io
import random
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import orjson

import memproc
from faults.child import POINTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BATCH_SIZE: Final = 250
MOMENT: Final = "a random moment"
LONGEST_SECONDS: Final = 300


@dataclass(slots=True)
class Killed:
    """What the kills found: how many hit each point, how many found a part landed, and how many stores were filled."""

    hits: Counter[str] = field(default_factory=Counter)
    partial: int = 0
    stores: int = 0

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return self.hits.total()


def kill_again_and_again(new_store: Callable[[], str], source: Path, records: int, kills: int, seed: int) -> Killed:
    """Fill stores under SIGKILL until so many processes were killed. Raises AssertionError where something was lost."""
    chance = random.Random(seed)
    expected = exported(_filled(new_store(), source))
    found = Killed()
    while found.kills < kills:
        url = new_store()
        while _run(url, source, chance, found):
            with memproc.open(url) as store:
                recount = store.recount()
                assert recount.is_whole, recount
                found.partial += 0 < recount.read < records
        with memproc.open(url) as store:
            recount = store.recount()
            assert recount.is_whole, recount
            assert recount.read == records, recount
            assert [job.status for job in store.jobs()] == ["done"]
        assert exported(url) == expected
        found.stores += 1
    return found


def exported(url: str) -> bytes:
    """Return the memories of a store, but for what tells of arrival."""
    stream = io.BytesIO()
    with memproc.open(url) as store:
        store.export(stream)
    lines = [orjson.loads(line) for line in stream.getvalue().splitlines()]
    for line in lines:
        for seen in line["observations"]:
            for name in ("position", "outcome", "confidence"):
                del seen[name]
    return orjson.dumps(lines)


def _filled(url: str, source: Path) -> str:
    memproc.ingest(source, url)
    return url


def _run(url: str, source: Path, chance: random.Random, found: Killed) -> bool:
    """Ingest in a process that is killed at a point or a moment; tell whether it was, and did not come to its end first."""
    point = chance.choice((MOMENT, *POINTS))
    named = "" if point == MOMENT else point
    command = [sys.executable, "-m", "faults.child", url, str(source), str(BATCH_SIZE), named, str(chance.randint(1, 12))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        _, told = process.communicate(timeout=chance.uniform(0.8, 3.0) if point == MOMENT else LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    if process.returncode not in (0, -signal.SIGKILL):
        message = f"the process failed by itself: {told.decode()[-2000:]}"
        raise AssertionError(message)
    if process.returncode:
        found.hits[point] += 1
    return process.returncode != 0
