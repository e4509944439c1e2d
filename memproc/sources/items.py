"""The items of a source: JSON lines, the elements of an array or of a wrapped list, one object, the rows of a table, or what
an iterable gives. What cannot be decoded is an item too, with the fault and the raw bytes.

Rules: a suffix tells tables (`.csv`, `.tsv`) and lines (`.jsonl`, `.ndjson`); else the first bytes do. A byte order mark is
no fault. Blank lines are no records. Archives, pickles and YAML are refused with advice. Integers beyond 64 bits and names
given twice would be lost in decoding without a word, so they are found in the bytes.

Nothing ends early: who has read a file is where its end was when it was opened, and who has read a sequence has seen as many as
it had. Where that is not so, or where what ended a record was never found, `SourceEndedError` is raised behind the last item.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, time
from itertools import chain
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any, NamedTuple

import orjson

from memproc.errors import MemprocError, SourceEndedError, SourceError, refuse_url
from memproc.in_use import whose
from memproc.records import Fault, Given, Memory
from memproc.sources.elements import Element, Flaw, array_elements, list_in_object
from memproc.sources.rows import BrokenRow, rows_of
from memproc.validation import EXCERPT_CHARS, MORE_CELLS, excerpt, fault, taken

SNIFFED_BYTES = 1 << 16
SNIFFED_LINES = 20
NAMES_SHOWN = 8
LEVELS_SHOWN = 5
LINE_SUFFIXES = (".jsonl", ".ndjson")
TABLE_SUFFIXES = {".csv": ",", ".tsv": "\t"}

_DECOMPRESS = "compressed data: decompress it first, where you can see how large it becomes"
_PICKLE = "a pickle, which runs code when it is read: have the program that wrote it write JSON lines"
_YAML = "YAML: convert it to JSON lines"
REFUSED_SUFFIXES = {".pkl": _PICKLE, ".pickle": _PICKLE, ".yaml": _YAML, ".yml": _YAML}
# The first bytes of what is no text, as libmagic tells them; pickles of protocol 2 on name it and then open a frame or a value.
_REFUSED_STARTS = re.compile(
    rb"(?P<compressed>\x1f\x8b|BZh[1-9]1AY|\xfd7zXZ\0|PK\x03\x04|\x28\xb5\x2f\xfd|7z\xbc\xaf)|(?P<pickle>\x80[\x02-\x05][\x95(}\]cqXK])"
)

DEEPEST_LEVELS = 500  # a value that is nested deeper is not looked into

_NAME_END = re.compile(rb'"\s*+:')
_LEAST_DOUBTFUL = 2.0**63
_NEVER_FOUND = -1
_HOLDERS = (dict, list)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+(?=>)")  # another in every process: the same record would not be the same
_BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Item(NamedTuple):
    """One item: its value (of a memory that came as an object `Given`), or the fault that kept it from being decoded; `raw` is None
    for what never was bytes.
    """

    value: object
    raw: bytes | None = None
    fault: Fault | None = None
    category: str = "source"


Piece = bytes | Item  # an item as it is cut out of a source: JSON that is not decoded yet, or what is an item by itself


@dataclass(slots=True)
class Reading:
    """What reading finds beside the items: how many objects are in lists that are not read, by name, and remarks."""

    unread: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)


class Items(NamedTuple):
    """The items of one source, the head of a wrapped list, and where reading stands. `item_of` decodes a piece. `classes` are those
    of the memories among what was read of an iterable so far.
    """

    items: Iterator[Piece]
    head: Mapping[str, Any] = {}
    is_table: bool = False
    stream: IO[bytes] | None = None
    classes: AbstractSet[type[Memory]] = frozenset()
    reading: Reading | None = None

    def close(self) -> None:
        """Close the file, if it is one."""
        if self.stream is not None:
            self.stream.close()


def open_file(path: Path, *, lists: frozenset[str], limit_bytes: int) -> Items:
    """Open a file and return its items; `lists` are the names under which a wrapped list may stand.

    Raises SourceError where there is nothing to read at all: no such file, a directory, binary data.
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
    """Raise SourceError where a path, or a descriptor, leads to a file of an open store: to be asked before it is opened."""
    if told := whose(path):
        raise SourceError(f"{path} {told}: it cannot be read as a source; `memproc export` writes what a store holds")


def of_iterable(records: Iterable[object]) -> Items:
    """Return the items of an iterable of mappings, or of memories: each as it is when it is given."""
    surplus = records.restkey if isinstance(records, csv.DictReader) else None
    classes: set[type[Memory]] = set()
    items = (of_record(record, surplus, classes) for record in records)
    return Items(_counted(items, len(records)) if isinstance(records, Sequence) else items, classes=classes)


