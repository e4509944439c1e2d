"""Writing lines of an open store to a file or stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx
from memproc.writing import plain_file, written


def export_lines_to(transactions: Transactions, to: str | Path | IO[bytes], lines: Callable[[Tx], Iterator[bytes]]) -> int:
    """Write lines and return their number. A plain file is written completely or not at all; other targets line by line."""
    if not isinstance(to, str | Path) or plain_file(to) is None:
        return written(to, transactions.stream(lines), is_private=True)
    return transactions.read(lambda tx: written(to, lines(tx), is_private=True))
