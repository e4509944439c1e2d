"""Rows of Arrow that are small as bytes, and large as values: they are told before they are made."""

from __future__ import annotations

import tracemalloc
from contextlib import contextmanager
from io import BytesIO
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import memproc
from memproc.sources.compression import Bounds
from memproc.sources.tables.arrow_rows import lines_of_batches
from memproc.sources.tables.levels import MOST_IN_ROW, Page, RowLengths
from memproc.sources.tables.pages import check_pages

MANY = 1_500_000


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


EMBEDDINGS = {
    "lists": (pa.list_(pa.float32()), [[0.5] * 165, None, [0.25] * 33]),
    "of one length": (pa.list_(pa.float64(), 40), [[0.5] * 40, None, [1.5] * 40]),
    "a list of one": (pa.list_(pa.float32()), [[0.5] * 165, [], [0.25] * 32]),
    "a missing number": (pa.list_(pa.float32()), [[0.5] * 165, None, [0.25] * 40 + [None]]),
    "no number": (pa.list_(pa.float32()), [[0.5] * 165, None, [float("nan")] * 40]),
    "an infinite number": (pa.list_(pa.float32()), [[0.5] * 165, None, [float("inf")] * 40]),
}


@pytest.mark.parametrize("kind", EMBEDDINGS)
def test_embeddings_are_counted_as_if_they_were_made(kind, tmp_path, monkeypatch):
    """Whatever else is in their column becomes what it would become."""
    table = pa.table(
        {"content": ["Prefers tea", "Hates rain", "Has a dog"], "sizes": pa.array(EMBEDDINGS[kind][1], EMBEDDINGS[kind][0])}
    )
    pq.write_table(table, tmp_path / "a.parquet")

    def told(store):
        report = memproc.ingest(tmp_path / "a.parquet", store)
        return report.left_out, report.stored, report.notes, [(one.content, one.metadata) for one in store]

    with memproc.open("sqlite://") as store, memproc.open("sqlite://") as other:
        quick = told(store)
        monkeypatch.setattr("memproc.sources.tables.arrow_rows.embeddings_told", lambda column: column)
        assert quick == told(other)


def test_a_field_of_the_callers_own_may_be_an_embedding(tmp_path):
    """A schema or a mapping may ask for the numbers."""

    class Seen(memproc.Memory):
        embedding: tuple[float, ...] = ()

    table = pa.table({"content": ["Prefers tea"], "embedding": pa.array([[0.5] * 40], pa.list_(pa.float32()))})
    pq.write_table(table, tmp_path / "a.parquet")
    with memproc.open("sqlite://", schema=Seen) as store:
        assert memproc.ingest(tmp_path / "a.parquet", store, schema=Seen).left_out == {}
        assert [len(memory.embedding) for memory in store] == [40]


def test_no_list_is_made_of_an_embedding():
    """Its length stands for it, so a row is as long as its texts."""
    table = pa.table({"content": ["Prefers tea"] * 2, "embedding": pa.array([[0.5] * 165, None], pa.list_(pa.float32()))})
    lines = [*lines_of_batches(table.schema, table.to_batches(), 1 << 20, makes_embeddings=False)]
    assert lines == [b'{"content":"Prefers tea","embedding":{"$numbers":165}}', b'{"content":"Prefers tea","embedding":null}']


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


HUGE = 10_000_000


def huge(kind):
    """Return a column of three rows, of which the second has very many values that are few bytes in a file."""
    flat = pa.Array.from_buffers(pa.int8(), HUGE, [None, pa.py_buffer(b"\1" * HUGE)])
    values = pa.StructArray.from_arrays([flat], ["n"]) if kind == "objects" else flat
    return pa.ListArray.from_arrays([0, 1, HUGE - 1, HUGE], values)


@contextmanager
def pool():
    """Give the memory that Arrow takes within."""
    whole = pa.default_memory_pool()
    counted = pa.proxy_memory_pool(whole)
    pa.set_memory_pool(counted)
    try:
        yield counted
    finally:
        pa.set_memory_pool(whole)


@pytest.mark.parametrize(("version", "codec"), [("1.0", "snappy"), ("2.0", "snappy"), ("1.0", "none")])
def test_a_list_of_ten_million_numbers_in_a_small_file_is_not_decoded(version, codec, tmp_path):
    """Its column is left out and told, as the library decodes a row as a whole."""
    path = tmp_path / "a.parquet"
    table = pa.table({"content": ["Prefers tea", "Hates rain", "Has a dog"], "weights": huge("numbers")})
    pq.write_table(table, path, data_page_version=version, compression=codec)
    assert path.stat().st_size < 2_000
    with pool() as counted:
        report = memproc.ingest(path, "sqlite://")
    assert (report.stored, report.left_out) == (3, {"embeddings": 3})
    assert f"{path}: the column weights is left out: a row has more than 2,000,000 values" in report.notes
    assert 0 < counted.max_memory() < 5_000_000


def test_another_column_with_such_a_row_is_refused(tmp_path):
    """By its name, before anything of it is decoded."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"content": ["Prefers tea", "Hates rain", "Has a dog"], "more": huge("objects")}), path)
    with pytest.raises(memproc.SourceError, match=r"in its column more a row has more than 2,000,000 values: write it without"):
        memproc.ingest(path, "sqlite://")


@pytest.mark.slow
@pytest.mark.parametrize(("version", "depth"), [("1.0", 2), ("2.0", 1)])
def test_many_short_rows_of_one_value_are_read(depth, version, tmp_path):
    """Their pages have more values than bytes too: the levels tell one from the other."""
    column, rows = pa.array(["a"]).take(pa.array([0] * 2_400_000, pa.int32())), 2_400_000
    for _ in range(depth):
        rows //= 3
        column = pa.ListArray.from_arrays(pa.array([*range(0, 3 * rows + 1, 3)], pa.int32()), column)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"tags": column}), path, data_page_version=version, max_rows_per_page=rows)
    with path.open("rb") as stream:
        meta = pq.ParquetFile(stream).metadata
        chunk = meta.row_group(0).column(0)
        assert chunk.num_values > max(chunk.total_uncompressed_size, MOST_IN_ROW)
        assert check_pages(stream, meta, "a", Bounds(1 << 30)).long_columns == []


def test_a_long_row_is_found_over_pages_and_groups_of_bits():
    """Levels come in runs of both kinds, and a row may go on in the next page."""
    chunk = SimpleNamespace(compression="UNCOMPRESSED")
    raw = b"\x0b\xfe" + b"\xff" * 4 + b"\xd0\x0f\x01"  # 40 packed, of which the first begins a row, and a run of 1,000
    page = Page(10, len(raw), 1_040, len(raw), 0)
    lengths = RowLengths(chunk, 1)
    lengths.note(page._replace(values=40), BytesIO(raw[:6]))
    assert lengths.longest == 40
    for _ in range(2):
        lengths.note(page, BytesIO(raw))
    lengths.note(page._replace(values=900), BytesIO(raw[6:]))
    assert lengths.longest == 1_940