def of_record(record: object, surplus: object = None, classes: set[type[Memory]] | None = None) -> Item:
    """Return the item of a record as it is now. `surplus` is the name under which a reader of tables puts the cells that have none
    in the head; the class of a memory is noted in `classes`.
    """
    if type(record) is dict and surplus in record:
        return Item(None, _line_of(record, surplus), fault("", "row_invalid", MORE_CELLS))
    found = taken(record)
    kind = type(found)
    if kind is dict:
        return Item(found)
    if kind is Fault:
        return Item(None, raw_bytes(record), found)
    if kind is Given and classes is not None:
        classes.add(found.schema)
    return Item(found)


def _line_of(row: dict[Any, Any], surplus: object) -> bytes:
    """Return a row that has more cells than names as the line that it was; what was no line as it is."""
    cells = [cell for name, cell in row.items() if name != surplus]
    more = row.get(surplus)
    cells += more if isinstance(more, list) else [more]
    if not all(isinstance(cell, str | None) for cell in cells):
        return raw_bytes(row)
    return _to_line(["" if cell is None else cell for cell in cells]).encode("utf-8", "surrogateescape")


def raw_bytes(value: object) -> bytes:
    """Return the bytes of what never was bytes: JSON that says all of it, else its representation, which is no JSON.

    So a record is never replayed as something that it was not. An object of the caller's own is not read: it may do anything then.
    """
    kind = type(value)
    plain = value.record if kind is Given else value  # type: ignore[attr-defined]
    if kind in (dict, list, Given) or not issubclass(kind, Mapping):
        for write in (_finite_json, _any_json, _representation):
            with suppress(Exception):  # nor need any other object be able to say what it is
                return write(plain)
    return f"<{kind.__qualname__} object>".encode("utf-8", "backslashreplace")


def _finite_json(value: object) -> bytes:
    _check_plain(value)
    raw = orjson.dumps(value, _day_or_time, orjson.OPT_PASSTHROUGH_DATETIME)  # orjson ends the process where a zone raises
    if b"null" in raw:
        json.dumps(value, allow_nan=False, default=str)  # raises on NaN and infinities, of which orjson makes null
    return raw


def _day_or_time(value: object) -> str:
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError


def _any_json(value: object) -> bytes:
    _check_plain(value)
    return json.dumps(value).encode()


def _check_plain(value: Any) -> None:
    """Raise where a container is of the caller's own making, which may do anything when it is read, or a name is no text, of which
    JSON would make some.
    """
    kind = type(value)
    if kind is dict:
        "".join(value)
    elif kind not in (list, tuple):
        if issubclass(kind, Mapping | list | tuple):
            raise TypeError(kind.__qualname__)
        return
    for item in value.values() if kind is dict else value:
        _check_plain(item)


def _representation(value: object, levels: int = LEVELS_SHOWN) -> bytes:
    return _ADDRESS.sub("", _shown(value, levels)).encode("utf-8", "backslashreplace")


