"""The items of a file: JSON lines, the elements of an array or of a wrapped list, one object, the rows of a table, or texts.

Rules: what cannot be decoded is an item too, with the fault and the raw bytes. Blank lines are no records. A file is read when
reading has reached the end that it had when it was opened. Where reading stops earlier, or where the end of a record was never
found, `SourceEndedError` is raised after the last item.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import IO

import orjson

from memproc.errors import MemprocError, SourceEndedError, SourceError, refuse_url
from memproc.in_use import whose
from memproc.records import Category
from memproc.sources.decoding import decode
from memproc.sources.elements import array_elements, list_in_object
from memproc.sources.items import Item, Items, Piece, Reading
from memproc.sources.raw import to_line
from memproc.sources.rows import ROW_INVALID, TOO_LONG, BrokenRow, rows_of
from memproc.sources.sniffing import BOMS, LINE_SUFFIXES, SNIFFED_BYTES, TABLE_SUFFIXES, is_lines, refusal
from memproc.sources.texts import maybe_texts
from memproc.sources.window import Element, Flaw
from memproc.validation import EXCERPT_CHARS, excerpt, fault

NAMES_SHOWN = 8
_OWNER, _OF_OWNER = "user", frozenset(("apps", "categories"))  # of an object that means something only as a whole
_MARK = "\ufeff"  # in front of the head of a table that another was joined to


def open_file(path: Path, *, lists: frozenset[str], limit_bytes: int) -> Items:
    """Open a file and return its items. `lists` are the names that a wrapped list may have.

    Raises SourceError if nothing can be read: no such file, a directory, binary data.
    """
    check_not_in_use(path)
    refuse_url(path)
    if path.is_dir():
        raise SourceError(f"{path} is a directory: name the files in it")
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    return _of_stream(stream, path, lists, limit_bytes)


def check_not_in_use(path: Path | int) -> None:
    """Raise SourceError if a path or descriptor leads to a file of an open store. Call this before opening it."""
    if told := whose(path):
        raise SourceError(f"{path} {told}: it cannot be read as a source; `memproc export` writes what a store holds")


def _of_stream(stream: IO[bytes], path: Path, lists: frozenset[str], limit_bytes: int) -> Items:
    state = os.fstat(stream.fileno())
    size = state.st_size if S_ISREG(state.st_mode) else None  # a pipe has no size
    start = stream.read(SNIFFED_BYTES)
    mark = next((mark for mark in BOMS if start.startswith(mark)), b"")
    suffix = path.suffix.lower()
    if why := refusal(start, mark, suffix):
        stream.close()
        raise SourceError(f"{path} {why}")
    stream.seek(len(mark))
    texts = maybe_texts(stream, start[len(mark) :], suffix, path.stem, limit_bytes)
    first = start[len(mark) :].lstrip()[:1]
    opened = _of_text(stream, first, suffix, lists, limit_bytes) if texts is None else Items(texts)
    reading = opened.reading or Reading()
    return opened._replace(items=_proved(opened.items, stream, path, size, reading), stream=stream, reading=reading)


def _of_text(stream: IO[bytes], first: bytes, suffix: str, lists: frozenset[str], limit_bytes: int) -> Items:
    """Return the items of a text by its shape; `first` is its first byte."""
    if suffix in TABLE_SUFFIXES:
        reading = Reading()
        return Items(_rows(stream, TABLE_SUFFIXES[suffix], limit_bytes, reading), is_table=True, reading=reading)
    if first == b"[" and suffix not in LINE_SUFFIXES:
        return Items(_pieces(array_elements(stream, limit_bytes), limit_bytes))
    if first == b"{" and suffix not in LINE_SUFFIXES and not is_lines(stream, limit_bytes):
        return _of_object(stream, lists, limit_bytes)
    return Items(_lines(stream, limit_bytes))


def _proved(pieces: Iterator[Piece], stream: IO[bytes], path: Path, size: int | None, reading: Reading) -> Iterator[Piece]:
    """Yield the pieces of a file that had `size` bytes, and check that it was read to its end.

    Raises SourceEndedError if reading stopped before the end of the file.
    """
    try:
        yield from pieces
        at, is_more = stream.tell(), bool(stream.read(1))
    except MemprocError:
        raise
    except Exception as error:
        raise SourceEndedError(f"{path} could not be read to its end: {type(error).__name__}: {error}") from error
    if size is None:
        return
    if at < size:
        why = "" if is_more else ": it was made shorter while it was read"
        raise SourceEndedError(f"{path} was read to byte {at} of {size}{why}")
    if is_more or at != size:
        reading.remarks.append(f"{path.name} has grown while it was read, from {size} bytes: it was read to byte {at}")


def _of_object(stream: IO[bytes], lists: frozenset[str], limit_bytes: int) -> Items:
    start, reading = stream.tell(), Reading()
    head, elements = list_in_object(stream, lists, limit_bytes, reading.unread)
    found = None if head is None else decode(head).value
    if isinstance(found, dict) and isinstance(found.get(_OWNER), dict) and stream.seekable():
        stream.seek(start)
        whole = decode(raw := stream.read(limit_bytes))
        if isinstance(whole.value, dict) and not _OF_OWNER.isdisjoint(whole.value):
            return Items(iter([raw]), reading=reading)
        stream.seek(start)
        reading = Reading()
        _, elements = list_in_object(stream, lists, limit_bytes, reading.unread)
    return Items(_pieces(elements, limit_bytes), found if isinstance(found, dict) else {}, reading=reading)


def _pieces(elements: Iterator[Element], limit_bytes: int) -> Iterator[Piece]:
    """Yield the elements as pieces. Raises SourceEndedError after an element that swallowed what followed it.

    That may also be an element that was too long, if no object follows it and the stream ends before the list does: a bracket in it
    was not closed, and the end of the list was taken for its own.
    """
    long = 0  # the number of the last element that was too long, while no object has followed it
    for number, (raw, flaw) in enumerate(elements, 1):
        if flaw is None:
            long = 0 if raw.startswith(b"{") else long
            yield raw
        elif flaw is Flaw.UNFINISHED:
            yield Item(None, raw, fault("", "json_invalid", "the file ends inside this record, or before the end of its list"))
        else:
            message = f"the record is longer than {limit_bytes} bytes; its start is kept"
            yield Item(None, raw, fault("", TOO_LONG, message), Category.RESOURCE)
            long = number
        if flaw is Flaw.LOST or (flaw is Flaw.UNFINISHED and long):
            raise SourceEndedError(
                f"the end of record {long} was never found, so what stands behind its beginning was not read: is a quote or "
                "a bracket not closed in it?"
            )


def _lines(stream: IO[bytes], limit_bytes: int) -> Iterator[Piece]:
    while line := stream.readline(limit_bytes + 1):
        if len(line) > limit_bytes and not line.endswith(b"\n"):
            length = len(line)
            while (more := stream.readline(limit_bytes)) and not more.endswith(b"\n"):
                length += len(more)
            message = f"the line is longer than {limit_bytes} bytes ({length + len(more)}); its start is kept"
            yield Item(None, line, fault("", TOO_LONG, message), Category.RESOURCE)
        elif stripped := line.strip():
            yield stripped


def _rows(stream: IO[bytes], delimiter: str, limit_chars: int, reading: Reading) -> Iterator[Item]:
    text = io.TextIOWrapper(stream, "utf-8", errors="surrogateescape", newline="")
    try:
        rows = rows_of(text, delimiter, limit_chars)
        names = next((row for row in rows if isinstance(row, BrokenRow) or any(row)), [])
        if isinstance(names, BrokenRow):
            raise SourceError(f"the head of the table cannot be read: {names.message}")
        if any("\udc80" <= mark <= "\udcff" for name in names for mark in name):
            raise SourceError("the head of the table is no valid UTF-8: save the table as UTF-8")
        if repeated := sorted(name for name, count in Counter(names).items() if count > 1):
            told = ", ".join(map(name_shown, repeated[:NAMES_SHOWN]))
            why = "more than once: rename the columns"
            raise SourceError(f"the head of the table names {told} {why}", f"the head of the table names a column {why}")
        repeated_heads = 0
        for row in rows:
            if isinstance(row, BrokenRow):
                category = Category.RESOURCE if row.code == TOO_LONG else Category.SOURCE
                yield Item(None, row.line.encode("utf-8", "surrogateescape"), fault("", row.code, row.message), category)
            elif row == names or (row[0].startswith(_MARK) and [row[0].removeprefix(_MARK), *row[1:]] == names):
                repeated_heads += 1
            elif any(row):
                yield _row(names, row)
        if repeated_heads:
            again = "its head once more" if repeated_heads == 1 else f"its head {repeated_heads} times more"
            reading.remarks.append(f"the table holds {again}, as joined tables do: left out")
    finally:
        if not text.closed:
            text.detach()  # the caller closes the stream


def _row(names: list[str], row: list[str]) -> Item:
    raw = to_line(row).encode("utf-8", "surrogateescape")
    if len(row) != len(names):
        return Item(None, raw, fault("", ROW_INVALID, "the row has ", str(len(row)), f" cells, the head {len(names)}"))
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return Item(None, raw, fault("", "not_utf8", f"no valid UTF-8: {error.reason} at ", f"byte {error.start}"))
    cells = dict(zip(names, row, strict=False))
    return Item(cells, orjson.dumps(cells))  # a row means nothing without the names in the head


def name_shown(name: str) -> str:
    """Return the name of a field for a message; only the start of a long one."""
    return name if len(name) <= EXCERPT_CHARS and name.isprintable() else excerpt(name)
