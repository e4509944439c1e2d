"""Whether a text shows itself to be English, so that the rules of English apply to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from memproc.dedup.text import word_classes, words

_ENGLISH_SHARE = 0.6
_BEHIND_I = frozenset(
    [
        *("am", "love", "hate", "like", "live", "prefer", "want", "need", "have", "own", "work", "play", "drink", "eat"),
        *("use", "can", "do", "got", "go", "will", "speak", "study", "take"),
    ]
)
_BEHIND_IS = ("a", "an", "the", "not", "my", "your", "her", "our")
_BEHIND_IM = frozenset(["a", "an", "the", "not", "so", "from", "going", "at", "my", "on", "really", "very", "also", "still"])
_FOREIGN_ENDINGS = ("ado", "ido", "ando", "iendo", "ción", "lich", "keit")  # of odd tokens


def is_english(tokens: Sequence[str], odd: set[str], *, is_ascii: bool) -> bool:
    """Tell whether tokens show themselves to be English: by frequent English words or "I am", or without these, by words that no
    neighbouring language has. `odd` holds the odd tokens.
    """
    foreign, english = words.foreign_words(), words.english_words()
    has_ending = sum([word.endswith(_FOREIGN_ENDINGS) for word in odd])
    if is_ascii and not has_ending and foreign.isdisjoint(tokens):
        return not english.isdisjoint(tokens) or _says_i_am(tokens) or _is_of_english_words(tokens, odd)
    distinct = {*tokens}
    if _says_im(tokens):
        return is_ascii
    is_other_script = len(odd) > (1 - _ENGLISH_SHARE) * len(distinct) and not all(map(str.isascii, odd))
    shown = len(english & distinct) + _says_i_am(tokens)
    if not shown:
        shown = len((distinct & words.common_words()) - words.neighbours() - foreign)
    return not is_other_script and shown > len(foreign & distinct) + has_ending


def _says_im(tokens: Sequence[str]) -> bool:
    """Tell whether a text says "im a", which is "I'm a" and not German."""
    return any(word == "im" and after in _BEHIND_IM for word, after in pairwise(tokens))


def _says_i_am(tokens: Sequence[str]) -> bool:
    """Tell whether a text says "I am", "I love", "you can", "Anna's a" or the like."""
    behind = {"i": _BEHIND_I, **dict.fromkeys(("u", "you"), word_classes.word_classes()["modal"])}
    return any(after in behind.get(word, _BEHIND_IS if word.endswith("'s") else ()) for word, after in pairwise(tokens))


def _is_of_english_words(tokens: Sequence[str], odd: set[str]) -> bool:
    """Tell whether at least as many tokens are words of English alone as are odd."""
    english_alone = sum([token not in words.neighbours() for token in {*tokens} & words.common_words()])
    return english_alone > 0 and english_alone >= len(odd)
