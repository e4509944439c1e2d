"""Calibration: fits the confidence model to labelled pairs of a store.

Facts: pairs that merge by likeness have only benign differences, whose confidence is fixed data of memproc. Labels of such pairs
show whether merging by likeness is right in this store at all; if not, it is refused until labels say otherwise. Whether a pair is
benign follows from its texts, not from its memories, which a refusal or a person may have separated. The model is fitted to all
other pairs. Pairs of equal content are one memory anyway and are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import orjson
from sqlalchemy import select
from xxhash import xxh3_64_intdigest

from memproc.config import Policy
from memproc.dedup.compare.compare import benign_confidence, differences_between
from memproc.dedup.compare.confidence import Features, Model, Side, features_of, shipped_model, side_of
from memproc.dedup.compare.fitting import calibration_error, columns, fit, recall_at_precision, reliability
from memproc.dedup.grouping import grouped
from memproc.dedup.keys import Key, text_of
from memproc.errors import NotFoundError, UsageError
from memproc.records import encode
from memproc.store.answers import Calibration
from memproc.store.rows.observations import named_by
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

TARGET_PRECISION = 0.99
FEWEST_PAIRS = 20

Label = tuple[str, str, bool]


class _Pair(NamedTuple):
    features: Features
    is_same: bool


class _Named(NamedTuple):
    """The content of an observation, and the merge groups it is in, or would be in without a typo."""

    content: Key
    side: Side
    groups: set[Key]


class _Labelled(NamedTuple):
    """Labels and confidences of the pairs that merge by likeness, and the other pairs."""

    confidences: list[float]
    merged: list[bool]
    unlike: list[_Pair]


def calibrate(tx: Tx, labels: Iterable[Label], policy: Policy) -> Calibration:
    """Fit a model to labelled pairs of memories or observations, evaluate it, and store it for the next rebuild."""
    labelled = _sort_labels(tx, labels, policy)
    # A reproducible order that does not depend on how the pairs were listed.
    unlike = sorted(labelled.unlike, key=lambda pair: xxh3_64_intdigest(encode(pair.features)))
    model, held_out = _fit_model(unlike[::2]), unlike[1::2]
    confidences = [*(model.probability(pair.features) for pair in held_out), *labelled.confidences]
    same = [*(pair.is_same for pair in held_out), *labelled.merged]
    precision = sum(labelled.merged) / len(labelled.merged) if labelled.merged else 1.0
    refuses = precision < TARGET_PRECISION if labelled.merged else policy.refuses_to_merge
    calibration = {"model": _fit_model(unlike).to_json().decode(), "refuses_to_merge": refuses}
    tx.change_store(calibration=orjson.dumps(calibration).decode())
    return Calibration(
        len(labelled.merged) + len(unlike),
        len(labelled.merged),
        precision,
        calibration_error(confidences, same),
        recall_at_precision(confidences, same, TARGET_PRECISION),
        tuple(reliability(confidences, same)),
        refuses,
    )


def _sort_labels(tx: Tx, labels: Iterable[Label], policy: Policy) -> _Labelled:
    labelled = _Labelled([], [], [])
    finder = _Finder(tx, replace(policy, refuses_to_merge=False))
    for one, other, is_same in labels:
        left, right = finder.named(one), finder.named(other)
        if left.content == right.content:
            continue
        if left.groups.isdisjoint(right.groups):
            labelled.unlike.append(_Pair(features_of(left.side, right.side), is_same))
        else:
            confidence = benign_confidence(differences_between(left.side.gist, right.side.gist))
            labelled.confidences.append(1.0 if confidence is None else confidence)
            labelled.merged.append(is_same)
    return labelled


def calibrated(tx: Tx, policy: Policy) -> Policy:
    """Return the policy with the last calibration applied, if it was not yet; mark it as applied."""
    calibration = tx.execute(select(tables.store.c.calibration)).scalar_one()
    if calibration is None:
        return policy
    tx.change_store(calibration=None)
    return replace(policy, **orjson.loads(calibration))


def _fit_model(pairs: Sequence[_Pair]) -> Model:
    same = np.array([pair.is_same for pair in pairs], np.bool_)
    if len(pairs) < FEWEST_PAIRS // 2:
        raise UsageError(f"label at least {FEWEST_PAIRS} pairs that differ in more than benign ways, not {len(pairs)}")
    try:
        return fit(
            columns([pair.features for pair in pairs]),
            same,
            np.ones(len(pairs)),
            [f"{len(pairs)} labelled pairs"],
            prior=shipped_model(),
        )
    except ValueError as error:
        raise UsageError(f"the labels cannot be fitted: {error}, in both halves of the list") from error


class _Finder:
    """Resolves ids: of a memory, of an observation, or of a record if only one record carries it."""

    def __init__(self, tx: Tx, policy: Policy) -> None:
        self._tx, self._policy = tx, policy
        self.named = cache(self._named)
        self._record_ids: dict[str, bytes | None] | None = None

    def _named(self, identifier: str) -> _Named:
        row = named_by(self._tx, identifier) or named_by(self._tx, self._by_record_id(identifier).hex())
        if row is None:
            raise NotFoundError(f"no memory or observation {identifier!r}")
        seen = row.observation
        groups = grouped(seen.content, seen.record, self._policy)
        return _Named(seen.content, side_of(text_of(seen.record)), {groups.group, *groups.typo_links})

    def _by_record_id(self, identifier: str) -> bytes:
        if self._record_ids is None:
            self._record_ids = {}
            observations = tables.observations.c
            for key, record in self._tx.execute(select(observations.key, observations.record)):
                record_id = orjson.loads(record).get("id")
                if record_id is not None:
                    self._record_ids[record_id] = None if record_id in self._record_ids else key
        key = self._record_ids.get(identifier, b"")
        if key is None:
            raise UsageError(f"several records have the id {identifier!r}: give the id of an observation")
        if not key:
            raise NotFoundError(f"no memory, observation or record {identifier!r}")
        return key
