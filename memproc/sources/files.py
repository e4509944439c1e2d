"""The items of a file: JSON lines, the elements of an array or of a wrapped list, one object, the rows of a table, or texts.

Rules: what cannot be decoded is an item too, with the fault and the raw bytes. Blank lines are no records. A file is read when
reading has reached the end that it had when it was opened. Where reading stops earlier, or where the end of a record was never
found, `SourceEndedError` is raised after the last item.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from stat import S_ISREG
from typing import IO, Any, NamedTuple

import orjson

from memproc.config import Settings
from memproc.errors import MemprocError, SourceEndedError, SourceError, refuse_url
from memproc.in_use import whose
from memproc.records import Category
from memproc.sources.cards import maybe_cards
from memproc.sources.compression import Bounds
from memproc.sources.decoding import decode
from memproc.sources.delimiters import delimiter_of, is_table, said_delimiter
from memproc.sources.elements import array_elements, list_at, list_in_object
from memproc.sources.items import Item, Items, Piece, Reading
from memproc.sources.labels import NAMES_SHOWN, name_shown, path_shown
from memproc.sources.lines import LineNumber, lines_of, numbered
from memproc.sources.raw import to_line
from memproc.sources.rows import ROW_INVALID, TOO_LONG, BrokenRow, rows_of
from memproc.sources.sniffing import BOM, LINE_SUFFIXES, SNIFFED_BYTES, TABLE_SUFFIXES, is_lines, refusal, wide_encoding
from memproc.sources.streams import from_start, in_utf8
from memproc.sources.texts import maybe_texts
from memproc.sources.wholes import maybe_whole
from memproc.sources.window import Element, Flaw
from memproc.validation import fault

_MARK = "\ufeff"  # in front of the head of a table that another was joined to

State = os.stat_result
Search = Callable[[IO[bytes], Any, int, Counter[str], LineNumber | None], tuple[bytes | None, Iterator[Element]]]


class How(NamedTuple):
    """How files are read: the names that a wrapped list may have, how long a record may be, and what the caller said of the shape:
    where in an object the list is, what stands between cells, the encoding, whether pickles are read. `bounds`: of decompressing.
    With `number` items know their lines. Without `makes_embeddings` tables tell only how long one is.
    """

    lists: frozenset[str]
    limit_bytes: int
    records: tuple[str, ...] = ()
    delimiter: str | None = None
    encoding: str | None = None
    allow_pickle: bool = False
    bounds: Bounds = Bounds(Settings().max_decompressed_bytes)
    number: LineNumber | None = None
    makes_embeddings: bool = True


def open_file(path: Path, *, lists: frozenset[str], limit_bytes: int) -> Items:
    """Open a file and return its items. `lists` are the names that a wrapped list may have.

    Raises SourceError if nothing can be read: no such file, a directory, binary data.
    """
    check_not_in_use(path)
    refuse_url(path)
    if path.is_dir():
        raise SourceError(f"{path_shown(path)} is a directory: name the files in it")
    return items_of(open_path(path), path_shown(path), path, How(lists, limit_bytes))


def open_path(path: Path) -> IO[bytes]:
    """Open a file. Raises SourceError if that fails."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise SourceError(f"{path_shown(path)} does not exist") from None
    except OSError as error:
        raise SourceError(f"{path_shown(path)} cannot be read: {error.strerror}") from error


def check_not_in_use(path: Path | int) -> None:
    """Raise SourceError if a path or descriptor leads to a file of an open store. Call this before opening it."""
    if told := whose(path):
        raise SourceError(f"{path_shown(path)} {told}: it cannot be read as a source; `memproc export` writes what a store holds")


def items_of(stream: IO[bytes], shown: str, name: PurePath, how: How) -> Items:
    """Return the items of a stream, which is closed with them. `shown` is what messages call it, `name` that of the file.

    Raises SourceError if nothing can be read.
    """
    try:
        return _items_of(stream, shown, name, how)
    except BaseException:
        stream.close()
        raise


