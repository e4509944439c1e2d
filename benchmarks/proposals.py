"""How often two facts that are proposed as alike in meaning say the same, by labelled pairs that people wrote.

All texts of a data set are one pool, some with observations of LoCoMo between them, as a store would hold them. What is proposed
and was not labelled counts neither as right nor as wrong. Pairs that memproc merges by itself are left out. Half of the pairs, by a
hash of their texts, was kept back when the rule and the threshold were chosen.

Of three ways to mind cues each shows what it finds: `none`, `after` the nearest was chosen, and `first`, as memproc does it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from benchmarks.labelled import locomo
from benchmarks.said import Said, cannot, everyday, half_of, is_merged, sick, sts, trapped
from benchmarks.tables import NOTHING, markdown
from memproc.dedup.meaning import Cues, guard_of, mutual_nearest
from memproc.dedup.text.canonical import canonical
from memproc.embedding import Embed, embedder

THRESHOLDS: Final = (0.7, 0.75, 0.8, 0.85, 0.9)
GUARDS: Final = ("none", "after", "first")
HALVES: Final = ("chosen by", "kept back")

Pair = tuple[int, int]


class Pool(NamedTuple):
    """Canonical texts, what is known of some pairs of them, and whether others stand between them."""

    texts: Sequence[str]
    known: dict[Pair, bool | None]


class Line(NamedTuple):
    """What was proposed in one pool: precision is over the pairs that are known, recall over those that say the same."""

    data: str
    half: str
    guard: str
    at_least: float
    proposed: int
    same: int
    apart: int
    precision: float | None
    recall: float | None


def measure() -> Iterator[Line]:
    """Measure all data that is at hand."""
    embed = embedder()
    between = [memory.content for memory in locomo() if memory.kind == "fact"]
    for name, pairs, others in (
        ("everyday, among LoCoMo", everyday(), between),
        ("SICK", sick(), ()),
        ("STS", sts(), ()),
        ("negations and traps", [*cannot(), *trapped()], ()),
    ):
        for at, half in enumerate(HALVES):
            own = [pair for pair in pairs if half_of(*pair[:2]) == at]
            if own:
                yield from lines_of(name, half, pool_of(own, others), embed)


def text_table(lines: Sequence[Line]) -> str:
    """Return the lines as a table of Markdown."""
    names = ("data", "half", "guard", "at least", "proposed", "say the same", "do not", "precision", "recall")
    return markdown(names, map(_cells, lines))


def pool_of(pairs: Sequence[Said], others: Sequence[str] = ()) -> Pool:
    """Return a pool of the pairs that memproc does not merge by itself."""
    places: dict[str, int] = {}
    known: dict[Pair, bool | None] = {}
    for pair in pairs:
        if not is_merged(pair.one, pair.other):
            one, other = (places.setdefault(canonical(text), len(places)) for text in pair[:2])
            known[min(one, other), max(one, other)] = pair.is_same
    for text in others:
        places.setdefault(canonical(text), len(places))
    return Pool([*places], known)


def proposed_in(pool: Pool, guard: str, embed: Embed) -> dict[Pair, float]:
    """Return the pairs that are each other's nearest, with their cosines, whatever these are."""
    cues = [guard_of(text) for text in pool.texts]
    rooms: dict[Cues | None, list[int]] = defaultdict(list)
    for at, own in enumerate(cues):
        rooms[own if guard == "first" else ()].append(at)
    found = {}
    for room in rooms.values():
        vectors = embed([pool.texts[at] for at in room])
        for one, other, cosine in mutual_nearest(vectors, np.ones(len(room), bool), least=-1):
            found[room[one], room[other]] = cosine
    return {pair: cosine for pair, cosine in found.items() if guard != "after" or cues[pair[0]] == cues[pair[1]]}


def lines_of(name: str, half: str, pool: Pool, embed: Embed) -> Iterator[Line]:
    """Measure one pool, each guard with each threshold."""
    same_in_all = sum(is_same is True for is_same in pool.known.values())
    for guard in GUARDS:
        found = proposed_in(pool, guard, embed)
        for least in THRESHOLDS:
            verdicts = [pool.known.get(pair) for pair, cosine in found.items() if cosine >= least]
            same, apart = verdicts.count(True), verdicts.count(False)
            precision = same / (same + apart) if same_in_all and same + apart else None
            yield Line(name, half, guard, least, len(verdicts), same, apart, precision, same / same_in_all if same_in_all else None)


def _cells(line: Line) -> list[str]:
    counts = (f"{count:,}" for count in (line.proposed, line.same, line.apart))
    shares = (NOTHING if share is None else f"{share:.3f}" for share in (line.precision, line.recall))
    return [line.data, line.half, line.guard, f"{line.at_least:g}", *counts, *shares]
