"""Sheets as people make them: with a title above the table, hidden, with columns whose names have spaces."""

from __future__ import annotations

import openpyxl
import pytest

import memproc


def book(path, rows, state="visible"):
    """Write a workbook with one sheet of these rows, and a visible one, which a workbook must have."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "Likes"
    for row in rows:
        sheet.append(row)
    made.create_sheet("Other").append(["sku", "price"])
    sheet.sheet_state = state
    made.save(path)


HEAD, FIRST = ["content", "user_id"], ["Prefers tea", "ann"]


def ingested(path, tmp_path):
    """Return the report, and what is stored."""
    with memproc.open(tmp_path / "m.db") as store:
        return memproc.ingest(path, store), [(memory.content, memory.namespace) for memory in store]


@pytest.mark.costly
def test_a_title_above_the_head_is_no_head(tmp_path):
    """It is told, with its row."""
    book(tmp_path / "a.xlsx", [[], ["What they like"], [], HEAD, FIRST])
    report, stored = ingested(tmp_path / "a.xlsx", tmp_path)
    assert stored == [("Prefers tea", "ann")]
    assert any("row 2 ('What they like'), which was taken for a title" in note for note in report.notes)


@pytest.mark.costly
@pytest.mark.parametrize("rows", [[HEAD, FIRST], [["content"], ["Prefers tea"]], [["content", None], ["Prefers tea", None]]])
def test_a_sheet_without_a_title_has_its_head_in_its_first_row(rows, tmp_path):
    """Also where it has one column."""
    book(tmp_path / "a.xlsx", rows)
    report, stored = ingested(tmp_path / "a.xlsx", tmp_path)
    assert [content for content, _ in stored] == ["Prefers tea"]
    assert not any("title" in note or "hidden" in note for note in report.notes)


@pytest.mark.costly
def test_a_hidden_sheet_is_read_and_told(tmp_path):
    """Somebody may not know that it is there."""
    book(tmp_path / "a.xlsx", [HEAD, FIRST], "hidden")
    report, stored = ingested(tmp_path / "a.xlsx", tmp_path)
    assert len(stored) == 1
    assert any("'Likes' is hidden" in note for note in report.notes)


@pytest.mark.costly
def test_advice_quotes_names_with_spaces(tmp_path):
    """So that it can be typed as it is."""
    book(tmp_path / "a.xlsx", [["My notes", "who"], ["Prefers tea, with much milk", "ann"]])
    report, _ = ingested(tmp_path / "a.xlsx", tmp_path)
    assert any("--map 'content=My notes'" in note for note in report.notes)
