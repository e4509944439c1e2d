"""Charts as shapes with places: bars that lie, columns that stand, lines. Pure geometry; the template draws them as SVG.

Rules: a drawing is narrow, so that its words stay readable on a small screen, where it is drawn at its own size. Scales begin at 0.
Colours are classes, which the page defines for light and dark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import NamedTuple

from memproc.report.pages.parts import Chart, Kind, shown
from memproc.report.quality import shortened

WIDTH = 420
BAR, BAR_GAP, LABELS, VALUES = 16, 10, 128, 78
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 200, 66, 12, 26, 40
LONGEST_LABEL = 19
LEAST_WIDTH = 1.5  # of a bar for a number above 0
STEPS = (1, 2, 2.5, 5, 10)


class Rect(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    kind: str


class Text(NamedTuple):
    """A text at a place; `anchor` is start, middle or end."""

    x: float
    y: float
    anchor: str
    text: str
    kind: str = "tick"


class Line(NamedTuple):
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(slots=True)
class Drawing:
    """The shapes of a chart. `path` is the course of a line, `area` what lies under it."""

    height: float = HEIGHT
    rects: list[Rect] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    path: str = ""
    area: str = ""
    width: int = WIDTH


def drawn(chart: Chart) -> Drawing:
    """Return a chart as shapes."""
    return _DRAWN[chart.form](chart)


def round_up(number: float) -> float:
    """Return the end of a scale that has room for a number.

    >>> round_up(0.83), round_up(6_100), round_up(0)
    (1.0, 10000.0, 1.0)
    """
    if number <= 0:
        return 1.0
    power = 10.0 ** floor(log10(number))
    return power * next(step for step in STEPS if step * power >= number * 0.999)


def _bars(chart: Chart) -> Drawing:
    ((_, points),) = chart.series
    made = Drawing(height=len(points) * (BAR + BAR_GAP) + BAR_GAP)
    most = max((point.value for point in points), default=0) or 1
    room = WIDTH - LABELS - VALUES
    for at, point in enumerate(points):
        y = BAR_GAP + at * (BAR + BAR_GAP)
        width = max(LEAST_WIDTH, point.value / most * room) if point.value else 0
        made.texts.append(Text(LABELS - 8, y + BAR - 4, "end", shortened(shown(point.label), LONGEST_LABEL), "label"))
        made.rects += [Rect(LABELS, y, room, BAR, "track"), Rect(LABELS, y, round(width, 1), BAR, f"bar {_class_of(point.label)}")]
        made.texts.append(Text(WIDTH, y + BAR - 4, "end", shown(point.value, chart.kind), "value"))
    return made


def _class_of(label: str) -> str:
    """Return the class of a bar whose colour says what it is."""
    return f"is-{label}" if label in ("stored", "duplicate", "merged", "quarantined") else "one"


def _frame(made: Drawing, most: float, kind: Kind) -> None:
    """Draw the scale from 0 to `most`."""
    for share in (0.0, 0.5, 1.0):
        y = _y(share)
        made.lines.append(Line(LEFT, y, WIDTH - RIGHT, y))
        made.texts.append(Text(LEFT - 6, y + 4, "end", shown(most * share, kind)))


def _y(share: float) -> float:
    return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)


def _columns(chart: Chart) -> Drawing:
    made = Drawing()
    most = float(ceil(round_up(max((point.value for _, points in chart.series for point in points), default=0))))
    _frame(made, most + most % 2, chart.kind)
    most += most % 2
    count = max(len(points) for _, points in chart.series)
    slot = (WIDTH - LEFT - RIGHT) / count
    width = (slot - 3) / len(chart.series)
    for which, (_, points) in enumerate(chart.series):
        for at, point in enumerate(points):
            if point.value:
                top = min(_y(point.value / most), _y(0) - LEAST_WIDTH)
                x = LEFT + at * slot + 1.5 + which * width
                made.rects.append(Rect(round(x, 1), top, round(width, 1), round(_y(0) - top, 1), f"bar {('one', 'two')[which]}"))
    points = chart.series[0][1]
    for at in range(0, count + 1, 4):
        label = points[at].label if at < count else "1.00"
        made.texts.append(Text(round(LEFT + at * slot, 1), _y(0) + 14, "middle", label))
    made.texts.append(Text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "middle", chart.axis))
    x = LEFT
    for which, (name, _) in enumerate(chart.series):
        made.rects.append(Rect(x, 4, 10, 10, f"bar {('one', 'two')[which]}"))
        made.texts.append(Text(x + 15, 13, "start", name))
        x += 100
    return made


def _line(chart: Chart) -> Drawing:
    ((_, points),) = chart.series
    made = Drawing()
    most = round_up(max(point.value for point in points))
    _frame(made, most, chart.kind)
    end = max(chart.at) or 1
    room = WIDTH - LEFT - RIGHT
    places = [(round(LEFT + at / end * room, 1), _y(point.value / most)) for at, point in zip(chart.at, points, strict=True)]
    made.path = "M" + " L".join(f"{x} {y}" for x, y in places)
    made.area = f"{made.path} L{places[-1][0]} {_y(0)} L{places[0][0]} {_y(0)} Z"
    for share in (0.0, 1.0):
        anchor = "start" if not share else "end"
        made.texts.append(Text(round(LEFT + share * room, 1), _y(0) + 14, anchor, shown(round(end * share), "number")))
    made.texts.append(Text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "middle", chart.axis))
    return made


_DRAWN: Mapping[str, Callable[[Chart], Drawing]] = {"bars": _bars, "columns": _columns, "line": _line}
