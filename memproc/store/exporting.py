"""Writing lines of an open store, or its memories in the shape of another system, to a file, a stream or a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from memproc.config import Shape
from memproc.errors import UsageError
from memproc.folders import written_folder
from memproc.formats.writers import FILES, FOLDERS
from memproc.records import Plain
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx
from memproc.writing import plain_file, written


@dataclass(frozen=True, slots=True)
class Exported:
    """The result of `export_as`: how many memories were written, and by name how many of them have something that the shape cannot
    hold.
    """

    memories: int
    left_out: Mapping[str, int]


def export_lines_to(transactions: Transactions, to: str | Path | IO[bytes], lines: Callable[[Tx], Iterator[bytes]]) -> int:
    """Write lines and return their number. A plain file is written completely or not at all; other targets line by line."""
    if not isinstance(to, str | Path) or plain_file(to) is None:
        return written(to, transactions.stream(lines), is_private=True)
    return transactions.read(lambda tx: written(to, lines(tx), is_private=True))


def export_shape_to(
    transactions: Transactions, to: str | Path | IO[bytes], shape: Shape, memories: Callable[[Tx], Iterator[Plain]]
) -> Exported:
    """Write memories in a shape: a file or stream, or a folder, which is new or empty. Raises UsageError on an unknown shape."""
    left: Counter[str] = Counter()
    count = 0

    def counted(tx: Tx) -> Iterator[Plain]:
        nonlocal count
        count = 0  # a writer may read them again
        for memory in memories(tx):
            count += 1
            yield memory

    def begun(tx: Tx) -> Callable[[], Iterator[Plain]]:
        left.clear()  # this may be another attempt
        return lambda: counted(tx)

    if shape in FILES:
        export_lines_to(transactions, to, lambda tx: FILES[shape](begun(tx), left))
    elif shape not in FOLDERS:
        raise UsageError(f"the shape {shape!r} is unknown: choose one of {', '.join([*FILES, *FOLDERS])}")
    elif not isinstance(to, str | Path):
        raise UsageError(f"{shape} is a folder of files: give the path of a new or an empty folder")
    else:
        transactions.read(lambda tx: written_folder(to, FOLDERS[shape](begun(tx), left)))
    return Exported(count, dict(sorted(left.items())))
