"""The shipped model on what it was not fitted to, where the data is at hand."""

from __future__ import annotations

import orjson
import pytest

from benchmarks.fit import FITTED, GIVEN, SURE, TARGET, WEIGHTS, judge_shipped, judged, text_table
from benchmarks.labelled import DATA
from benchmarks.said import KEPT_BACK, SAID, half_of, is_merged
from memproc.dedup.compare.confidence import FEATURES, shipped_model

needs_data = pytest.mark.skipif(not (DATA / "labelled").is_dir(), reason="the labelled data is not at hand: see MEMPROC_DATA")
MOST_ERROR, LEAST_SAME = 0.08, 0.85


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize("name", ["SICK", "STS 2012 to 2017"])
def test_confidence_means_what_it_says_of_pairs_that_people_judged(name):
    """Of the half kept back: near the truth over all and among those that wait, and right where it is surest."""
    (found,) = judge_shipped([name])
    assert found.pairs > 2_000
    assert found.error <= MOST_ERROR
    assert found.error_waiting <= MOST_ERROR
    count, share = found.surest[0]
    assert count > 20
    assert share >= LEAST_SAME


@pytest.mark.costly
@needs_data
def test_everyday_pairs_that_are_sure_are_the_same():
    """There are too few of them for more."""
    (found,) = judge_shipped(["everyday pairs"])
    count, share = found.surest[SURE.index(0.9)]
    assert count >= 8
    assert share >= LEAST_SAME


def test_the_model_names_its_data():
    """All of which has a weight, and what was not fitted says so."""
    data = shipped_model().data
    assert len([name for name in data if name.endswith(", half") and name.split()[0].rstrip(",") in WEIGHTS]) == len(data) - len(
        GIVEN
    )
    weights = orjson.loads(TARGET.read_bytes())["weights"]
    assert [*weights] == [*FEATURES]
    assert {name: weights[name] for name in GIVEN} == GIVEN


def test_a_pair_is_in_one_half_from_both_sides():
    """So no pair that is judged was fitted to the other way round."""
    assert half_of("tea", "milk") == half_of("milk", "tea")
    assert {half_of("tea", str(at)) for at in range(20)} == {FITTED, KEPT_BACK}


def test_what_is_judged_is_counted_and_told():
    """An empty cell where nothing is sure."""
    nothing = tuple([0.0] * len(FEATURES))
    grave = tuple([1.0] * len(FEATURES))
    found = judged("made", shipped_model(), [(nothing, True), (grave, False)])
    assert (found.pairs, found.waiting, found.surest) == (2, 1, ((1, 1.0), (1, 1.0)))
    assert text_table([found, judged("none", shipped_model(), [])]).splitlines()[-2:] == [
        f"| made | 2 | {found.error:.3f} | 1 | {found.error_waiting:.3f} | 100% of 1 | 100% of 1 |",
        "| none | 0 | 0.000 | 0 | 0.000 | - | - |",
    ]


@needs_data
def test_pairs_that_merge_are_left_out():
    """What a store does by itself waits for nobody."""
    assert any(is_merged(one, other) for one, other, _ in SAID["everyday pairs"]())
    assert not is_merged("Has a dog", "Has a cat")
