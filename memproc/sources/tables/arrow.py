"""Arrow IPC files (Feather of the second version) and streams, read batch by batch.

Facts: a file is a stream between two marks, with a footer for who wants to jump. A message is its length, a head in FlatBuffers and
a body. The head of a batch says where its buffers are in the body; a compressed buffer begins with the size that it becomes.

Rules: the heads of all messages are looked at before anything is decompressed, and what the buffers become is checked. Both kinds
are read as streams, so what was looked at is what is read. Each batch is checked before values are made of it, since offsets
that lead out of it would lead out of the memory of the process. A file or stream that breaks off gives the batches before that, and
then fails: a file has to end with its footer, which says how many batches there are, and a stream with its end mark. A stream
without one that ends behind a message is whole for all that can be known: there is a remark.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from struct import unpack_from
from typing import IO, Any, NamedTuple

from memproc.errors import MemprocError, SourceEndedError, SourceError
from memproc.sources.compression import Bounds
from memproc.sources.files import How
from memproc.sources.items import Piece
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
_FILE_MARK = b"ARROW1"
_TAIL_BYTES = 4 + len(_FILE_MARK)  # the length of the footer, and the mark
_FOOTER_BATCHES = 3  # a field of the footer
_OLD_END = b"\0\0\0\0"  # how a stream may end that begins as all do


class _Seen(NamedTuple):
    """How many batches of rows there are, and why there are no more if that is not the end."""

    batches: int
    broken: str = ""
    has_end: bool = True


def rows_of_arrow(stream: IO[bytes], kind: Kind, label: str, how: How) -> tuple[Iterator[Piece], list[str]]:
    """Return the rows of a file or stream as JSON lines, one that is too long as rejected, and remarks.

    Raises SourceError if it is broken, OversizedError if it becomes too large; the rows raise SourceEndedError behind the last one
    if it breaks off.
    """
    ipc = library(kind, "pyarrow.ipc")
    start = _FILE_HEAD_BYTES if kind is Kind.ARROW else 0
    try:
        seen = _check(stream, start, label, how.bounds)
        if kind is Kind.ARROW and not seen.broken:
            seen = seen._replace(broken=_against_footer(stream, seen.batches))
        remarks = [] if seen.has_end or kind is Kind.ARROW else [f"{label} has no end mark: if it was cut, rows are missing"]
        stream.seek(start)
        opened = ipc.open_stream(stream)
        batches = _batches(opened, seen, label)
        return lines_of_batches(opened.schema, batches, how.limit_bytes, makes_embeddings=how.makes_embeddings), remarks
    except MemprocError:
        raise
    except Exception as error:  # what reads it raises errors of many kinds
        raise SourceError(f"{label} cannot be read as {kind.value}: {error}") from error


def _batches(opened: Any, seen: _Seen, label: str) -> Iterator[Any]:
    for batch in islice(opened, seen.batches):
        yield _checked(batch)
    if seen.broken:
        raise SourceEndedError(f"{label} could not be read to its end: {seen.broken}. The {seen.batches} batches before were read")


def _against_footer(stream: IO[bytes], batches: int) -> str:
    """Return what is wrong with the end of a file that has so many batches, nothing if it is whole."""
    packed = stream.seek(0, 2)
    tail = b""
    if packed >= _FILE_HEAD_BYTES + _TAIL_BYTES:
        stream.seek(packed - _TAIL_BYTES)
        tail = stream.read(_TAIL_BYTES)
    if not tail.endswith(_FILE_MARK):
        return "it ends without a footer, so it was cut"
    size = unpack_from("<i", tail)[0]
    if not 0 < size <= min(_LONGEST_HEAD, packed - _FILE_HEAD_BYTES - _TAIL_BYTES):
        return "its footer is broken"
    stream.seek(packed - _TAIL_BYTES - size)
    footer = stream.read(size)
    try:
        blocks = _field(footer, unpack_from("<I", footer)[0], _FOOTER_BATCHES)
        told = unpack_from("<I", footer, _follow(footer, blocks))[0] if blocks else 0
    except struct.error:
        return "its footer is broken"
    return "" if told == batches else f"its footer tells of {told} batches, and {batches} were found"


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


def _check(stream: IO[bytes], start: int, label: str, bounds: Bounds) -> _Seen:
    """Look at the heads of all messages. Raises OversizedError if they become too large."""
    packed = stream.seek(0, 2)
    made = batches = rows = 0
    at = start
    while at < packed:
        stream.seek(at)
        prefix = stream.read(_PREFIX_BYTES)
        if (broken := _broken(prefix, at, packed, start)) is not None:
            return _Seen(batches, broken)
        size = unpack_from("<i", prefix, 4)[0]
        try:
            head = stream.read(size)
            body = at + _PREFIX_BYTES + size
            kind, length, batch = _message(head)
            if length < 0 or body + length > packed:
                return _Seen(batches, "it ends within a message")
            if batch is not None:
                more = _made(stream, head, batch, (body, length))
                made, rows, batches = made + more[0], rows + more[1], batches + (kind == _BATCH)
                bounds.check(label, max(made, rows), packed)
        except struct.error as error:
            raise SourceError(f"{label} cannot be read as Arrow: a message is broken") from error
        at = body + length
    return _Seen(batches, has_end=False)


def _broken(prefix: bytes, at: int, packed: int, start: int) -> str | None:
    """Return None where a message begins, an empty text at the end, and otherwise why nothing can be read there. `start` is above 0
    for a file, whose footer is compared later.
    """
    if start == 0 and prefix == _OLD_END:
        return ""
    if len(prefix) < _PREFIX_BYTES:
        return "it ends within a message"
    mark, size = unpack_from("<Ii", prefix)
    if mark != _CONTINUES:
        return "" if start else f"at byte {at:,} no message begins"
    if size == 0:
        left = packed - at - _PREFIX_BYTES
        return "" if start or not left else f"{left:,} bytes are behind its end mark"
    if size < 0 or size > _LONGEST_HEAD:
        return f"the head of the message at byte {at:,} is broken"
    return None if at + _PREFIX_BYTES + size <= packed else "it ends within a message"


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
