"""The model of confidence: its features, its arithmetic, how it is fitted and judged, and what it says of known pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.dedup.canonical import canonical
from memproc.dedup.confidence import (
    FEATURES,
    LONG_CHARS,
    Model,
    Side,
    features_of,
    in_order,
    may_be_alike,
    may_be_alike_in_length,
    model_from,
    shipped_model,
    side_of,
)
from memproc.dedup.fitting import calibration_error, columns, fit, recall_at_precision, reliability

WORDS = ["she", "likes", "tea", "kithcen", "16", "1804974", "t540p", "not", "monday", "mg", "😀", "茶"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)


def side(text: str) -> Side:
    """Take a text as it is written apart."""
    return side_of(canonical(text))


def features(one: str, other: str) -> dict[str, float]:
    """Return the features of a pair by name."""
    return dict(zip(FEATURES, features_of(side(one), side(other)), strict=True))


@given(TEXTS, TEXTS)
def test_features_are_symmetric_and_bounded(one, other):
    """Each is a share, but for the logarithm of the length."""
    found = features_of(side(one), side(other))
    assert found == features_of(side(other), side(one))
    assert all(0 <= value <= 1 for name, value in features(one, other).items() if "log tokens" not in name)
    assert 0 <= shipped_model().probability(found) <= 1


@given(TEXTS)
def test_a_text_has_everything_in_common_with_itself(text):
    """And no conflicts."""
    found = features(text, text)
    assert found["jaccard"] == found["words in common"] == found["numbers in common"] == 1
    assert not any(value for name, value in found.items() if "differ" in name or "conflict" in name)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("has 3 dogs", "has 4 dogs", {"numbers differ": 1, "number conflicts": 1 / 5, "shared numbers": 0}),
        ("born 19560409 here", "born 19560409 there", {"numbers differ": 0, "long number shared": 1, "shared numbers": 1 / 5}),
        ("a t540p laptop", "the t540p with case", {"codes shared": 1 / 3, "code conflicts": 0}),
        ("a t540p laptop", "a t440s laptop", {"codes shared": 0, "code conflicts": 1 / 3}),
        ("she does swim", "she does not swim", {"negation differs": 1, "known words added": 1 / 5}),
        ("anna swims here", "hanna swims here", {"known words conflict": 1 / 3, "substituted share": 1 / 3}),
        ("swims on monday", "swims on friday", {"weekday differs": 1, "month differs": 0}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_feature_is_what_its_name_says(one, other, expected):
    """Counts are shares of the most that is counted."""
    found = features(one, other)
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_titles_have_weights_of_their_own():
    """Where a text of the two is no English sentence, each feature is there a second time, and else nought."""
    for one, other, times in (("t540p 16 gb laptop", "laptop t540p ssd", 2), ("she has a t540p laptop", "she likes the t540p", 1)):
        found = features(one, other)
        assert found["no sentence"] == times - 1
        assert found["codes shared, no sentence"] == found["codes shared"] * (times - 1)
        assert found["codes shared"] > 0


def test_a_probability_is_that_of_logistic_regression_and_never_sure():
    """Half where nothing tells; six digits; above 0 and below 1 however strong the evidence."""
    model = Model(0.0, (1.0, *[0.0] * (len(FEATURES) - 1)))
    assert model.probability([0.0] * len(FEATURES)) == 0.5
    assert model.probability([1.0] * len(FEATURES)) == 0.731059
    assert [model.probability([size] * len(FEATURES)) for size in (-1e6, 1e6)] == [1e-6, 1 - 1e-6]


def test_a_model_is_read_back_as_it_was_written():
    """By the names of its features, so that their order in the file says nothing."""
    model = shipped_model()
    assert model_from(model.to_json()) == model
    assert len(model.weights) == len(FEATURES)
    assert model.data


def test_a_fit_finds_the_weights_that_made_the_data():
    """Up to what the ridge takes; and the same ones each time."""
    generator = np.random.default_rng(7)
    pairs = generator.random((20_000, len(FEATURES)))
    logits = -3 + 8 * pairs[:, 0] - 4 * pairs[:, 7]
    same = generator.random(len(pairs)) < 1 / (1 + np.exp(-logits))
    model = fit(pairs, same, np.ones(len(pairs)), ["made"])
    assert model == fit(pairs, same, np.ones(len(pairs)), ["made"])
    assert model.weights[0] == pytest.approx(8, rel=0.05)
    assert model.weights[7] == pytest.approx(-4, rel=0.05)
    assert all(abs(weight) < 0.3 for at, weight in enumerate(model.weights) if at not in (0, 7))
    assert calibration_error([model.probability(pair) for pair in pairs[:2_000]], same[:2_000].tolist()) < 0.03


def test_a_fit_survives_data_that_one_feature_separates():
    """Without the ridge the weight would grow for ever. A feature that never varies has none."""
    pairs = np.zeros((100, len(FEATURES)))
    pairs[50:, 3] = 1
    model = fit(pairs, pairs[:, 3] > 0, np.ones(100), [])
    assert model.probability(pairs[0]) < 0.2
    assert model.probability(pairs[-1]) > 0.8
    assert all(weight == 0 for at, weight in enumerate(model.weights) if at != 3)


def test_pairs_of_one_kind_cannot_be_fitted():
    """There is nothing to tell apart."""
    with pytest.raises(ValueError, match="the same and pairs that are not"):
        fit(np.zeros((3, len(FEATURES))), np.ones(3, bool), np.ones(3), [])


def test_reliability_and_calibration_error():
    """Ten pairs at .95 of which nine are the same: off by .05. An empty bin has no row."""
    confidences, same = [0.95] * 10 + [0.05] * 10, [True] * 9 + [False] * 11
    table = reliability(confidences, same)
    assert [(row.low, row.pairs, round(row.share_same, 2)) for row in table] == [(0.0, 10, 0.0), (0.9, 10, 0.9)]
    assert calibration_error(confidences, same) == pytest.approx(0.05)
    assert calibration_error([], []) == 0.0
    assert reliability([1.0], [True])[0].high == 1.0


@pytest.mark.parametrize(("precision", "expected"), [(1.0, 0.5), (0.75, 0.75), (0.66, 1.0), (0.0, 1.0)])
def test_recall_at_a_precision(precision, expected):
    """Of the best threshold. Pairs of one confidence pass together or not at all."""
    confidences = [0.9, 0.8, 0.7, 0.7, 0.6, 0.5]
    same = [True, True, False, True, False, True]
    assert recall_at_precision(confidences, same, precision) == expected


def test_columns_have_a_row_a_pair():
    """Also where there is none."""
    assert columns([]).shape == (0, len(FEATURES))
    assert columns([[0.5] * len(FEATURES)]).shape == (1, len(FEATURES))


def test_long_texts_are_compared_without_counting_edits():
    """Alike ones are found, others are not, and features stay within their ranges."""
    base = " ".join(f"word{at}" for at in range(3_000))
    other = " ".join(f"else{at}" for at in range(3_000))
    assert may_be_alike(in_order(base), in_order(base + " more"), lambda: False)
    assert not may_be_alike(in_order(base), in_order(other), lambda: False)
    features = features_of(side_of(base), side_of(base + " more"))
    assert features[:4] == (features[0],) * 4
    assert 0.9 < features[0] < 1


@given(TEXTS, TEXTS, st.integers(1, 12), st.booleans())
def test_lengths_refuse_no_pair_that_may_be_alike(one, other, times, is_sentence):
    """So a pair is refused by them before the second text is read, and nothing else changes."""
    left, right = " ".join([one] * times), f"{one} {other}"
    if may_be_alike(in_order(left), in_order(right), lambda: is_sentence):
        assert may_be_alike_in_length(len(left), len(right))


def test_lengths_refuse_what_is_too_unlike_in_length():
    """At the bound itself nothing is refused, of sentences more is, and long texts are told by their words."""
    assert may_be_alike("a" * 65, "a" * 135, lambda: False)
    assert may_be_alike_in_length(65, 135)
    assert not may_be_alike_in_length(65, 136)
    assert may_be_alike_in_length(65, LONG_CHARS + 1)
