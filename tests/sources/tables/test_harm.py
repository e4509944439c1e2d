"""Tables that are made to do harm: what they ask for is found out before it is given."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import zipfile

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

import memproc
from memproc.ingestion.opening import Asked
from memproc.ingestion.reading import read_file
from memproc.records import plain
from memproc.sources.tables import children
from tests.sources.tables.writing import write_sheets

KNOWN, CLAIMED = 1_234_567, 134_000_000  # numbers that Thrift writes with four bytes each


def read(path, **asked):
    """Return the memories of a file."""
    return [plain(one) for one in read_file(path, Asked(**asked))]


def thrift(number):
    """Return a number as Thrift's compact protocol writes it."""
    number, out = number * 2, b""
    while number > 127:
        out, number = out + bytes((number & 127 | 128,)), number >> 7
    return out + bytes((number,))


def small_parquet(path):
    """Write a column of nothing in very few bytes."""
    table = pa.table({"content": pa.nulls(KNOWN, pa.string())})
    large = {"data_page_size": 1 << 30, "max_rows_per_page": KNOWN, "row_group_size": KNOWN}
    pq.write_table(table, path, store_schema=False, write_statistics=False, use_dictionary=False, **large)
    return path.read_bytes()


def claimed_rows(path):
    """Write 300 bytes that say they have 134 million rows, which take 4 GB as texts of Arrow."""
    raw = small_parquet(path).replace(thrift(KNOWN), thrift(CLAIMED))
    assert len(raw) < 400
    path.write_bytes(raw)


def claimed_page(path):
    """Write a page whose head says that it becomes much larger than its column says."""
    pq.write_table(
        pa.table({"content": ["x" * (KNOWN - 8)]}),
        path,
        use_dictionary=False,
        write_statistics=False,
        column_encoding={"content": "PLAIN"},
    )
    raw = path.read_bytes()
    at = raw.index(b"\x15") + 1  # the second field of the first head: what the page becomes
    head = raw[at : at + 40]
    number = next(thrift(count) for count in range(KNOWN - 100, KNOWN + 100) if thrift(count) in head)
    path.write_bytes(raw.replace(number, thrift(CLAIMED), 1))


def compressed_parquet(path):
    """Write 70 MB of one letter."""
    pq.write_table(pa.table({"content": ["x" * 70_000_000]}), path, compression="zstd", use_dictionary=False)


def compressed_arrow(path):
    """Write the same as an Arrow file."""
    pf.write_feather(pa.table({"content": ["x" * 70_000_000]}), str(path), compression="zstd")


def rows_of_nothing(path):
    """Write a thousand million rows that take no bytes."""
    table = pa.table({"content": pa.nulls(1_000_000_000)})
    with pa.ipc.new_stream(str(path), table.schema) as out:
        out.write_table(table)
    assert path.stat().st_size < 600


@pytest.mark.parametrize(
    "write",
    [claimed_rows, claimed_page, pytest.param(compressed_parquet, marks=pytest.mark.slow), compressed_arrow, rows_of_nothing],
    ids=lambda write: write.__name__,
)
def test_what_would_become_very_large_is_refused_at_once(write, tmp_path):
    """By what it says of itself, before any of it is decompressed."""
    write(tmp_path / "a.parquet")
    with pytest.raises(memproc.SourceError, match=r"becomes more than|has a page of"):
        read(tmp_path / "a.parquet")


def test_the_setting_holds_for_tables(tmp_path):
    """As for archives."""
    pq.write_table(pa.table({"content": [f"Has {number} hens" for number in range(5_000)]}), tmp_path / "a.parquet")
    settings = memproc.Settings(max_decompressed_bytes=10_000)
    with pytest.raises(memproc.SourceError, match="--max-decompressed"):
        list(read_file(tmp_path / "a.parquet", settings=settings))


def endless_hdf5(path):
    """Write rows that lie nowhere."""
    with h5py.File(path, "w") as file:
        file.create_dataset("content", (10**9,), "S100", chunks=(1_000,))


def wide_sheet(path):
    """Write a sheet with a cell in the first and in the last corner."""
    write_sheets(path)
    with zipfile.ZipFile(path) as before:
        members = {name: before.read(name) for name in before.namelist()}
    sheet = next(name for name in members if "sheet1" in name)
    corner = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    members[sheet] = members[sheet].replace(b"</sheetData>", corner)
    with zipfile.ZipFile(path, "w") as after:
        for name, content in members.items():
            after.writestr(name, content)


def inflated_sheet(path):
    """Write a workbook that its compression makes small."""
    write_sheets(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", b"0" * 70_000_000)


@pytest.mark.costly
@pytest.mark.parametrize("write", [endless_hdf5, wide_sheet, inflated_sheet], ids=lambda write: write.__name__)
def test_what_a_library_would_take_all_memory_for_is_refused(write, tmp_path):
    """In a process that may not have it."""
    write(tmp_path / "a.bin")
    with pytest.raises(memproc.SourceError, match=r"becomes more than|takes more than the"):
        read(tmp_path / "a.bin")


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function, *arguments):
        """Remember what is to be called."""
        self.called = function, arguments

    def __reduce__(self):
        """Return the call."""
        return self.called


