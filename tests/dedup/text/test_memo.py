"""What was found out about a token is kept as long as it is met, and not much else is."""

from __future__ import annotations

from unittest.mock import patch

from memproc.dedup.text import memo
from memproc.dedup.text.memo import LONGEST_TOKEN_CHARS, Memo


def counting(asked):
    """Return a memo of lengths that notes what it was asked."""

    def find_out(token):
        asked.append(token)
        return len(token)

    return Memo(find_out)


def test_a_token_is_found_out_once():
    """And is what the function gives for it."""
    asked = []
    lengths = counting(asked)
    assert [lengths[token] for token in ("tea", "coffee", "tea")] == [3, 6, 3]
    assert asked == ["tea", "coffee"]


@patch.object(memo, "MOST_TOKENS", 100)
def test_it_holds_no_more_tokens_than_it_may():
    """However many there are, those of before that it remembers included."""
    lengths = counting([])
    for number in range(1_000):
        assert lengths[f"{number}"] == len(f"{number}")
        assert len(lengths.keys() | lengths.before) <= 100


@patch.object(memo, "MOST_TOKENS", 100)
def test_what_is_met_again_and_again_is_not_found_out_again():
    """However many others are met in between, as long as these are fewer than half of what it holds."""
    asked = []
    lengths = counting(asked)
    for number in range(1_000):
        assert lengths[f"{number}"] == len(f"{number}")
        if number % 20 == 0:
            assert [lengths[token] for token in ("tea", "coffee")] == [3, 6]
    assert (asked.count("tea"), asked.count("coffee")) == (1, 1)
    assert len(asked) == 1_002


def test_what_is_long_is_not_kept():
    """It is no word."""
    asked = []
    lengths = counting(asked)
    for length in (LONGEST_TOKEN_CHARS, LONGEST_TOKEN_CHARS + 1):
        assert [lengths["x" * length] for _ in range(2)] == [length] * 2
    assert len(asked) == 3
