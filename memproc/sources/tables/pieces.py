"""The rows of tables as pieces of a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from memproc.records import Category
from memproc.sources.items import Item, Piece
from memproc.sources.rows import TOO_LONG
from memproc.validation import fault


def pieces_of(lines: Iterable[Piece], limit_bytes: int) -> Iterator[Piece]:
    """Yield lines as pieces; one that is too long as rejected, with its start. What is rejected already stays so."""
    for line in lines:
        if isinstance(line, bytes) and len(line) > limit_bytes:
            message = f"the row is longer than {limit_bytes} bytes; its start is kept"
            yield Item(None, line[:limit_bytes], fault("", TOO_LONG, message), Category.RESOURCE)
        else:
            yield line


def too_large(start: bytes, limit_bytes: int) -> Item:
    """Return a row as rejected that was not made, since it would become too large; `start` is what is known of it."""
    message = (
        f"the row would become longer than {limit_bytes} bytes, or has more values than any memory; its large columns were not read"
    )
    return Item(None, start[:limit_bytes], fault("", TOO_LONG, message), Category.RESOURCE)
