"""Arrow IPC files (Feather of the second version) and streams, read batch by batch.

Facts: a file is a stream between two marks, with a footer for who wants to jump. A message is its length, a head in FlatBuffers and
a body. The head of a batch says where its buffers are in the body; a compressed buffer begins with the size that it becomes.

Rules: the heads of all messages are looked at before anything is decompressed, and what the buffers become is checked. Both kinds
are read as streams, so what was looked at is what is read. Each batch is checked before values are made of it, since offsets
that lead out of it would lead out of the memory of the process.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from struct import unpack_from
from typing import IO, Any

from memproc.errors import MemprocError, SourceError
from memproc.sources.compression import Bounds
from memproc.sources.tables.arrow_rows import lines_of_batches
from memproc.sources.tables.kinds import Kind, library

_FILE_HEAD_BYTES = 8
_CONTINUES = 0xFFFFFFFF
_PREFIX_BYTES = 8
_DICTIONARY, _BATCH = 2, 3  # types of messages
_HEADER_TYPE, _HEADER, _BODY_LENGTH = 1, 2, 3  # fields of a message
_ROWS, _BUFFERS, _COMPRESSION = 0, 2, 3  # fields of a batch
_DICTIONARY_DATA = 1
_BUFFER_BYTES = 16
_LONGEST_HEAD = 1 << 26


def rows_of_arrow(stream: IO[bytes], kind: Kind, label: str, bounds: Bounds) -> Iterator[bytes]:
    """Return the rows of a file or stream as JSON lines. Raises SourceError if it is broken, OversizedError if it becomes too
    large.
    """
    ipc = library(kind, "pyarrow.ipc")
    start = _FILE_HEAD_BYTES if kind is Kind.ARROW else 0
    try:
        batches = _check(stream, start, label, bounds)
        stream.seek(start)
        opened = ipc.open_stream(stream)
        return lines_of_batches(opened.schema, _batches(opened, batches))
    except MemprocError:
        raise
    except Exception as error:  # what reads it raises errors of many kinds
        raise SourceError(f"{label} cannot be read as {kind.value}: {error}") from error


def _batches(opened: Any, count: int) -> Iterator[Any]:
    for batch in islice(opened, count):
        yield _checked(batch)


def _checked(batch: Any) -> Any:
    """Return a batch that leads nowhere else. Texts in it that are no UTF-8 make bytes of their column, which are looked at one by
    one. Raises an error of Arrow on any other.
    """
    try:
        batch.validate(full=True)
    except ValueError as error:
        if "UTF8" not in str(error):
            raise
        arrow = library(Kind.ARROW)
        as_bytes = {arrow.string(): arrow.binary(), arrow.large_string(): arrow.large_binary()}
        columns = [one.cast(as_bytes[one.type]) if one.type in as_bytes else one for one in batch.columns]
        batch = arrow.RecordBatch.from_arrays(columns, names=batch.schema.names)
        batch.validate(full=True)
    return batch


def _check(stream: IO[bytes], start: int, label: str, bounds: Bounds) -> int:
    """Return how many batches of rows there are. Raises OversizedError if they become too large."""
    packed = stream.seek(0, 2)
    made = batches = rows = 0
    at = start
    while at + _PREFIX_BYTES <= packed:
        stream.seek(at)
        mark, size = unpack_from("<Ii", stream.read(_PREFIX_BYTES))
        if mark != _CONTINUES or size <= 0:
            break
        try:
            if size > _LONGEST_HEAD:
                raise SourceError(f"{label} cannot be read as Arrow: the head of a message is longer than {_LONGEST_HEAD:,} bytes")
            head = stream.read(size)
            body = at + _PREFIX_BYTES + size
            kind, length, batch = _message(head)
            if length < 0 or body + length > packed:
                raise SourceError(f"{label} cannot be read as Arrow: it ends too early")
            if batch is not None:
                more = _made(stream, head, batch, (body, length))
                made, rows, batches = made + more[0], rows + more[1], batches + (kind == _BATCH)
                bounds.check(label, max(made, rows), packed)
        except struct.error as error:
            raise SourceError(f"{label} cannot be read as Arrow: a message is broken") from error
        at = body + length
    return batches


def _message(head: bytes) -> tuple[int, int, int | None]:
    """Return the type of a message, the length of its body, and where the table of its batch is, if it has one."""
    table = unpack_from("<I", head)[0]
    kind_at, header_at, length_at = (_field(head, table, one) for one in (_HEADER_TYPE, _HEADER, _BODY_LENGTH))
    kind = unpack_from("<B", head, kind_at)[0] if kind_at else 0
    length = unpack_from("<q", head, length_at)[0] if length_at else 0
    batch = _follow(head, header_at) if header_at and kind in (_DICTIONARY, _BATCH) else None
    if batch is not None and kind == _DICTIONARY:
        data = _field(head, batch, _DICTIONARY_DATA)
        batch = _follow(head, data) if data else None
    return kind, length, batch


def _made(stream: IO[bytes], head: bytes, batch: int, body: tuple[int, int]) -> tuple[int, int]:
    """Return how many bytes the buffers of a batch become, and how many rows it says that it has."""
    rows_at, buffers_at = _field(head, batch, _ROWS), _field(head, batch, _BUFFERS)
    rows = unpack_from("<q", head, rows_at)[0] if rows_at else 0
    if not buffers_at:
        return 0, rows
    is_compressed, vector, made = _field(head, batch, _COMPRESSION) > 0, _follow(head, buffers_at), 0
    for number in range(unpack_from("<I", head, vector)[0]):
        offset, length = unpack_from("<qq", head, vector + 4 + number * _BUFFER_BYTES)
        if offset < 0 or length < 0 or offset + length > body[1]:
            raise SourceError("a message cannot be read as Arrow: a buffer leads out of it")
        size = length
        if is_compressed and length >= _PREFIX_BYTES:
            stream.seek(body[0] + offset)
            size = max(length, unpack_from("<q", stream.read(_PREFIX_BYTES))[0])
        made += size
    return made, rows


def _field(head: bytes, table: int, number: int) -> int:
    """Return where a field of a table is, 0 if it is not there."""
    vtable = table - unpack_from("<i", head, table)[0]
    size = unpack_from("<H", head, vtable)[0]
    at = 4 + 2 * number
    if vtable < 0 or at >= size:
        return 0
    offset = unpack_from("<H", head, vtable + at)[0]
    return table + offset if offset else 0


def _follow(head: bytes, at: int) -> int:
    return at + int(unpack_from("<I", head, at)[0])
