"""What guided fuzzing does with bytes that are a file of lines, an array or a table: all of it is read, or refused with advice.

memproc is imported within the functions, as only what is imported under the fuzzer's eyes is measured.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from memproc.sources.items import Item

LIMITS_BYTES: Final = (1 << 20, 64)
_BOM: Final = b"\xef\xbb\xbf"


def check_lines(raw: bytes) -> None:
    """Read lines: each that is not blank is an item with its bytes, or a fault with their start."""
    text, limit_bytes = raw[1:], LIMITS_BYTES[_first(raw) % 2]
    items = _items(text, ".jsonl", limit_bytes)
    if items is None or _is_wide(text):
        return
    lines = [line.strip() for line in text.removeprefix(_BOM).split(b"\n") if line.strip() or len(line) > limit_bytes]
    assert len(items) == len(lines), (len(items), len(lines))
    for item, line in zip(items, lines, strict=True):
        assert item.raw is not None
        assert item.raw.strip() == line or item.category == "resource", (item, line)


def check_arrays(raw: bytes) -> None:
    """Read an array, or a list within an object: where it is JSON, the items are its elements."""
    start = (b"[", b"{", b"")[_first(raw) % 3]
    text = start + raw[1:]
    items = _items(text, ".json", LIMITS_BYTES[0])
    if _is_wide(text):
        return
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    if isinstance(values, list) and items is not None and start == b"[":
        assert len(items) == len(values)
        assert all(item.fault is not None or item.value == value for item, value in zip(items, values, strict=True))


def check_tables(raw: bytes) -> None:
    """Read a table: where Python's own reader takes it, every row is an item that is not empty and not the head again."""
    suffix, delimiter = ((".csv", ","), (".tsv", "\t"))[_first(raw) % 2]
    text = raw[1:]
    items = _items(text, suffix, LIMITS_BYTES[0], delimiter)
    rows = _rows_of(text.removeprefix(_BOM), delimiter)
    if items is not None and rows and not _is_wide(text):
        records = [row for row in rows[1:] if row != rows[0]]  # a head that is repeated, as by `cat a.csv b.csv`, is no record
        assert len(items) == len(records), (len(items), len(records))


def _items(text: bytes, suffix: str, limit_bytes: int, delimiter: str | None = None) -> Sequence[Item] | None:
    """Return the items of a file, each a value or a fault with advice; None where it is refused as a whole."""
    from memproc.errors import SourceEndedError, SourceError  # noqa: PLC0415
    from memproc.formats import LISTS  # noqa: PLC0415
    from memproc.sources.decoding import item_of  # noqa: PLC0415
    from memproc.sources.files import How, items_of, open_path  # noqa: PLC0415

    path = Path(gettempdir()) / f"memproc-fuzzed{suffix}"
    path.write_bytes(text)
    opened = None
    try:
        opened = items_of(open_path(path), str(path), path, How(LISTS, limit_bytes, delimiter=delimiter))
        items = []
        for piece in opened.items:
            items.append(item_of(piece))  # noqa: PERF401 - those before the end of a list that was cut off count
    except SourceEndedError as error:
        assert str(error)
    except SourceError as error:
        assert str(error)
        return None
    finally:
        if opened is not None and opened.stream is not None:
            opened.stream.close()
        path.unlink()
    assert all(item.fault is None or (item.fault.message and item.fault.hint) for item in items)
    return items


def _rows_of(text: bytes, delimiter: str) -> list[Any]:
    """Return the rows that are not empty, none where Python's reader stops."""
    try:
        told = text.decode("utf-8", "surrogateescape")
        return [row for row in csv.reader(io.StringIO(told, newline=""), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error:
        return []


def _is_wide(text: bytes) -> bool:
    """Tell whether a text is read in the encoding that its first bytes tell, so that its bytes are not those of the items."""
    from memproc.sources.sniffing import wide_encoding  # noqa: PLC0415

    return wide_encoding(text) is not None


def _first(raw: bytes) -> int:
    return raw[0] if raw else 0
