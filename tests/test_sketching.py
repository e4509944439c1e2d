"""Sketches: datasketch's own MinHash of a text, for an index of one's own; bit by bit that of the index of near pairs is tested in
`tests/dedup/minhash/test_minhash.py`.
"""

from __future__ import annotations

import pickle
import subprocess
import sys

import datasketch
import pytest

import memproc
from memproc.dedup.minhash.minhash import shingles
from tests.waiting import LIMIT_SECONDS

TEA = "She likes tea with milk in the morning"


def test_a_sketch_is_a_minhash_of_datasketch():
    """With the values that are promised, so that others can make their own beside it."""
    signed = memproc.sketch(TEA)
    assert type(signed) is datasketch.MinHash
    assert (signed.num_perm, signed.seed, signed.scheme, signed.hashvalues.dtype) == (128, 1, "affine32", "uint32")


@pytest.mark.parametrize("other", ["she likes  tea with milk in the morning", "SHE LIKES TEA WITH MILK IN THE\u00a0MORNING\u200b"])
def test_spellings_of_one_canonical_text_have_one_sketch(other):
    """Case, white space and what nobody sees are no difference."""
    assert memproc.sketch(other) == memproc.sketch(TEA)


def test_two_sketches_tell_how_alike_two_texts_are():
    """The share of equal places is near the Jaccard similarity of the shingles, which is 0.72 here."""
    other = TEA.replace("milk", "lemon")
    one, two = shingles(TEA.lower()), shingles(other.lower())
    exact = len(one & two) / len(one | two)
    assert 0.7 < exact < 0.75
    assert memproc.sketch(TEA).jaccard(memproc.sketch(other)) == pytest.approx(exact, abs=0.135)  # three standard errors


def test_a_sketch_lies_in_an_lsh_of_datasketch():
    """And is found by what is alike."""
    index = datasketch.MinHashLSH(threshold=0.6, num_perm=128)
    index.insert("tea", memproc.sketch(TEA))
    index.insert("rent", memproc.sketch("The rent is due on the first of every month"))
    assert index.query(memproc.sketch(TEA + "!")) == ["tea"]


def test_a_sketch_goes_on_as_datasketch_has_it():
    """It can be pickled, copied and given more."""
    signed = pickle.loads(pickle.dumps(memproc.sketch("She likes tea")))
    signed.update(b" mil")
    signed.update(b"milk")
    signed.update(b"ilk ")
    assert signed == memproc.sketch("She likes tea milk")


@pytest.mark.parametrize("nothing", ["", "  ", "\u200b", "\n"])
def test_what_shows_nothing_has_an_empty_sketch(nothing):
    """As it has no shingles: it is like nothing that is indexed, and nothing raises."""
    assert memproc.sketch(nothing).is_empty()


@pytest.mark.parametrize("wrong", [None, 7, b"tea", {"content": "tea"}, "tea \ud800"], ids=ascii)
def test_what_is_no_text_is_refused(wrong):
    """The message says what was given."""
    with pytest.raises(memproc.UsageError, match="a sketch is made of a text"):
        memproc.sketch(wrong)


@pytest.mark.costly
def test_datasketch_is_imported_when_a_text_is_sketched():
    """Not by `import memproc`, nor by an ingestion that finds near pairs."""
    code = (
        "import sys, memproc\n"
        "print('datasketch' in sys.modules)\n"
        "memproc.ingest([{'content': 'She likes tea with milk'}, {'content': 'She likes tea with lemon'}], 'sqlite://')\n"
        "print('datasketch' in sys.modules)\n"
        "memproc.sketch('She likes tea')\n"
        "print('datasketch' in sys.modules)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS)
    assert told.stdout.split() == ["False", "False", "True"]