def _items_of(stream: IO[bytes], shown: str, name: PurePath, how: How) -> Items:
    state, suffix = _state_of(stream), name.suffix.lower()
    how = how._replace(number=how.number and LineNumber())  # each file has its own
    start = stream.read(SNIFFED_BYTES)
    stream = from_start(start, stream)
    if encoding := wide_encoding(start) or (None if start.startswith(BOM) else how.encoding):
        state, stream = None, in_utf8(stream, encoding)
        start = stream.read(SNIFFED_BYTES)
        stream = from_start(start, stream)
    cards, stream = maybe_cards(stream, start, how.limit_bytes)
    if cards is None and (why := refusal(start, suffix)):
        raise SourceError(f"{shown} {why}")
    if start.startswith(BOM):
        stream.read(len(BOM))
    start = start.removeprefix(BOM)
    is_told = how.records or how.delimiter
    texts = cards if is_told or cards else maybe_texts(stream, start, suffix, name.stem, how.limit_bytes)
    opened, stream = _of_text(stream, start, suffix, how) if texts is None else (Items(texts), stream)
    if opened is None:
        raise SourceError(f"{shown} has no list at records={'.'.join(how.records)}: is it a JSON object with such a list?")
    reading = opened.reading or Reading()
    items = opened.items if how.number is None else numbered(opened.items, how.number)
    return opened._replace(items=_proved(items, stream, shown, state, reading), stream=stream, reading=reading)


def _state_of(stream: IO[bytes]) -> State | None:
    """Return the state of a plain file, None for anything else."""
    try:
        state = os.fstat(stream.fileno())
        return state if S_ISREG(state.st_mode) else None
    except (OSError, AttributeError):
        return None


def _of_text(stream: IO[bytes], start: bytes, suffix: str, how: How) -> tuple[Items | None, IO[bytes]]:
    """Return the items of a text that begins so by its shape, and the stream they are in; None where there is no such list."""
    first, is_whole, limit_bytes = start.lstrip()[:1], len(start) < SNIFFED_BYTES - len(BOM), how.limit_bytes
    is_plain_json = suffix not in LINE_SUFFIXES and first in (b"[", b"{") and suffix not in TABLE_SUFFIXES
    if how.records:
        if not is_plain_json or first == b"[":
            return None, stream
        return _of_object(stream, how, list_at), stream
    if not is_plain_json and _is_table(start, suffix, how.delimiter, is_whole=is_whole):
        promised = TABLE_SUFFIXES.get(suffix, ",")
        said = said_delimiter(start)
        if said is not None:
            stream.read(said[1])
        delimiter = how.delimiter or (said[0] if said else delimiter_of(start, promised, is_whole=is_whole))
        if how.number is not None:
            how.number.at = 1 if said else 0  # a line that says what stands between the cells is behind us
        reading = Reading()
        return Items(_rows(stream, delimiter, how, reading), is_table=True, reading=reading), stream
    if is_plain_json and first == b"[":
        reading = Reading()
        return Items(_pieces(array_elements(stream, limit_bytes, how.number), limit_bytes, reading), reading=reading), stream
    are_lines = not is_plain_json
    if is_plain_json:
        are_lines, read = is_lines(stream, limit_bytes)
        stream = from_start(read, stream)
    if are_lines:
        return Items(lines_of(stream, limit_bytes, how.number)), stream
    whole, stream = maybe_whole(stream, start, limit_bytes)
    return (_of_object(stream, how, list_in_object) if whole is None else Items(iter([whole]))), stream


def _is_table(start: bytes, suffix: str, delimiter: str | None, *, is_whole: bool) -> bool:
    """Return whether a text is a table: by its suffix, by the delimiter that was named, or without a suffix by its first lines."""
    if suffix in TABLE_SUFFIXES or (delimiter is not None and suffix not in LINE_SUFFIXES):
        return True
    return not suffix and is_table(start, is_whole=is_whole)


