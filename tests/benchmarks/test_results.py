"""Results are kept, and told as text, as Markdown, as a plot and on a page."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from benchmarks.page import BEGIN, END, plotted, write_page
from benchmarks.plot import PANEL_WIDTH, PANELS, Scale, plot
from benchmarks.results import keep_results, read_results
from benchmarks.tables import COLUMNS, markdown_table, text_table

SVG = "{http://www.w3.org/2000/svg}"


def texts_of(root):
    """Give the words of a plot."""
    return [element.text for element in root.iter(f"{SVG}text")]


def test_the_table_tells_the_figures(comparison):
    """A line for each side, columns as wide as needed, a dash for what a side does not tell."""
    lines = text_table(comparison).splitlines()
    assert lines[0] == "1,000 records of the ordinary kind, sqlite, seed 1, one round"
    head, floor, near, mem0 = lines[3:7]
    assert head.split()[:4] == ["side", "records", "records/s", "x"]
    assert len({len(line) for line in (head, floor, near, mem0)}) == 1
    assert floor.split()[-2:] == ["-", "-"]
    assert mem0.split()[4] == "-"
    assert " ".join(near.split()) == "memproc-near 1,000 5,000 10.0 11.0 0.2 0.1 20 0.4 1.0000 0.9000 0/36 0.00% 0.25 0.12"


def test_the_table_tells_what_is_missing(comparison):
    """Never silently: slow, left out and failed sides have a line with the reason."""
    told = text_table(comparison)
    assert "mem0 is slow: measured on the first 500 records" in told
    assert "dlt is left out: dlt not installed" in told
    assert "rensa failed: ended with 1: KeyError" in told


def test_the_table_tells_whether_durability_is_equal(comparison):
    """Once where it is, each by itself where it is not, and who did not tell."""
    assert "all sides ran under journal_mode=wal" in text_table(comparison)
    floor, near, mem0 = comparison.lines
    unlike = (floor, replace(near, ran_under=("journal_mode=off",)), replace(mem0, ran_under=()))
    told = text_table(replace(comparison, lines=unlike))
    assert "NOT EQUAL: floor ran under journal_mode=wal" in told
    assert "NOT EQUAL: memproc-near ran under journal_mode=off" in told
    assert "NOT KNOWN: what mem0 ran under" in told


def test_markdown_has_the_same_columns(comparison):
    """In every row."""
    rows = [line for line in markdown_table(comparison).splitlines() if line.startswith("|")]
    assert {row.count(" | ") for row in rows} == {len(COLUMNS) - 1}
    assert len(rows) == 2 + len(comparison.lines)


def test_results_come_back_from_a_file(comparison, tmp_path):
    """Those of the same database, kind and size are replaced, the others stay."""
    path = tmp_path / "results.json"
    other, again = replace(comparison, database="postgresql"), replace(comparison, seed=2)
    keep_results(path, [comparison, other])
    keep_results(path, [again])
    kept = read_results(path)
    assert {(one.database, one.seed) for one in kept} == {("postgresql", 1), ("sqlite", 2)}
    assert kept[0].left_out == comparison.left_out
    assert text_table(kept[0]) == text_table(other)


def test_the_plot_shows_all_sides_in_all_panels(comparison):
    """It is well-formed, and has a mark and its figure for each side, size and measure."""
    sizes = [comparison, replace(comparison, records=2_000)]
    root = ET.fromstring(plot(sizes))
    words = texts_of(root)
    assert {line.side for line in comparison.lines} < set(words)
    assert {"1,000 records", "2,000 records", *(panel.title for panel in PANELS)} < set(words)
    told = [element.text for mark in root for element in mark if element.tag == f"{SVG}title"]
    assert len(told) == len(sizes) * len(comparison.lines) * len(PANELS)
    assert "memproc-near, 1,000 records: 5,000 records/s" in told


def test_marks_stand_where_their_values_are():
    """A power of ten further on a logarithmic scale is one step, on a linear one half is the middle."""
    speed = Scale(100, 10, 1_000, is_logarithmic=True)
    assert [speed.at(value) for value in (10, 100, 1_000)] == [100, 100 + PANEL_WIDTH / 2, 100 + PANEL_WIDTH]
    assert speed.ticks() == [10, 100, 1_000]
    assert Scale(0, 0, 1, is_logarithmic=False).at(0.5) == PANEL_WIDTH / 2


def test_nothing_cannot_be_plotted(comparison):
    """It is said, in place of an empty plot."""
    with pytest.raises(ValueError, match="nothing to plot"):
        plot([replace(comparison, lines=())])


def test_a_plot_has_one_database_and_one_kind(comparison):
    """The others have plots of their own."""
    others = [replace(comparison, database="mysql"), replace(comparison, texts="recombining")]
    assert plotted([*others, comparison]) == [comparison]
    assert plotted(others, "mysql") == others[:1]


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
