"""The rows of tables as pieces of a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from memproc.records import Category
from memproc.sources.items import Item, Piece
from memproc.sources.rows import TOO_LONG
from memproc.validation import fault


def pieces_of(lines: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
    """Yield lines as pieces; one that is too long as rejected, with its start."""
    for line in lines:
        if len(line) > limit_bytes:
            message = f"the row is longer than {limit_bytes} bytes; its start is kept"
            yield Item(None, line[:limit_bytes], fault("", TOO_LONG, message), Category.RESOURCE)
        else:
            yield line
