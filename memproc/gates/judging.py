"""Whether rules are met: facts in, verdicts out. Pure.

Rules: while records are read, a rule fails as soon as it can no longer be met: a count that only grows is above its bound. A bound
on a share or a mean is judged from the `FEWEST_FOR_SHARE`-th record on, and at the end whatever the number. What is not known, or
has too few earlier jobs to compare with, is open, and stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isinf
from statistics import median
from typing import Literal

from memproc.gates.drift import FEWEST_JOBS, is_negligible, modified_z
from memproc.gates.facts import Facts, Value
from memproc.gates.judged import GateJudged, RuleJudged, Verdict
from memproc.gates.measures import OUTCOMES
from memproc.gates.rule import Bound, Gate, Moment, Rule

FEWEST_FOR_SHARE = 100  # records read before a share is judged while records are read

History = Mapping[str, Sequence[float]]
"""By the key of a rule the levels of what it measures in earlier jobs, the newest first."""


def judged(gate: Gate, facts: Facts, moment: Moment, history: History, *, of_all: bool = False) -> GateJudged:
    """Return what the rules come to that are judged at a moment, or with `of_all` all of them."""
    rules = gate.rules if of_all else gate.at(moment)
    return GateJudged(moment, tuple(_judged(rule, facts, history) for rule in rules))


def failed_early(rules: Iterable[Rule], facts: Facts) -> GateJudged | None:
    """Return the rules that fail already while records are read, None if there is none."""
    found = []
    for rule in rules:
        value = facts.value_of(rule)
        if value is None or rule.only_warns:
            continue
        if _is_above(rule, value, facts) or _is_below(rule, value, facts):
            found.append(_of(rule, "failed", _told(rule, value), value))
    return GateJudged("during", tuple(found)) if found else None


def exceeds(bound: Bound, count: float, read: int) -> bool:
    """Tell whether a count of records is above a bound: a share is judged from the 100th record on.

    >>> exceeds(Bound(2), 3, 3), exceeds(Bound(0.5, is_share=True), 3, 3), exceeds(Bound(0.5, is_share=True), 60, 100)
    (True, False, True)
    """
    return read >= FEWEST_FOR_SHARE and count > bound.value * read if bound.is_share else count > bound.value


def _is_above(rule: Rule, value: Value, facts: Facts) -> bool:
    """Tell whether a value is above its bound for good, or above one that is judged all along."""
    if rule.most is None or rule.of.kind == "days":
        return False
    if rule.most.is_share:
        return exceeds(rule.most, value.number, value.of or 0)
    is_certain = rule.of.grows or facts.looked_at >= FEWEST_FOR_SHARE
    return is_certain and value.number > rule.most.value


def _is_below(rule: Rule, value: Value, facts: Facts) -> bool:
    """Tell whether a value is below its bound for good, or below one that is judged all along."""
    if rule.least is None:
        return False
    if rule.least.is_share:
        return (value.of or 0) >= FEWEST_FOR_SHARE and value.number < rule.least.value * (value.of or 0)
    if rule.of.kind == "days":
        return value.number < rule.least.value
    return not rule.of.grows and facts.looked_at >= FEWEST_FOR_SHARE and value.number < rule.least.value


def _judged(rule: Rule, facts: Facts, history: History) -> RuleJudged:
    value = facts.value_of(rule)
    if value is None:
        return _of(rule, "open", _why_unknown(rule, facts))
    told = _told(rule, value)
    bad: Verdict = "warned" if rule.only_warns else "failed"
    if _is_outside(rule, value):
        return _of(rule, bad, told, value)
    if rule.drift is not None:
        earlier = history.get(rule.key, ())[: rule.jobs]
        if len(earlier) < FEWEST_JOBS:
            return _of(
                rule, "open", f"{told}; earlier jobs to compare with: {len(earlier)}, of which {FEWEST_JOBS} are needed", value
            )
        odd = modified_z(value.level, earlier)
        if odd > rule.drift and not is_negligible(value.level, earlier, rule.ignore, is_share=value.of is not None):
            return _of(rule, bad, f"{told}; {_told_drift(odd, earlier, value)}", value)
    return _of(rule, "met", told, value)


def _is_outside(rule: Rule, value: Value) -> bool:
    number = value.number
    for bound, is_least in ((rule.least, True), (rule.most, False)):
        if bound is not None:
            limit = bound.value * (value.of or 0) if bound.is_share else bound.value
            if number < limit if is_least else number > limit:
                return True
    return False


def _why_unknown(rule: Rule, facts: Facts) -> str:
    if rule.measure in OUTCOMES:
        return "known only of a job"
    return "no accepted record has the field" if facts.looked_at else "no record was accepted"


def _told(rule: Rule, value: Value) -> str:
    if value.of is not None:
        return f"{value.number:,.0f} of {value.of:,} ({100 * value.level:.4g} %)"
    if rule.of.kind == "days":
        return f"{value.number:,.1f} days"
    return f"{value.number:,.0f}" if value.number == int(value.number) else f"{value.number:,.1f}"


def _told_drift(odd: float, earlier: Sequence[float], value: Value) -> str:
    middle = median(earlier)
    usual = f"{100 * middle:.4g} %" if value.of is not None else f"{middle:,.4g}"
    far = "all of them alike" if isinf(odd) else f"modified z-score {odd:.1f}"
    return f"the median of {len(earlier)} earlier jobs is {usual}, {far}"


def _of(rule: Rule, verdict: Literal["met", "failed", "warned", "open"], found: str, value: Value | None = None) -> RuleJudged:
    advice = (rule.advice or rule.of.advice) if verdict in ("failed", "warned") else ""
    return RuleJudged(rule.name, rule.told(), verdict, found, None if value is None else value.level, advice)
