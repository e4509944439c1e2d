"""Frames and tables in memory are rows; no row of any of them vanishes, whatever it holds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.sources.decoding import decode
from memproc.sources.tables.cells import json_of
from memproc.sources.tables.frames import is_frame, of_frame
from tests.odd_values import NOTHING, Endless, FailingDict, Mute
from tests.sources.tables.writing import ROWS, arrow, frame

LIMIT = 1 << 20


class Wrapped:
    """What another library has, that can give itself as an Arrow stream."""

    def __init__(self, table):
        """Keep a table."""
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        """Give it."""
        return self.table.__arrow_c_stream__(requested_schema)


def dataset(folder):
    """Return two Parquet files as one."""
    for at, rows in enumerate((ROWS[:1], ROWS[1:])):
        pq.write_table(arrow(rows).cast(arrow().schema), folder / f"{at}.parquet")
    return pa.dataset.dataset(folder, format="parquet")


FRAMES = {
    "pandas": lambda _: frame(),
    "pandas, an index with a name": lambda _: frame().set_index("user_id"),
    "a class made from that of pandas": lambda _: type("Own", (pd.DataFrame,), {})(frame()),
    "polars": lambda _: pl.DataFrame(ROWS),
    "an Arrow table": lambda _: arrow(),
    "a record batch": lambda _: arrow().to_batches()[0],
    "a reader": lambda _: arrow().to_reader(),
    "a dataset": dataset,
    "a scanner": lambda folder: dataset(folder).scanner(),
    "another library's": lambda _: Wrapped(arrow()),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_its_rows(name, tmp_path):
    """With the types of its cells."""
    what = FRAMES[name](tmp_path)
    assert is_frame(what)
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(what, store)
        assert (report.status, report.format, report.stored) == ("done", "table", 3)
        found = {memory.content: memory for memory in store}
        assert {content: memory.namespace for content, memory in found.items()} == {row["content"]: row["user_id"] for row in ROWS}
        assert found["Prefers tea"].created_at == datetime(2024, 1, 1, 9, tzinfo=UTC)
        assert found["Hates rain"].importance == 0.25
        assert found["Has a dog"].importance is None
        assert found["Has a dog"].metadata == {"number": 3}


def test_what_is_no_frame_is_none():
    """Columns of numbers, mappings and lists are what they were."""
    columns = [frame()["importance"], pl.DataFrame(ROWS)["number"], arrow()["content"]]
    assert not any(map(is_frame, [*columns, [], {}, "text", iter(()), ROWS]))
    assert of_frame(ROWS, LIMIT) is None


def test_a_lazy_frame_is_refused_with_advice(tmp_path):
    """It is not computed yet."""
    with memproc.open(tmp_path / "m.db") as store, pytest.raises(memproc.UsageError, match="collect"):
        memproc.ingest(pl.DataFrame(ROWS).lazy(), store)


def test_a_frame_without_a_column_of_text_is_refused(tmp_path):
    """With its columns, as a CSV is; a mapping helps."""
    odd = frame().rename(columns={"content": "what was said"})
    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(memproc.SourceError, match="what was said"):
            memproc.ingest(odd, store)
        with pytest.raises(memproc.SourceError, match="more than once"):
            memproc.ingest(pd.DataFrame([["a", "b"]], columns=["content", "content"]), store)
        assert memproc.ingest(odd, store, mapping={"content": "what was said"}).stored == 3


ODD = [
    *NOTHING,
    None,
    True,
    2**70,
    float("inf"),
    Decimal("1.5"),
    Decimal("NaN"),
    UUID(int=7),
    date(2024, 1, 31),
    datetime(2024, 1, 31, 12),  # noqa: DTZ001 - frames have such
    pd.Timestamp("2024-01-31", tz="Europe/Berlin"),
    pd.Timedelta("1h"),
    np.array([1.0, float("nan")]),
    np.float32(0.5),
    b"text",
    b"\xff\0",
    "\ud800",
    "a\0b",
    [float("nan")],
    {1: "a", "b": {None: 2}},
    {"a", "b"},
    1j,
    object(),
    Mute(),
    Endless(),
    FailingDict(content="x"),
    range(3),
    (number for number in range(3)),
]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_any_value_has_json_or_is_told_to_have_none(value):
    """In a line of its own, with the names that were there, or as what cannot be read."""
    line = json_of({"content": "Prefers tea", "odd": value})
    assert b"\n" not in line
    found = decode(line)
    assert found.fault is not None or found.value.keys() in ({"content", "odd"}, {"unreadable"})


@pytest.mark.costly
@given(st.lists(st.tuples(st.sampled_from(ODD), st.sampled_from([*ODD, "Prefers tea", "Has a dog"])), min_size=1, max_size=8))
def test_no_row_of_a_frame_vanishes(fresh_file, cells):
    """Of pandas and polars alike: it is a memory, or rejected with its bytes."""
    rows = [{"odd": odd, "content": content} for odd, content in cells]
    for what in (pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in rows[0]}), as_polars(rows)):
        with fresh_file() as store:
            report = memproc.ingest(what, store, mapping={"content": "content"})
            assert (report.status, report.read) == ("done", len(rows))
            assert report.stored + report.duplicate + report.merged + report.quarantined == len(rows)
            assert all(one.raw for one in store.quarantine())
            assert store.recount().is_whole


def as_polars(rows):
    """Return rows as a frame of polars whose cells may be anything."""
    return pl.DataFrame({name: pl.Series(name, [row[name] for row in rows], dtype=pl.Object) for name in rows[0]})


VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5)


@given(st.lists(st.dictionaries(st.sampled_from(["content", "user_id", "a"]), VALUES), max_size=10))
def test_rows_of_plain_values_are_what_they_were(rows):
    """Read as JSON, each is the same."""
    names = ["content", "user_id", "a"]
    whole = [{name: row.get(name) for name in names} for row in rows]
    columns = {name: pl.Series(name, [row[name] for row in whole], dtype=pl.Object) for name in names}
    items = of_frame(pl.DataFrame(columns), LIMIT)
    assert [orjson.loads(piece) for piece in items.items] == whole
