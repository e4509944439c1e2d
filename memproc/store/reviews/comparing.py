"""Comparing what shares a band or a core."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import orjson

from memproc.dedup.compare.confidence import in_order, side_of
from memproc.dedup.keys import Key, text_of
from memproc.store.reviews.looking import SIDES_KEPT, _Candidate


class _Texts:
    """The texts of facts, and what those of late were taken apart into: that of a text of 200 characters takes 15 KB."""

    def __init__(self, texts: Mapping[Key, str]) -> None:
        self._texts = dict(texts)
        self.in_order = lru_cache(maxsize=SIDES_KEPT)(in_order)
        self.side_of = lru_cache(maxsize=SIDES_KEPT)(side_of)

    def text_of(self, seen: _Candidate) -> str:
        """Return the canonical text of a candidate."""
        if seen.key not in self._texts:
            self._texts[seen.key] = text_of(orjson.loads(seen.json))
        return self._texts[seen.key]
