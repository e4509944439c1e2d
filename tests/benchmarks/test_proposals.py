"""How proposals are measured: what is in a pool, what each way to mind cues finds, and what is counted."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.proposals import GUARDS, THRESHOLDS, Said, lines_of, pool_of, proposed_in, text_table

WORDS = ("grateful", "soup", "three", "four", "help")
MEANS = {"thankful": "grateful"}
PAIRS = [
    Said("he is grateful for three soups", "he is thankful for three soups", is_same=True),
    Said("he is grateful for three soups", "he is grateful for four soups", is_same=False),
    Said("help came", "help is there", is_same=None),
    Said("she likes the tea", "She likes tea", is_same=True),  # these merge
]


def embed(texts):
    """Return vectors that hold which of a few words a text has; a number says little."""
    rows = [[(0.1 if word in ("three", "four") else 1.0) * (word in _words(text)) for word in WORDS] for text in texts]
    vectors = np.array(rows, np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _words(text):
    return {MEANS.get(word, word.removesuffix("s")) for word in text.split()}


def test_a_pool_holds_what_is_not_merged_anyway():
    """Once each, with what is known of the pairs."""
    pool = pool_of(PAIRS, ["another text", "HELP came"])
    assert len(pool.texts) == 6
    assert sorted(pool.known.values(), key=str) == [False, None, True]


@pytest.mark.parametrize(("guard", "finds"), [("none", None), ("after", None), ("first", True)])
def test_only_a_guard_that_comes_first_finds_what_a_contradiction_hides(guard, finds):
    """Here "four" is as near to "three" as the words that say the same, and stands before them."""
    pairs = [PAIRS[1], PAIRS[0]]
    pool = pool_of(pairs)
    found = {pool.known.get(pair) for pair in proposed_in(pool, guard, lambda texts: embed([_blurred(text) for text in texts]))}
    assert (True in found) is bool(finds)


def _blurred(text):
    return text.replace("three", "four") if "thankful" not in text else text.replace("three", "help")


def test_precision_is_of_what_is_known_and_recall_of_what_says_the_same():
    """A line for each guard and threshold."""
    lines = [*lines_of("own", "kept back", pool_of(PAIRS), embed)]
    assert [(line.guard, line.at_least) for line in lines] == [(guard, least) for guard in GUARDS for least in THRESHOLDS]
    last = lines[-1]
    assert (last.proposed, last.same, last.apart, last.precision, last.recall) == (2, 1, 0, 1.0, 1.0)
    table = text_table(lines).splitlines()
    assert table[-1] == "| own | kept back | first | 0.9 | 2 | 1 | 0 | 1.000 | 1.000 |"
    assert {line.count("|") for line in table} == {10}
