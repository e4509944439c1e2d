"""Comparisons as a plot in SVG: a row for each side, a panel for each measure, a colour and a shape for each size.

Rules
-----
- Times and memory are on a logarithmic scale, shares on a linear one from 0 to 1.
- There is no ground, and text and lines are of a middle grey: so the plot is read on white and on black.
- The same comparisons give the same bytes: ids are made from a fixed salt, and neither date nor version is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any, Final, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from benchmarks.results import Comparison, Line
from benchmarks.sides import SIDES

GREY: Final = "#7d7d7d"  # contrast over 4 on white and over 4.5 on black
COLOURS: Final = ("#3b82d4", "#d9772b", "#2f9e62", "#b25fc4", "#c44a5a")
SHAPES: Final = "osDvP"
APART: Final = 0.18  # of a row: so far below each other stand the sizes of a side
WIDTH, ROW_HEIGHT, MARGINS = 10.0, 0.3, 1.3  # inches
UNITS: Final = ((1_000_000, "M"), (1_000, "k"))
STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "memproc",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.autolimit_mode": "round_numbers",  # logarithmic ones from a power of ten to another
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.alpha": 0.3,
    "grid.color": GREY,
    "text.color": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
}


class Panel(NamedTuple):
    """A measure of a line."""

    title: str
    value: Callable[[Line], float]
    is_logarithmic: bool = True


PANELS: Final = (
    Panel("records a second, log", lambda line: line.records_per_second),
    Panel("peak memory in MB, log", lambda line: line.peak_megabytes),
    Panel("recall", lambda line: line.recall, is_logarithmic=False),
    Panel("traps merged, share", lambda line: line.traps_merged / max(line.traps, 1), is_logarithmic=False),
)


def plot(comparisons: Sequence[Comparison]) -> str:
    """Give the plot of comparisons of one kind of text on one database, as the text of an SVG file.

    Raises ValueError where there is nothing to plot.
    """
    with mpl.rc_context(STYLE):
        drawn = figure(comparisons)
        written = StringIO()
        told = {"Title": drawn.get_suptitle(), "Date": None, "Creator": None}
        drawn.savefig(written, format="svg", transparent=True, metadata=told)
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().splitlines())


def figure(comparisons: Sequence[Comparison]) -> Figure:
    """Draw what `plot` writes."""
    measured = {line.side for comparison in comparisons for line in comparison.lines}
    sides = [side.name for side in SIDES if side.name in measured]
    if not sides:
        raise ValueError("no side was measured: there is nothing to plot")
    drawn = Figure(figsize=(WIDTH, MARGINS + ROW_HEIGHT * len(sides)), layout="constrained")
    drawn.suptitle(f"memproc and its peers: texts of the {comparisons[0].texts} kind, {comparisons[0].database}")
    panels = drawn.subplots(1, len(PANELS), sharey=True)
    for panel, axes in zip(PANELS, panels, strict=True):
        _draw(axes, panel, comparisons, sides)
    panels[0].set_yticks(range(len(sides)), sides)
    panels[0].set_ylim(len(sides) - 0.4, -0.6)  # the first above
    handles, labels = panels[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=len(comparisons), frameon=False)
    return drawn


def _draw(axes: Axes, panel: Panel, comparisons: Sequence[Comparison], sides: Sequence[str]) -> None:
    for number, comparison in enumerate(comparisons):
        shift = (number - (len(comparisons) - 1) / 2) * APART
        axes.plot(
            [panel.value(line) for line in comparison.lines],
            [sides.index(line.side) + shift for line in comparison.lines],
            SHAPES[number % len(SHAPES)],
            color=COLOURS[number % len(COLOURS)],
            markersize=5,
            label=f"{comparison.records:,} records",
        )
    axes.set_title(panel.title)
    axes.grid(visible=True)
    axes.tick_params(which="both", length=0)
    if panel.is_logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(_shown))
        axes.xaxis.set_minor_formatter("")
    else:
        axes.set_xlim(-0.05, 1.05)
        axes.set_xticks([0, 0.5, 1])


def _shown(tick: float, _place: object = None) -> str:
    """Give a number with the letter of its unit.

    >>> [_shown(10), _shown(1_000), _shown(2_000_000)]
    ['10', '1k', '2M']
    """
    return next((f"{tick / unit:g}{letter}" for unit, letter in UNITS if tick >= unit), f"{tick:g}")
