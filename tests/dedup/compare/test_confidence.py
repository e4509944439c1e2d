"""The model of confidence: its features, its arithmetic, how it is fitted and judged, and what it says of known pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.dedup.compare.confidence import (
    FEATURES,
    FREE,
    LONG_CHARS,
    RAISING,
    STEPS,
    Model,
    Side,
    features_of,
    in_order,
    likeness,
    may_be_alike,
    may_be_alike_in_length,
    model_from,
    shipped_model,
    side_of,
)
from memproc.dedup.compare.evidence import KINDS
from memproc.dedup.compare.fitting import calibration_error, columns, fit, recall_at_precision, reliability
from memproc.dedup.text.canonical import canonical

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
    """Each is a share."""
    found = features_of(side(one), side(other))
    assert found == features_of(side(other), side(one))
    assert len(found) == len(FEATURES)
    assert all(0 <= value <= 1 for value in found)
    assert 0 < shipped_model().probability(found) < 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("she likes tea a lot", "she likes tea not a lot", {"negation or graver": 1}),
        ("she likes red tea", "she likes green tea", {"word or graver": 1, "name or graver": 0, "more words": 0, "short": 0}),
        ("she likes red tea", "she likes hot green tea", {"word or graver": 1, "more words": 0.5}),
        (
            "a cat and a dog live here",
            "the cat and a dog live here",
            {"form or graver": 1, "spelling or graver": 0, "short": 0.483007},
        ),
        ("takes the regional train", "takes the regiotal train", {"form or graver": 0}),
        ("has a cat called kithcen", "has a cat called kitchen", {"near word or graver": 1}),
        ("has a cat and a kithcen", "has a cat and a kitchen", {"form or graver": 0}),
        ("takes the train each day", "takes the trail each day", {"near word or graver": 1, "sense or graver": 0}),
        ("jag gillar te", "jag gillar öl", {"not English": 1}),
        ("minulla on kissa", "minulla on koira", {"not English": 1}),
        ("a t540p 12345", "the t540p 12345 12", {"record": 1, "codes differ": 0, "long numbers shared": 0.63093}),
        ("t540p 12345 67890 black", "t540s 12345 67890 black", {"record": 1, "codes differ": 1, "long numbers shared": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_feature_is_what_its_name_says(one, other, expected):
    """Steps are 0 or 1, counts are on a logarithmic scale, and the length says how much of the text differs."""
    found = features(one, other)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-5)


def test_a_graver_difference_is_never_likelier_the_same():
    """Each step of the shipped model leads down, and but for numbers that are shared nothing leads up."""
    model = shipped_model()
    assert len(model.weights) <= 25
    for name, weight in zip(FEATURES, model.weights, strict=True):
        assert name in FREE or (weight >= 0 if name in RAISING else weight <= 0), name
    steps = [[float(step < gravity) for step in range(len(STEPS))] for gravity in range(len(KINDS))]
    sure = [model.probability([*found, *[0.0] * (len(FEATURES) - len(STEPS))]) for found in steps]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 0.99
    assert sure[-1] < 0.02


def test_a_long_text_of_which_a_third_differs_is_not_sure():
    """However many words the two have in common."""
    words = [
        f"{word} {at}"
        for at, word in enumerate(["the garden of my neighbour", "an old tree beside the house", "a book on his table"] * 5)
    ]
    other = [text if at % 3 else "some music from her radio" for at, text in enumerate(words)]
    assert shipped_model().probability(features_of(side(" ".join(words)), side(" ".join(other)))) < 0.5


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
    logits = 6 - 8 * pairs[:, 3] - 4 * pairs[:, 7]
    same = generator.random(len(pairs)) < 1 / (1 + np.exp(-logits))
    model = fit(pairs, same, np.ones(len(pairs)), ["made"])
    assert model == fit(pairs, same, np.ones(len(pairs)), ["made"])
    assert model.weights[3] == pytest.approx(-8, rel=0.05)
    assert model.weights[7] == pytest.approx(-4, rel=0.05)
    assert all(abs(weight) < 0.3 for at, weight in enumerate(model.weights) if at not in (3, 7))
    assert calibration_error([model.probability(pair) for pair in pairs[:2_000]], same[:2_000].tolist()) < 0.03


def test_a_fit_survives_data_that_one_feature_separates():
    """Without the ridge the weight would grow for ever. A feature that never varies has none."""
    pairs = np.zeros((100, len(FEATURES)))
    pairs[50:, 3] = 1
    model = fit(pairs, pairs[:, 3] < 1, np.ones(100), [])
    assert model.probability(pairs[0]) > 0.8
    assert model.probability(pairs[-1]) < 0.2
    assert all(weight == 0 for at, weight in enumerate(model.weights) if at != 3)


@pytest.mark.parametrize("name", FEATURES)
def test_no_weight_has_the_wrong_sign_whatever_the_labels_say(name):
    """A difference is no reason for two texts to be the same, nor is a number that both have one against it."""
    pairs = np.zeros((100, len(FEATURES)))
    pairs[50:, FEATURES.index(name)] = 1
    says_same = (pairs[:, FEATURES.index(name)] > 0) != (name in RAISING)
    believed = Model(0.0, tuple(1.0 if feature in RAISING else -1.0 for feature in FEATURES))
    for prior in (None, believed):
        weight = fit(pairs, says_same, np.ones(100), [], prior=prior).weights[FEATURES.index(name)]
        assert weight > 1 if name in FREE else weight == 0


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


@pytest.mark.costly
def test_long_texts_are_compared_without_counting_edits():
    """Alike ones are found, others are not, and features stay within their ranges."""
    base = " ".join(f"word{at}" for at in range(3_000))
    other = " ".join(f"else{at}" for at in range(3_000))
    assert may_be_alike(in_order(base), in_order(base + " more"), lambda: False)
    assert not may_be_alike(in_order(base), in_order(other), lambda: False)
    features = features_of(side_of(base), side_of(base + " more"))
    assert {name for name, value in zip(FEATURES, features, strict=True) if value} == {"record"}
    assert 0.99 < likeness(side_of(base), side_of(base + " more")) < 1


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


@pytest.mark.parametrize(
    ("one", "other", "most"),
    [
        ("I'm ready to be a mom. It's not a great feeling.", "I'm not ready to be a mom. It's a great feeling.", 0.1),
        ("Her cat is called Leo, but her dog is not", "Her cat is not called Leo, but her dog is", 0.1),
        ("He takes 4 mg on weekdays and 3 mg at weekends", "He takes 3 mg on weekdays and 4 mg at weekends", 0.1),
        ("We fly out on ZX218 and come home on ZX219", "We fly out on ZX219 and come home on ZX218", 0.1),
        ("Anna told Marc that she was leaving the company", "Marc told Anna that she was leaving the company soon", 0.4),
        ("Our loan is fixed at 3.19% until 2031", "Our loan's fixed at 3.91% until 2031", 0.1),
        ("Takes 75 mcg in the morning, before coffee", "Takes 75 mg in the morning, before coffee", 0.1),
    ],
)
def test_what_belongs_to_something_else_now_is_hardly_the_same(one, other, most):
    """Though the words are the same: what a negation negates, what a number counts, who does it; and another unit is another."""
    assert shipped_model().probability(features_of(side(one), side(other))) < most


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("She likes jazz and blues", "She likes blues and jazz"),
        ("She moved to Oslo with her two sons and with Ann", "She moved to Oslo with Ann and with her two sons"),
    ],
)
def test_what_moves_with_its_words_is_another_order_and_no_more(one, other):
    """A list, or a phrase."""
    assert shipped_model().probability(features_of(side(one), side(other))) > 0.5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("In May I decided to move", "I decided to move in May"),
        ("On Mondays she swims and runs", "She swims and runs on Mondays"),
        ("Sometimes I skip lunch", "I skip lunch sometimes"),
    ],
)
def test_words_of_time_in_front_are_likely_told_behind_too(one, other):
    """Where a person may read them otherwise there, the pair waits, and is no merge."""
    assert side(one).gist.tokens != side(other).gist.tokens
    assert shipped_model().probability(features_of(side(one), side(other))) > 0.8


@pytest.mark.parametrize(
    ("one", "other"),
    [("On Mondays only she swims", "Only she swims on Mondays"), ("On Mondays she never swims", "She never swims on Mondays")],
)
def test_words_of_time_in_front_of_what_limits_are_another_thing(one, other):
    """As of what else stands in another order."""
    assert shipped_model().probability(features_of(side(one), side(other))) < 0.5