def _shown(value: Any, levels: int) -> str:
    """Return a value as Python shows it; of what cannot be shown, what is in it."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - of the caller's own making
        if type(value) is dict and levels:
            return f"{{{', '.join(f'{_shown(name, 0)}: {_shown(item, levels - 1)}' for name, item in value.items())}}}"
        if type(value) in (list, tuple) and levels:
            return f"[{', '.join(_shown(item, levels - 1) for item in value)}]"
        return f"<{type(value).__qualname__} object>"


def _counted(items: Iterator[Item], size: int) -> Iterator[Item]:
    """Give the items of a sequence that had so many. Raises SourceEndedError where it gave fewer."""
    seen = 0
    for seen, item in enumerate(items, 1):  # noqa: B007 - the last number is how many there were
        yield item
    if seen < size:
        raise SourceEndedError(f"the sequence gave {seen} of its {size} records: was it changed while it was read?")


def item_of(piece: Piece) -> Item:
    """Return the item of a piece."""
    return decode(piece) if isinstance(piece, bytes) else piece


def exact_value(raw: bytes) -> object:
    """Return the value of JSON bytes; None where there is none, or where that may not be all of it: `decode` tells."""
    try:
        value = orjson.loads(raw)
        names = _names_to_find(value)
        return value if raw.count(b":") == names or len(_NAME_END.findall(raw)) == names else None
    except Exception:  # noqa: BLE001 - whatever it is, it is told by what decodes it again
        return None


def decode(raw: bytes) -> Item:
    """Return the value of JSON bytes, or the fault that is in the way."""
    if (value := exact_value(raw)) is not None:
        return Item(value, raw)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return Item(None, raw, _not_finite(raw) or fault("", "json_invalid", f"no valid JSON: {error}"))
    return _too_deep(raw) if _names_to_find(value) is None else _decode_exactly(raw)


def _too_deep(raw: bytes) -> Item:
    return Item(None, raw, fault("", "nested_too_deep", f"is nested deeper than {DEEPEST_LEVELS} levels"))


def _not_finite(raw: bytes) -> Fault | None:
    """Return the fault of what would be JSON if that had NaN or infinities, as Python writes them."""
    if b"NaN" not in raw and b"Infinity" not in raw:
        return None
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return fault("", "finite_number", "holds NaN or an infinity")


def _of_stream(stream: IO[bytes], path: Path, lists: frozenset[str], limit_bytes: int) -> Items:
    state = os.fstat(stream.fileno())
    size = state.st_size if S_ISREG(state.st_mode) else None  # nobody knows that of a pipe
    start = stream.read(SNIFFED_BYTES)
    mark = next((mark for mark in _BOMS if start.startswith(mark)), b"")
    suffix = path.suffix.lower()
    if why := _refusal(start, mark, suffix):
        stream.close()
        raise SourceError(f"{path} {why}")
    stream.seek(len(mark))
    opened = _of_text(stream, start[len(mark) :].lstrip()[:1], suffix, lists, limit_bytes)
    reading = opened.reading or Reading()
    return opened._replace(items=_proved(opened.items, stream, path, size, reading), stream=stream, reading=reading)


def _of_text(stream: IO[bytes], first: bytes, suffix: str, lists: frozenset[str], limit_bytes: int) -> Items:
    """Return the items of a text by its shape: `first` is what it begins with."""
    if suffix in TABLE_SUFFIXES:
        return Items(_rows(stream, TABLE_SUFFIXES[suffix], limit_bytes), is_table=True)
    if first == b"[" and suffix not in LINE_SUFFIXES:
        return Items(_pieces(array_elements(stream, limit_bytes), limit_bytes))
    if first == b"{" and suffix not in LINE_SUFFIXES and not _is_lines(stream, limit_bytes):
        return _of_object(stream, lists, limit_bytes)
    return Items(_lines(stream, limit_bytes))


def _proved(pieces: Iterator[Piece], stream: IO[bytes], path: Path, size: int | None, reading: Reading) -> Iterator[Piece]:
    """Give the pieces of a file that had so many bytes, and prove that they are all.

    Raises SourceEndedError where reading ended before the file did.
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


def _refusal(start: bytes, mark: bytes, suffix: str) -> str | None:
    """Return why a file is not read, and what to do, where it is of a kind that memproc refuses."""
    if _BOMS.get(mark) == "utf-16":
        return "is UTF-16 text: convert it to UTF-8"
    match = _REFUSED_STARTS.match(start)
    if match or suffix in REFUSED_SUFFIXES:
        return "holds " + (REFUSED_SUFFIXES[suffix] if match is None else _DECOMPRESS if match["compressed"] else _PICKLE)
    is_binary = b"\0" in start and not _looks_like_text(start)
    return "holds binary data: give JSON, JSON lines or CSV (decompress archives first)" if is_binary else None


def _looks_like_text(start: bytes) -> bool:
    """Tell text with NUL bytes in it from binary data: its first line has none and is UTF-8."""
    line = start.lstrip().partition(b"\n")[0]
    return b"\0" not in line and line.decode("utf-8", "ignore").encode() == line


def _is_lines(stream: IO[bytes], limit_bytes: int) -> bool:
    """Tell JSON lines from one object that spans several: there are several lines, and at least half are whole objects."""
    start = stream.tell()
    are_objects = [
        isinstance(decode(line).value, dict) for _ in range(SNIFFED_LINES) if (line := stream.readline(limit_bytes).strip())
    ]
    stream.seek(start)
    return len(are_objects) > 1 and sum(are_objects) * 2 >= len(are_objects)


def _of_object(stream: IO[bytes], lists: frozenset[str], limit_bytes: int) -> Items:
    reading = Reading()
    head, elements = list_in_object(stream, lists, limit_bytes, reading.unread)
    found = None if head is None else decode(head).value
    return Items(_pieces(elements, limit_bytes), found if isinstance(found, dict) else {}, reading=reading)


