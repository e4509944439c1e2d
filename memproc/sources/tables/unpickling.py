"""Reads the data in a pickle, and runs nothing that it asks for. It runs in the child process that `child` begins.

Facts: a pickle is a program. What it may call it names, and `find_class` is asked for each name; a list of what is forbidden was
outwitted each time, so there is a list of what is allowed. Lists, dictionaries, texts, numbers, true, false and None need no name.

Rules: allowed are the types of plain data beyond those: sets, `bytearray`, `complex`, ordered and default dictionaries, counters,
deques, dates and times, `Decimal`, `UUID`. For the arrays and scalars of NumPy the functions of `arrays` stand in, and those of
this module for the times of pandas in rows, and for bytes as old protocols write them. Frames of pandas are not allowed: they name
some twenty private functions, others in each version, so the advice is to save them as Parquet.
"""

from __future__ import annotations

import builtins
import collections
import datetime as dt
import decimal
import io
import pickle
import uuid
from importlib import import_module
from typing import Any

from memproc.sources.tables.kinds import ForbiddenError

_PLAIN = ("set", "frozenset", "bytearray", "complex", "list", "dict", "tuple", "str", "bytes", "int", "float", "bool")
_DATA: dict[str, tuple[Any, tuple[str, ...]]] = {
    "builtins": (builtins, _PLAIN),
    "__builtin__": (builtins, _PLAIN),  # as Python 2 called it, and as protocols up to 2 do
    "collections": (collections, ("OrderedDict", "defaultdict", "Counter", "deque")),
    "datetime": (dt, ("datetime", "date", "time", "timedelta", "timezone")),
    "decimal": (decimal, ("Decimal",)),
    "uuid": (uuid, ("UUID",)),
}
_ARRAYS = "memproc.sources.tables.arrays"  # what stands in for NumPy, which is loaded only where it is asked for
_NUMPY_MODULES = ("numpy.core", "numpy._core")  # as the first version called them, and as the second does
_NANOSECONDS = 10  # how pandas numbers its units
_A_SECOND: dict[object, int] = {7: 1, 8: 10**3, 9: 10**6, _NANOSECONDS: 10**9}
FRAMES = ("pandas", "polars", "pyarrow", "geopandas")


def _bytes_of(text: object, encoding: object = "latin1") -> bytes:
    """Return bytes as protocols up to 2 write them: as text, one character a byte."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ForbiddenError("asks for a codec")
    return text.encode("latin1")


def _time_of(value: int, _freq: object = None, zone: object = None, unit: object = _NANOSECONDS) -> dt.datetime | None:
    """Return a `Timestamp` of pandas as a time: so many units since 1970."""
    if not isinstance(value, int) or unit not in _A_SECOND or not isinstance(zone, dt.tzinfo | None):
        raise ForbiddenError("holds a time of pandas in a form that is not known")
    micros = value * 1_000_000 // _A_SECOND[unit]
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)
    return moment.replace(tzinfo=None) if zone is None else moment


def _no_time(*_: object) -> None:
    """Return None, for NaT."""


_STAND_INS: dict[tuple[str, str], Any] = {
    ("_codecs", "encode"): _bytes_of,
    ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp"): _time_of,
    ("pandas._libs.tslibs.nattype", "__nat_unpickle"): _no_time,
    ("pandas._libs.missing", "NA"): None,
    ("numpy", "dtype"): "type_of",
    ("numpy", "ndarray"): None,  # named beside each array, and never called
    **dict.fromkeys(((f"{module}.multiarray", "_reconstruct") for module in _NUMPY_MODULES), "empty_array"),
    **dict.fromkeys(((f"{module}.multiarray", "scalar") for module in _NUMPY_MODULES), "scalar_from"),
    **dict.fromkeys(((f"{module}.numeric", "_frombuffer") for module in _NUMPY_MODULES), "array_from"),
}


class _Reader(pickle.Unpickler):
    """Finds nothing but what is on the list."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names. Raises ForbiddenError if that is not allowed."""
        if module in _DATA and name in _DATA[module][1]:
            return getattr(_DATA[module][0], name)
        if (module, name) in _STAND_INS:
            found = _STAND_INS[module, name]
            return getattr(import_module(_ARRAYS), found) if isinstance(found, str) else found
        if (package := module.partition(".")[0]) in FRAMES:
            raise ForbiddenError(f"holds a frame of {package}: save it as Parquet, as with frame.to_parquet(...)")
        raise ForbiddenError(f"asks for {module}.{name}"[:200] + ", which is no plain data, and was not read")

    def persistent_load(self, pid: object) -> Any:  # noqa: ARG002 - it is called so
        """Refuse. Raises ForbiddenError."""
        raise ForbiddenError("refers to what is not in it")


class _Plainest(_Reader):
    """Finds nothing at all."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse. Raises ForbiddenError."""
        raise ForbiddenError(f"asks for {module}.{name}"[:200] + ", where names of columns belong")


def data_of(stream: io.BufferedReader) -> Any:
    """Return the data in a pickle; of several behind one another a list. Raises ForbiddenError, or whatever a broken one raises."""
    found = []
    while stream.peek(1):
        found.append(_Reader(stream).load())
    return found[0] if len(found) == 1 else found


def array_of(raw: bytes) -> Any:
    """Return the array in a pickle of columns. Raises ForbiddenError if it is anything else."""
    found = _Reader(io.BytesIO(raw)).load()
    if not hasattr(type(found), "array"):
        raise ForbiddenError("holds something else than columns where they belong")
    return found.array()


def names_of(raw: bytes) -> Any:
    """Return plain lists, texts and numbers that were pickled. Raises ForbiddenError on anything that names something."""
    return _Plainest(io.BytesIO(raw)).load()
