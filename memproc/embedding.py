"""Vectors of texts from a small static model whose weights lie in a package: nothing is downloaded, and no text leaves the machine.

Facts: the vector of a text is the mean of the vectors of its tokens, so it takes 50 microseconds and no graphics card. The package
`wordllama` (MIT) has 32,000 tokens of 256 dimensions, 16 MB, distilled by its author from larger models; it knows English best.

Rules: the package is imported on first use. On import it configures the log of the whole process, which a library must not do, so
it is kept from that. Texts are embedded one by one, because the package pads its batches to the longest text.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memproc.errors import UsageError

EXTRA = "semantic"
PACKAGE = "wordllama"

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


def embedder() -> Embed:
    """Return a function that embeds texts: float32, shape (texts, 256), each vector of length 1, or 0 if no token is known.

    Raises UsageError if the package is not installed.
    """
    model = _model()

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), model.embedding.shape[1]), np.float32)
        for at, text in enumerate(texts):
            tokens = model.tokenizer.encode(text, add_special_tokens=False).ids
            model.embedding[tokens].sum(axis=0, out=vectors[at])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(lengths > 0, lengths, 1)
        return vectors

    return embed


@cache
def _model() -> Any:
    try:
        with _log_left_alone():
            package = import_module(PACKAGE)
    except ModuleNotFoundError as error:
        raise UsageError(f"proposing pairs by meaning needs a package: pip install 'memproc-sdk[{EXTRA}]'") from error
    folder = Path(str(package.__file__)).parent
    return package.WordLlama.load(cache_dir=folder, disable_download=True)


@contextmanager
def _log_left_alone() -> Iterator[None]:
    """Make `logging.basicConfig` do nothing inside the block: it does nothing while the root logger has a handler."""
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
