"""How often memproc is right, on labelled data: ``python -m benchmarks quality``.

Every data set is ingested into a store of its own. A pair is *merged* when both are one memory, and *flagged* when it is
merged or an open review names the two memories. Beside memproc stand peers that see the same texts and drop what they
take for a repeat: there a pair is merged when one kept text stands for both, and nothing is reviewed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import memproc
from benchmarks import scoring
from benchmarks.fit import pairs_of
from benchmarks.labelled import Labelled, Pair, candidates, corpus, febrl, members_of, merging, pairs_within, prepared, sigmod_x1
from memproc.dedup.compare.compare import benign_confidence, differences_between
from memproc.dedup.compare.confidence import features_of, shipped_model, side_of
from memproc.dedup.compare.fitting import calibration_error
from memproc.dedup.gist.gist import gist_of
from memproc.dedup.minhash.brute_force import alike

REVIEW_AT: Final = memproc.Settings().review_at


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and their harmonic mean, each 0..1; a precision of nothing is 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Give the harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table.

    `reviews` is the number of open reviews by the number of records, None for a peer: it has no reviews. `traps` is how many traps
    were merged and how many there are, None where the data has none.
    """

    data: str
    method: str
    records: int
    merges: Score
    clusters: Score
    flagged: Score
    reviews: float | None
    calibration_error: float | None
    traps: tuple[int, int] | None


def measure(labelled: Labelled, *, recall: Literal["standard", "high"] = "standard", is_calibrated: bool = False) -> Line:
    """Ingest the texts and compare what became of them with the labels.

    With `is_calibrated` the store learns from every second candidate pair first, and the calibration error is that of pairs which
    its model was not fitted to.
    """
    homes, reviewed, error = _ingest(labelled, recall, is_calibrated=is_calibrated)
    members = members_of(homes.items())
    waiting = {(min(pair), max(pair)) for one, other in reviewed for pair in product(members[one], members[other])}
    return _line(
        labelled,
        "memproc" + (f", recall={recall}" if recall != "standard" else "") + (", calibrated" if is_calibrated else ""),
        homes,
        waiting=waiting,
        reviews=len(reviewed) / len(labelled.texts),
        calibration_error=_calibration_error(labelled, pairs_within(members)) if error is None else error,
    )


def measure_peers(labelled: Labelled) -> list[Line]:
    """Compare what each peer keeps of the texts with the labels."""
    from benchmarks.first_seen import PEERS  # noqa: PLC0415 - it needs the group `quality`

    return [_line(labelled, name, dict(enumerate(homes_of(labelled.texts)))) for name, homes_of in PEERS.items()]


def measure_brute_force(labelled: Labelled) -> Line:
    """Compare each with each, as `recall` cannot: what a perfect index would flag."""
    facts = [prepared(text) for text in labelled.texts]
    sides = [side_of(fact.text) for fact in facts]
    groups = [merging(fact).group for fact in facts]
    model = shipped_model()
    found = {
        (one, other)
        for one, other in alike([fact.text for fact in facts])
        if groups[one] == groups[other] or model.probability(features_of(sides[one], sides[other])) >= REVIEW_AT
    }
    waiting = {pair for pair in found if groups[pair[0]] != groups[pair[1]]}
    return _line(labelled, "brute force", dict(enumerate(groups)), waiting=waiting, reviews=len(waiting) / len(facts))


def score(found: Iterable[Pair], same: set[Pair]) -> Score:
    """Compare pairs found with those that are the same."""
    all_found = set(found)
    right = len(all_found & same)
    return Score(right / len(all_found) if all_found else 1.0, right / len(same) if same else 1.0)


def lines(*, records: int, seed: int) -> list[Line]:
    """Measure every data set that is at hand."""
    memories = corpus(records, seed)
    found = [measure(memories), *measure_peers(memories)]
    x1 = sigmod_x1()
    if x1 is not None:
        found += [measure(x1), measure(x1, is_calibrated=True), *measure_peers(x1)]
    for persons in map(febrl, (1, 2, 3, 4)):
        found += [measure(persons), *measure_peers(persons)]
    found += [measure(febrl(3), recall="high"), measure_brute_force(febrl(3))]
    return found


def _line(
    labelled: Labelled,
    method: str,
    homes: Mapping[int, Hashable],
    *,
    waiting: Iterable[Pair] = (),
    reviews: float | None = None,
    calibration_error: float | None = None,
) -> Line:
    """Compare the homes of the records with the labels; `waiting` are the pairs that wait for a person."""
    merged, same = pairs_within(members_of(homes.items())), labelled.same
    return Line(
        labelled.name,
        method,
        len(labelled.texts),
        score(merged, same),
        _cluster_score(homes, labelled.clusters),
        score(merged.union(waiting), same),
        reviews,
        calibration_error,
        _traps(labelled, homes),
    )


def _traps(labelled: Labelled, homes: Mapping[int, Hashable]) -> tuple[int, int] | None:
    """Give how many traps were merged and how many there are; None where the data has none."""
    if not labelled.labels:
        return None
    found = scoring.score(labelled.labels, [homes.get(at) for at in range(len(labelled.texts))])
    return found.traps_merged, found.traps


def _ingest(
    labelled: Labelled, recall: Literal["standard", "high"], *, is_calibrated: bool
) -> tuple[dict[int, str], list[tuple[str, str]], float | None]:
    """Give the memory of each record, the memories of each open review, and the calibration error if the store was calibrated."""
    error = None
    with memproc.open("sqlite://", settings=memproc.Settings(recall=recall)) as store:
        memproc.ingest([{"content": text, "id": str(at)} for at, text in enumerate(labelled.texts)], into=store)
        if is_calibrated:
            error = store.calibrate(_labels(labelled)).calibration_error
            store.rebuild()
        homes = {int(seen.record["id"]): memory.id or "" for memory in store for seen in store.trace(memory.id or "").observations}
        reviewed = [(review.one.id or "", review.other.id or "") for review in store.reviews()]
    return homes, reviewed, error


def _labels(labelled: Labelled) -> Iterator[tuple[str, str, bool]]:
    """Give what a person would say of every second candidate pair."""
    pairs = list(candidates([prepared(text) for text in labelled.texts]))
    return ((str(one), str(other), labelled.clusters[one] == labelled.clusters[other]) for one, other in pairs[::2])


def _cluster_score(homes: Mapping[int, object], clusters: Sequence[int]) -> Score:
    """Of the clusters found, how many are clusters of the truth; and of those, how many were found. Single ones count too."""
    found, truth = members_of(homes.items()), members_of(enumerate(clusters))
    right = len(set(map(frozenset, found.values())) & set(map(frozenset, truth.values())))
    return Score(right / len(found), right / len(truth))


def _calibration_error(labelled: Labelled, merged: set[Pair]) -> float:
    """Of all pairs that were merged or shared a band."""
    model = shipped_model()
    features, truth, _ = pairs_of(labelled)
    confidences = [model.probability(pair) for pair in features] + [_reported(labelled, pair) for pair in merged]
    same = labelled.same
    return calibration_error(confidences, truth + [pair in same for pair in merged])


def _reported(labelled: Labelled, pair: Pair) -> float:
    """Give the confidence of a merge: the trust in the benign differences, or 1 where a third text stands between the two."""
    one, other = (gist_of(prepared(labelled.texts[at]).text) for at in pair)
    confidence = benign_confidence(differences_between(one, other))
    return 1.0 if confidence is None else confidence
