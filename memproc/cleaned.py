"""What there is to clean in the store of another program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from memproc.report.report import Report


@dataclass(frozen=True, slots=True)
class Removal:
    """An item to delete there: its `id` and `text`, and those of the one that stays. `reason` says how they differ, `confidence`
    0..1 that they say the same (None if a person decided). `lost` are the fields with values that the one that stays lacks. `call`
    deletes it by its own program, `sql` by SQL with the values `values`; None where that would not be enough.
    """

    id: str
    text: str
    namespace: str
    stays: str
    stays_text: str
    confidence: float | None
    reason: str
    lost: tuple[str, ...]
    call: str
    sql: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """An item to change there: `kind` is `update`, where it shall say `becomes`, as memproc knows better, or `supersede`, where it
    is to be marked as replaced by one that says so. `rests_on` are the ids of what says it. The rest is as in `Removal`.
    """

    kind: str
    id: str
    text: str
    namespace: str
    becomes: str
    rests_on: tuple[str, ...]
    confidence: float | None
    reason: str
    call: str
    sql: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two items that may say the same, for a person: their ids and texts, why, and the confidence 0..1 that they do, if any."""

    kind: str
    ids: tuple[str, str]
    texts: tuple[str, str]
    confidence: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What there is to clean in a store: `removals` and `updates` are sure, `doubts` are for a person. `without_call` counts items
    that are repeated or out of date and have no call for it. `report` is that of reading the store.
    """

    store: str
    removals: tuple[Removal, ...]
    updates: tuple[Update, ...]
    doubts: tuple[Doubt, ...]
    without_call: int
    report: Report = field(repr=False)

    @property
    def steps(self) -> Sequence[Removal | Update]:
        """All that is sure: removals, then updates."""
        return (*self.removals, *self.updates)
