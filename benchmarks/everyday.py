"""What becomes of pairs that people judged: `python -m benchmarks everyday [FILE]`.

A file has tab-separated columns, of which `kind` ("same" or "apart"), `grade`, `lang`, `category`, `a` and `b` are read. Both texts
of a pair come into a store of their own; where the category speaks of relative time, ten weeks after one another.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import memproc
from benchmarks.labelled import DATA

DATES = ("2024-01-05", "2024-03-14")
VERDICTS = ("merged", "review", "apart")


class Wrong(NamedTuple):
    """A pair that was judged otherwise than by a person: "apart" and merged, or "same" and neither merged nor in review."""

    kind: str
    a: str
    b: str
    reason: str


def measure(path: Path | None = None) -> tuple[Mapping[tuple[str, str, str], Counter[str]], list[Wrong]]:
    """Return how often each verdict was given, by kind, grade and language, and the pairs that were judged wrongly."""
    found: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    wrong: list[Wrong] = []
    for row in _pairs(path or DATA / "labelled" / "everyday_pairs.tsv"):
        verdict, reason = verdict_on(row["a"], row["b"], are_days_apart="relative" in row["category"])
        found[row["kind"], row["grade"], row["lang"]][verdict] += 1
        if verdict == {"same": "apart", "apart": "merged"}[row["kind"]]:
            wrong.append(Wrong(row["kind"], row["a"], row["b"], reason))
    return found, wrong


def verdict_on(a: str, b: str, *, are_days_apart: bool = False) -> tuple[str, str]:
    """Return one of `VERDICTS` on two texts, and why."""
    dates = DATES if are_days_apart else (None, None)
    first, second = ({"content": text, "created_at": date} for text, date in zip((a, b), dates, strict=True))
    with memproc.open("sqlite://") as store:
        store.add(first)
        added = store.add(second)
        if added.outcome in (memproc.Outcome.MERGED, memproc.Outcome.DUPLICATE):
            return "merged", added.reason
        waiting = store.reviews(limit=1)
    return ("review", waiting[0].reason) if waiting else ("apart", "")


def text_table(found: Mapping[tuple[str, str, str], Counter[str]], wrong: list[Wrong]) -> str:
    """Return the figures as a table, and the pairs that were judged wrongly, one a line."""
    head = f"{'kind':8}{'grade':8}{'lang':6}" + "".join(f"{verdict:>8}" for verdict in VERDICTS)
    rows = [
        f"{kind:8}{grade:8}{lang:6}" + "".join(f"{counts[verdict]:8}" for verdict in VERDICTS)
        for (kind, grade, lang), counts in sorted(found.items())
    ]
    return "\n".join([head, *rows, "", *(f"{one.kind}: {one.a} | {one.b} | {one.reason}" for one in wrong)])


def _pairs(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
