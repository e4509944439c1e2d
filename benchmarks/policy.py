"""What becomes of a labelled corpus in a store, before and after a policy decides: ``python -m benchmarks policy``.

The corpus is ingested with default settings. Figures are over records as in `scoring`; "merges and reviews" is what recall would be
if a person said yes to every open review that is right. A review is right where its two memories hold a record of one entity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import orjson

import memproc
from benchmarks.corpus import Kind, Label, Texts, read_labels, write_corpus
from benchmarks.memproc_run import homes
from benchmarks.scoring import Score, score

POLICY: Final = "confidence >= 0.97 and kind == similar"
SURE: Final = 0.9  # a wrong review of this confidence is told


class Wrong(NamedTuple):
    """An outcome other than a person's: which, and the two texts."""

    what: str
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Found:
    """What came of the corpus: the merges, what they would be with the reviews, and what they are when the policy has decided.

    `reviews` is the number of open reviews, `right` how many of them are right, `decided` how many of them the policy decided.
    """

    records: int
    seed: int
    texts: Texts
    policy: str
    merges: Score
    flagged: Score
    accepted: Score
    reviews: int
    right: int
    decided: int
    wrong: list[Wrong]


def measure(*, records: int, seed: int, texts: Texts = Texts.TALK, policy: str = POLICY) -> Found:
    """Ingest a corpus, and let the policy decide."""
    with TemporaryDirectory() as name:
        path = Path(name) / "corpus.jsonl"
        labels = [*read_labels(write_corpus(records=records, seed=seed, path=path, texts=texts))]
        with memproc.open(Path(name) / "store.db") as store:
            memproc.ingest(path, into=store)
            kept, reviews = homes(store, records), store.reviews()
            decided = store.decide_all(policy).decided
            accepted = score(labels, homes(store, records))
        contents = [orjson.loads(line)["content"] for line in path.read_bytes().splitlines()]
    entities: defaultdict[str | None, set[int]] = defaultdict(set)
    for label, home in zip(labels, kept, strict=True):
        entities[home].add(label.entity)
    right = [review for review in reviews if entities[review.one.id] & entities[review.other.id]]
    joined = joined_by(right, kept)
    return Found(
        records=records,
        seed=seed,
        texts=texts,
        policy=policy,
        merges=score(labels, kept),
        flagged=score(labels, joined),
        accepted=accepted,
        reviews=len(reviews),
        right=len(right),
        decided=decided,
        wrong=[
            *_wrong_merges(labels, kept, contents),
            *(
                Wrong(f"waits with {review.confidence:.2f}", review.one.content, review.other.content)
                for review in reviews
                if review not in right and (review.confidence or 0) >= SURE
            ),
            *_apart(labels, joined, contents),
        ],
    )


def joined_by(reviews: Sequence[memproc.Review], kept: Sequence[str | None]) -> list[str | None]:
    """Give the homes of the records if the two memories of each review were one."""
    joined: dict[str | None, str | None] = {}

    def home_of(home: str | None) -> str | None:
        while home in joined:
            home = joined[home]
        return home

    for review in reviews:
        one, other = home_of(review.one.id), home_of(review.other.id)
        if one != other:
            joined[one] = other
    return [home_of(home) for home in kept]


def text_table(found: Found, wrong: int = 0) -> str:
    """Return the figures, a line each, and up to so many wrong outcomes of each sort."""
    told: defaultdict[str, list[str]] = defaultdict(list)
    for one in found.wrong:
        told[one.what.split(" ")[0]].append(f"{one.what}: {one.one} | {one.other}")
    return "\n".join(
        [
            f"{found.records:,} records of the {found.texts} kind, dedup near, seed {found.seed}",
            f"merges: {_scored(found.merges)}",
            f"merges and reviews: recall {found.flagged.recall:.4f}",
            f"reviews: {found.reviews:,}, {found.reviews / found.records:.2%} of the records, {found.right:,} of them right",
            f"merges when {found.policy!r} decided {found.decided:,}: {_scored(found.accepted)}",
            *(f"{what}: {len(lines):,}" for what, lines in told.items()),
            *(line for lines in told.values() for line in lines[:wrong]),
        ]
    )


def _scored(one: Score) -> str:
    return f"precision {one.precision:.4f}, recall {one.recall:.4f}, traps merged {one.traps_merged} of {one.traps}"


def _wrong_merges(labels: Sequence[Label], kept: Sequence[str | None], contents: Sequence[str]) -> Iterator[Wrong]:
    """Give each record that is in one memory with an earlier one of another entity."""
    firsts: dict[str | None, int] = {}
    for at, home in enumerate(kept):
        first = firsts.setdefault(home, at) if home else at
        if labels[first].entity != labels[at].entity:
            yield Wrong("merged", contents[first], contents[at])


def _apart(labels: Sequence[Label], joined: Sequence[str | None], contents: Sequence[str]) -> Iterator[Wrong]:
    """Give each near repeat that is neither merged with what it repeats nor joined to it by reviews."""
    for at, label in enumerate(labels):
        if label.kind is Kind.NEAR and label.original is not None and joined[at] != joined[label.original]:
            yield Wrong("apart", contents[label.original], contents[at])