MARK = "pickle-was-here"
FORBIDDEN = {
    "a command": lambda: pickle.dumps(Calls(os.system, f"touch {MARK}")),
    "a process": lambda: pickle.dumps([Calls(subprocess.getoutput, f"touch {MARK}")]),
    "code": lambda: pickle.dumps(Calls(eval, f"open({MARK!r}, 'w')")),
    "an attribute of a type that is allowed": lambda: pickle.dumps(Calls(getattr, dict, "__subclasses__")),
    "a name with dots": lambda: b"\x80\x04\x8c\x08datetime\x8c\x0esys.modules.os\x93.",
    "a module within one that is allowed": lambda: b"cnumpy\nf2py.crackfortran.myeval\n.",
    "a file": lambda: pickle.dumps(Calls(open, MARK, "w")),
    "a codec": lambda: b"c_codecs\nencode\n(Vx\nVzlib\ntR.",
    "a persistent id": lambda: b"\x80\x02Paddress\n.",
    "an old one": lambda: b"cos\nsystem\n(S'touch " + MARK.encode() + b"'\ntR.",
    "a default from a function": lambda: b"ccollections\ndefaultdict\n(cos\nsystem\ntR.",
}


@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.sampled(3)
def test_a_pickle_that_would_run_code_is_refused(name, tmp_path, monkeypatch):
    """And nothing has run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pkl").write_bytes(FORBIDDEN[name]())
    with pytest.raises(memproc.SourceError, match=r"no plain data|asks for|refers to"):
        read(tmp_path / "a.pkl", allow_pickle=True)
    assert not (tmp_path / MARK).exists()


def folded(levels):
    """Return a list that is small as a pickle, and becomes ten times as large with each level."""
    data = ["tea"]
    for _ in range(levels):
        data = [data] * 10
    return data


HEAVY = {
    "lists that hold each other again and again": lambda: pickle.dumps(folded(12)),
    "an array that says it is large": lambda: pickle.dumps(Calls(bytearray, 10**13)),
    "a deep one": lambda: b"]" * 300_000 + b"a" * 299_999 + b".",
    "one that ends too early": lambda: pickle.dumps([{"content": "Prefers tea"}])[:-9],
    "nonsense": lambda: b"\x80\x04}" + bytes(range(256)) * 5,
}


@pytest.mark.costly
@pytest.mark.parametrize("name", HEAVY)
@pytest.mark.sampled(2)
def test_a_pickle_that_needs_too_much_is_refused(name, tmp_path, monkeypatch):
    """Within its memory and time."""
    monkeypatch.setattr(children, "BASE_BYTES", 1 << 27)
    monkeypatch.setattr(children, "BASE_SECONDS", 3)
    (tmp_path / "a.pkl").write_bytes(HEAVY[name]())
    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(memproc.SourceError, match=r"a\.pkl (takes more|cannot be read|is in no known format)"):
            memproc.ingest(tmp_path / "a.pkl", store, allow_pickle=True)
        assert len(store) == 0


@pytest.mark.costly
def test_a_reader_that_does_not_come_to_an_end_is_stopped(tmp_path, monkeypatch):
    """When its time is over."""
    monkeypatch.setattr(children, "BASE_SECONDS", 1)
    monkeypatch.setattr(children, "BASE_BYTES", 1 << 33)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(folded(15)))
    with pytest.raises(memproc.SourceError, match="takes more than"):
        read(tmp_path / "a.pkl", allow_pickle=True)


def test_a_pickle_is_refused_unless_it_is_allowed(tmp_path):
    """By its first bytes, and by its name; pickled columns of HDF5 too."""
    (tmp_path / "a.bin").write_bytes(pickle.dumps([{"content": "Prefers tea"}]))
    (tmp_path / "b.pkl").write_bytes(pickle.dumps([{"content": "Prefers tea"}], protocol=0))
    for name in ("a.bin", "b.pkl"):
        with pytest.raises(memproc.SourceError, match="--allow-pickle"):
            read(tmp_path / name)
        assert read(tmp_path / name, allow_pickle=True)[0]["content"] == "Prefers tea"


def test_the_child_reads_a_file_whatever_lies_in_the_current_folder(tmp_path, monkeypatch):
    """A module of the same name as one of Python is not taken from there."""
    (tmp_path / "json.py").write_text("raise SystemExit('taken from the folder')")
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([{"content": "Prefers tea", "vector": np.ones(40)}]))
    monkeypatch.chdir(tmp_path)
    assert read(io.BytesIO((tmp_path / "a.pkl").read_bytes()), allow_pickle=True)[0]["content"] == "Prefers tea"
