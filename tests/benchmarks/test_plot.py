"""Results as a plot and on a page."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install -e . --group quality")

from benchmarks.marks import END, begin
from benchmarks.page import COMMAND, plotted, write_page
from benchmarks.plot import PANELS, figure, plot
from benchmarks.tables import markdown_table

SVG = "{http://www.w3.org/2000/svg}"
BEGIN = begin(COMMAND)


@pytest.mark.costly
def test_the_plot_shows_all_sides_in_all_panels(comparison):
    """It is well-formed, and has the words for each side, size and measure."""
    root = ET.fromstring(plot([comparison, replace(comparison, records=2_000)]))
    words = {element.text for element in root.iter(f"{SVG}text")}
    assert {line.side for line in comparison.lines} < words
    assert {"1,000 records", "2,000 records", *(panel.title for panel in PANELS)} < words
    assert {"memproc and its peers: texts of the ordinary kind, sqlite", "100", "10k"} < words


def test_marks_stand_at_their_values_in_the_rows_of_their_sides(comparison):
    """The first side above; two sizes of a side a little below each other."""
    speeds, _, recalls, traps = figure([comparison, replace(comparison, records=2_000)]).axes
    assert [label.get_text() for label in speeds.get_yticklabels()] == ["floor", "memproc-near", "mem0"]
    first, second = speeds.lines
    assert [*first.get_xdata()] == [50_000.0, 5_000.0, 400.0]
    assert [round(row) for row in first.get_ydata()] == [round(row) for row in second.get_ydata()] == [0, 1, 2]
    assert all(one < other for one, other in zip(first.get_ydata(), second.get_ydata(), strict=True))
    assert speeds.get_ylim()[0] > speeds.get_ylim()[1]
    assert [*recalls.lines[0].get_xdata()] == [line.recall for line in comparison.lines]
    assert [*traps.lines[0].get_xdata()] == [line.traps_merged / line.traps for line in comparison.lines]
    assert (speeds.get_xscale(), recalls.get_xscale()) == ("log", "linear")


@pytest.mark.costly
def test_the_same_comparisons_give_the_same_plot(comparison):
    """To the byte, so that a page that is written again changes nothing."""
    once = plot([comparison])
    assert plot([comparison]) == once
    assert "date" not in once


def test_nothing_cannot_be_plotted(comparison):
    """It is said, in place of an empty plot."""
    with pytest.raises(ValueError, match="nothing to plot"):
        plot([replace(comparison, lines=())])


def test_a_plot_has_one_database_and_one_kind(comparison):
    """The others have plots of their own."""
    others = [replace(comparison, database="mysql"), replace(comparison, texts="recombining")]
    assert plotted([*others, comparison]) == [comparison]
    assert plotted(others, "mysql") == others[:1]


@pytest.mark.costly
def test_the_page_gets_its_figures_between_its_marks(comparison, tmp_path):
    """What was there is replaced, what is around stays, and the plot lies beside."""
    page = tmp_path / "benchmarks.md"
    page.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter\n")
    write_page(page, [comparison])
    once = page.read_text()
    write_page(page, [comparison])
    assert page.read_text() == once
    assert once.startswith("# Before\n")
    assert once.endswith("After\n")
    assert "old" not in once
    assert markdown_table(comparison) in once
    assert comparison.command in once
    assert "(benchmarks.svg)" in once
    assert ET.fromstring((tmp_path / "benchmarks.svg").read_text()).tag == f"{SVG}svg"


@pytest.mark.costly
def test_the_page_has_a_plot_of_each_kind(comparison, tmp_path):
    """On SQLite; that of the ordinary kind has the name of the page."""
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}{END}")
    write_page(page, [comparison, replace(comparison, texts="talk"), replace(comparison, texts="recombining", database="mysql")])
    assert sorted(found.name for found in tmp_path.glob("*.svg")) == ["page-talk.svg", "page.svg"]
    assert "texts of the talk kind" in (tmp_path / "page-talk.svg").read_text()
    told = page.read_text()
    assert told.index("(page.svg)") < told.index("(page-talk.svg)")
    assert "of the talk kind" in told


def test_a_page_without_marks_is_refused(comparison, tmp_path):
    """Nothing is overwritten."""
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    with pytest.raises(ValueError, match="no place for figures"):
        write_page(page, [comparison])
    assert page.read_text() == "nothing here"
