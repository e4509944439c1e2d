"""The heads of the pages of a Parquet file: how large each becomes, before any is decompressed.

Facts: a page is a head in Thrift's compact protocol, then its bytes. The head says how many bytes these become and how many values
are in them; a reader allocates that much. What the footer says of a column may be something else.

Rules: the sizes of all pages count as what the file becomes. A page may not be larger than `PAGE_BYTES`, nor hold more values than
its column.
"""

from __future__ import annotations

from typing import IO, Any, NamedTuple

from memproc.errors import OversizedError, SourceError
from memproc.sources.compression import Bounds
from memproc.sources.tables.levels import MOST_IN_ROW, Page, RowLengths

PAGE_BYTES = 1 << 28  # writers make pages of a megabyte
_HEAD_BYTES = 1 << 16
_LONGEST_HEAD = 1 << 24  # with the statistics of long texts
_DEEPEST = 20
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 11, 12
_SIZE, _PACKED = 2, 3  # fields of the head of a page
_DICTIONARY = 7
_SECOND = 8
_HEADS = (5, _DICTIONARY, _SECOND)  # of data, of a dictionary, of data in the second form; field 1 of each is the number of values
_COUNT, _LEVELS = 1, 6  # the latter of the second form: the bytes of its levels of repetition


class PagesSeen(NamedTuple):
    """What the heads of pages told: how large the largest dictionary is, and the numbers of the columns with too long a row."""

    dictionary: int
    long_columns: list[int]


def check_pages(stream: IO[bytes], meta: Any, label: str, bounds: Bounds) -> PagesSeen:
    """Return what there is in the pages. Raises OversizedError if pages become too large together or one by one,
    SourceError if they cannot be followed.
    """
    packed, made, largest, long_columns = stream.seek(0, 2), 0, 0, set[int]()
    for group in range(meta.num_row_groups):
        for column in range(meta.num_columns):
            chunk = meta.row_group(group).column(column)
            lengths = RowLengths(chunk, meta.schema.column(column).max_repetition_level)
            starts = [at for at in (chunk.dictionary_page_offset, chunk.data_page_offset) if at]
            at, end = min(starts, default=0), min(starts, default=0) + chunk.total_compressed_size
            while at < end:
                page, is_dictionary = _page(stream, at, label)
                size, held, count = page.size, page.held, page.values
                if size > PAGE_BYTES:
                    raise OversizedError(f"{label} has a page of {size:,} bytes, more than {PAGE_BYTES:,}: write smaller ones")
                if held < 0 or size < 0 or page.at + held > packed or count > max(chunk.num_values, meta.num_rows):
                    raise SourceError(f"{label} cannot be read as Parquet: a page leads out of its column")
                made += size
                largest = max(largest, size if is_dictionary else 0)
                bounds.check(label, made, packed)
                if not is_dictionary:
                    lengths.note(page, stream)
                at = page.at + held
            if lengths.longest > MOST_IN_ROW:
                long_columns.add(column)
    return PagesSeen(largest, sorted(long_columns))


def _page(stream: IO[bytes], at: int, label: str) -> tuple[Page, bool]:
    """Return the head of a page, and whether it is a dictionary."""
    wanted = _HEAD_BYTES
    while True:
        stream.seek(at)
        raw = stream.read(wanted)
        try:
            fields, length = _struct(raw, 0, 0)
        except IndexError:
            if len(raw) < wanted or wanted >= _LONGEST_HEAD:
                raise SourceError(f"{label} cannot be read as Parquet: the head of a page has no end") from None
            wanted *= 8
            continue
        count = next((fields[one].get(_COUNT, 0) for one in _HEADS if isinstance(fields.get(one), dict)), 0)
        second = fields.get(_SECOND)
        levels = int(second.get(_LEVELS, 0)) if isinstance(second, dict) else None
        page = Page(int(fields.get(_SIZE, 0)), int(fields.get(_PACKED, 0)), int(count), levels, at + length)
        return page, _DICTIONARY in fields


def _struct(raw: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    """Return the integers and structs of a struct by number, and the place behind it. Raises IndexError if it has no end."""
    fields: dict[int, Any] = {}
    number = 0
    while (head := raw[at]) != _STOP:
        at += 1
        kind = head & 15
        if head >> 4:
            number += head >> 4
        else:
            number, at = _integer(raw, at)
        fields[number], at = (kind == _TRUE, at) if kind in (_TRUE, _FALSE) else _thrift_value(raw, at, kind, depth)
    return fields, at + 1


def _thrift_value(raw: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise SourceError("a page cannot be read as Parquet: its head is nested too deeply")
    if kind == _STRUCT:
        return _struct(raw, at, depth + 1)
    if kind == _BINARY:
        size, at = _varint(raw, at)
        return _behind(raw, at + size)
    if kind in (_LIST, _SET):
        count, inner = raw[at] >> 4, raw[at] & 15
        count, at = _varint(raw, at + 1) if count == 15 else (count, at + 1)  # noqa: PLR2004 - four bits
        for _ in range(count):
            _, at = _thrift_value(raw, at, inner, depth + 1)
        return None, at
    if kind in (_BYTE, _TRUE, _FALSE):
        return _behind(raw, at + 1)
    if kind == _DOUBLE:
        return _behind(raw, at + 8)
    if kind == _MAP:
        raise SourceError("a page cannot be read as Parquet: its head holds what no head holds")
    return _integer(raw, at)


def _behind(raw: bytes, at: int) -> tuple[None, int]:
    if at > len(raw):
        raise IndexError
    return None, at


def _integer(raw: bytes, at: int) -> tuple[int, int]:
    number, at = _varint(raw, at)
    return (number >> 1) ^ -(number & 1), at


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (raw[at] & 127) << shift
        at += 1
        if raw[at - 1] < 128:  # noqa: PLR2004 - the bit that says that more follows
            return number, at
        shift += 7
