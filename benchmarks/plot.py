"""Comparisons as a plot: a row for each side, a panel for each measure, a colour for each size. Plain SVG.

Rules
-----
- Times and memory are on a logarithmic scale, shares on a linear one from 0 to 1.
- There is no ground, and text and lines are of a middle grey: so the plot is read on white and on black.
- Colours are told apart by shape as well. Each mark tells its figure when the mouse is over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from benchmarks.sides import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.results import Comparison, Line

GREY: Final = "#7d7d7d"  # contrast over 4 on white and over 4.5 on black
FAINT: Final = "0.3"  # opacity of lines behind the marks
COLOURS: Final = ("#3b82d4", "#d9772b", "#2f9e62", "#b25fc4", "#c44a5a")
SHAPES: Final = ("circle", "square", "diamond", "circle", "square")
LABELS_WIDTH, PANEL_WIDTH, GAP, ROW_HEIGHT, TOP, BOTTOM = 150, 190, 26, 26, 64, 30
RADIUS, APART = 4.5, 5  # marks of one row stand so many pixels below each other
UNITS: Final = ((1_000_000, "M"), (1_000, "k"))
FONT: Final = "12px system-ui, sans-serif"


@dataclass(frozen=True, slots=True)
class Panel:
    """A measure of a line; `show` writes a figure."""

    title: str
    value: Callable[[Line], float]
    show: str
    is_logarithmic: bool = True


PANELS: Final = (
    Panel("records a second, log", lambda line: line.records_per_second, "{:,.0f} records/s"),
    Panel("peak memory in MB, log", lambda line: line.peak_megabytes, "{:,.0f} MB"),
    Panel("recall", lambda line: line.recall, "{:.1%} of the repeats found", is_logarithmic=False),
    Panel(
        "traps merged, share",
        lambda line: line.traps_merged / max(line.traps, 1),
        "{:.1%} of the traps merged",
        is_logarithmic=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` on the pixels of a panel that begins at `left`; logarithmic ones from power to power of 10."""

    left: float
    low: float
    high: float
    is_logarithmic: bool

    def at(self, value: float) -> float:
        """Give the x of a value."""
        if self.is_logarithmic:
            share = (log10(max(value, self.low)) - log10(self.low)) / (log10(self.high) - log10(self.low))
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(self.left + share * PANEL_WIDTH, 1)

    def ticks(self) -> list[float]:
        """Give the values that are labelled."""
        if not self.is_logarithmic:
            return [0, 0.5, 1]
        return [10.0**power for power in range(round(log10(self.low)), round(log10(self.high)) + 1)]


def plot(comparisons: Sequence[Comparison]) -> str:
    """Give the plot of comparisons of one kind of text on one database, as the text of an SVG file.

    Raises ValueError where there is nothing to plot.
    """
    measured = {line.side for comparison in comparisons for line in comparison.lines}
    sides = [side.name for side in SIDES if side.name in measured]
    if not sides:
        raise ValueError("no side was measured: there is nothing to plot")
    width = LABELS_WIDTH + len(PANELS) * (PANEL_WIDTH + GAP)
    height = TOP + ROW_HEIGHT * len(sides) + BOTTOM
    attributes = {"viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height), "role": "img"}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **attributes, "fill": GREY, "style": f"font: {FONT}"})
    ET.SubElement(root, "title").text = _title(comparisons)
    _text(root, 0, 14, _title(comparisons), weight="bold")
    _legend(root, comparisons)
    for row, side in enumerate(sides):
        _text(root, LABELS_WIDTH - 10, _y(row) + 4, side, anchor="end")
    for number, panel in enumerate(PANELS):
        _draw(root, panel, LABELS_WIDTH + number * (PANEL_WIDTH + GAP), comparisons, sides)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _draw(root: ET.Element, panel: Panel, left: float, comparisons: Sequence[Comparison], sides: Sequence[str]) -> None:
    """Draw a panel: its title, its ticks, a faint line for each side, and the marks."""
    scale = _scale(panel, left, [panel.value(line) for comparison in comparisons for line in comparison.lines])
    _text(root, left, TOP - 14, panel.title)
    bottom = _y(len(sides)) - ROW_HEIGHT / 2
    for tick in scale.ticks():
        _line(root, (scale.at(tick), TOP - 4), (scale.at(tick), bottom))
        _text(root, scale.at(tick), bottom + 16, _shown(tick), anchor="middle")
    for row in range(len(sides)):
        _line(root, (left, _y(row)), (left + PANEL_WIDTH, _y(row)))
    for number, comparison in enumerate(comparisons):
        shift = (number - (len(comparisons) - 1) / 2) * APART
        for line in comparison.lines:
            told = f"{line.side}, {line.records:,} records: {panel.show.format(panel.value(line))}"
            _mark(root, scale.at(panel.value(line)), _y(sides.index(line.side)) + shift, number, told)


def _scale(panel: Panel, left: float, values: Iterable[float]) -> Scale:
    if not panel.is_logarithmic:
        return Scale(left, 0, 1, is_logarithmic=False)
    positive = [value for value in values if value > 0] or [1.0]
    low = floor(log10(min(positive)))
    return Scale(left, 10.0**low, 10.0 ** max(ceil(log10(max(positive))), low + 1), is_logarithmic=True)


def _legend(root: ET.Element, comparisons: Sequence[Comparison]) -> None:
    left = float(LABELS_WIDTH)
    for number, comparison in enumerate(comparisons):
        _mark(root, left, 30, number, "")
        _text(root, left + 10, 34, f"{comparison.records:,} records")
        left += 130


def _title(comparisons: Sequence[Comparison]) -> str:
    first = comparisons[0]
    return f"memproc and its peers: texts of the {first.texts} kind, {first.database}"


def _mark(root: ET.Element, x: float, y: float, number: int, told: str) -> None:
    colour, shape = COLOURS[number % len(COLOURS)], SHAPES[number % len(SHAPES)]
    paint = {"fill": colour, "fill-opacity": "0.85"}
    if shape == "circle":
        mark = ET.SubElement(root, "circle", {"cx": f"{x:g}", "cy": f"{y:g}", "r": str(RADIUS), **paint})
    else:
        box = {"x": f"{x - 4:g}", "y": f"{y - 4:g}", "width": "8", "height": "8"}
        turned = {"transform": f"rotate(45 {x:g} {y:g})"} if shape == "diamond" else {}
        mark = ET.SubElement(root, "rect", {**box, **turned, **paint})
    if told:
        ET.SubElement(mark, "title").text = told


def _line(root: ET.Element, start: tuple[float, float], end: tuple[float, float]) -> None:
    ends = {"x1": f"{start[0]:g}", "y1": f"{start[1]:g}", "x2": f"{end[0]:g}", "y2": f"{end[1]:g}"}
    ET.SubElement(root, "line", {**ends, "stroke": GREY, "stroke-opacity": FAINT})


def _text(root: ET.Element, x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal") -> None:
    place = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor, "font-weight": weight}
    ET.SubElement(root, "text", place).text = words


def _y(row: int) -> float:
    return TOP + ROW_HEIGHT * row + ROW_HEIGHT / 2


def _shown(tick: float) -> str:
    for unit, letter in UNITS:
        if tick >= unit:
            return f"{tick / unit:g}{letter}"
    return f"{tick:g}"
