"""What a migration did: its ingestion, what changed by field, and the checks that proved it afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from memproc.formats.mapping.tracing import AS_IT_IS, KEPT, RENAMED, Trace
from memproc.report.report import Report
from memproc.validation import in_one_line

EXAMPLES = 3
EXAMPLE_CHARS = 60
_ENDED = ("done", "rehearsed")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What became of a field in `count` records.

    `way` is "as it is", "renamed", "converted", "translated", "repaired", "filled" or, of a column that is no field, "in the
    metadata". `origin` tells where it came from. `examples` are up to three pairs of a value there and the value now, shortened;
    there are none with `redact`.
    """

    field: str
    way: str
    origin: str
    count: int
    examples: tuple[tuple[str, str], ...] = ()

    def told(self) -> str:
        """Return the change as a line of text.

        >>> FieldChange("created_at", "converted", "made", 2, (("1.2.2024", "2024-02-01"),)).told()
        'created_at: 2 converted from made (1.2.2024 -> 2024-02-01)'
        """
        shown = "; ".join(f"{before} -> {after}" if before else after for before, after in self.examples)
        by = "by" if self.way == "filled" else "from"
        return f"{self.field}: {self.count} {self.way} {by} {self.origin}" + (f" ({shown})" if shown else "")


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a finished migration: what has to be so, whether it is, and the figures."""

    name: str
    is_met: bool
    figures: str


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration did.

    `report` is that of its ingestion, `rows` counts the rows of the source. `checks` are empty where it did not come to its end,
    and of a dry run those that need no store. `is_verified`: it came to its end, and all checks are met.
    """

    report: Report
    rows: int = 0
    changes: list[FieldChange] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def is_verified(self) -> bool:
        """Whether it came to its end and all checks are met."""
        return self.report.status in _ENDED and bool(self.checks) and all(check.is_met for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        changes, checks = map(asdict, self.changes), map(asdict, self.checks)
        more = {"changes": [*changes], "checks": [*checks], "is_verified": self.is_verified}
        return {"rows": self.rows, "report": self.report.as_dict(), **more}

    def __str__(self) -> str:
        """Return it as lines of text."""
        lines = [str(self.report)]
        changed = [change for change in self.changes if change.way not in (AS_IT_IS, KEPT)]
        kept = [change.origin for change in self.changes if change.way == KEPT]
        if changed:
            lines += ["what changed, by field:", *(f"  {change.told()}" for change in changed)]
        if kept:
            lines.append(f"in the metadata: {', '.join(in_one_line(name) for name in kept)}")
        lines += [f"{'ok' if check.is_met else 'FAILED'}: {check.name}: {check.figures}" for check in self.checks]
        return "\n".join(lines)


class Changes:
    """Counts of what became of the fields, collected record by record. Without examples where they are to be `redacted`."""

    def __init__(self, *, redacts: bool = False) -> None:
        self._redacts = redacts
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._examples: dict[tuple[str, str, str], dict[tuple[str, str], None]] = {}

    def note(self, traces: Iterable[Trace]) -> None:
        """Count what became of the fields of a record."""
        for field_name, way, origin, before, after in traces:
            key = field_name, way, origin
            self._counts[key] += 1
            if self._redacts or way in (AS_IT_IS, RENAMED, KEPT):
                continue
            examples = self._examples.setdefault(key, {})
            if len(examples) < EXAMPLES:
                examples[_shown(before), _shown(after)] = None

    def found(self, fields: Iterable[str]) -> list[FieldChange]:
        """Return the counts, in the order of the fields and the most frequent first."""
        order = {name: at for at, name in enumerate(fields)}
        counted = sorted(
            self._counts.items(), key=lambda one: (order.get(one[0][0].partition(".")[0], len(order)), -one[1], one[0])
        )
        return [FieldChange(*key, count, tuple(self._examples.get(key, ()))) for key, count in counted]


def _shown(value: object) -> str:
    return "" if value is None else in_one_line(str(value), EXAMPLE_CHARS)
