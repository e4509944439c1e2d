"""What is known of a source or a job, as far as the rules of a gate ask for it. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import orjson

from memproc.gates.measures import OUTCOMES
from memproc.gates.rule import Rule
from memproc.gates.tallies import Tally, tally_of


class Value(NamedTuple):
    """A measure: of records how many of `of` records, else a number and None."""

    number: float
    of: int | None

    @property
    def level(self) -> float:
        """What jobs of different size are compared by: a share of records, or the number itself."""
        return self.number if self.of is None else self.number / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """The counters of outcomes, how many accepted records were looked at, and by the keys of rules what was measured of them."""

    counts: Mapping[str, int]
    looked_at: int = 0
    values: Mapping[str, float | None] = field(default_factory=dict)

    def value_of(self, rule: Rule) -> Value | None:
        """Return what a rule is about, None where it is not known."""
        if rule.measure in OUTCOMES:
            if rule.measure not in self.counts:
                return None
            is_whole = rule.measure == OUTCOMES[0]
            return Value(self.counts[rule.measure], None if is_whole else self.counts[OUTCOMES[0]])
        number = self.values.get(rule.key)
        if number is None or not self.looked_at:
            return None
        return Value(number, self.looked_at if rule.of.kind == "records" else None)

    def has(self, rule: Rule) -> bool:
        """Tell whether what a rule is about was measured, also where that gave nothing."""
        return rule.measure in self.counts or rule.key in self.values

    def as_dict(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return asdict(self)


class Measuring:
    """Measures what some rules ask for of accepted records."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._tallies: dict[str, Tally] = {}
        for rule in rules:
            if rule.measure not in OUTCOMES and rule.key not in self._tallies:
                self._tallies[rule.key] = tally_of(rule)
        self.looked_at = 0

    @property
    def is_needed(self) -> bool:
        """Whether any rule asks for what records hold."""
        return bool(self._tallies)

    def note(self, texts: Iterable[bytes | str]) -> None:
        """Take records into account, given as JSON."""
        if not self._tallies:
            return
        tallies = [*self._tallies.values()]
        for text in texts:
            record = orjson.loads(text)
            self.looked_at += 1
            for tally in tallies:
                tally.note(record)

    def facts(self, counts: Mapping[str, int], now: str) -> Facts:
        """Return what is known, at a moment from which ages are counted."""
        return Facts(dict(counts), self.looked_at, {key: tally.value(now) for key, tally in self._tallies.items()})
