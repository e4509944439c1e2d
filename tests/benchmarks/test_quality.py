"""What must never merge: the project's own traps, and the negations that others collected; and how quality is scored."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.labelled import Labelled, negations, prepared, templates, traps
from benchmarks.quality import measure, measure_oracle, score

FEWEST_OF_A_KIND = 15


def may_merge(one: str, other: str) -> bool:
    """Tell whether two texts are of one group, or one may stand for the other."""
    left, right = prepared(one), prepared(other)
    groups = left.observation.group, right.observation.group
    return groups[0] == groups[1] or groups[0] in right.mends or groups[1] in left.mends


def test_the_traps_are_of_many_kinds():
    """Three hundred, and none of them twice."""
    assert len({frozenset(pair) for _, *pair in traps()}) == 300
    assert min(Counter(kind for kind, *_ in traps()).values()) >= FEWEST_OF_A_KIND


@pytest.mark.parametrize(("kind", "one", "other"), traps(), ids=[f"{at}-{kind}" for at, (kind, *_) in enumerate(traps())])
def test_no_trap_merges(kind, one, other):
    """Written by hand from everyday life, by someone who had not read the word lists."""
    assert not may_merge(one, other), kind


def test_no_negation_merges():
    """A sentence and its negation, from the data set CANNOT."""
    pairs = negations()
    if not pairs:
        pytest.skip("the negations are not here: set MEMPROC_DATA to the folder that holds labelled/negations_*.tsv")
    assert not [pair for pair in pairs if may_merge(*pair)]


SMALL = Labelled(
    "small",
    [
        "She keeps the old kettle in the kitchen by the window",
        "she REALLY keeps the old kettle in the kitchen, by the window!",
        "She keeps the old kettle in the kithcen by the window",
        "His flight to Lisbon leaves on Tuesday at 10:25",
        "His flight to Lisbon leaves on Friday at 10:25",
    ],
    [0, 0, 0, 1, 2],
)


def test_quality_is_measured_in_a_store_and_by_the_oracle():
    """All repeats merged, nothing else; the oracle knows no slips, so it flags what the store merges by them."""
    line = measure(SMALL)
    assert (line.merges.precision, line.merges.recall) == (1.0, 1.0)
    assert (line.clusters.precision, line.clusters.recall) == (1.0, 1.0)
    assert line.flagged.recall == 1.0
    oracle = measure_oracle(SMALL)
    assert oracle.merges.precision == 1.0
    assert oracle.flagged.recall >= oracle.merges.recall


def test_a_score_counts_pairs():
    """Half of what was found is right, and a third of what is right was found."""
    found = score([(0, 1), (0, 2)], {(0, 1), (3, 4), (5, 6)})
    assert (found.precision, found.recall, found.f1) == (0.5, 1 / 3, pytest.approx(0.4))
    assert score([], set()).f1 == 1.0


def test_machine_lines_are_all_different():
    """So that the model learns that numbers decide."""
    lines = templates(60, 1)
    assert len(set(lines.texts)) == len(lines.texts) == len(set(lines.clusters))
    assert lines == templates(60, 1)
