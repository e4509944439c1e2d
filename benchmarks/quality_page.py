"""What `quality` prints, as Markdown: the table, what was kept apart, every merge of LoCoMo, and figures that others published.

The same stands in the page on quality, between two marks, where `--to` writes it anew.
"""

from __future__ import annotations

import csv
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.contradictions import Kept
from benchmarks.quality import Line, Score
from benchmarks.tables import NOTHING, markdown

COMMAND: Final = "quality --to"
PUBLISHED: Final = Path(__file__).parent / "data" / "published.csv"
SCORED: Final = ("precision", "recall", "F1")


def figures(command: str, lines: Sequence[Line], kept: Sequence[Kept]) -> str:
    """Give all that was measured by a command."""
    return "\n\n".join(
        [
            f"Measured with `{command}`, CPython {platform.python_version()}.",
            table(lines),
            "Texts of which no two say the same. A method merged or dropped so many of them:",
            table_of_kept(kept),
            *_shown(kept),
            "Figures that others published, none of them measured here:",
            published(),
        ]
    )


def table(lines: Sequence[Line]) -> str:
    """Give the lines as a table."""
    scored = [f"{name}: {SCORED[0]} | {SCORED[1]} | {SCORED[2]}" for name in ("merges", "clusters", "merges and reviews")]
    return markdown(["data", "method", "records", *scored, "reviews a record", "ECE", "traps merged"], map(_cells, lines))


def table_of_kept(kept: Sequence[Kept]) -> str:
    """Give what was kept apart as a table."""
    rows = [[one.data, one.method, one.compared, f"{one.merged:,}", _or_dash(one.in_review, "{:,}")] for one in kept]
    return markdown(["data", "method", "compared", "merged", "in review"], rows)


def published(path: Path = PUBLISHED) -> str:
    """Give the figures of others as a table, each with where it stands."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [[row["data"], row["tool"], row["f1"], row["how"], _linked(row["source"])] for row in csv.DictReader(lines)]
    return markdown(["data", "tool", "F1", "how", "source"], rows)


def _shown(kept: Sequence[Kept]) -> Iterator[str]:
    """Give every merge of texts of which no two should say the same."""
    for one in kept:
        if one.in_review is not None and not one.merges:
            yield f"Every merge of memproc in {one.data}: none."
        elif one.in_review is not None:
            yield f"Every merge of memproc in {one.data}:"
            yield "\n".join([f"- {pair.confidence:g}, {pair.reason}: “{pair.one}” / “{pair.other}”" for pair in one.merges])


def _cells(line: Line) -> list[str]:
    return [
        *(line.data, line.method, f"{line.records:,}"),
        *(_scores(line.merges), _scores(line.clusters), _scores(line.flagged)),
        _or_dash(line.reviews, "{:.1%}"),
        _or_dash(line.calibration_error, "{:.3f}"),
        NOTHING if line.traps is None else "{}/{}".format(*line.traps),
    ]


def _scores(found: Score) -> str:
    return f"{found.precision:.4f} | {found.recall:.3f} | {found.f1:.3f}"


def _or_dash(value: float | None, form: str) -> str:
    return NOTHING if value is None else form.format(value)


def _linked(source: str) -> str:
    return f"<{source}>" if source.startswith("https://") else source
