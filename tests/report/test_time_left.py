"""The time left: the end lies within the bounds in 95 of 100 runs, and these are of use."""

from __future__ import annotations

import json
import random
from statistics import median

import pytest

import memproc
from memproc.report.time_left import STEPS_KEPT, Pace, SecondsLeft, Step, seconds_left
from tests.events import batches
from tests.report.simulated_runs import HELD_BACK, TUNED, Batch, told_at

RUNS = 60
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)


def told(kinds, share, runs=RUNS):
    """Return what is told in so many runs of each kind."""
    return [told_at(kind(random.Random(f"{kind.__name__}{seed}")), share) for kind in kinds for seed in range(runs)]


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [TUNED, HELD_BACK], ids=["tuned", "held back"])
@pytest.mark.parametrize("share", SHARES)
def test_the_end_lies_within_the_bounds(kinds, share):
    """In 95 of 100 runs at each moment, whether their kind was looked at or not."""
    seen = told(kinds, share)
    assert sum(one.holds for one in seen) / len(seen) >= 0.95


@pytest.mark.parametrize("kinds", [TUNED, HELD_BACK], ids=["tuned", "held back"])
def test_the_bounds_are_of_use(kinds):
    """At half way the upper one is usually less than twice the lower one, and no kind is told wrong often."""
    seen = {kind: told([kind], 0.5, runs=12) for kind in kinds}
    assert median(one.left.high / one.left.low for of_kind in seen.values() for one in of_kind) < 2
    assert all(sum(one.holds for one in of_kind) >= 8 for of_kind in seen.values())


def test_a_longer_history_is_thinned():
    """So that the work for each batch stays the same; nothing is forgotten of where the run is."""
    pace = Pace()
    for number in range(1, 10_001):
        pace.note(100 * number, 2.0 * number)
    assert len(pace.steps) <= STEPS_KEPT
    assert pace.newest == Step(1_000_000, 20_000.0)
    left = pace.left(1_000_000)
    assert 12_000 < left.low < 20_000 < left.high < 33_000


def test_what_reads_nothing_takes_time_too():
    """As where a batch waited for a lock: its seconds count to the bytes that come next."""
    pace = Pace()
    pace.note(100, 1.0)
    pace.note(100, 9.0)
    assert pace.left(100).high > 8
    pace.note(200, 10.0)
    assert [step.seconds for step in pace.steps] == [0.0, 1.0, 10.0]


@pytest.mark.parametrize("steps", [[], [Step(0.0, 1.0)], [Step(50.0, 0.0)]], ids=["no step", "no byte", "no time"])
def test_nothing_is_told_of_nothing(steps):
    """As before the first batch."""
    assert seconds_left([Step(0.0, 0.0), *steps], 100) is None


def test_one_batch_is_not_much():
    """So the bounds are wide, and not more than that."""
    left = seconds_left([Step(0.0, 0.0), Step(100.0, 1.0)], 900)
    assert left.low < 6
    assert 15 < left.high < 60


@pytest.mark.slow
@pytest.mark.long  # it judges by the clock of a machine that may have other things to do
def test_bounds_hold_of_real_ingestions(tmp_path):
    """Of what really happened: files of short records, of long ones, of both, and one read a second time."""
    short = [{"content": f"Note {number} on {number * 7919 % 997} hens"} for number in range(1_500)]
    long = [{"content": " ".join(f"word{number * at % 8_191}" for at in range(60))} for number in range(700)]
    seen = []
    for name, records in {"short": short, "long": long, "both": long[:300] + short, "again": short}.items():
        path = tmp_path / "a.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        progress = []
        store = tmp_path / ("short.db" if name == "again" else f"{name}.db")
        memproc.ingest(path, store, settings=memproc.Settings(batch_size=50), on_event=batches(progress.append))
        read, seconds, run = 0, 0.0, []
        for one in progress:
            run.append(Batch(one.bytes_read - read, one.seconds - seconds))
            read, seconds = one.bytes_read, one.seconds
        run = [batch for batch in run if batch.bytes > 0]
        seen += [told_at(run, share) for share in SHARES[1:4]]
    assert sum(one.holds for one in seen) >= 9, seen


def test_bounds_count_down():
    """The upper one not below the time without news."""
    left = SecondsLeft(40.0, 90.0)
    assert (left.after(10), left.after(60)) == (SecondsLeft(30.0, 80.0), SecondsLeft(0.0, 60.0))
    assert SecondsLeft(0.0, 0.0).after(5) == SecondsLeft(0.0, 0.0)
