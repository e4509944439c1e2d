"""MinHash signatures: bit-identical to datasketch, whatever the text, the batch and the blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import memproc
from memproc.config import Policy
from memproc.dedup.minhash import minhash as module
from memproc.dedup.minhash.minhash import BANDS, PERMUTATIONS, band_hashes, shingles, signatures
from memproc.dedup.preparing import prepare
from memproc.records import plain

WORDS = st.text(st.characters(exclude_categories=("Cs", "Z", "Cc")), min_size=1, max_size=9) | st.sampled_from(
    ["a", "i", "é", "茶", "😀"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


def text_in_the_index(content):
    """Return the text by which a fact with this content is compared."""
    return prepare(plain(memproc.Memory(content=content)), is_identity=False, as_of=None, policy=Policy()).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", {" a "}),
        ("ab", {" ab "}),
        ("abc", {" abc", "abc "}),
        ("tea time", {" tea", "tea ", " tim", "time", "ime "}),
        ("i am a cat", {" i ", " am ", " a ", " cat", "cat "}),
        ("茶 😀", {" 茶 ", " 😀 "}),
        ("abab abab", {" aba", "abab", "bab "}),
    ],
)
def test_shingles_are_four_characters_inside_a_padded_word(text, expected):
    """A word of one letter is one shingle of three."""
    assert shingles(text) == expected


@pytest.mark.parametrize("few_shingles", [module.FEW_SHINGLES, 0])
@given(contents=st.lists(TEXTS.filter(lambda text: memproc.validate({"content": text}).ok), min_size=1, max_size=5))
@example(contents=["a"])
@example(contents=["i a e o"])
@example(contents=["  She\u200b LIKES\n the caf\u0065\u0301 – 10⁵ times!", "Well, tea", "😀", "¨"])
def test_a_signature_is_that_of_datasketch_bit_by_bit(few_shingles, contents):
    """Seed 1, 128 permutations, over the same shingles with the same hash; also of so few that they are hashed at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEW_SHINGLES", few_shingles)
        signed = signatures([text_in_the_index(content) for content in contents])
    assert signed.tolist() == [memproc.sketch(content).hashvalues.tolist() for content in contents]


@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_a_batch_is_hashed_as_its_texts_one_by_one(texts):
    """No text sees its neighbours."""
    one_by_one = np.concatenate([signatures([text]) for text in texts])
    assert np.array_equal(signatures(texts), one_by_one)


@given(st.lists(TEXTS, min_size=1, max_size=12), st.integers(1, 60))
def test_the_size_of_the_blocks_does_not_matter(texts, block_chars):
    """A block ends behind any text."""
    expected = signatures(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_CHARS", block_chars)
        assert np.array_equal(signatures(texts), expected)


def test_no_texts_have_no_signatures():
    """The shape stays that of a batch."""
    assert signatures([]).shape == (0, PERMUTATIONS)
    assert signatures([]).dtype == np.uint32


def test_the_share_of_equal_places_estimates_the_similarity():
    """For two texts of Jaccard similarity s, within three standard errors over many pairs."""
    pairs = [(f"word{n:04} alpha beta gamma delta", f"word{n:04} alpha beta gamma omega") for n in range(200)]
    one, other = (signatures(texts) for texts in zip(*pairs, strict=True))
    exact = np.mean([len(shingles(a) & shingles(b)) / len(shingles(a) | shingles(b)) for a, b in pairs])
    assert abs(np.mean(one == other) - exact) < 0.02


@pytest.mark.parametrize("recall", BANDS)
def test_texts_of_two_scopes_share_no_band(recall):
    """What must be equal is in every band hash; within one scope equal texts share all."""
    signed = signatures(["she likes tea with milk"] * 3)
    hashes = band_hashes(signed, np.array([1, 2, 1], np.uint64), recall)
    assert hashes.shape == (3, BANDS[recall][0])
    assert hashes.dtype == np.uint32
    assert np.array_equal(hashes[0], hashes[2])
    assert not np.any(hashes[0] == hashes[1])


@pytest.mark.parametrize("recall", BANDS)
def test_a_band_is_shared_where_all_its_rows_are(recall):
    """And only there."""
    bands, rows = BANDS[recall]
    signed = np.repeat(signatures(["she likes tea with milk"]), 2, axis=0)
    changed = [0, rows * 3 + 1, rows * 3 + 2, bands * rows - 1]
    signed[1, changed] ^= np.uint32(1)
    shared = np.equal(*band_hashes(signed, np.array([7, 7], np.uint64), recall))
    assert set(np.flatnonzero(~shared)) == {place // rows for place in changed}


def test_equal_rows_in_two_bands_give_two_hashes():
    """A band is met by its like only."""
    hashes = band_hashes(np.full((1, PERMUTATIONS), 5, np.uint32), np.array([7], np.uint64), "standard")
    assert len(set(hashes[0].tolist())) == BANDS["standard"][0]


@given(TEXTS, TEXTS)
def test_more_recall_asks_for_fewer_rows(one, other):
    """Texts that share a band of five rows do not lose each other for want of rows when recall is high."""
    signed = signatures([one, other])
    scopes = np.array([1, 1], np.uint64)
    equal = signed[0, :128].reshape(32, 4) == signed[1, :128].reshape(32, 4)
    assert np.array_equal(np.equal(*band_hashes(signed, scopes, "high")), equal.all(axis=1))
