"""What enrichment did in a run or a job: how many records, calls, how long they took, what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from memproc.report.quantiles import Quantiles

COUNTS = ("records", "kept", "marked", "answered", "changed", "failed", "wrong", "forgotten", "unasked", "calls", "opened")
FAULTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Enriched:
    """What one enrichment did, by its name and version.

    Of `records`, `kept` got a result that was kept from before (or of an equal record), `marked` had been enriched by it before
    they were exported, `answered` were asked for, `failed` got no answer, `forgotten` were not asked for as they had been
    forgotten, nor `unasked` ones in a dry run. `changed` have something from it; of `wrong` ones the result did not pass. `calls`
    took `seconds` together: `half` of them at most so long, 95 of 100 `p95`, and the longest `longest`. `cost` is what they were
    said to cost, in the unit of the service. The circuit `opened` so often. `faults` are the commonest, with how many records.
    """

    name: str
    version: str
    records: int = 0
    kept: int = 0
    marked: int = 0
    answered: int = 0
    changed: int = 0
    failed: int = 0
    wrong: int = 0
    forgotten: int = 0
    unasked: int = 0
    calls: int = 0
    opened: int = 0
    seconds: float = 0.0
    half: float = 0.0
    p95: float = 0.0
    longest: float = 0.0
    cost: float = 0.0
    faults: tuple[tuple[str, int], ...] = ()

    def told(self) -> str:
        """Return it as a line of text.

        >>> Enriched("emotions", "1", records=5, kept=2, answered=3, changed=4, calls=1, seconds=0.5).told()
        'emotions 1: 5 records, 4 changed; 3 answered, 2 kept; 1 call in 0.50 s'
        """
        counts = ("answered", "kept", "marked", "failed", "wrong", "forgotten", "unasked")
        parts = ", ".join(f"{getattr(self, name):,} {name}" for name in counts if getattr(self, name)) or "none asked for"
        calls = f"{_counted(self.calls, 'call')} in {self.seconds:.2f} s"
        cost = f", cost {self.cost:.6g}" if self.cost else ""
        opened = f"; the circuit opened {self.opened} x" if self.opened else ""
        records = _counted(self.records, "record")
        return f"{self.name} {self.version}: {records}, {self.changed:,} changed; {parts}; {calls}{cost}{opened}"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


class EnrichedSum:
    """What one enrichment has done so far."""

    def __init__(self, name: str, version: str) -> None:
        self.name, self.version = name, version
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.seconds = self.cost = 0.0
        self._times = Quantiles()

    def count(self, **counts: int) -> None:
        """Add to some counts."""
        self.counts.update(counts)

    def note_call(self, seconds: float, cost: float) -> None:
        """Note a call."""
        self.count(calls=1)
        self.seconds, self.cost = self.seconds + seconds, self.cost + cost
        self._times.note(seconds)

    def told(self) -> Enriched:
        """Return it as a value."""
        times = tuple(
            round(seconds, 6) for seconds in (self.seconds, self._times.at(0.5), self._times.at(0.95), self._times.greatest)
        )
        measured = dict(zip(("seconds", "half", "p95", "longest"), times, strict=True))
        values: dict[str, Any] = {**{name: self.counts[name] for name in COUNTS}, **measured, "cost": round(self.cost, 9)}
        return Enriched(self.name, self.version, **values, faults=tuple(self.faults.most_common(FAULTS_SHOWN)))

    def difference(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was added since `standing` was asked, as JSON values."""
        now = self.standing()
        return {"name": self.name, "version": self.version, **{name: round(now[name] - before[name], 9) for name in now}}

    def standing(self) -> dict[str, float]:
        """Return the sums as they stand."""
        return {**{name: self.counts[name] for name in COUNTS}, "seconds": self.seconds, "cost": self.cost}


def folded(batches: Iterable[Mapping[str, Any]]) -> tuple[Enriched, ...]:
    """Return the sums of what `difference` told of batches; of the time of calls the mean alone is known."""
    sums: dict[tuple[str, str], Counter[str]] = {}  # of seconds and cost too, which are fractions
    for batch in batches:
        found = sums.setdefault((str(batch["name"]), str(batch["version"])), Counter())
        found.update({name: batch.get(name, 0) for name in (*COUNTS, "seconds", "cost")})
    told: list[Enriched] = []
    for (name, version), found in sums.items():
        values: dict[str, Any] = {**{one: int(found[one]) for one in COUNTS}, "seconds": round(found["seconds"], 6)}
        told.append(Enriched(name, version, **values, cost=round(found["cost"], 9)))
    return tuple(told)
