"""The same rows are the same memories, whatever kind of table they lie in, and however it is delivered."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import memproc
from memproc.ingestion.opening import Asked
from memproc.ingestion.reading import read_file
from memproc.records import Rejected, plain
from memproc.sources.files import How
from memproc.sources.tables import arrow_rows, kinds
from memproc.sources.tables.parquet import rows_of_parquet
from tests.command_line import as_json, run_memproc
from tests.sources.tables.writing import ROWS, WRITERS, write_h5py, write_parquet, write_sheets
from tests.waiting import LIMIT_SECONDS

EXPECTED = [
    {
        "content": row["content"],
        "namespace": row["user_id"],
        "kind": "fact",
        **({"created_at": f"2024-01-0{row['number']}T09:00:00.000000Z"} if row["created_at"] else {}),
        **({"importance": row["importance"]} if row["importance"] else {}),
        "metadata": {"number": row["number"]},
    }
    for row in ROWS
]


def read(what, **asked):
    """Return what becomes of the records of a file: plain memories, and the rejected as they are."""
    return [one if isinstance(one, Rejected) else plain(one) for one in read_file(what, Asked(**asked))]


@pytest.fixture(scope="module", params=WRITERS)
def file(request, tmp_path_factory):
    """Give a file of each kind."""
    path = tmp_path_factory.mktemp("tables") / request.param
    WRITERS[request.param](path)
    return path


@pytest.mark.costly
def test_rows_are_the_same_memories_in_every_kind_of_table(file):
    """Texts, numbers and times; what is missing is missing."""
    found = read(file, allow_pickle=True)
    for memory in found:
        del memory["source"]  # the kind of file
        memory["metadata"].pop("created_at_raw", None)  # sheets have no zones
    assert found == EXPECTED


@pytest.mark.costly
@pytest.mark.sampled(4)
@pytest.mark.parametrize("how", ["object", "zip", "gzip"])
def test_a_table_is_read_out_of_archives_and_pipes(file, how, tmp_path):
    """Though it has to be read in any order."""
    (tmp_path / "a.gz").write_bytes(gzip.compress(file.read_bytes()))
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.write(file, file.name)
    what = {"zip": tmp_path / "some.zip", "gzip": tmp_path / "a.gz", "object": io.BytesIO(file.read_bytes())}[how]
    assert [one["content"] for one in read(what, allow_pickle=True)] == [row["content"] for row in ROWS]


@pytest.mark.costly
def test_each_sheet_is_a_table_with_a_label_of_its_own(tmp_path):
    """One that is none is told by name, and stops nothing."""
    sheets = {"Likes": ROWS[:2], "Pets & more": ROWS[2:], "Prices": [{"sku": "a1", "price": 3}]}
    write_sheets(tmp_path / "book.xlsx", sheets)
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(tmp_path / "book.xlsx", store)
        assert (report.status, report.stored, report.format) == ("done", 3, "table")
        assert any(note.startswith("not read: book.xlsx!Prices is in no known format") for note in report.notes)
        assert store.recount().is_whole


@pytest.mark.costly
def test_datasets_that_are_no_table_are_told(tmp_path):
    """By path; so are links, which are not followed."""
    write_h5py(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["model/weights"] = [1.0] * 7
        file["elsewhere"] = h5py.ExternalLink("/etc/other.h5", "/content")
        file.create_dataset("outside", (3,), "S9", external=[("/etc/passwd", 0, 27)])
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(tmp_path / "a.h5", store)
        assert report.stored == 3
        assert report.left_out["datasets that are no tables"] == 3
        told = {note.split(" ")[2] for note in report.notes if "no table" in note}
        assert told == {"a.h5!/elsewhere", "a.h5!/outside", "a.h5!/model/weights"}


@pytest.mark.costly
@pytest.mark.parametrize(
    ("place", "how"),
    [
        *((place, "external") for place in ("table", "block0_values", "block0_items", "axis0")),
        ("table", "virtual"),
        ("block0_values", "link"),
    ],
)
def test_a_frame_reads_no_other_file(tmp_path, place, how):
    """Though it says that its values are there: whoever sends a file would read any that the machine has."""
    secret = b"what nobody may read"
    (tmp_path / "secret.txt").write_bytes(secret)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.array([[secret]])
    kind = np.dtype([("content", "S20")]) if place == "table" else np.dtype("S20")
    shape = (1, 1) if place == "block0_values" else (1,)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("g")
        group.attrs.update({"pandas_type": np.bytes_("frame_table" if place == "table" else "frame"), "nblocks": 1})
        for name, value in {"axis0": [b"content"], "block0_items": [b"content"], "block0_values": [[b"Has a boat"]]}.items():
            if name != place:
                group[name] = np.array(value)
        if how == "external":
            group.create_dataset(place, shape, kind, external=[(str(tmp_path / "secret.txt"), 0, 20)])
        elif how == "virtual":
            layout = h5py.VirtualLayout(shape=shape, dtype=kind)
            layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", shape=shape)
            group.create_virtual_dataset(place, layout)
        else:
            group[place] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")
    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(memproc.SourceError, match=f"holds /g/{place} as a link, or its values in another file"):
            memproc.ingest(tmp_path / "a.h5", store)
        assert [*store] == []


@pytest.mark.costly
def test_a_group_that_is_in_itself_is_read_once(tmp_path):
    """However many names lead to it."""
    write_h5py(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file.create_group("below")["loop"] = file["/"]
    assert len(read(tmp_path / "a.h5")) == 3


def test_an_unknown_head_is_refused_with_its_columns(tmp_path):
    """As that of a CSV is, with the mapping to try."""
    pq.write_table(pa.table({"memo": ["Prefers tea, with milk"], "who": ["ann"]}), tmp_path / "a.parquet")
    with pytest.raises(memproc.SourceError, match=r"memo, who: try --map content=memo"):
        read(tmp_path / "a.parquet")
    assert [one["content"] for one in read_file_mapped(tmp_path / "a.parquet")] == ["Prefers tea, with milk"]


def read_file_mapped(path):
    """Return the memories of a file with a mapping."""
    return [plain(one) for one in read_file(path, mapping={"content": "memo"})]


def test_two_columns_of_one_name_are_refused(tmp_path):
    """Which of them was meant cannot be known."""
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["content", "content"]), tmp_path / "a.parquet")
    with pytest.raises(memproc.SourceError, match="'content' more than once"):
        read(tmp_path / "a.parquet")


def test_a_table_of_roles_is_a_chat(tmp_path):
    """As a CSV of them is."""
    rows = [{"role": "user", "content": "I have a dog"}, {"role": "assistant", "content": "How old is it?"}]
    write_parquet(tmp_path / "a.parquet", rows)
    assert [(one["kind"], one["subject"]) for one in read(tmp_path / "a.parquet")] == [
        ("message", "user"),
        ("message", "assistant"),
    ]


def test_nested_columns_are_read(tmp_path):
    """Lists, structs, maps; embeddings and bytes that are no text are left out, and counted."""
    schema = pa.schema(
        [
            ("content", pa.string()),
            ("tags", pa.list_(pa.string())),
            ("metadata", pa.struct([("mood", pa.string()), ("deep", pa.list_(pa.struct([("n", pa.int64())])))])),
            ("more", pa.map_(pa.string(), pa.int32())),
            ("vector", pa.list_(pa.float32(), 64)),
            ("blob", pa.binary()),
            ("text", pa.binary()),
        ]
    )
    row = {
        "content": "Prefers tea",
        "tags": ["drinks", "home"],
        "metadata": {"mood": "calm", "deep": [{"n": 1}, {"n": 2}]},
        "more": [("a", 1)],
        "vector": [0.5] * 64,
        "blob": b"\xff\0",
        "text": b"of bytes",
    }
    pq.write_table(pa.Table.from_pylist([row], schema), tmp_path / "a.parquet")
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(tmp_path / "a.parquet", store)
        assert report.left_out == {"embeddings": 1, "binary values": 1}
        (memory,) = store
        assert memory.tags == ("drinks", "home")
        assert memory.metadata == {"mood": "calm", "deep": [{"n": 1}, {"n": 2}], "more": {"a": 1}, "text": "of bytes"}


def test_what_python_has_no_value_for_is_kept_as_text_or_rejected(tmp_path):
    """Years beyond 9999, nanoseconds, text that is no UTF-8: no row of them vanishes."""
    bad = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"]).buffers())
    times = pa.array([300_000_000_000_000_000], pa.timestamp("us"))
    fine = pa.array([1_704_067_200_000_000_001], pa.timestamp("ns"))
    table = pa.Table.from_arrays([pa.array(["Prefers tea"]), times, fine, bad], names=["content", "far", "exact", "broken"])
    with pa.ipc.new_stream(str(tmp_path / "a.arrows"), table.schema) as out:
        out.write_table(table)
    (memory,) = read(tmp_path / "a.arrows")
    assert "broken" not in memory["metadata"]
    pq.write_table(table.drop_columns("broken"), tmp_path / "a.parquet")
    (memory,) = read(tmp_path / "a.parquet")
    assert memory["metadata"]["exact"] == "2024-01-01T00:00:00+00:00"
    assert memory["metadata"]["far"].startswith("11476-")


@pytest.mark.costly
def test_a_job_on_a_table_goes_on_where_it_stopped(tmp_path):
    """By the number of the row."""
    rows = [{"content": f"Has been to town number {number}"} for number in range(300)]
    write_parquet(tmp_path / "a.parquet", rows)
    with memproc.open(tmp_path / "m.db") as store:
        settings = memproc.Settings(batch_size=100, max_seconds=1e-9)
        assert memproc.ingest(tmp_path / "a.parquet", store, settings=settings).status == "stopped"
        report = memproc.ingest(tmp_path / "a.parquet", store, resume=True)
        assert (report.status, report.read, report.duplicate, len(store)) == ("done", 300, 0, 300)
        assert store.recount().is_whole


@pytest.mark.costly
def test_inspect_and_show_know_tables(tmp_path):
    """What is in it, and the first as they would be stored."""
    write_sheets(tmp_path / "book.xlsx", {"One": ROWS[:1], "Two": ROWS[1:]})
    found = as_json(run_memproc("inspect", tmp_path / "book.xlsx", "--json"))
    assert [(one["file"], one["format"], one["kinds"]) for one in found["files"]] == [
        ("book.xlsx!One", "table", {"fact": 1}),
        ("book.xlsx!Two", "table", {"fact": 2}),
    ]
    code, out, _ = run_memproc("ingest", tmp_path / "book.xlsx", "--show", "2")
    assert (code, [json.loads(line)["content"] for line in out.splitlines()]) == (0, ["Prefers tea", "Hates rain"])


def test_pickles_are_read_by_the_commands_where_that_is_allowed(tmp_path):
    """Inspect proposes what it was told."""
    WRITERS["a.pkl"](tmp_path / "a.pkl")
    code, _, told = run_memproc("inspect", tmp_path / "a.pkl")
    assert code != 0
    assert "--allow-pickle" in told
    found = as_json(run_memproc("inspect", tmp_path / "a.pkl", "--allow-pickle", "--json"))
    assert found["records"] == 3
    assert all("--allow-pickle" in command for command in found["next"])


@pytest.mark.parametrize(
    ("kind", "extra"), [(kinds.Kind.PARQUET, "parquet"), (kinds.Kind.HDF5, "hdf5"), (kinds.Kind.SHEETS, "xlsx")]
)
def test_a_missing_library_is_told_with_its_extra(kind, extra, monkeypatch):
    """And how to install it."""
    monkeypatch.setitem(kinds._LIBRARIES, kind, ("no_such_module", extra))
    with pytest.raises(memproc.SourceError, match=rf"pip install 'memproc-sdk\[{extra}\]'"):
        kinds.library(kind)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"PARE" + b"\0" * 20, "encrypted"),
        (b"FEA1" + b"\0" * 20, "first version"),
        (b"PAR1" + b"\0" * 20, "cannot be read as Parquet"),
    ],
)
def test_relatives_that_cannot_be_read_are_told(raw, told, tmp_path):
    """With advice, not as binary data."""
    (tmp_path / "a.parquet").write_bytes(raw)
    with pytest.raises(memproc.SourceError, match=told):
        read(tmp_path / "a.parquet")


@pytest.mark.costly
@given(st.integers(0, 2_000), st.integers(0, 255))
@settings(max_examples=60)
def test_a_spoilt_table_raises_what_is_expected_and_ends_nothing(tmp_path_factory, at, byte):
    """Wherever a byte is changed."""
    folder = tmp_path_factory.mktemp("spoilt")
    for name, write in (("a.parquet", write_parquet), ("a.feather", WRITERS["a.feather"]), ("a.arrows", WRITERS["a.arrows"])):
        path = folder / name
        write(path)
        raw = bytearray(path.read_bytes())
        raw[at % len(raw)] = byte
        path.write_bytes(raw)
        try:
            assert len(read(path)) <= len(ROWS)
        except memproc.errors.MemprocError:
            continue


def test_a_row_that_is_too_long_is_rejected_with_its_start(tmp_path):
    """The others are read."""
    write_parquet(tmp_path / "a.parquet", [{"content": "x" * 5_000}, {"content": "Prefers tea"}])
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(tmp_path / "a.parquet", store, settings=memproc.Settings(max_record_bytes=1_000))
        assert (report.stored, report.quarantined) == (1, 1)
        (rejected,) = store.quarantine()
        assert rejected.faults[0].code == "record_too_long"


def test_rows_of_a_table_can_be_replayed_from_quarantine(tmp_path):
    """Each is JSON there."""
    write_parquet(tmp_path / "a.parquet", [{"content": "Prefers tea", "importance": 7.0}])
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(tmp_path / "a.parquet", store).quarantined == 1
        store.replay(transform=lambda row: {**row, "importance": row["importance"] / 10})
        assert [memory.importance for memory in store] == [0.7]


@pytest.mark.costly
def test_a_large_parquet_file_is_read_a_little_at_a_time(tmp_path):
    """Of 30 MB in one group of rows Arrow holds a third at most, also where the texts are in a dictionary."""
    rows = 30_000
    texts = [f"{number:05} {hashlib.sha256(str(number).encode()).hexdigest() * 16}" for number in range(rows)]
    pq.write_table(pa.table({"content": texts}), tmp_path / "a.parquet", compression="none", row_group_size=rows)
    del texts
    most = seen = 0
    before = pa.total_allocated_bytes()
    with (tmp_path / "a.parquet").open("rb") as stream:
        lines, _ = rows_of_parquet(stream, "a.parquet", How(frozenset(), 1 << 26))
        for line in lines:
            seen += len(line) > 1_000
            most = max(most, pa.total_allocated_bytes() - before)
    assert (seen, (tmp_path / "a.parquet").stat().st_size > 30_000_000) == (rows, True)
    assert most < 10_000_000


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+05:30"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_with_a_zone_are_as_arrow_tells_them(zone, unit):
    """Of every unit, before 1970 too, and where one is missing."""
    seconds = [0, 1_698_541_200, None, -5_000_000_000]
    kind = pa.timestamp(unit, zone)
    column = pa.array(seconds, pa.timestamp("s", zone)).cast(kind)
    expected = column.cast(pa.timestamp("us", zone)).to_pylist()
    found = arrow_rows._values(column)
    assert [one and one.isoformat() for one in found] == [one and one.isoformat() for one in expected]


@pytest.mark.costly
def test_a_time_with_a_zone_does_not_load_pandas(tmp_path):
    """It takes some forty MB, and Arrow loads it where it is installed."""
    times = pa.array([1_700_000_000_000_000], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"content": ["Prefers tea"], "created_at": times}), tmp_path / "a.parquet")
    code = "import memproc, sys; print(memproc.ingest('a.parquet', 'm.db').stored, 'pandas' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS
    )
    assert done.stdout == "1 False\n"
