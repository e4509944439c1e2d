"""Opens tables: finds out how many a file holds, and returns the rows of one as items.

Rules: a table is read in any order, so what lies in an archive or comes from a pipe is copied first, within the bounds. Parquet
and Arrow are read here, after their sizes were checked; workbooks, HDF5 and pickles in a process of its own (see `children`). The
item of a row is its JSON. A pickle becomes JSON text, which is read like any file of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from memproc.errors import MemprocError, SourceEndedError, SourceError
from memproc.sources.compression import Bounds
from memproc.sources.files import How, items_of
from memproc.sources.items import Items, Piece, Reading
from memproc.sources.streams import spooled
from memproc.sources.tables.arrow import rows_of_arrow
from memproc.sources.tables.children import Task, asked
from memproc.sources.tables.kinds import PICKLES_RUN_CODE, Kind
from memproc.sources.tables.parquet import rows_of_parquet
from memproc.sources.tables.pieces import pieces_of

_LINE_BYTES = 1 << 16


def tables_in(kind: Kind, stream: IO[bytes], label: str, bounds: Bounds) -> tuple[list[str], list[str]]:
    """Return the names of the tables in a workbook or an HDF5 file, and of what else is there. The stream is closed.

    Raises SourceError if there is none, or if it cannot be read.
    """
    try:
        head, rest = asked(Task(kind), _on_disk(stream, label, bounds), label, bounds)
        rest.close()
    finally:
        stream.close()
    if not head["tables"]:
        raise SourceError(f"{label} holds no table: give datasets of text that are equally long, or records")
    return head["tables"], head["others"]


def items_of_table(stream: IO[bytes], shown: str, task: Task, how: How) -> Items:
    """Return the rows of a table as items; the stream is closed with them. Raises SourceError if they cannot be read."""
    remarks: list[str] = []
    lines: Iterator[Piece]
    try:
        if task.kind is Kind.PICKLE:
            return _items_of_pickle(stream, shown, task, how)
        if task.kind in (Kind.HDF5, Kind.SHEETS):
            head, stream = asked(task, _on_disk(stream, shown, how.bounds), shown, how.bounds)
            how.bounds.check(shown, head["size"], head["size"])
            remarks = [f"{shown}: {told}" for told in head.get("remarks", ())]
            lines = _lines(stream, how.limit_bytes)
        else:
            stream = _copied(stream, shown, how.bounds)
            if task.kind is Kind.PARQUET:
                lines, remarks = rows_of_parquet(stream, shown, how)
            else:
                lines, remarks = rows_of_arrow(stream, task.kind, shown, how)
    except BaseException:
        stream.close()
        raise
    return Items(
        pieces_of(_to_the_end(lines, shown), how.limit_bytes), is_table=True, stream=stream, reading=Reading(remarks=remarks)
    )


def _items_of_pickle(stream: IO[bytes], shown: str, task: Task, how: How) -> Items:
    if not task.allow_pickle:
        raise SourceError(f"{shown} {PICKLES_RUN_CODE}")
    _, text = asked(task, _on_disk(stream, shown, how.bounds), shown, how.bounds)
    return items_of(text, shown, PurePosixPath("pickle.json"), how)


def _lines(stream: IO[bytes], limit_bytes: int) -> Iterator[bytes]:
    """Yield lines without their ends; of one that is too long a little more than the limit."""
    while line := stream.readline(limit_bytes + 1):
        whole = line
        while not line.endswith(b"\n") and (line := stream.readline(_LINE_BYTES)):
            pass
        yield whole.rstrip(b"\n")


def _to_the_end(lines: Iterator[Piece], shown: str) -> Iterator[Piece]:
    """Yield lines. Raises SourceEndedError where reading them fails."""
    try:
        yield from lines
    except MemprocError:
        raise
    except Exception as error:  # what reads tables raises errors of many kinds
        raise SourceEndedError(f"{shown} could not be read to its end: {type(error).__name__}: {error}") from error


def _copied(stream: IO[bytes], label: str, bounds: Bounds) -> IO[bytes]:
    """Return a stream that can be read in any order: a file on disk itself, of anything else a copy."""
    if stream.seekable():
        stream.seek(0)
        return stream
    with stream:
        return spooled(stream, lambda size: bounds.check(label, size, size))


def _on_disk(stream: IO[bytes], label: str, bounds: Bounds) -> IO[bytes]:
    """Return a file that another process can read."""
    found = _copied(stream, label, bounds)
    if hasattr(found, "rollover"):
        found.rollover()
    return found
