"""Texts that no method should merge: pairs that contradict each other, and observations of conversations.

Each pair is compared by itself, as if nothing else were known; observations with those of the same speaker of the same
conversation. Of what memproc merges every merge is shown.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import orjson

import memproc
from benchmarks.labelled import DATA, LOCOMO, negations, traps


class Merge(NamedTuple):
    """Two texts that memproc made one memory, with its confidence and its reason."""

    one: str
    other: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of texts that are all different: how many were merged or dropped, and how many wait for a person.

    `compared` says what is counted: "2,382 pairs". `in_review` is None for a peer: it has no reviews. `merges` shows those of
    memproc.
    """

    data: str
    method: str
    compared: str
    merged: int
    in_review: int | None
    merges: tuple[Merge, ...] = ()


def kept_apart() -> Iterator[Kept]:
    """Measure every such data that is at hand."""
    sentences = negations()
    if sentences:
        yield from of_pairs("CANNOT, negations", sentences)
    yield from of_pairs("hand-written traps", [(one, other) for _, one, other in traps()])
    path = DATA / LOCOMO
    if path.is_file():
        yield from of_observations(path)


def of_pairs(name: str, pairs: Sequence[tuple[str, str]]) -> Iterator[Kept]:
    """Compare the two texts of each pair, by memproc and by its peers."""
    from benchmarks.first_seen import PEERS  # noqa: PLC0415 - it needs the group `quality`

    compared = f"{len(pairs):,} pairs"
    with memproc.open("sqlite://") as store:
        memproc.ingest([{"content": text, "subject": str(at)} for at, pair in enumerate(pairs) for text in pair], into=store)
        merges = tuple(_merges(store))
        yield Kept(name, "memproc", compared, len(merges), len(store.reviews()), merges)
    for method, homes_of in PEERS.items():
        yield Kept(name, method, compared, sum(homes_of(pair) != [0, 1] for pair in pairs), None)


def of_observations(path: Path) -> Iterator[Kept]:
    """Compare the observations of LoCoMo, each with those of its speaker, by memproc and by its peers."""
    from benchmarks.first_seen import PEERS  # noqa: PLC0415 - as above

    with memproc.open("sqlite://") as store:
        memproc.ingest(path, into=store, format="locomo")
        texts: dict[tuple[str, str | None], list[str]] = defaultdict(list)
        for record in _facts(store):
            texts[record["namespace"], record.get("subject")].append(record["content"])
        merges = tuple(_merges(store))
        reviews = len(store.reviews())
    compared = f"{sum(map(len, texts.values())):,} observations"
    yield Kept("LoCoMo", "memproc", compared, len(merges), reviews, merges)
    for method, homes_of in PEERS.items():
        dropped = sum(home != at for said in texts.values() for at, home in enumerate(homes_of(said)))
        yield Kept("LoCoMo", method, compared, dropped, None)


def _facts(store: memproc.Store) -> Iterator[dict[str, str]]:
    """Give every observation of a fact as it is kept."""
    lines = io.BytesIO()
    store.export(lines, full=True)
    records = map(orjson.loads, lines.getvalue().splitlines())
    return (record for record in records if record.get("kind") == "fact")


def _merges(store: memproc.Store) -> Iterator[Merge]:
    """Give what was made one memory of two facts or more, exact repeats among them."""
    for memory in store:
        story = store.trace(memory.id or "") if memory.kind == "fact" else None
        if story is not None and len(story.observations) > 1:
            lines = {entry.subject: entry for entry in story.ledger if entry.kind in ("similar", "version")}
            texts = {seen.observation: seen.record["content"] for seen in story.observations}
            for seen in story.observations:
                line = lines.get(seen.observation)
                if line is not None:
                    yield Merge(texts[seen.observation], texts[line.other or ""], line.confidence or 1.0, line.reason)
                elif seen.outcome == "duplicate":
                    yield Merge(texts[seen.observation], memory.content, 1.0, "same content")
