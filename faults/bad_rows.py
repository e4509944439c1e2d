"""What rows cost that the database refuses: a batch with one of them, and with three in ten, beside a clean one."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Final

import memproc
from faults.refusals import refuse
from faults.stores import NewStore

RECORDS: Final = 1_000
ROUNDS: Final = 5
ATTEMPTS: Final = 3  # another program may have had the machine
POISON: Final = "poison"
KINDS: Final = {"clean": 0, "one bad": 1, "30 % bad": 300}
MOST_TIMES: Final = {"clean": 1, "one bad": 2, "30 % bad": 5}  # what a batch may cost, as a multiple of a clean one


def measure(new_store: NewStore, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the least seconds of each kind of batch, measured by turns: as many again, twice at most, while one costs too much.

    Raises AssertionError where it still does.
    """
    took = dict.fromkeys(KINDS, float("inf"))
    for turn in range(ATTEMPTS * rounds):
        for kind, bad in KINDS.items():
            took[kind] = min(took[kind], _ingest(new_store(), _records(turn, bad), bad))
        is_cheap = all(took[kind] <= most * took["clean"] for kind, most in MOST_TIMES.items())
        if is_cheap and turn + 1 >= rounds:
            return took
    raise AssertionError(took)


def _records(turn: int, bad: int) -> list[dict[str, object]]:
    every = RECORDS // bad if bad else RECORDS + 1
    word = [POISON if number % every == every - 1 and number // every < bad else "tea" for number in range(RECORDS)]
    return [{"content": f"In week {turn} she bought {number} bags of {word[number]} at the market"} for number in range(RECORDS)]


def _ingest(url: str, records: Sequence[object], bad: int) -> float:
    with memproc.open(url) as store:
        refuse(store, POISON)
        started = perf_counter()
        report = memproc.ingest(records, store, settings=memproc.Settings(batch_size=RECORDS))
        seconds = perf_counter() - started
        assert (report.read, report.quarantined) == (RECORDS, bad), report
        assert store.recount().is_whole
    return seconds
