"""A rule, and a gate of several: frozen values that were checked when they were made (`parsing`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from memproc.gates.measures import MEASURES, Measure

Moment = Literal["before", "during", "after"]
MOMENTS: tuple[Moment, ...] = get_args(Moment)
DRIFT_JOBS, DRIFT_IGNORES = 10, 0.05


class Bound(NamedTuple):
    """A bound of a measure; of counts of records it may be a share, 0 to 1."""

    value: float
    is_share: bool = False
    written: str = ""  # as a rule has it

    def told(self) -> str:
        """Return it as it was written, or as a number.

        >>> Bound(0.025, is_share=True).told(), Bound(12).told(), Bound(30, written="30d").told()
        ('2.5 %', '12', '30d')
        """
        return self.written or (f"{self.value:.4g}".rstrip() if not self.is_share else f"{100 * self.value:.4g} %")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: a measure, its field, its bounds or how far it may drift, when it is judged, and whether it only warns if not met.

    `drift` is the largest modified z-score against the last `jobs` of the same source; less than the share `ignore` of their median
    is never too much.
    """

    name: str
    measure: str
    field: str = ""
    least: Bound | None = None
    most: Bound | None = None
    drift: float | None = None
    jobs: int = DRIFT_JOBS
    ignore: float = DRIFT_IGNORES
    values: tuple[str, ...] = ()
    pattern: str = ""
    low: float | str | None = None
    high: float | str | None = None
    when: tuple[Moment, ...] = ("during", "after")
    only_warns: bool = False
    advice: str = ""

    @property
    def of(self) -> Measure:
        """The measure in the table."""
        return MEASURES[self.measure]

    @property
    def key(self) -> str:
        """What is measured, as text: rules that measure the same have the same key.

        >>> Rule(name="a", measure="missing", field="subject").key, Rule(name="b", measure="read").key
        ('missing subject', 'read')
        """
        more = [*self.values, self.pattern, *("" if end is None else str(end) for end in (self.low, self.high))]
        return " ".join(part for part in (self.measure, self.field, *(more if any(more) else ())) if part)

    def told(self) -> str:
        """Return the rule in words.

        >>> Rule(name="a", measure="missing", field="subject", most=Bound(0.05, is_share=True)).told()
        'without subject: at most 5 %'
        """
        bounds = [f"at least {self.least.told()}"] if self.least is not None else []
        bounds += [f"at most {self.most.told()}"] if self.most is not None else []
        bounds += [f"as in the last {self.jobs} jobs"] if self.drift is not None else []
        return f"{self.of.told.format(field=self.field)}: {' and '.join(bounds)}"


@dataclass(frozen=True, slots=True)
class Gate:
    """Rules that are judged together. With `rehearse` a job is done and undone first, and done only where its rules are met."""

    rules: tuple[Rule, ...]
    rehearse: bool = False
    given: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def at(self, moment: Moment) -> tuple[Rule, ...]:
        """Return the rules that are judged at a moment."""
        return tuple(rule for rule in self.rules if moment in rule.when)

    @property
    def drifting(self) -> tuple[Rule, ...]:
        """The rules that compare with earlier jobs."""
        return tuple(rule for rule in self.rules if rule.drift is not None)
