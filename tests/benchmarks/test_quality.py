"""What must never merge: the project's own traps, and the negations that others collected; and how quality is scored."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.contradictions import Kept, Merge, of_observations, of_pairs
from benchmarks.labelled import Labelled, negations, prepared, templates, traps
from benchmarks.marks import END, begin, write_figures
from benchmarks.quality import measure, measure_brute_force, score
from benchmarks.quality_page import COMMAND, figures
from tests.conftest import ROOT

FEWEST_OF_A_KIND = 15


def may_merge(one: str, other: str) -> bool:
    """Tell whether two texts are of one group, or one may stand for the other."""
    left, right = prepared(one), prepared(other)
    groups = left.observation.group, right.observation.group
    return groups[0] == groups[1] or groups[0] in right.typo_links or groups[1] in left.typo_links


def test_the_traps_are_of_many_kinds():
    """Three hundred, and none of them twice."""
    assert len({frozenset(pair) for _, *pair in traps()}) == 300
    assert min(Counter(kind for kind, *_ in traps()).values()) >= FEWEST_OF_A_KIND


@pytest.mark.parametrize(("kind", "one", "other"), traps(), ids=[f"{at}-{kind}" for at, (kind, *_) in enumerate(traps())])
def test_no_trap_merges(kind, one, other):
    """Written by hand from everyday life, by someone who had not read the word lists."""
    assert not may_merge(one, other), kind


@pytest.mark.costly
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


def test_quality_is_measured_in_a_store_and_by_brute_force():
    """All repeats merged, nothing else; brute force knows no typos, so it flags what the store merges by them."""
    line = measure(SMALL)
    assert (line.merges.precision, line.merges.recall) == (1.0, 1.0)
    assert (line.clusters.precision, line.clusters.recall) == (1.0, 1.0)
    assert line.flagged.recall == 1.0
    exact = measure_brute_force(SMALL)
    assert exact.merges.precision == 1.0
    assert exact.flagged.recall >= exact.merges.recall


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


@pytest.fixture
def peers():
    """Skip where the peers are not installed."""
    for package in ("datasketch", "rensa"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install --group quality")


@pytest.mark.usefixtures("peers")
def test_pairs_that_contradict_are_compared_by_themselves():
    """Each pair alone, by memproc and its peers; what memproc merges is shown with its reason."""
    kept = {
        one.method: one
        for one in of_pairs("three", [("She likes tea", "She really likes tea"), SMALL.texts[3:], ("Has 2 cats", "Has 3 cats")])
    }
    assert (kept["memproc"].merged, kept["memproc"].compared) == (1, "3 pairs")
    (merge,) = kept["memproc"].merges
    assert {merge.one, merge.other} == {"She likes tea", "She really likes tea"}
    assert merge.reason in ("adds 'really'", "leaves out 'really'")
    assert kept["tutorial recipe"].in_review is None


@pytest.mark.usefixtures("peers")
def test_observations_are_compared_with_those_of_their_speaker():
    """Of the small file that comes with memproc; a peer sees the same texts."""
    kept = list(of_observations(ROOT / "fixtures" / "locomo.json"))
    assert {one.method for one in kept} == {"memproc", "tutorial recipe", "rensa"}
    assert len({one.compared for one in kept}) == 1
    assert kept[0].compared == "4 observations"


def test_all_that_was_measured_is_one_text_that_a_page_holds(tmp_path):
    """The table, what was kept apart, every merge, and published figures with their source; what stood there is replaced."""
    kept = [Kept("LoCoMo", "memproc", "2 observations", 1, 0, (Merge("tea", "tea.", 1.0, "the same but for punctuation"),))]
    text = figures(
        "python -m benchmarks quality --records 5", [measure(SMALL)], [*kept, Kept("LoCoMo", "rensa", "2 observations", 2, None)]
    )
    for told in (
        "Measured with `python -m benchmarks quality --records 5`",
        "| small | memproc | 5 | 1.0000 | 1.000 | 1.000 | 1.0000 | 1.000 | 1.000 |",
        "| LoCoMo | rensa | 2 observations | 2 | - |",
        "- 1, the same but for punctuation: “tea” / “tea.”",
        "| FEBRL 3 | dedupe | .928 |",
        "<https://github.com/",
    ):
        assert told in text
    widths = {
        line.count("|")
        for block in text.split("\n\n")
        for line in block.splitlines()
        if line.startswith("| small") or "ECE" in line
    }
    assert len(widths) == 1
    page, first = tmp_path / "page.md", begin(COMMAND)
    page.write_text(f"Before\n\n{first}\n\nold\n\n{END}\n\nbehind\n", encoding="utf-8")
    for _ in range(2):
        write_figures(page, COMMAND, text)
        assert page.read_text(encoding="utf-8") == f"Before\n\n{first}\n\n{text}\n\n{END}\n\nbehind\n"
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="no place for figures"):
        write_figures(page, COMMAND, text)
