"""Results are kept, and told as text and as Markdown."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.results import keep_results, read_results
from benchmarks.tables import COLUMNS, markdown_table, text_table


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
    assert {row.count("|") for row in rows} == {len(COLUMNS) + 1}
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
