"""HDF5 as h5py and pandas write it. It runs in the child process that `child` begins: its library trusts what it reads.

Facts: h5py has groups with datasets. pandas writes a frame either as one dataset of rows (`format="table"`) or as blocks of columns
(`format="fixed"`), where a block of texts is a pickle. The names of columns are pickled lists in attributes.

Rules: a dataset of records is a table, and so are the datasets of a group that are as long as those of text in it; each frame of
pandas is one. Links are not followed, and datasets whose values lie in other files are not read: both could lead anywhere. An index
of pandas that only counts is left out. What is read as no table is told by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO, Any, NamedTuple

import numpy as np

from memproc.errors import SourceError
from memproc.sources.tables.cells import heads, lines_of
from memproc.sources.tables.kinds import PICKLES_RUN_CODE, Kind, library
from memproc.sources.tables.unpickling import array_of, names_of
from memproc.values import settled

SLICE_BYTES = 1 << 20
MOST_ROWS = 1_000
MOST_TABLES = 10_000
_FRAME, _FIXED = ("frame_table", "series_table"), ("frame",)
_MOST_OTHERS = 200  # datasets that are told by name


class Found(NamedTuple):
    """The tables of a file by path, each with its size in bytes, and the paths of what is none."""

    tables: dict[str, int]
    others: list[str]


def opened(stream: IO[bytes]) -> Any:
    """Return an open file. Raises whatever reading a broken one raises."""
    return library(Kind.HDF5).File(stream, "r")


def tables_in(file: Any) -> Found:
    """Return what is in a file. Raises SourceError if there are too many tables."""
    found = Found({}, [])
    _look(file, found)
    if len(found.tables) > MOST_TABLES:
        raise SourceError(f"holds more than {MOST_TABLES:,} tables")
    return found


def rows_of_table(file: Any, path: str, *, allow_pickle: bool) -> Iterator[bytes]:
    """Return the rows of a table as JSON lines. Raises SourceError if two columns have one name, or one is pickled and that is not
    allowed.
    """
    place = file[path]
    kind = _text(place.attrs.get("pandas_type", b""))
    if kind in _FIXED:
        columns = _fixed(place, allow_pickle=allow_pickle)
        return lines_of(heads(columns), zip(*columns.values(), strict=True))
    if kind in _FRAME:
        return _frame(place)
    if hasattr(place, "dtype"):
        return _records(place)
    datasets = _columns(place)
    return lines_of(heads(datasets), _slices([*datasets.values()]))


def _look(file: Any, found: Found) -> None:
    """Find the tables in a file. A group may be in several others, and in itself: it is looked at once."""
    waiting = [file["/"]]
    seen = {waiting[0].id}
    while waiting:
        group = waiting.pop()
        if _text(group.attrs.get("pandas_type", b"")) in (*_FRAME, *_FIXED):
            found.tables[group.name] = sum(
                _size(group[name]) for name in group if _is_inside(group, name) and hasattr(group[name], "dtype")
            )
            continue
        columns = _columns(group)
        if columns:
            found.tables[group.name] = sum(map(_size, columns.values()))
        inside = [(name, group[name] if _is_inside(group, name) else None) for name in group]
        for name, inner in inside:
            if inner is None:
                found.others.append(f"{group.name.rstrip('/')}/{name} (a link)")
            elif hasattr(inner, "keys"):
                if inner.id not in seen:
                    seen.add(inner.id)
                    waiting.append(inner)
            elif hasattr(inner, "dtype") and _is_records(inner):
                found.tables[inner.name] = _size(inner)
            elif name not in columns:
                found.others.append(inner.name)
    del found.others[_MOST_OTHERS:]


def _is_inside(group: Any, name: str) -> bool:
    return type(group.get(name, getlink=True)).__name__ == "HardLink"


def _is_own(dataset: Any) -> bool:
    """Return whether the values of a dataset are in this file."""
    return not dataset.is_virtual and dataset.external is None


def _own(group: Any, name: str) -> Any:
    """Return a dataset of a group. Raises SourceError if its values are elsewhere: a file could name any that this machine has."""
    if not _is_inside(group, name) or not _is_own(dataset := group[name]):
        raise SourceError(f"holds {group.name}/{name} as a link, or its values in another file: save it whole")
    return dataset


def _is_records(dataset: Any) -> bool:
    return dataset.dtype.names is not None and dataset.ndim == 1 and _is_own(dataset)


def _is_text(dataset: Any) -> bool:
    is_text = dataset.dtype.kind == "S" or library(Kind.HDF5).check_string_dtype(dataset.dtype) is not None
    return is_text and dataset.ndim == 1


def _columns(group: Any) -> dict[str, Any]:
    """Return the datasets of a group that are the columns of one table, none if it has no text."""
    inside = {name: group[name] for name in group if _is_inside(group, name)}
    datasets = {name: one for name, one in inside.items() if hasattr(one, "dtype") and one.dtype.names is None and one.ndim > 0}
    own = {name: one for name, one in datasets.items() if _is_own(one) and (one.dtype.kind in "biufS" or _is_text(one))}
    lengths = [one.shape[0] for one in own.values() if _is_text(one)]
    length = max(lengths, key=lengths.count, default=None)
    return {name: one for name, one in own.items() if one.shape[0] == length}


def _size(dataset: Any) -> int:
    return int(dataset.size or 0) * max(int(dataset.dtype.itemsize), 1)


def _slices(datasets: Sequence[Any]) -> Iterator[Sequence[object]]:
    """Yield the rows of datasets of one length."""
    count = datasets[0].shape[0]
    step = max(1, min(MOST_ROWS, SLICE_BYTES * count // max(sum(map(_size, datasets)), 1)))
    for at in range(0, count, step):
        yield from zip(*(_values(one[at : at + step]) for one in datasets), strict=True)


def _records(dataset: Any) -> Iterator[bytes]:
    names = dataset.dtype.names
    count = dataset.shape[0]
    step = max(1, min(MOST_ROWS, SLICE_BYTES // max(dataset.dtype.itemsize, 1)))
    told = heads(names)

    def rows() -> Iterator[Sequence[object]]:
        for at in range(0, count, step):
            part = dataset[at : at + step]
            yield from zip(*(_values(part[name]) for name in names), strict=True)

    return lines_of(told, rows())


def _frame(group: Any) -> Iterator[bytes]:
    table = _own(group, "table")
    attributes, nothing = table.attrs, _text(group.attrs.get("nan_rep", b"nan")).encode()
    fields: list[tuple[str, list[str], str]] = []
    for name in table.dtype.names:
        if _text(_pickled(attributes.get(f"{name}_meta", b""))) == "category":
            raise SourceError(f"holds the column {name} as categories: save it as text, as with frame.astype(str)")
        if name == "index" or name.startswith("index_"):
            kind = _text(attributes.get(f"{name}_kind", b""))
            fields += [] if kind == "integer" else [(name, [name], kind)]
        else:
            told = _pickled(attributes.get(f"{name}_kind", b""))
            names = [str(one) for one in told] if isinstance(told, list | tuple) else [name]
            fields.append((name, names, _text(attributes.get(f"{name}_dtype", b""))))
    step = max(1, min(MOST_ROWS, SLICE_BYTES // max(table.dtype.itemsize, 1)))

    def rows() -> Iterator[Sequence[object]]:
        for at in range(0, table.shape[0], step):
            part = table[at : at + step]
            blocks = [(part[name].reshape(len(part), -1), kind) for name, _, kind in fields]
            columns = [_typed(block[:, number], kind) for block, kind in blocks for number in range(block.shape[1])]
            yield from zip(*([None if cell == nothing else cell for cell in column] for column in columns), strict=True)

    return lines_of(heads(name for _, names, _ in fields for name in names), rows())


def _fixed(group: Any, *, allow_pickle: bool) -> dict[str, list[object]]:
    """Return the columns of a frame in blocks."""
    columns: dict[str, list[object]] = {}
    for number in range(int(group.attrs.get("nblocks", 0))):
        names = [_text(name) for name in _values(_own(group, f"block{number}_items")[:])]
        block = _own(group, f"block{number}_values")
        kind = _text(block.attrs.get("value_type", b""))
        if _text(block.attrs.get("PSEUDOATOM", b"")) == "object":
            if not allow_pickle:
                raise SourceError(f"{PICKLES_RUN_CODE}. pandas writes none with format='table'")
            values = np.asarray(array_of(bytes(block[0])), object)
        else:
            values = block[:]
            kind = "bool" if block.id.get_type().get_class() == library(Kind.HDF5).h5t.BITFIELD else kind
        columns |= {name: _typed(values[:, at], kind) for at, name in enumerate(names)}
    axis = [_text(name) for name in _values(_own(group, "axis0")[:])]
    return {name: columns[name] for name in axis if name in columns} if len({*axis}) == len(axis) else columns


def _typed(values: Any, kind: str) -> list[Any]:
    """Return stored values as what pandas had: it stores times and booleans as integers."""
    if kind.startswith(("datetime64", "timedelta64")) and values.dtype.kind in "iu":
        unit = kind.partition("[")[2].partition(",")[0].rstrip("]") or "ns"
        return _values(values.astype(np.int64).view(f"{kind.partition('[')[0]}[{unit}]"))
    return _values(values.astype(bool) if kind == "bool" else values)


def _values(values: Any) -> list[Any]:
    found = settled(np.asarray(values))
    return found if isinstance(found, list) else [found]


def _pickled(raw: Any) -> Any:
    with suppress(Exception):
        return names_of(bytes(raw))
    return raw


def _text(raw: Any) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else "" if raw is None else str(raw)
