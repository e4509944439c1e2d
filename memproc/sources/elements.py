"""The elements of a JSON array, cut out of a stream of bytes without parsing them.

Why not a streaming parser: it stops at the first fault, and it gives values, not bytes. Here a broken element must not take
its neighbours with it, and quarantine keeps the raw bytes. (One with an unclosed quote still takes those up to the next.)
So only strings and brackets are looked at; each element is parsed by itself later. Memory is bounded by the largest element.
As a short cut the next `},{` is taken for the end of an object if what lies before it is valid JSON: no proper part of an
object is one.

A file that is one object is searched for a list under one of the names given; what stands before the list is its head.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import orjson

CHUNK_BYTES = 1 << 18
LONGEST_NAME_BYTES = 1 << 16

_WHITE = b" \t\r\n"
# What decides where a value ends: strings as a whole (possessive, so it cannot backtrack), brackets, commas.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
_NAME = re.compile(rb'\s*+"((?:[^"\\]++|\\.)*+)"\s*+:\s*+', re.DOTALL)

_NEXT_OBJECT = re.compile(rb"\}\s*+,\s*+\{")


class Reader(Protocol):
    """What elements are cut from: a binary file."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


class Element(NamedTuple):
    """The bytes of one element. `is_whole` is False where the stream ended inside it, where it was longer than allowed, and of
    what follows the end of the array.
    """

    raw: bytes
    is_whole: bool = True


class _Window:
    """The part of the stream that is in memory: `data` from `at` on is not yet consumed. Before `barren` no short cut is found."""

    def __init__(self, stream: Reader) -> None:
        self._stream = stream
        self.data = b""
        self.at = 0
        self.barren = 0

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
            while self.at < len(self.data) and self.data[self.at] in _WHITE:
                self.at += 1
            if self.at < len(self.data):
                return self.data[self.at : self.at + 1]
            if not self.more():
                return b""


def array_elements(stream: Reader, limit_bytes: int) -> Iterator[Element]:
    """Give the elements of the array that the stream, now before its `[`, holds."""
    window = _Window(stream)
    window.peek()
    window.at += 1
    yield from _elements(window, limit_bytes)
    if window.peek():
        yield Element(_rest(window, limit_bytes), is_whole=False)  # what follows the array is not lost either


def _elements(window: _Window, limit_bytes: int) -> Iterator[Element]:
    while (first := window.peek()) not in (b"", b"]"):
        if first == b",":
            window.at += 1
            continue
        element = _value(window, limit_bytes)
        yield element if len(element.raw) <= limit_bytes else Element(element.raw[:limit_bytes], is_whole=False)
        if not element.is_whole and window.peek() == b"":
            return
    if first == b"":
        yield Element(b"", is_whole=False)  # the stream ended before the array did: what is missing was there once
    window.at += 1


def list_in_object(stream: Reader, names: frozenset[str], limit_bytes: int) -> tuple[bytes, Iterator[Element] | None]:
    """Look in the object that the stream, now before its `{`, holds for the first of `names` that is an array.

    Return what stands before it as an object of its own, and the elements; or the bytes of the whole object and None.
    """
    window = _Window(stream)
    window.peek()
    window.at += 1
    members: list[bytes] = []
    seen = [b"{"]
    left_bytes = limit_bytes
    while (first := window.peek()) not in (b"", b"}"):
        if first == b",":
            seen.append(b",")
            window.at += 1
            continue
        name = _name(window)
        if name is None:
            break
        seen.append(name)
        if name.split(b'"')[1].decode("utf-8", "replace") in names and window.peek() == b"[":
            window.at += 1
            return b"{" + b",".join(members) + b"}", _lists(window, names, limit_bytes)
        value = _value(window, max(left_bytes - len(name), 0))
        members.append(name + value.raw)
        seen.append(value.raw)
        left_bytes -= len(name) + len(value.raw) + 1
        if not value.is_whole:
            break
    return b"".join(seen) + _rest(window, limit_bytes), None


def _lists(window: _Window, names: frozenset[str], limit_bytes: int) -> Iterator[Element]:
    """Give the elements of the list at hand and of those that follow it in the object under one of the names."""
    yield from _elements(window, limit_bytes)
    while (first := window.peek()) not in (b"", b"}"):
        if first == b",":
            window.at += 1
            continue
        name = _name(window)
        if name is None:
            break
        if name.split(b'"')[1].decode("utf-8", "replace") in names and window.peek() == b"[":
            window.at += 1
            yield from _elements(window, limit_bytes)
        else:
            _value(window, limit_bytes)
    window.at += first == b"}"
    if window.peek():
        yield Element(_rest(window, limit_bytes), is_whole=False)


def _name(window: _Window) -> bytes | None:
    while True:
        match = _NAME.match(window.data, window.at)
        if match and match.end() < len(window.data):
            window.at = match.end()
            return match.group()
        if len(window.data) - window.at > LONGEST_NAME_BYTES or not window.more():
            return None


def _value(window: _Window, limit_bytes: int) -> Element:
    """Cut out one value: to the comma or bracket behind it, at its own level. Of one that is too long only the start is kept."""
    if (end := _likely_end(window)) is not None:
        return _taken(window, end)
    depth, at = 0, 0  # `at` counts from the start of what is kept of the value
    start: bytes | None = None
    while True:
        for match in _STRUCTURE.finditer(window.data, window.at + at):
            mark = match.group()[:1]
            if mark == b'"' and match.end() - match.start() == 1:
                break  # a string that goes on in the next chunk, or never ends
            if depth == 0 and mark in b",]}":
                return _ended(window, max(match.start() - window.at, 1), start)  # a stray bracket is a value, and a broken one
            depth += (mark in b"[{") - (mark in b"]}")
            at = match.end() - window.at
            if depth == 0 and mark in b"]}":
                return _ended(window, at, start)
        if len(window.data) - window.at > limit_bytes:
            start = start or window.data[window.at : window.at + limit_bytes]
            window.at, at = window.at + at, 0
            if len(window.data) - window.at > limit_bytes:
                return _skipped(window, start)
        if not window.more():
            return _ended(window, len(window.data) - window.at, start)._replace(is_whole=False)


def _ended(window: _Window, length: int, start: bytes | None) -> Element:
    element = _taken(window, length)
    return element if start is None else Element(start, is_whole=False)


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


def _taken(window: _Window, length: int) -> Element:
    raw = window.data[window.at : window.at + length]
    window.at += length
    return Element(raw.rstrip(_WHITE))


def _skipped(window: _Window, start: bytes) -> Element:
    """Give the start of a value in which a string is too long: where that ends cannot be told, so the rest is left."""
    window.at = len(window.data)
    while window.more():
        window.at = len(window.data)
    return Element(start, is_whole=False)


def _rest(window: _Window, limit_bytes: int) -> bytes:
    while len(window.data) - window.at <= limit_bytes and window.more():
        pass
    raw = window.data[window.at :][:limit_bytes]
    window.at = len(window.data)
    return raw
