"""Rows of Arrow that are small as bytes, and large as values: they are told before they are made."""

from __future__ import annotations

import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import memproc

MANY = 4_000_000


def ingested(tmp_path, table, **settings):
    """Return the report of a table of Parquet, and the most memory that Python took."""
    pq.write_table(table, tmp_path / "a.parquet")
    with memproc.open(tmp_path / "m.db") as store:
        tracemalloc.start()
        report = memproc.ingest(tmp_path / "a.parquet", store, settings=memproc.Settings(**settings))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return report, most, [*store.quarantine()]


@pytest.mark.costly
@pytest.mark.parametrize("kind", [pa.list_(pa.int8()), pa.large_list(pa.float32()), pa.list_(pa.int8(), MANY)], ids=str)
def test_a_long_list_of_numbers_is_left_out_before_it_is_made(kind, tmp_path):
    """And counted; the row is a memory."""
    flat = pa.array([1], pa.int8()).take(pa.array([0] * MANY, pa.int32())).cast(kind.value_type)
    column = pa.FixedSizeListArray.from_arrays(flat, MANY) if hasattr(kind, "list_size") else pa.array([flat], kind)
    report, most, _ = ingested(tmp_path, pa.table({"content": ["Prefers tea"], "weights": column}))
    assert (report.stored, report.left_out["embeddings"]) == (1, 1)
    assert most < 30_000_000


def test_only_the_long_lists_of_a_column_are_left_out(tmp_path):
    """Short ones and none are values."""
    lists = [[1, 2], None, [0] * 70_000]
    table = pa.table({"content": ["Prefers tea", "Hates rain", "Has a dog"], "sizes": pa.array(lists, pa.list_(pa.int16()))})
    pq.write_table(table, tmp_path / "a.parquet")
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(tmp_path / "a.parquet", store).left_out == {"embeddings": 1}
        assert [memory.metadata for memory in store] == [{"sizes": [1, 2]}, {}, {}]


DEEP = {
    "lists of lists": pa.list_(pa.list_(pa.int8())),
    "structs": pa.list_(pa.struct([("n", pa.int8())])),
    "truths": pa.list_(pa.bool_()),
    "a map": pa.map_(pa.string(), pa.list_(pa.int8())),
}


@pytest.mark.costly
@pytest.mark.parametrize("name", DEEP)
def test_a_row_of_too_many_values_is_rejected_alone(name, tmp_path):
    """With what is in its other columns."""
    flat, kind = [1] * MANY, DEEP[name]
    heavy = {"lists of lists": [flat], "structs": None, "truths": None, "a map": [("a", flat)]}[name]
    if name == "structs":
        column = pa.ListArray.from_arrays([0, 0, MANY, MANY], pa.StructArray.from_arrays([pa.array(flat, pa.int8())], ["n"]))
    elif name == "truths":
        column = pa.ListArray.from_arrays([0, 0, MANY, MANY], pa.array([True] * MANY))
    else:
        column = pa.array([[], heavy, []], kind)
    table = pa.table({"content": ["Prefers tea", "Hates rain", "Has a dog"], "more": column})
    del flat, heavy
    report, most, rejected = ingested(tmp_path, table)
    assert (report.stored, report.quarantined) == (2, 1)
    assert rejected[0].faults[0].code == "record_too_long"
    assert b"Hates rain" in rejected[0].raw
    assert most < 30_000_000


@pytest.mark.costly
def test_rows_that_share_a_long_text_are_made_a_few_at_a_time(tmp_path):
    """Each has it by itself as a value."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 50, pa.int32()), ["x" * 12_000_000])
    table = pa.table({"content": ["Prefers tea"] * 50, "same": column})
    with memproc.open(tmp_path / "m.db") as store:
        tracemalloc.start()
        report = memproc.ingest(table, store, settings=memproc.Settings(max_record_bytes=1_000_000))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert report.quarantined == 50
        assert most < 30_000_000


@pytest.mark.costly
def test_views_are_measured_by_what_they_become(tmp_path):
    """Not by the memory behind all of them."""
    texts = [f"Has been to town {number} {'x' * 1_000}" for number in range(3_000)]
    table = pa.table({"content": pa.array(texts, pa.string_view())})
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(table, store, settings=memproc.Settings(max_record_bytes=10_000))
        assert (report.stored + report.duplicate + report.merged, report.quarantined) == (3_000, 0)
