"""What is folded from many rows: bounded, in one pass, and within the error that is stated."""

from __future__ import annotations

import json
import random
import time
from dataclasses import asdict

import pytest

from memproc.report.bottleneck import bottleneck_of
from memproc.report.distinct import EXACT
from memproc.report.figures import ErrorPattern, StageTime
from memproc.report.measured import Measured, Stage, StageClock
from memproc.report.pace import MOST_SPANS, BatchRow, Quantiles, pace_of
from memproc.report.quality import MOST_FIELDS, OTHERS, TABLE, WHOLE, quality_of


@pytest.mark.slow
def test_a_clock_is_in_one_stage_at_a_time_and_loses_nothing():
    """The stages together are what passed, also where a transaction was tried again and told twice."""
    began, clock = time.perf_counter(), StageClock()
    clock.begin(Stage.LOOKUP)
    with clock.during(Stage.READING):
        pass
    first = clock.passed()  # of an attempt that was rolled back
    second = clock.passed()
    assert all(second[stage] >= first[stage] for stage in Stage)
    clock.keep()
    third = clock.passed()
    passed = time.perf_counter() - began
    assert sum(second.values()) + sum(third.values()) == pytest.approx(passed, abs=0.005)
    assert third[Stage.READING] == 0
    assert second[Stage.READING] > 0


def test_what_a_batch_keeps_is_what_a_report_reads():
    """Its reviews are what its row took after it was written."""
    kept = Measured(StageClock(), 50.0, 1_000, 500, 2).to_json(0.25)
    assert Stage.REVIEWS.value not in json.loads(kept)["stages"]
    pace = pace_of([BatchRow(1, 100, 0.75, kept)], "normal")
    took = {one["stage"]: one["seconds"] for one in asdict(pace)["stages"]}
    assert took["reviews"] == pytest.approx(0.5)
    assert (pace.read_bytes, pace.peak_rss_mb, pace.workers, pace.timeline[0].size) == (1_000, 50.0, 2, 500)


@pytest.mark.parametrize("odd", [None, "", "{", "[]", "7", '{"stages": 7}', '{"stages": {"reading": "x"}}', '{"landing": "x"}'])
def test_a_batch_that_was_not_measured_counts_with_its_seconds(odd):
    """Of an older memproc, or with a text that somebody changed."""
    pace = pace_of([BatchRow(1, 10, 2.0, odd)], "normal")
    told = asdict(pace)
    names = ("batches", "measured", "seconds", "records_per_second", "bottleneck")
    assert [told[name] for name in names] == [1, 0, 2.0, 5.0, None]


def test_a_timeline_of_many_batches_is_short_and_whole():
    """Joined two by two, and no record is left out."""
    pace = pace_of((BatchRow(number, 3, 0.5, None) for number in range(1, 5_001)), "normal")
    assert len(pace.timeline) <= MOST_SPANS
    assert sum(span.records for span in pace.timeline) == 15_000
    assert [span.records_before for span in pace.timeline][:2] == [0, pace.timeline[0].records]
    assert pace.timeline[-1].batch + pace.timeline[-1].batches == 5_001


def test_quantiles_are_within_one_percent():
    """Of times that differ by orders of magnitude."""
    draw, quantiles = random.Random(1), Quantiles()
    numbers = sorted(draw.lognormvariate(-3, 2) for _ in range(20_000))
    for number in numbers:
        quantiles.note(number)
    for share in (0.5, 0.95, 0.99):
        assert quantiles.at(share) == pytest.approx(numbers[int(share * len(numbers)) - 1], rel=0.012)


def test_the_bottleneck_is_never_the_rest_and_its_advice_fits():
    """More workers where there are some; less durability only where it is full."""
    stages = [StageTime("rest", 9, 0.9, ""), StageTime("preparing", 1, 0.1, "")]
    alone, with_workers = bottleneck_of(stages, 0, "normal"), bottleneck_of(stages, 4, "normal")
    assert (alone.stage, "--engine processes" in alone.advice, "--max-workers" in with_workers.advice) == ("preparing", True, True)
    slow_disk = [StageTime("committing", 1, 1.0, "")]
    assert "--durability normal" in bottleneck_of(slow_disk, 0, "full").advice
    assert "--durability" not in bottleneck_of(slow_disk, 0, "normal").advice


def test_a_field_of_many_values_is_counted_within_its_error():
    """Exact up to a bound; a frequent value is found among many that occur once."""
    texts = (json.dumps({"content": f"text {at}", "source": "crm" if at % 3 else f"app {at}"}) for at in range(4 * EXACT))
    fields = {one.name: one for one in quality_of(texts, 4 * EXACT, 1, ()).fields}
    assert fields["content"].is_estimated
    assert fields["content"].distinct == pytest.approx(4 * EXACT, rel=0.05)
    assert fields["source"].frequent[0][0] == "crm"
    assert fields["source"].frequent[0][1] == pytest.approx(4 * EXACT * 2 / 3, rel=0.01)
    few = {one.name: one for one in quality_of(['{"n": 3}', '{"n": 1.5}', "{}"], 3, 1, ()).fields}["n"]
    assert (few.present, few.missing, few.distinct, few.is_estimated, few.least, few.greatest) == (2, 1, 2, False, "1.5", "3")


def test_fields_are_bounded_and_faults_have_one():
    """Names beyond the bound are one field; a fault of no field is of the whole record."""
    texts = [json.dumps({f"name {at}": at for at in range(MOST_FIELDS + 50)})]
    faults = [ErrorPattern(2, "validation", "x", "tags.3", "", 1, "", ""), ErrorPattern(1, "source", "y", "", "", 2, "", "")]
    found = {one.name: one for one in quality_of(texts, 1, 1, faults).fields}
    assert len(found) <= MOST_FIELDS + 3
    assert found[OTHERS].distinct == 50
    assert (found["tags"].rejected, found[WHOLE].rejected) == ({"x": 2}, {"y": 1})
    assert TABLE < EXACT
