"""What a store returns of single records that were added, put or changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal

from memproc.dedup.decision import Decision
from memproc.records import Fault, M, Outcome

Put = Literal["stored", "updated", "unchanged", "quarantined"]


@dataclass(frozen=True, slots=True)
class Added(Generic[M]):
    """The result of `add`: `memory` is the one the record is in now (None if quarantined or forgotten), `confidence` that of the
    merge, 0..1 (None if nothing was compared), `reason` how it differs from the record it was compared with, `faults` why it was
    quarantined. `unknown` tells, as `validate` does, of fields that no memory has: they are kept in `metadata`.
    """

    outcome: Outcome
    memory: M | None
    confidence: float | None
    reason: str
    faults: tuple[Fault, ...] = ()
    unknown: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Updated(Generic[M]):
    """The result of `update`, `revert` and `upsert`: `outcome` is stored, updated, unchanged or quarantined, `memory` what it is
    now (None if quarantined or forgotten), `reason` why nothing changed, `decisions` by which the new version replaces the former,
    `faults` what is wrong with the record, `unknown` as that of `Added`.
    """

    outcome: Put
    memory: M | None
    reason: str = ""
    decisions: tuple[Decision, ...] = ()
    faults: tuple[Fault, ...] = ()
    unknown: tuple[Fault, ...] = ()