def _proved(pieces: Iterator[Piece], stream: IO[bytes], shown: str, state: State | None, reading: Reading) -> Iterator[Piece]:
    """Yield the pieces of a file that was in this state, and check that it was read to its end.

    Raises SourceEndedError if reading stopped before the end of the file, or if that was written over meanwhile.
    """
    try:
        yield from pieces
        at, is_more = stream.tell(), bool(stream.read(1))
    except MemprocError:
        raise
    except Exception as error:
        raise SourceEndedError(f"{shown} could not be read to its end: {type(error).__name__}: {error}") from error
    if reading.is_cut and (state is None or at >= state.st_size):
        raise SourceEndedError(
            f"{shown} ends before the end of its list, or of the object around it: how many records are missing is not known"
        )
    if state is None:
        return
    size, now = state.st_size, os.fstat(stream.fileno())
    if at < size:
        why = "" if is_more else ": it was made shorter while it was read"
        raise SourceEndedError(f"{shown} was read to byte {at} of {size}{why}")
    if now.st_size == size and now.st_mtime_ns != state.st_mtime_ns:
        raise SourceEndedError(f"{shown} was written over while it was read, so what was read may be of two versions")
    if is_more or at != size:
        name = PurePath(shown).name
        reading.remarks.append(f"{name} has grown while it was read, from {size} bytes: it was read to byte {at}")


def _of_object(stream: IO[bytes], how: How, search: Search) -> Items | None:
    reading = Reading()
    wanted = how.records or how.lists
    head, elements = search(stream, wanted, how.limit_bytes, reading.unread, how.number)
    if head is None and how.records:
        return None
    found = None if head is None else decode(head).value
    return Items(_pieces(elements, how.limit_bytes, reading), found if isinstance(found, dict) else {}, reading=reading)


def _pieces(elements: Iterator[Element], limit_bytes: int, reading: Reading) -> Iterator[Piece]:
    """Yield the elements as pieces, and note where the list has no end. Raises SourceEndedError after an element that swallowed
    what followed it.

    That may also be an element that was too long, if no object follows it and the stream ends before the list does: a bracket in it
    was not closed, and the end of the list was taken for its own.
    """
    long = 0  # the number of the last element that was too long, while no object has followed it
    for number, (raw, flaw) in enumerate(elements, 1):
        if flaw is None:
            long = 0 if raw.startswith(b"{") else long
            yield raw
        elif flaw is Flaw.UNFINISHED:
            reading.is_cut = True
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


def _rows(stream: IO[bytes], delimiter: str, how: How, reading: Reading) -> Iterator[Item]:
    text = io.TextIOWrapper(stream, "utf-8", errors="surrogateescape", newline="")
    try:
        rows = rows_of(text, delimiter, how.limit_bytes, how.number)
        names = next((row for row in rows if isinstance(row, BrokenRow) or any(row)), [])
        if isinstance(names, BrokenRow):
            raise SourceError(f"the head of the table cannot be read: {names.message}")
        names = _without_empty_end(names, 0)
        if any("\udc80" <= mark <= "\udcff" for name in names for mark in name):
            advice = "save the table as UTF-8, or give its encoding, as in --encoding cp1252"
            raise SourceError(f"the head of the table is no valid UTF-8: {advice}")
        if repeated := sorted(name for name, count in Counter(names).items() if count > 1):
            told = ", ".join(map(name_shown, repeated[:NAMES_SHOWN]))
            why = "more than once: rename the columns"
            raise SourceError(f"the head of the table names {told} {why}", f"the head of the table names a column {why}")
        repeated_heads = 0
        for row in rows:
            if isinstance(row, BrokenRow):
                category = Category.RESOURCE if row.code == TOO_LONG else Category.SOURCE
                yield Item(None, row.line.encode("utf-8", "surrogateescape"), fault("", row.code, row.message), category)
            elif _is_head(row, names):
                repeated_heads += 1
            elif any(row):
                yield _row(names, _without_empty_end(row, len(names)))
        if repeated_heads:
            again = "its head once more" if repeated_heads == 1 else f"its head {repeated_heads} times more"
            reading.remarks.append(f"the table holds {again}, as joined tables do: left out")
    finally:
        if not text.closed:
            text.detach()  # the caller closes the stream


def _is_head(row: list[str], names: list[str]) -> bool:
    return [cell.removeprefix(_MARK) if not at else cell for at, cell in enumerate(_without_empty_end(row, len(names)))] == names


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


def _without_empty_end(row: list[str], least: int) -> list[str]:
    """Return cells without the empty ones at the end, as spreadsheets leave them, down to a number of cells."""
    while len(row) > least and not row[-1]:
        row = row[:-1]
    return row
