"""Strategies for batches whose outcomes are known: which records are the same, and which cannot be taken."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from hypothesis import strategies as st

from memproc.testing.drawing import BENIGN, SAME, SEEDS, broken

_CLASSES = ("stored", "duplicate", "merged", "quarantined")


class Expected(NamedTuple):
    """Records, and by place what becomes of each where they are read in this order into an empty store, with default settings."""

    records: list[dict[str, Any]]
    outcomes: list[str]

    @property
    def counts(self) -> Counter[str]:
        """How many records have each outcome."""
        return Counter({name: self.outcomes.count(name) for name in _CLASSES})


@st.composite
def batches(draw: st.DrawFn, max_size: int = 12) -> Expected:
    """Draw a batch with repeats: the first of each text is `stored`; one that differs in white space alone, or not at all, is a
    `duplicate`; one that differs in what no reader takes for a difference is `merged`; what is broken is `quarantined`.
    """
    records: list[dict[str, Any]] = []
    outcomes: list[str] = []
    seen: dict[str, set[str]] = {}
    for kind in draw(st.lists(st.sampled_from(("text", "text", "same", "near", "broken")), max_size=max_size)):
        if kind == "broken":
            records.append(draw(broken()))
            outcomes.append("quarantined")
            continue
        seed = draw(st.sampled_from(SEEDS))
        said = SAME[2](seed) if kind == "same" else BENIGN[0](seed) if kind == "near" else seed
        key = " ".join(said.split())
        texts = seen.setdefault(seed, set())
        outcomes.append("duplicate" if key in texts else "merged" if texts else "stored")
        texts.add(key)
        records.append({"content": said})
    return Expected(records, outcomes)
