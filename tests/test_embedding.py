"""Vectors of texts from the model of the extra, and what is said where it is missing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import memproc
from memproc import Proposed, embedding
from memproc.embedding import embedder
from tests.waiting import LIMIT_SECONDS

needs_the_extra = pytest.mark.skipif(
    importlib.util.find_spec(embedding.PACKAGE) is None, reason="wordllama is not here: pip install 'memproc-sdk[semantic]'"
)


@pytest.fixture
def without_the_extra(monkeypatch):
    """Let the package be none that is installed."""
    monkeypatch.setitem(sys.modules, embedding.PACKAGE, None)
    embedding._model.cache_clear()
    yield
    embedding._model.cache_clear()


@pytest.mark.usefixtures("without_the_extra")
def test_a_missing_extra_is_told_with_the_command_that_installs_it(fresh_file):
    """Before anything is done; the store is as it was."""
    with fresh_file() as store:
        with pytest.raises(memproc.UsageError, match=r"pip install 'memproc-sdk\[semantic\]'"):
            store.propose()
        assert store.doctor() == ()


@needs_the_extra
def test_each_text_has_a_vector_of_length_one():
    """Float32, one a text in their order; of a text without tokens it is nothing."""
    vectors = embedder()(["She likes tea", "", "Er trinkt gerne Tee", "日本語", "🙂"])
    assert (vectors.shape, vectors.dtype) == ((5, 256), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 1, 1], atol=1e-6)
    assert embedder()([]).shape == (0, 256)


@needs_the_extra
def test_a_vector_depends_on_its_text_alone():
    """Not on what stands beside it, however long."""
    texts = ["She likes tea", "word " * 5_000, "She enjoys a cup of tea"]
    together, alone = embedder()(texts), np.vstack([embedder()([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)


@needs_the_extra
def test_what_is_said_in_other_words_is_nearer_than_what_is_not():
    """By far."""
    one, other, third = embedder()(["he is a physician", "he works as a doctor", "the soup was too salty"])
    assert one @ other > 0.5 > one @ third + 0.3


@pytest.mark.costly
@needs_the_extra
def test_the_model_is_first_loaded_when_it_is_used_and_leaves_the_log_of_the_host_alone(tmp_path):
    """It needs no network either."""
    code = """if True:
        import logging, socket, sys
        import memproc
        def refuse(*_, **__):
            raise AssertionError("the network")
        socket.socket.connect = refuse
        with memproc.open("m.db") as store:
            assert "wordllama" not in sys.modules
            store.add({"content": "She is a physician"})
            print(store.propose())
        assert "wordllama" in sys.modules
        assert (logging.getLogger().level, logging.getLogger().handlers) == (logging.WARNING, [])
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=LIMIT_SECONDS
    )
    assert (done.stdout, done.stderr) == ("Proposed(facts=1, proposed=0, known=0, left=0)\n", "")


@pytest.mark.costly
@needs_the_extra
def test_the_store_proposes_by_it(fresh):
    """What is said in other words, and nothing of which a cue differs."""
    with fresh() as store:
        contents = (
            "Grateful to Maria for helping with the garden",
            "Thankful to Maria for her help with the garden",
            "Sees the dentist on October 15",
            "Sees a dentist on October 16",
        )
        memproc.ingest([{"content": content} for content in contents], store, settings=memproc.Settings(review_at=1.0))
        already = {frozenset((review.one.content, review.other.content)) for review in store.reviews()}
        assert store.propose().proposed == 1
        found = {frozenset((review.one.content, review.other.content)) for review in store.reviews() if review.kind == "meaning"}
        assert found == {frozenset(contents[:2])} - already
        assert store.propose() == Proposed(0, 0, 0, 0)
