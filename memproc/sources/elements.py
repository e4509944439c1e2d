"""The elements of a JSON array, cut out of a stream of bytes without parsing them.

Why not a streaming parser: it stops at the first fault, and it gives values, not bytes. Here a broken element must not take
its neighbours with it, and quarantine keeps the raw bytes. (One with an unclosed quote still takes those up to the next.)
So only strings and brackets are looked at; each element is parsed by itself later. Memory is bounded by what an element may hold:
of one that is too long only the start is kept, and its end is found by what it is in, string or brackets, however far that is.
As a short cut the next `},{` is taken for the end of an object if what lies before it is valid JSON: no proper part of an
object is one.

A file that is one object is searched for lists under the names given; what stands before the first of them is its head. What
follows a value at the top, another array or object or a bracket too many, is cut in the same way: the stream is always read to its
end, and each of its bytes is in an element, between two, in the head, or in a list that is counted by its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator
from enum import StrEnum
from itertools import chain
from typing import IO, NamedTuple

import orjson

CHUNK_BYTES = 1 << 18
LONGEST_NAME_BYTES = 1 << 16
_PASSED_BYTES = 1 << 10  # of what is not read is kept while it is passed

_WHITE = b" \t\r\n"
_QUOTE, _OPENING, _CLOSING, _COMMA = b'"'[0], b"[{", b"]}", b","[0]
_ENDING = b",]}"
_SPACES = re.compile(rb"[ \t\r\n]*+")
# What decides where a value ends: strings as a whole (possessive, so it cannot backtrack), brackets, commas.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_INSIDE_A_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)

_NEXT_OBJECT = re.compile(rb"\}\s*+,\s*+\{")


class Flaw(StrEnum):
    """Why an element is not whole. Of what is too long, or lost, only the start is kept."""

    TOO_LONG = "it is longer than allowed"
    UNFINISHED = "the stream ends inside it, or before the end of its list"
    LOST = "it is longer than allowed, and the stream ends inside it: what it should have ended before is lost"


class Element(NamedTuple):
    """The bytes of one element, and its flaw if it is not whole."""

    raw: bytes
    flaw: Flaw | None = None

    @property
    def is_last(self) -> bool:
        """Whether the stream ended inside it."""
        return self.flaw in (Flaw.UNFINISHED, Flaw.LOST)


class _Window:
    """The part of the stream that is in memory: `data` from `at` on is not yet consumed. Before `barren` no short cut is found.
    `commas` is how many the last value had on its first level. With it goes what is looked for: lists of these `names`, of elements
    of `limit_bytes` at most; and what was found of others, `unread`.
    """

    def __init__(self, stream: IO[bytes], limit_bytes: int, names: frozenset[str], unread: Counter[str]) -> None:
        self._stream, self.limit_bytes, self.names, self.unread = stream, limit_bytes, names, unread
        self.data = b""
        self.at = 0
        self.barren = 0
        self.commas = 0

    def more(self) -> bool:
        """Drop what is consumed and read another chunk; False at the end of the stream.

        A chunk is as long as what is kept, so that a long value is copied and looked through twice, not once a chunk.
        """
        kept = self.data[self.at :]
        chunk = self._stream.read(max(CHUNK_BYTES, len(kept)))
        self.data = kept + chunk
        self.barren -= self.at
        self.at = 0
        return bool(chunk)

    def peek(self) -> bytes:
        """Return the next byte that is no white space, none at the end."""
        while True:
            self.at = _end_of(_SPACES, self.data, self.at)
            if self.at < len(self.data):
                return self.data[self.at : self.at + 1]
            if not self.more():
                return b""

    def peek_behind_commas(self) -> bytes:
        """Return the next byte that is neither white space nor a comma, none at the end."""
        while (first := self.peek()) == b",":
            self.at += 1
        return first

    def without_spaces_behind(self) -> int:
        """Return how long what is kept is without the white space behind it, of which no more than one is left."""
        kept = self.data[self.at :].rstrip(_WHITE)
        if len(self.data) - self.at > len(kept) + 1:
            self.data = kept + b" "
            self.barren -= self.at
            self.at = 0
        return len(kept)


def array_elements(stream: IO[bytes], limit_bytes: int) -> Iterator[Element]:
    """Give the elements of the array that the stream, now before its `[`, holds, and what follows it."""
    return _documents(_Window(stream, limit_bytes, frozenset(), Counter()))


def list_in_object(
    stream: IO[bytes], names: frozenset[str], limit_bytes: int, unread: Counter[str]
) -> tuple[bytes | None, Iterator[Element]]:
    """Look in the object that the stream, now before its `{`, holds for the first of `names` that is an array.

    Return what stands before it as an object of its own, and the elements of all such arrays; or None, and the object as the
    one element. What follows is given too. `unread` comes to hold by name how many objects other lists have.
    """
    window = _Window(stream, limit_bytes, names, unread)
    window.peek()
    head, elements = _object(window)
    return head, chain(elements, _documents(window))


def _documents(window: _Window) -> Iterator[Element]:
    """Give the elements of all that stands at the top, to the end of the stream: of arrays, of objects with lists, else itself."""
    while first := window.peek_behind_commas():
        if first == b"[":
            window.at += 1
            yield from _elements(window)
        elif first == b"{" and window.names:
            yield from _object(window)[1]
        else:
            yield _limited(_value(window, window.limit_bytes), window)


def _elements(window: _Window) -> Generator[Element, None, bool]:
    """Give the elements of the array that the window is in; return whether the last of them tells that the stream ended."""
    while (first := window.peek_behind_commas()) not in (b"", b"]"):
        element = _limited(_value(window, window.limit_bytes), window)
        yield element
        if element.is_last:
            return True
    if first == b"":
        yield Element(b"", Flaw.UNFINISHED)  # the stream ended before the array did: what is missing was there once
    window.at += 1
    return first == b""


def _limited(element: Element, window: _Window) -> Element:
    if len(element.raw) <= window.limit_bytes:
        return element
    return Element(element.raw[: window.limit_bytes], Flaw.LOST if element.is_last else Flaw.TOO_LONG)


def _object(window: _Window) -> tuple[bytes | None, Iterator[Element]]:
    """Return the head of the object at hand and the elements of its lists; or None, and the object as the one element."""
    window.at += 1
    members: list[bytes] = []
    broken: list[Element] = []  # what is no member: where there is a list it is told by itself
    passed = Counter[str]()
    kept = bytearray()  # its start as it stands there, for where it has no list and is a record itself
    limit_bytes = left_bytes = window.limit_bytes
    is_last = is_long = False

    def keep(part: bytes, flaw: Flaw | None = None) -> None:
        nonlocal is_long
        is_long = is_long or len(kept) + len(part) > limit_bytes or flaw in (Flaw.TOO_LONG, Flaw.LOST)
        kept.extend(part[: limit_bytes - len(kept)])

    keep(b"{")
    while not is_last and (first := window.peek()) not in (b"", b"}"):
        if first == b",":
            keep(b",")
            window.at += 1
            continue
        name, is_member = _name(window)
        keep(*name)
        if not is_member:
            broken.append(name)
            is_last = name.is_last
            continue
        if window.peek() == b"[" and _is_one_of(name, window.names):
            window.at += 1
            window.unread.update(passed)
            return b"{" + b",".join(members) + b"}", chain(broken, _lists(window))
        value = _member(window, max(limit_bytes - len(kept), _PASSED_BYTES))
        keep(*value)
        is_last = value.is_last
        size_bytes = len(name.raw) + len(value.raw)
        if name.flaw is value.flaw is None and value.raw and size_bytes <= left_bytes:  # a long one costs the head no other
            members.append(name.raw + value.raw)
            left_bytes -= size_bytes
        if _has_objects(value):
            passed[_told(name)] += window.commas + 1
    is_last = is_last or not window.peek()
    if not is_last:
        keep(b"}")
        window.at += 1
    element = Element(bytes(kept), Flaw.UNFINISHED if is_last else None)
    return None, iter([element._replace(flaw=Flaw.LOST if is_last else Flaw.TOO_LONG) if is_long else element])


def _lists(window: _Window) -> Iterator[Element]:
    """Give the elements of the list at hand and of those that follow it in the object under one of the names."""
    is_told = yield from _elements(window)  # that the stream ended
    while (first := window.peek_behind_commas()) not in (b"", b"}"):
        name, is_member = _name(window)
        if not is_member:
            yield name
            is_told = name.is_last
        elif window.peek() == b"[" and _is_one_of(name, window.names):
            window.at += 1
            is_told = yield from _elements(window)
        else:
            value = _member(window, _PASSED_BYTES)
            if value.is_last:
                yield value
                is_told = True
            if _has_objects(value):
                window.unread[_told(name)] += window.commas + 1
    if first == b"" and not is_told:
        yield Element(b"", Flaw.UNFINISHED)
    window.at += 1


def _name(window: _Window) -> tuple[Element, bool]:
    """Take the name of a member with its colon, and True; where there is none what stands there instead, to the next comma or
    bracket, and False.
    """
    told = _string(window) if window.peek() == b'"' else Element(b"")
    after = window.peek()
    if told.raw and after == b":":
        window.at += 1
        return Element(told.raw + b":", told.flaw), True
    if after in (b"", b",", b"}"):
        return _limited(told if after or told.flaw else Element(told.raw, Flaw.UNFINISHED), window), False
    rest = _value(window, window.limit_bytes)
    return _limited(Element(told.raw + rest.raw, rest.flaw or told.flaw), window), False


def _string(window: _Window) -> Element:
    """Take the string at hand: of one that is too long for a name only the start is kept."""
    while (match := _STRING.match(window.data, window.at)) is None and len(window.data) - window.at <= LONGEST_NAME_BYTES:
        if not window.more():
            return _taken(window, len(window.data) - window.at)._replace(flaw=Flaw.UNFINISHED)
    if match is not None and match.end() - match.start() <= LONGEST_NAME_BYTES:
        window.at = match.end()
        return Element(match.group())
    start = window.data[window.at : window.at + LONGEST_NAME_BYTES]
    window.at += 1
    return Element(start, Flaw.TOO_LONG if _pass_string(window) else Flaw.LOST)


def _member(window: _Window, limit_bytes: int) -> Element:
    """Take the value behind a name and its colon; nothing where there is none."""
    return Element(b"") if window.peek() in (b",", b"}") else _value(window, limit_bytes)


def _is_one_of(name: Element, names: frozenset[str]) -> bool:
    """Tell whether a name, as it stands there with its colon, is one of these."""
    try:
        return name.flaw is None and orjson.loads(name.raw[:-1]) in names
    except orjson.JSONDecodeError:
        return False


def _told(name: Element) -> str:
    return name.raw[1:-2].decode("utf-8", "replace")


def _has_objects(value: Element) -> bool:
    """Tell whether a value is a list that begins with an object."""
    return value.raw[:1] == b"[" and value.raw[1:].lstrip(_WHITE)[:1] == b"{"


def _value(window: _Window, limit_bytes: int) -> Element:
    """Cut out one value: to the comma or bracket behind it, at its own level. Of one that is too long only the start is kept."""
    window.commas = 0
    if (end := _likely_end(window)) is not None:
        return _taken(window, end)
    depth, at = 0, 0  # `at` counts from the start of what is kept of the value
    start_kept: bytes | None = None  # of one that is too long: the rest is passed, and not kept
    while True:
        is_inside = False
        for match in _STRUCTURE.finditer(window.data, window.at + at):
            start, end = match.span()
            mark = window.data[start]
            if mark == _QUOTE and end - start == 1:
                is_inside = True  # a string that goes on in the next chunk, or never ends
                break
            if depth == 0 and mark in _ENDING:
                return _taken(window, max(start - window.at, start_kept is None), start_kept)  # a stray bracket is a broken value
            depth += (mark in _OPENING) - (mark in _CLOSING)
            window.commas += depth == 1 and mark == _COMMA
            at = end - window.at
            if depth == 0 and mark in _CLOSING:
                return _taken(window, at, start_kept)
        is_long = start_kept is None and len(window.data) - window.at > limit_bytes
        if is_long and (depth > 0 or is_inside or window.without_spaces_behind() > limit_bytes):
            start_kept = window.data[window.at : window.at + limit_bytes]
        if start_kept is not None:
            window.at, at = start + 1 if is_inside else len(window.data), 0
            if is_inside and _pass_string(window):
                continue
        if not window.more():
            return _taken(window, len(window.data) - window.at, start_kept)._replace(
                flaw=Flaw.UNFINISHED if start_kept is None else Flaw.LOST
            )


def _pass_string(window: _Window) -> bool:
    """Move behind the end of the string that the window is in, however far that is; False where the stream ends first."""
    while True:
        window.at = _end_of(_INSIDE_A_STRING, window.data, window.at)
        if window.data[window.at : window.at + 1] == b'"':
            window.at += 1
            return True
        if not window.more():  # what was left is nothing, or a backslash whose character was still to come
            window.at = len(window.data)
            return False


def _end_of(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Return where what a pattern matches at a place ends; it may match nothing."""
    found = pattern.match(data, at)
    return at if found is None else found.end()


def _likely_end(window: _Window) -> int | None:
    """Return the length of the object at hand if it ends where the next `},{` suggests.

    Where that is wrong it is not looked for again up to there: each of many short values would go through all of it.
    """
    if window.data[window.at : window.at + 1] != b"{" or window.at < window.barren:
        return None
    match = _NEXT_OBJECT.search(window.data, window.at)
    window.barren = match.start() if match else len(window.data)
    if not match:
        return None
    length = match.start() + 1 - window.at
    try:
        orjson.loads(window.data[window.at : window.at + length])
    except orjson.JSONDecodeError:
        return None
    return length


def _taken(window: _Window, length: int, start_kept: bytes | None = None) -> Element:
    """Take so many bytes: they are the element, or the end of one that is too long, of which the start was kept."""
    raw = window.data[window.at : window.at + length]
    window.at += length
    return Element(raw.rstrip(_WHITE)) if start_kept is None else Element(start_kept, Flaw.TOO_LONG)
