"""Tables of the same rows in each kind of file, written by the libraries that people write them with."""

from __future__ import annotations

import pickle
import warnings
from datetime import UTC, datetime

import h5py
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.parquet as pq

ROWS = [
    {"content": "Prefers tea", "user_id": "ann", "importance": 0.5, "created_at": datetime(2024, 1, 1, 9, tzinfo=UTC), "number": 1},
    {"content": "Hates rain", "user_id": "bob", "importance": 0.25, "created_at": datetime(2024, 1, 2, 9, tzinfo=UTC), "number": 2},
    {"content": "Has a dog", "user_id": "ann", "importance": None, "created_at": None, "number": 3},
]


def frame(rows=ROWS):
    """Return the rows as a frame of pandas."""
    return pd.DataFrame(rows)


def arrow(rows=ROWS):
    """Return the rows as a table of Arrow."""
    return pa.Table.from_pylist(rows)


def write_parquet(path, rows=ROWS):
    """Write Parquet."""
    pq.write_table(arrow(rows), path)


def write_feather(path, rows=ROWS):
    """Write an Arrow file, compressed."""
    pf.write_feather(arrow(rows), str(path), compression="zstd")


def write_stream(path, rows=ROWS):
    """Write an Arrow stream."""
    table = arrow(rows)
    with pa.ipc.new_stream(str(path), table.schema) as out:
        out.write_table(table)


def write_sheets(path, sheets=None):
    """Write a workbook with some sheets, rows by name; a first row that is empty is nothing."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in (sheets or {"Sheet1": ROWS}).items():
        sheet = book.create_sheet(name)
        sheet.append([])
        sheet.append([*rows[0]])
        for row in rows:
            sheet.append([cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell for cell in row.values()])
    book.save(path)


def write_pandas_table(path, rows=ROWS, *, data_columns=None):
    """Write HDF5 as pandas does that can be searched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame(rows).to_hdf(path, key="memories", format="table", data_columns=data_columns)


def write_pandas_columns(path, rows=ROWS):
    """Write the same with each column by itself."""
    write_pandas_table(path, rows, data_columns=True)


def write_pandas_fixed(path, rows=ROWS):
    """Write HDF5 as pandas does by itself, where texts are a pickle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame(rows).to_hdf(path, key="memories", format="fixed")


def write_h5py(path, rows=ROWS):
    """Write HDF5 as h5py does: a dataset for each column; NaN where a number is missing, an empty text where a time is."""
    with h5py.File(path, "w") as file:
        file["content"] = [row["content"] for row in rows]
        file["user_id"] = np.array([row["user_id"].encode() for row in rows])
        file["importance"] = [float("nan") if row["importance"] is None else row["importance"] for row in rows]
        file["created_at"] = [row["created_at"].isoformat() if row["created_at"] else "" for row in rows]
        file["number"] = [row["number"] for row in rows]


def write_pickle(path, rows=ROWS):
    """Write a pickled list of dictionaries."""
    path.write_bytes(pickle.dumps(rows))


WRITERS = {
    "a.parquet": write_parquet,
    "a.feather": write_feather,
    "a.arrows": write_stream,
    "a.xlsx": write_sheets,
    "table.h5": write_pandas_table,
    "columns.h5": write_pandas_columns,
    "fixed.h5": write_pandas_fixed,
    "plain.h5": write_h5py,
    "a.pkl": write_pickle,
}
