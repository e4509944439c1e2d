"""The page of figures: what stands between its two marks is written anew from a file of results, and the plot beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from benchmarks.corpus import Texts
from benchmarks.marks import write_figures
from benchmarks.places import SQLITE
from benchmarks.plot import plot
from benchmarks.results import Comparison
from benchmarks.sides import SIDES
from benchmarks.tables import facts, headline, markdown, markdown_table

COMMAND: Final = "page"


def write_page(path: Path, comparisons: Sequence[Comparison]) -> None:
    """Put the figures into a page, and beside it a plot for each kind of text on SQLite: under the name of the page, with that of
    the kind behind it where the kind is not the ordinary one.

    Raises ValueError where the page has no marks to put them between, or there is nothing to plot.
    """
    plots = {kind: plotted(comparisons, texts=kind) for kind in Texts}
    images = {kind: path.with_name(f"{path.stem}{_suffix(kind)}.svg") for kind in Texts if plots[kind] or kind is Texts.ORDINARY}
    write_figures(path, COMMAND, "\n\n".join(_figures(comparisons, [image.name for image in images.values()])))
    for kind, image in images.items():
        image.write_text(plot(plots[kind]), encoding="utf-8")


def plotted(comparisons: Sequence[Comparison], database: str = SQLITE, texts: str = Texts.ORDINARY) -> list[Comparison]:
    """Give the comparisons of one plot: those of a database and a kind of text."""
    return [comparison for comparison in comparisons if (comparison.database, comparison.texts) == (database, texts)]


def _suffix(kind: Texts) -> str:
    return "" if kind is Texts.ORDINARY else f"-{kind}"


def _figures(comparisons: Sequence[Comparison], images: Sequence[str]) -> Iterator[str]:
    for image in images:
        yield f"![Records a second, peak memory, recall and traps merged of each side]({image})"
    ordered = sorted(comparisons, key=lambda one: (one.database != SQLITE, one.texts != Texts.ORDINARY, one.key))
    for machine, measured in groupby(ordered, key=facts):
        yield f"On {machine}:"
        for comparison in measured:
            yield f"### {headline(comparison)}"
            yield f"`{comparison.command}`, {comparison.date}:"
            yield markdown_table(comparison)
    yield "### The sides"
    yield markdown(("side", "what it does"), [(f"`{side.name}`", side.does) for side in SIDES])
