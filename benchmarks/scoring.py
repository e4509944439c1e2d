"""Scoring of clusters against the labels of a corpus.

Rules
-----
- A cluster is the set of records with the same key: those that ended in the same memory. The key None
  stands for "in no memory" and makes a cluster of its own each time.
- A record is *absorbed* when it is not the first (smallest index) of its cluster: it was dropped or merged.
- precision = share of the absorbed records that have the entity of the first record of their cluster;
  1.0 when nothing was absorbed.
- A record is *repeated* when an earlier record has its entity.
- recall = share of the repeated records whose cluster holds an earlier record of their entity; 1.0 when
  nothing is repeated.
- A trap is *merged* when its cluster holds any record, earlier or later, of its original's entity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from benchmarks.corpus import Kind, Label


@dataclass(frozen=True, slots=True)
class Score:
    """Precision and recall in 0..1, and the numbers of records behind them."""

    precision: float
    recall: float
    absorbed: int
    repeated: int
    traps: int
    traps_merged: int


def score(labels: Sequence[Label], kept: Sequence[Hashable | None]) -> Score:
    """Score the clusters that a side made.

    `kept` gives the cluster key of each record, in the order of the records: any value that records
    of one cluster have in common, such as the index of the record that was kept, or the id of a memory.

    Raises ValueError when the two differ in length.
    """
    clusters = _clusters(labels, kept)
    absorbed = [label for cluster in clusters for label in cluster[1:]]
    right = sum(label.entity == cluster[0].entity for cluster in clusters for label in cluster[1:])
    found = sum(len(cluster) - len({label.entity for label in cluster}) for cluster in clusters)
    repeated = len(labels) - len({label.entity for label in labels})
    return Score(
        precision=right / len(absorbed) if absorbed else 1.0,
        recall=found / repeated if repeated else 1.0,
        absorbed=len(absorbed),
        repeated=repeated,
        traps=sum(label.kind is Kind.TRAP for label in labels),
        traps_merged=sum(_traps_merged(labels, cluster) for cluster in clusters),
    )


def _clusters(labels: Sequence[Label], kept: Sequence[Hashable | None]) -> list[list[Label]]:
    """Give the labels of each cluster, in the order of the records."""
    clusters: defaultdict[Hashable, list[Label]] = defaultdict(list)
    for index, (label, key) in enumerate(zip(labels, kept, strict=True)):
        clusters[(index,) if key is None else key].append(label)
    return list(clusters.values())


def _traps_merged(labels: Sequence[Label], cluster: Sequence[Label]) -> int:
    entities = {label.entity for label in cluster}
    originals = [label.original for label in cluster if label.kind is Kind.TRAP]
    return sum(labels[original].entity in entities for original in originals if original is not None)
