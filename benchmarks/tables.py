"""A comparison as text and as Markdown: its figures, what it was measured with, and what was left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from benchmarks.results import Comparison, Line

NOTHING: Final = "-"
COLUMNS: Final = (
    ("side", "{side}"),
    ("records", "{records:,}"),
    ("records/s", "{records_per_second:,.0f}"),
    ("x floor", "{floor_ratio:.1f}"),
    ("x floor, cpu", "{cpu_floor_ratio:.1f}"),
    ("wall s", "{wall_seconds:.1f}"),
    ("cpu s", "{cpu_seconds:.1f}"),
    ("peak MB", "{peak_megabytes:,.0f}"),
    ("disk MB", "{disk_megabytes:,.1f}"),
    ("precision", "{precision:.4f}"),
    ("recall", "{recall:.4f}"),
    ("traps merged", "{traps_merged}/{traps}"),
    ("review", "{review_share:.2%}"),
    ("candidates", "{candidates:.2f}"),
    ("verified", "{verified:.2f}"),
)
OPTIONAL: Final = {"x floor, cpu": "cpu_floor_ratio", "candidates": "candidates", "verified": "verified"}


def text_table(comparison: Comparison) -> str:
    """Give the comparison as lines of text with aligned columns."""
    lines = aligned([_heads(), *map(_cells, comparison.lines)])
    return "\n".join([headline(comparison), facts(comparison), "", *lines, "", *notes(comparison)])


def aligned(rows: Sequence[Sequence[str]], *, left: Collection[int] = ()) -> list[str]:
    """Give rows of cells as lines whose columns are aligned: at the right, but at the left those whose numbers are in `left`."""
    columns = [[*column] for column in zip(*rows, strict=True)]
    padded = [_padded(column, is_left=at in left) for at, column in enumerate(columns)]
    return ["  ".join(cells).rstrip() for cells in zip(*padded, strict=True)]


def markdown_table(comparison: Comparison) -> str:
    """Give the comparison as a Markdown table, with its notes behind it."""
    table = markdown(_heads(), map(_cells, comparison.lines))
    return "\n".join([table, "", *(f"- {note}" for note in notes(comparison))])


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give rows of cells as a Markdown table; a head or a cell may hold several, with bars between them."""
    head = f"| {' | '.join(heads)} |"
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *(f"| {' | '.join(row)} |" for row in rows)])


def headline(comparison: Comparison) -> str:
    """Give size, kind of texts and database in a line."""
    rounds = "one round" if comparison.rounds == 1 else f"medians of {comparison.rounds} rounds"
    return f"{comparison.records:,} records of the {comparison.texts} kind, {comparison.database}, seed {comparison.seed}, {rounds}"


def facts(comparison: Comparison) -> str:
    """Give the machine and the versions in a line."""
    return ", ".join(f"{name} {value}" for name, value in comparison.machine.items())


def notes(comparison: Comparison) -> list[str]:
    """Give what the sides ran under, which were measured on fewer records, and which were left out."""
    return [*_ran_under(comparison.lines), *_cut(comparison), *_left_out(comparison)]


def _ran_under(lines: Sequence[Line]) -> Iterator[str]:
    sides: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        for settings in line.ran_under:
            sides[settings].append(line.side)
    if len(sides) == 1:
        yield f"all sides ran under {next(iter(sides))}"
    else:
        yield from (f"NOT EQUAL: {', '.join(names)} ran under {settings}" for settings, names in sides.items())
    if silent := [line.side for line in lines if not line.ran_under]:
        yield f"NOT KNOWN: what {', '.join(silent)} ran under"


def _cut(comparison: Comparison) -> Iterator[str]:
    for line in comparison.lines:
        if line.records < comparison.records:
            yield f"{line.side} is slow: measured on the first {line.records:,} records (more with --largest {line.side}=N)"


def _left_out(comparison: Comparison) -> Iterator[str]:
    for side in comparison.left_out:
        yield f"{side.side} {'failed' if side.has_failed else 'is left out'}: {side.reason}"


def _heads() -> list[str]:
    return [head for head, _ in COLUMNS]


def _cells(line: Line) -> list[str]:
    values = {name: getattr(line, name) for name in type(line).__slots__}
    return [_cell(head, template, values) for head, template in COLUMNS]


def _cell(head: str, template: str, values: dict[str, object]) -> str:
    return NOTHING if values.get(OPTIONAL.get(head, ""), head) is None else template.format(**values)


def _padded(column: Sequence[str], *, is_left: bool) -> list[str]:
    width = max(map(len, column))
    return [cell.ljust(width) if is_left else cell.rjust(width) for cell in column]
