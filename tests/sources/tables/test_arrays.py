"""Arrays and scalars of NumPy in pickles: those of data are read, and those made to lead the reader astray are refused."""

from __future__ import annotations

import io
import pickle
import signal
import struct

import numpy as np
import pytest

import memproc
from memproc.ingestion.opening import Asked
from memproc.ingestion.reading import read_file
from memproc.records import plain
from memproc.sources.tables import children
from memproc.sources.tables.kinds import ForbiddenError
from memproc.sources.tables.unpickling import array_of, data_of

PLAIN = {
    "whole numbers": np.arange(6, dtype="<i8").reshape(2, 3),
    "fractions in another order": np.array([0.5, 1.5], ">f4"),
    "texts": np.array(["tea", "rain, much"]),
    "bytes": np.array([b"tea", b"x"]),
    "true and false": np.array([True, False]),
    "by columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "times": np.array(["2024-01-01T09:00", "NaT"], "M8[ns]"),
    "durations": np.array([5, 7], "m8[25s]"),
    "objects": np.array(["tea", None, 7, [1, 2]], object),
    "objects by columns": np.asfortranarray(np.array([["tea", 1], ["rain", 2]], object)),
    "nothing": np.array([], "f8"),
    "one alone": np.array(5),
}


def data(raw):
    """Return the data in a pickle."""
    return data_of(io.BufferedReader(io.BytesIO(raw)))


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("name", PLAIN)
def test_arrays_of_data_are_read(name, protocol):
    """Whatever kind of data they hold, and however they lie in memory."""
    array = PLAIN[name]
    found = data(pickle.dumps(array, protocol))
    assert (found.dtype, found.shape, repr(found.tolist())) == (array.dtype, array.shape, repr(array.tolist()))


@pytest.mark.parametrize("value", [np.float64(0.5), np.int32(5), np.str_("tea"), np.bool_(1), np.datetime64("2024-01-01", "s")])
def test_scalars_are_read(value):
    """As NumPy has them."""
    found = data(pickle.dumps(value))
    assert (found, found.dtype) == (value, value.dtype)


class Made:
    """What a pickle says is made by a call, and then given a state."""

    def __init__(self, call, *arguments, state=None):
        """Remember what is called."""
        self.reduced = (call, arguments) if state is None else (call, arguments, state)

    def __reduce__(self):
        """Return the call and the state."""
        return self.reduced


ADDRESS = struct.pack("<Q", 0x4141414141414141)
REBUILD, SCALAR = np.array([1]).__reduce__()[0], np.float64(1).__reduce__()[0]
FROM_BUFFER = np.array([1]).__reduce_ex__(5)[0]
OBJECTS = np.dtype(object)
FIELDS = np.dtype([("a", object), ("b", "i4")])
WITHIN = np.dtype(("i4", (2, 2)))
HIDDEN = Made(np.dtype, "V8", state=(3, "|", None, ("a",), {"a": (OBJECTS, 0)}, 8, 1, 63))
WITH_FIELDS = Made(np.dtype, "i8", state=(3, "<", None, ("a",), {"a": (OBJECTS, 0)}, 8, 1, 63))
SUBARRAY = Made(np.dtype, "i8", state=(3, "<", (OBJECTS, (1,)), None, None, 8, 1, 63))


def array_with(kind, content, shape=(1,)):
    """Return an array made as NumPy's pickles make them."""
    return Made(REBUILD, np.ndarray, (0,), b"b", state=(1, shape, kind, False, content))


HARMFUL = {
    "objects from bytes": lambda: array_with(OBJECTS, ADDRESS),
    "fewer objects than it says": lambda: array_with(OBJECTS, ["tea"], (10,)),
    "a scalar of objects": lambda: Made(SCALAR, OBJECTS, ADDRESS),
    "objects from a buffer": lambda: Made(FROM_BUFFER, ADDRESS, OBJECTS, (1,), "C"),
    "an array around bytes": lambda: Made(np.ndarray, (1,), OBJECTS, ADDRESS),
    "a type with fields": lambda: array_with(FIELDS, ADDRESS * 2),
    "a type within a type": lambda: array_with(WITHIN, ADDRESS * 2),
    "objects in a type of bytes": lambda: array_with(HIDDEN, ADDRESS),
    "objects in a type of numbers": lambda: array_with(WITH_FIELDS, ADDRESS),
    "objects within a type of numbers": lambda: array_with(SUBARRAY, ADDRESS),
    "a type by its description": lambda: array_with(Made(np.dtype, [("a", "O")]), ADDRESS),
    "more than its bytes": lambda: array_with(np.dtype("i8"), ADDRESS, (2,)),
    "less than nothing": lambda: array_with(np.dtype("i8"), ADDRESS * 1, (-1, -1)),
    "texts of no size": lambda: array_with(Made(np.dtype, "U0"), b"", (10**15,)),
    "no type": lambda: array_with(None, ADDRESS),
    "a scalar of more": lambda: Made(SCALAR, np.dtype("i8"), b"1"),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_arrays_that_lead_elsewhere_are_refused(name):
    """Before NumPy sees anything of them."""
    with pytest.raises((ForbiddenError, TypeError)):
        data(pickle.dumps(HARMFUL[name](), 4))


def test_a_pickled_column_that_is_none_is_refused():
    """Also in HDF5."""
    with pytest.raises(ForbiddenError):
        array_of(pickle.dumps(["tea"]))
    assert array_of(pickle.dumps(PLAIN["objects"])).tolist() == PLAIN["objects"].tolist()


def test_a_pickle_of_rows_with_arrays_is_memories(tmp_path):
    """Arrays are lists, and embeddings are left out."""
    row = {"content": np.str_("Prefers tea"), "tags": np.array(["drinks", "home"]), "vector": np.ones(40), "size": np.int64(5)}
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([row]))
    (memory,) = [plain(one) for one in read_file(tmp_path / "a.pkl", Asked(allow_pickle=True))]
    assert (memory["content"], memory["tags"], memory["metadata"]) == ("Prefers tea", ["drinks", "home"], {"size": 5})


def test_a_reader_that_crashes_is_not_said_to_need_memory(tmp_path, monkeypatch):
    """It is told as what it is."""
    (tmp_path / "child_that_crashes.py").write_text(f"import os\nos.kill(os.getpid(), {int(signal.SIGSEGV)})\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(children, "_MODULE", "child_that_crashes")
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(memproc.errors.SourceEndedError, match="crashed") as told:
        [*read_file(tmp_path / "a.pkl", Asked(allow_pickle=True))]
    assert "memory" not in str(told.value)
