"""Emotions of other systems: numbers on a scale that is named, and words and faces as labels."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.records.emotions import POLES, SCALES, label_of
from memproc.validation.advice import SCALE_HINT
from tests.exports import export_of, exported

CASES = [  # what is given, and what of it is kept besides the vocabulary `pad`
    ({"vocabulary": "pad", "valence": -0.3, "arousal": 1}, {"valence": -0.3, "arousal": 1.0}),
    ({"vocabulary": " PAD ", "pleasure": 0.5}, {"valence": 0.5}),
    (
        {"vocabulary": "emotionml", "valence": 0, "arousal": 0.5, "dominance": 1},
        {"valence": -1.0, "arousal": 0.0, "dominance": 1.0},
    ),
    ({"vocabulary": "emotionml", "pleasure": 0.75, "intensity": 0.2}, {"valence": 0.5, "intensity": 0.2}),
    ({"vocabulary": "http://www.w3.org/TR/emotion-voc/xml#pad-dimensions", "arousal": 0.25}, {"arousal": -0.5}),
    ({"vocabulary": "http://www.w3.org/TR/emotion-voc/xml#fsre-dimensions", "valence": 1}, {"valence": 1.0}),
    ({"vocabulary": "anew", "valence": 7.2}, {"valence": 0.55}),
    ({"vocabulary": "ANEW", "valence": 1, "arousal": 5, "dominance": 9}, {"valence": -1.0, "arousal": 0.0, "dominance": 1.0}),
    ({"vocabulary": "sam", "valence": 3, "label": "fear", "intensity": 0.9}, {"valence": -0.5, "label": "fear", "intensity": 0.9}),
    ({"vocabulary": "shodh", "valence": -0.6, "arousal": 0.3}, {"valence": -0.6, "arousal": -0.4}),
    (
        {"vocabulary": "percent", "valence": 70, "intensity": 5, "confidence": 100},
        {"valence": 0.4, "intensity": 0.05, "confidence": 1.0},
    ),
]


def emotion_of(given_emotion):
    """Return the fields of an emotion as they are kept."""
    verdict = memproc.validate({"content": "x", "emotion": given_emotion})
    assert verdict.ok, verdict.errors
    return verdict.memory.emotion.model_dump(exclude_none=True)


@pytest.mark.parametrize(("given_emotion", "kept"), CASES, ids=str)
def test_numbers_of_a_scale_that_is_named_are_converted(given_emotion, kept):
    """And the vocabulary is then the one of a memory, so that reading again changes nothing."""
    assert emotion_of(given_emotion) == {**kept, "vocabulary": "pad"}
    assert emotion_of(emotion_of(given_emotion)) == emotion_of(given_emotion)
    assert memproc.EmotionalContext(**given_emotion).model_dump(exclude_none=True) == {**kept, "vocabulary": "pad"}


@pytest.mark.parametrize(
    "unchanged",
    [
        {"valence": 0.5},
        {"vocabulary": "plutchik", "label": "trust", "valence": 0.5},
        {"vocabulary": "http://www.w3.org/TR/emotion-voc/xml#big6", "label": "fear", "arousal": 0.75},
        {"vocabulary": "shodh", "label": "joy"},
        {"vocabulary": "percent", "valence": None, "label": "joy"},
    ],
    ids=str,
)
def test_where_no_scale_is_named_or_no_number_is_given_nothing_is_converted(unchanged):
    """A list of labels is no scale, and a label has none."""
    assert emotion_of(unchanged) == {name: value for name, value in unchanged.items() if value is not None}


@pytest.mark.parametrize("vocabulary", [None, "plutchik"])
@pytest.mark.parametrize("dimension", POLES)
@pytest.mark.parametrize("value", [7.2, 1.5, -1.1, 50])
def test_a_scale_is_never_guessed(vocabulary, dimension, value):
    """The advice names the vocabularies."""
    verdict = memproc.validate({"content": "x", "emotion": {"vocabulary": vocabulary, dimension: value}})
    [fault] = verdict.errors
    assert fault.path == f"emotion.{dimension}"
    assert SCALE_HINT in fault.hint
    assert all(name in SCALE_HINT for name in SCALES.keys() - {"pad"})


@pytest.mark.parametrize(
    ("emotion", "wrong"),
    [
        ({"vocabulary": "anew", "valence": 12, "arousal": 0.5}, ["valence", "arousal"]),
        ({"vocabulary": "emotionml", "valence": -0.5, "arousal": 0.5}, ["valence"]),
        ({"vocabulary": "shodh", "arousal": -0.5}, ["arousal"]),
        ({"vocabulary": "percent", "intensity": 101}, ["intensity"]),
        ({"vocabulary": "pad", "valence": 3}, ["valence"]),
    ],
    ids=str,
)
def test_a_number_outside_the_scale_that_is_named_is_a_fault(emotion, wrong):
    """Which tells the scale and the value."""
    verdict = memproc.validate({"content": "x", "emotion": emotion})
    assert {fault.path for fault in verdict.errors} == {f"emotion.{name}" for name in wrong}
    assert {fault.code for fault in verdict.errors} == {"out_of_scale"}
    for fault in verdict.errors:
        assert f"the scale of {emotion['vocabulary']}" in fault.message
        assert fault.message.endswith(f"got {emotion[fault.path.partition('.')[2]]}")


@pytest.mark.parametrize("value", ["7", True, [7], {"a": 1}])
def test_what_is_no_number_is_no_number_of_a_scale(value):
    """As without one."""
    verdict = memproc.validate({"content": "x", "emotion": {"vocabulary": "sam", "valence": value}})
    assert [(fault.path, fault.code) for fault in verdict.errors] == [("emotion.valence", "float_type")]


@given(st.sampled_from(sorted(SCALES)), st.sampled_from(POLES), st.floats(0, 1))
def test_a_scale_is_kept_in_its_order(vocabulary, dimension, share):
    """Its ends are -1 and 1, its middle is 0, and what lies between lies there."""
    low, high = SCALES[vocabulary][dimension]
    kept = emotion_of({"vocabulary": vocabulary, dimension: low + share * (high - low)})[dimension]
    assert -1 <= kept <= 1
    assert kept == pytest.approx(2 * share - 1, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("sad", "sadness"),
        ("Happy", "happiness"),
        ("😡", "anger"),
        ("❤️", "love"),
        ("JOY", "joy"),
        ("Wistful", "Wistful"),
        (" x ", "x"),
    ],
)
def test_a_text_in_place_of_an_emotion_is_its_label(text, label):
    """Adjectives and faces become the noun, and other words stay as they are."""
    assert emotion_of(text) == {"label": label}
    assert label_of(label) == label


def test_a_text_that_shows_nothing_is_no_emotion():
    """As for names."""
    assert memproc.validate({"content": "x", "emotion": " \u200b"}).memory.emotion is None


def test_what_was_converted_survives_the_round_trip(fresh, tmp_path):
    """From a file of lines, a table, or an older record of memproc; exported, read and exported again it is the same."""
    lines = [{"content": f"Said {at}", "emotion": emotion} for at, (emotion, _) in enumerate(CASES)] + [
        {"content": "Said so", "emotion": "sad"}
    ]
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "m.csv").write_text(
        'content,emotion\nSaid in a table,happy\nSaid there,"{""vocabulary"": ""sam"", ""valence"": 9}"\n'
    )
    (tmp_path / "v0.jsonl").write_text(
        '{"text": "Said before", "timestamp": 1700000000, "emotion": "afraid", "emotion_score": 0.5}\n'
    )
    with fresh() as store, fresh() as other:
        report = memproc.ingest([tmp_path / name for name in ("m.jsonl", "m.csv", "v0.jsonl")], into=store)
        assert report.quarantined == 0, report.patterns
        [table] = store.find(text="in a table")
        assert table.emotion.label == "happiness"
        assert store.find(text="said there")[0].emotion.valence == 1
        assert store.find(text="said before")[0].emotion.label == "fear"
        memproc.ingest(exported(store, full=True), into=other)
        assert export_of(other, full=True) == export_of(store, full=True)
        assert store.rebuild() == (0, 0)
        assert store.doctor() == ()
