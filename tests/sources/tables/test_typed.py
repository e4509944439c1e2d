"""Numbers of typed columns where texts belong, and cells that JSON has no word for."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

import memproc
from memproc.ingestion.reading import read_file
from memproc.records import plain
from tests.sources.tables.writing import arrow


def stored(what, tmp_path):
    """Return what becomes of records, and the report."""
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(what, store)
        return [*store], report


def test_whole_numbers_of_a_column_with_gaps_are_ids_and_names_as_in_csv(tmp_path):
    """Pandas keeps integers as fractions where one is missing."""
    rows = [
        {"id": 1, "text": "Prefers tea", "user_id": 12, "conversation": 7},
        {"id": 2, "text": "Hates rain", "user_id": None, "conversation": 8},
    ]
    frame = pd.DataFrame(rows)
    assert frame["user_id"].dtype == float
    frame["id"] = frame["id"].astype(float)
    (tmp_path / "a.csv").write_text("id,text,user_id,conversation\n1,Prefers tea,12,7\n2,Hates rain,,8\n")
    of_frame, _ = stored(frame, tmp_path)
    frame.to_parquet(tmp_path / "a.parquet")
    assert ("12", "7") in {(memory.namespace, memory.conversation) for memory in of_frame}
    alike = [{**plain(one), "source": ""} for one in read_file(tmp_path / "a.parquet")]
    assert alike == [{**plain(one), "source": ""} for one in read_file(tmp_path / "a.csv")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [(1.0, "1"), (1, "1"), ("1.0", "1.0"), (-3.0, "-3"), (2.0**52, str(2**52))],
)
def test_an_id_that_is_a_whole_number_is_that_of_its_integer(given, expected):
    """Text stays what it is."""
    assert memproc.validate({"content": "Prefers tea", "id": given}).memory.id == expected


@pytest.mark.parametrize("given", [1.5, 1e20, math.inf])
def test_any_other_fraction_is_no_id(given):
    """It could be rounded."""
    assert memproc.validate({"content": "Prefers tea", "id": given}).memory is None


@pytest.mark.parametrize(("given", "expected"), [(12345, "12345"), (12345.0, "12345"), (0.5, "0.5")])
def test_a_number_in_the_column_of_the_content_is_text(given, expected, tmp_path):
    """As it is in CSV."""
    pq.write_table(arrow([{"content": given, "user_id": "ann"}]), tmp_path / "a.parquet")
    assert [memory.content for memory in stored(tmp_path / "a.parquet", tmp_path)[0]] == [expected]


ODD = {
    "a period": (pd.Period("2024-01"), "2024-01"),
    "an interval": (pd.Interval(0, 1), "(0, 1]"),
    "a complex number": (1 + 2j, "(1+2j)"),
    "an infinite number": (math.inf, "Infinity"),
    "an infinite one below": (-math.inf, "-Infinity"),
}


@pytest.mark.parametrize("name", ODD)
def test_one_odd_cell_costs_no_row(name, tmp_path):
    """It is text."""
    value, expected = ODD[name]
    memories, report = stored(pd.DataFrame({"content": ["Prefers tea"], "odd": pd.Series([value], dtype=object)}), tmp_path)
    assert report.stored == 1
    assert memories[0].metadata == {"odd": expected}


def test_a_frame_in_a_cell_costs_no_row(tmp_path):
    """It is what it shows."""
    cells = pd.Series([None], dtype=object)
    cells[0] = pd.DataFrame({"a": [1]})
    memories, _ = stored(pd.DataFrame({"content": ["Prefers tea"], "odd": cells}), tmp_path)
    assert "a" in str(memories[0].metadata["odd"])


def test_an_infinite_number_of_a_field_is_told_by_its_name(tmp_path):
    """The other rows are read."""
    frame = pd.DataFrame({"content": ["Prefers tea", "Hates rain"], "importance": [np.inf, 0.5]})
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(frame, store).stored == 1
        (rejected,) = store.quarantine()
        assert rejected.faults[0].path == "importance"


@pytest.mark.parametrize(
    ("index", "counted"),
    [(["ann", "bob"], 2), ([5, 3], 2), ([0, 1], 0), ([3, 9], 0), (pd.date_range("2024-01-01", periods=2), 2)],
    ids=["texts", "numbers in no order", "numbers", "numbers with gaps", "days"],
)
def test_an_index_without_a_name_is_counted_where_it_says_something(index, counted, tmp_path):
    """It could be whose the memories are."""
    _, report = stored(pd.DataFrame({"content": ["Prefers tea", "Hates rain"]}, index=index), tmp_path)
    assert report.left_out["index"] == counted


TEXTS = ["Prefers tea", "Hates rain"]
COLUMNS = {
    "a Series of pandas": lambda: pd.Series(TEXTS),
    "one with a gap at its start": lambda: pd.Series([None, *TEXTS]),
    "a Series of polars": lambda: pl.Series(TEXTS),
    "an array of NumPy": lambda: np.array(TEXTS),
    "an array of objects": lambda: np.array(TEXTS, object),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_texts_is_texts(name, tmp_path):
    """Each is the content of a memory."""
    memories, report = stored(COLUMNS[name](), tmp_path)
    assert [memory.content for memory in memories] == TEXTS
    assert report.quarantined == name.count("gap")


def test_a_column_of_records_is_records(tmp_path):
    """As a list of them is."""
    memories, _ = stored(pd.Series([{"content": "Prefers tea", "namespace": "ann"}]), tmp_path)
    assert [(memory.content, memory.namespace) for memory in memories] == [("Prefers tea", "ann")]