def _pieces(elements: Iterator[Element], limit_bytes: int) -> Iterator[Piece]:
    """Give the pieces that elements are. Raises SourceEndedError behind one that took what followed it and was not kept.

    So may one have done that was too long, where no object follows it and the stream ends before the list does: a bracket was not
    closed in it, and the end of the list was taken for its own.
    """
    long = 0  # the number of the last that was too long, as long as no object followed it
    for number, (raw, flaw) in enumerate(elements, 1):
        if flaw is None:
            long = 0 if raw.startswith(b"{") else long
            yield raw
        elif flaw is Flaw.UNFINISHED:
            yield Item(None, raw, fault("", "json_invalid", "the file ends inside this record, or before the end of its list"))
        else:
            message = f"the record is longer than {limit_bytes} bytes; its start is kept"
            yield Item(None, raw, fault("", "record_too_long", message), "resource")
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
            yield Item(None, line, fault("", "record_too_long", message), "resource")
        elif stripped := line.strip():
            yield stripped


def _rows(stream: IO[bytes], delimiter: str, limit_chars: int) -> Iterator[Item]:
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
        for row in rows:
            if isinstance(row, BrokenRow):
                category = "resource" if row.code == "record_too_long" else "source"
                yield Item(None, row.line.encode("utf-8", "surrogateescape"), fault("", row.code, row.message), category)
            elif any(row):
                yield _row(names, row)
    finally:
        if not text.closed:
            text.detach()  # who opened the stream closes it


def _row(names: list[str], row: list[str]) -> Item:
    raw = _to_line(row).encode("utf-8", "surrogateescape")
    if len(row) != len(names):
        return Item(None, raw, fault("", "row_invalid", f"the row has {len(row)} cells, the head {len(names)}"))
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return Item(None, raw, fault("", "not_utf8", f"no valid UTF-8: {error.reason} at byte {error.start}"))
    cells = dict(zip(names, row, strict=False))
    return Item(cells, orjson.dumps(cells))  # a row says nothing without the names in the head


def name_shown(name: str) -> str:
    """Return a field's name as it is shown in a message: the start of a long one."""
    return name if len(name) <= EXCERPT_CHARS and name.isprintable() else excerpt(name)


def _to_line(row: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue()


def count_names(value: Any) -> int:
    """Return how many names the objects in a value, an object or a list, have."""
    names, inner = 0, [value]
    while inner:
        some = inner.pop()
        is_object = some.__class__ is dict
        names += len(some) if is_object else 0
        inner += [item for item in (some.values() if is_object else some) if item.__class__ in _HOLDERS]
    return names


def depth_of(value: Any) -> int:
    """Return how many objects and lists a value is nested in, itself included."""
    depth, level = 0, [value]
    while level := [one for one in level if one.__class__ in _HOLDERS]:
        depth += 1
        level = [*chain.from_iterable(one.values() if one.__class__ is dict else one for one in level)]
    return depth


def _names_to_find(value: Any) -> int | None:
    """Return how many names the bytes of a decoded value must hold for it to be exact; no number will do where one of its
    floats may have been an integer beyond 64 bits, of which orjson makes one without a word. None where it is nested too deep.
    """
    names, is_doubtful = 0, False
    holders: list[Any] = [[value]]
    for some in holders:
        is_object = some.__class__ is dict
        names += len(some) if is_object else 0
        for item in some.values() if is_object else some:
            kind = item.__class__
            if kind is str:
                continue
            if kind is dict or kind is list:
                holders.append(item)
            elif kind is float and not -_LEAST_DOUBTFUL < item < _LEAST_DOUBTFUL:
                is_doubtful = True
    if len(holders) > DEEPEST_LEVELS and depth_of(value) > DEEPEST_LEVELS:
        return None
    return _NEVER_FOUND if is_doubtful else names


class _DuplicatedError(ValueError):
    pass


def _decode_exactly(raw: bytes) -> Item:
    """Decode with every integer whole and every name seen, slowly."""
    try:
        value = json.loads(raw, object_pairs_hook=_without_repeats)
    except _DuplicatedError as error:
        return Item(None, raw, fault("", "duplicate_name", f"the name {excerpt(str(error))} is given twice"))
    except (ValueError, RecursionError) as error:
        return Item(None, raw, fault("", "json_invalid", f"no valid JSON: {error}"))
    return _too_deep(raw) if depth_of(value) > DEEPEST_LEVELS else Item(value, raw)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise _DuplicatedError(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return found
