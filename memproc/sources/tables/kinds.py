"""Which kinds of tables there are, how each is told by its first bytes, and the library that reads it."""

from __future__ import annotations

from enum import Enum
from importlib import import_module
from typing import Any

from memproc.errors import SourceError


class Kind(Enum):
    """A kind of file with tables."""

    PARQUET = "Parquet"
    ARROW = "an Arrow file"
    ARROW_STREAM = "an Arrow stream"
    HDF5 = "HDF5"
    SHEETS = "a workbook"
    PICKLE = "a pickle"


class ForbiddenError(SourceError):
    """A pickle asks for something else than data."""


START_BYTES = 8
SHEET_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".ods")  # all are zip archives
SHEET_MEMBERS = frozenset(("xl/workbook.xml", "xl/workbook.bin"))
PICKLE_SUFFIXES = (".pkl", ".pickle")
PICKLES_RUN_CODE = (
    "holds a pickle, which may run code when it is read: if you trust it, allow_pickle=True (--allow-pickle) reads the data in it, "
    "in a process of its own that allows no code; or have the program that wrote it write JSON lines"
)
_STARTS = {b"PAR1": Kind.PARQUET, b"ARROW1\0\0": Kind.ARROW, b"\x89HDF\r\n\x1a\n": Kind.HDF5}
_STREAM_START = b"\xff\xff\xff\xff"
_REFUSED = {
    b"PARE": "is an encrypted Parquet file: decrypt it first",
    b"FEA1": "is a Feather file of the first version: write it again with a newer library, which writes the second",
}
_LIBRARIES = {
    Kind.PARQUET: ("pyarrow", "parquet"),
    Kind.ARROW: ("pyarrow", "parquet"),
    Kind.ARROW_STREAM: ("pyarrow", "parquet"),
    Kind.HDF5: ("h5py", "hdf5"),
    Kind.SHEETS: ("python_calamine", "xlsx"),
}
_PICKLE_STARTS = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
_BEHIND_PROTOCOL = frozenset(b"\x95(}])\\cqXKNG.J\x8cU\x88\x89B\x96\x8aM")  # opcodes that a pickle of data may begin with


def kind_of(start: bytes, suffix: str, shown: str) -> Kind | None:
    """Return the kind of a file that begins so, None if it is none of these. `suffix` is that of its name, in lower case, `shown`
    what messages call it.

    Raises SourceError on a relative that is not read.
    """
    for mark, why in _REFUSED.items():
        if start.startswith(mark):
            raise SourceError(f"{shown} {why}")
    found = next((kind for mark, kind in _STARTS.items() if start.startswith(mark)), None)
    if found is not None or start.startswith(_STREAM_START):
        return found or Kind.ARROW_STREAM
    is_marked = start.startswith(_PICKLE_STARTS) and len(start) > len(_PICKLE_STARTS[0]) and start[2] in _BEHIND_PROTOCOL
    return Kind.PICKLE if is_marked or (suffix in PICKLE_SUFFIXES and start) else None


def library(kind: Kind, module: str = "") -> Any:
    """Return the library that reads a kind, or a module of it. Raises SourceError if it is not installed."""
    name, extra = _LIBRARIES[kind]
    try:
        return import_module(module or name)
    except ImportError as error:
        raise SourceError(f"reading {kind.value} needs {name}: pip install 'memproc-sdk[{extra}]'") from error
