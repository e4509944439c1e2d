"""What a page consists of, whatever form it is shown in: sections with facts, charts and tables. Pure values.

Rules: a cell holds a value as it is, and its column says what kind of value that is: `shown` makes text of it, the same in each
form. Each chart is drawn from numbers that a table beside it holds too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log2
from typing import Literal, NamedTuple

Cell = str | float | None
Kind = Literal["text", "number", "share", "seconds", "rate", "mib", "bytes", "change"]
UNKNOWN = "–"
_KIB = 1024
_A_SECOND = 0.9995  # when it is rounded
_MANY_SECONDS = 100  # from which a fraction is of no interest
_STEERING = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}


class Column(NamedTuple):
    """A column of a table."""

    head: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a name that is unique on its page, a caption, and rows of as many cells as there are columns. One that is `folded`
    holds the numbers of a chart, and is shown on demand.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False


class Point(NamedTuple):
    """A point of a line, or a bar with its label."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of one or two series over the same labels. `bars` lie, `columns` stand, `line` goes over `at`. `says` tells in words
    what can be seen.
    """

    name: str
    form: Literal["bars", "columns", "line"]
    title: str
    says: str
    kind: Kind
    series: tuple[tuple[str, tuple[Point, ...]], ...]
    at: tuple[float, ...] = ()
    axis: str = ""


class Fact(NamedTuple):
    """A figure that stands out."""

    label: str
    value: Cell
    kind: Kind = "number"


class Callout(NamedTuple):
    """What is most worth reading: a heading, and paragraphs."""

    head: str
    lines: tuple[str, ...]
    is_good: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A section: a name that is unique on its page, a title, sentences, and what is shown. Small tables may stand `is_beside` each
    other.
    """

    name: str
    title: str
    lines: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    callouts: tuple[Callout, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    is_beside: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page."""

    title: str
    lines: tuple[str, ...]
    sections: tuple[Section, ...]


def _bytes(size: float) -> str:
    if size < _KIB:
        return f"{size:,.0f} bytes"
    power = min(2, int(log2(size)) // 10 - 1)
    return f"{size / _KIB ** (power + 1):,.1f} {('KiB', 'MiB', 'GiB')[power]}"


def _seconds(seconds: float) -> str:
    if seconds == 0 or seconds >= _MANY_SECONDS:
        return f"{seconds:,.0f} s"
    return f"{seconds:.3g} s" if seconds >= _A_SECOND else f"{seconds * 1_000:.3g} ms"


def _number(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) or number != int(number) else f"{int(number):,}"


_SHOWN: Mapping[Kind, Callable[[float], str]] = {
    "text": str,
    "number": _number,
    "share": lambda share: f"{share:.1%}",
    "seconds": _seconds,
    "rate": lambda rate: f"{rate:,.0f}/s",
    "mib": lambda size: f"{size:,.0f} MiB",
    "bytes": _bytes,
    "change": lambda number: f"{number:+,.6g}",
}


def shown(value: Cell, kind: Kind = "text") -> str:
    r"""Return a cell as text, without control characters: it may come from data.

    >>> shown(0.123, "share"), shown(1234567, "number"), shown(None), shown("a\x1b[2J")
    ('12.3%', '1,234,567', '–', 'a\ufffd[2J')
    >>> shown(0.0021, "seconds"), shown(0.9996, "seconds"), shown(90.5, "seconds")
    ('2.1 ms', '1 s', '90.5 s')
    """
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, str):
        return value.translate(_STEERING)
    return _SHOWN[kind](value)
