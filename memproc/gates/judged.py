"""What a gate found: rule by rule, in words and as values. It says nothing of what records hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from memproc.gates.rule import Moment

Verdict = Literal["met", "failed", "warned", "open"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class RuleJudged:
    """A rule and what was found: `rule` is its name, `says` the rule in words, `found` the figure in words and `value` as a number
    (a share of records where it is one, else a count; None if it is not known). `verdict` is "met", "failed", "warned" (not met by
    a rule that only warns) or "open" (it could not be judged: `found` says why). `advice` is empty unless it is not met.
    """

    rule: str
    says: str
    verdict: Verdict
    found: str
    value: float | None = None
    advice: str = ""

    def told(self) -> str:
        """Return it as a line of text.

        >>> RuleJudged("few-bad", "records quarantined: at most 2%", "failed", "6 of 100 (6 %)", 0.06, "mend them").told()
        'failed  few-bad: 6 of 100 (6 %); records quarantined: at most 2%: mend them'
        """
        return f"{self.verdict:7} {self.reason()}"

    def reason(self) -> str:
        """Return what was found and what the rule says, without the verdict."""
        more = f": {self.advice}" if self.advice else ""
        return f"{self.rule}: {self.found}; {self.says}{more}"


@dataclass(frozen=True, slots=True)
class GateJudged:
    """What the rules of a gate came to at a `moment`: "before", "during" or "after" an ingestion."""

    moment: Moment
    rules: tuple[RuleJudged, ...]

    @property
    def is_met(self) -> bool:
        """Whether no rule failed; those that only warn, or could not be judged, do not count."""
        return not self.failed

    @property
    def failed(self) -> tuple[RuleJudged, ...]:
        """The rules that failed."""
        return tuple(rule for rule in self.rules if rule.verdict == "failed")

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        rules = [{name: getattr(rule, name) for name in RuleJudged.__dataclass_fields__} for rule in self.rules]
        return {"moment": self.moment, "is_met": self.is_met, "rules": rules}

    def notes(self) -> Iterable[str]:
        """Yield what was not met, as notes of a report."""
        for rule in self.rules:
            if rule.verdict in ("failed", "warned"):
                yield f"gate {self.moment}: {rule.rule} {rule.verdict}: {rule.found}"

    def __str__(self) -> str:
        """Return it as lines of text: a line a rule, and the result."""
        counted = {verdict: sum(rule.verdict == verdict for rule in self.rules) for verdict in VERDICTS}
        told = ", ".join(f"{count} {verdict}" for verdict, count in counted.items() if count)
        result = f"gate {self.moment}: {'met' if self.is_met else 'NOT MET'} ({told or 'no rule was judged'})"
        return "\n".join([*(rule.told() for rule in self.rules), result])


def judged_of(values: Mapping[str, Any]) -> GateJudged:
    """Return what `as_dict` was made of."""
    return GateJudged(values["moment"], tuple(RuleJudged(**rule) for rule in values["rules"]))
