"""The elements of a JSON array, cut out of a stream of bytes without parsing them.

Why not a streaming parser: it stops at the first fault, and it gives values, not bytes. Here a broken element must not take its
neighbours with it, and quarantine keeps the raw bytes. (One with an unclosed quote still takes the elements up to the next quote.)
So only strings and brackets are looked at (`json_values`); each element is parsed by itself later.

A file that is one object is searched for lists under the names given, also in the objects that answers of services wrap them in;
what stands before the first of them is its head. What follows the value at the top, another array or object or a bracket too many,
is cut in the same way: the stream is always read to its end. Each of its bytes is in an element, between two elements, in the head,
or in a list that is counted by its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from itertools import chain
from typing import IO

import orjson

from memproc.sources.json_values import cut_string, cut_value
from memproc.sources.rows import Numbered
from memproc.sources.window import WHITE, Element, Flaw, Window

WRAPPERS = frozenset(("data", "result", "response"))  # of the answer of a service: objects that are searched too
_PASSED_BYTES = 1 << 10  # of a value that is skipped are kept


def array_elements(stream: IO[bytes], limit_bytes: int, number: Numbered | None = None) -> Iterator[Element]:
    """Yield the elements of the array at the start of the stream, which is before its `[`, and what follows it.

    `number` is told the line at which each begins, here and in the other functions.
    """
    return _documents(Window(stream, limit_bytes, frozenset(), Counter(), number))


def list_in_object(
    stream: IO[bytes], names: frozenset[str], limit_bytes: int, unread: Counter[str], number: Numbered | None = None
) -> tuple[bytes | None, Iterator[Element]]:
    """Search the object at the start of the stream, which is before its `{`, for the first of `names` that is an array.

    Return what stands before that as an object of its own, and the elements of all such arrays; or None, and the object as the only
    element. The elements include what follows the object. `unread` is filled with the number of objects in other lists, by name.
    """
    window = Window(stream, limit_bytes, names, unread, number)
    window.peek()
    head, elements = _object(window)
    return head, chain(elements, _documents(window))


def list_at(
    stream: IO[bytes], path: Sequence[str], limit_bytes: int, unread: Counter[str], number: Numbered | None = None
) -> tuple[bytes | None, Iterator[Element]]:
    """Search the object at the start of the stream for the array at a path of names, as `list_in_object` does for one name.

    Return None, and no elements, if there is no array. `unread` is filled with the other lists there are.
    """
    window = Window(stream, limit_bytes, frozenset(path[-1:]), unread, number)
    if not all(_enters(window, name) for name in path[:-1]) or window.peek() != b"{":
        return None, iter(())
    head, elements = _object(window, is_inner=True)
    return head, iter(()) if head is None else _to_the_end(window, elements, len(path) - 1)


def _enters(window: Window, wanted: str) -> bool:
    """Move to the value of a name in the object at the current position, if there is one and it is an object."""
    if window.peek() != b"{":
        return False
    window.at += 1
    while window.peek_behind_commas() not in (b"", b"}"):
        name, is_member = _name(window)
        if is_member and window.peek() == b"{" and _is_one_of(name, frozenset((wanted,))):
            return True
        if is_member:
            _pass(window, name)
    return False


def _to_the_end(window: Window, elements: Iterator[Element], levels: int) -> Iterator[Element]:
    """Yield the elements of a list, and what follows the objects that it is in, which is read to the end of the stream."""
    is_last = False
    for element in elements:
        is_last = element.is_last
        yield element
    window.names = frozenset()
    for _ in range(0 if is_last else levels):
        for element in _lists_behind(window, is_told=False):
            is_last = is_last or element.is_last
            yield element
    if not is_last:
        yield from _documents(window)


def _documents(window: Window) -> Iterator[Element]:
    """Yield the elements of all values at the top level, to the end: of arrays, of objects with lists, or the value itself."""
    while first := window.peek_behind_commas():
        if first == b"[":
            window.at += 1
            yield from _elements(window)
        elif first == b"{" and window.names:
            yield from _object(window)[1]
        else:
            window.mark()
            yield _limited(cut_value(window, window.limit_bytes), window)


def _elements(window: Window) -> Generator[Element, None, bool]:
    """Yield the elements of the array that the window is in. Return whether the stream ended in the last one."""
    while (first := window.peek_behind_commas()) not in (b"", b"]"):
        window.mark()
        element = _limited(cut_value(window, window.limit_bytes), window)
        yield element
        if element.is_last:
            return True
    if first == b"":
        yield Element(b"", Flaw.UNFINISHED)  # the stream ended before the array did: something is missing
    window.at += 1
    return first == b""


def _limited(element: Element, window: Window) -> Element:
    if len(element.raw) <= window.limit_bytes:
        return element
    return Element(element.raw[: window.limit_bytes], Flaw.LOST if element.is_last else Flaw.TOO_LONG)


def _object(window: Window, *, is_inner: bool = False) -> tuple[bytes | None, Iterator[Element]]:
    """Return the head of the object at the current position and the elements of its lists; or None, and the object itself."""
    if not is_inner:
        window.mark()
    window.at += 1
    members: list[bytes] = []
    broken: list[Element] = []  # broken members: if there is a list, each is an element
    passed = Counter[str]()
    kept = bytearray()  # the start of the object, which is a record itself if it has no list
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
            return _joined(members), chain(broken, _lists(window))
        if window.peek() == b"{" and not is_inner and _is_one_of(name, WRAPPERS):
            inner, elements = _object(window, is_inner=True)
            if inner is not None:
                window.unread.update(passed)
                return _joined(members, inner), chain(broken, _wrapped(elements, window))
            value = next(elements)
        else:
            value = _member(window, max(limit_bytes - len(kept), _PASSED_BYTES))
        keep(*value)
        is_last = value.is_last
        size_bytes = len(name.raw) + len(value.raw)
        if (
            name.flaw is value.flaw is None and value.raw and size_bytes <= left_bytes
        ):  # a long member does not crowd out the others
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


def _wrapped(inner: Iterator[Element], window: Window) -> Iterator[Element]:
    """Yield the elements of an inner object, and those of the lists that stand behind it in the object that it is in."""
    is_told = False  # that the stream ended
    for element in inner:
        yield element
        is_told = element.is_last
    if not is_told:
        yield from _lists_behind(window, is_told=False)


def _joined(members: list[bytes], inner: bytes = b"{}") -> bytes:
    """Return an object of members and of those in an inner object."""
    return b"{" + b",".join([*members, *filter(None, [inner[1:-1]])]) + b"}"


def _lists(window: Window) -> Iterator[Element]:
    """Yield the elements of the list at the current position and of those that follow in the object under one of the names."""
    is_told = yield from _elements(window)  # that the stream ended
    yield from _lists_behind(window, is_told=is_told)


def _lists_behind(window: Window, *, is_told: bool) -> Iterator[Element]:
    """Yield the elements of the lists between the current position and the end of the object that it is in."""
    while (first := window.peek_behind_commas()) not in (b"", b"}"):
        name, is_member = _name(window)
        if not is_member:
            yield name
            is_told = name.is_last
        elif window.peek() == b"[" and _is_one_of(name, window.names):
            window.at += 1
            is_told = yield from _elements(window)
        else:
            value = _pass(window, name)
            if value.is_last:
                yield value
                is_told = True
    if first == b"" and not is_told:
        yield Element(b"", Flaw.UNFINISHED)
    window.at += 1


def _name(window: Window) -> tuple[Element, bool]:
    """Take the name of a member with its colon, and return it with True. If there is no name, return what stands there up to the
    next comma or bracket, with False.
    """
    told = cut_string(window) if window.peek() == b'"' else Element(b"")
    after = window.peek()
    if told.raw and after == b":":
        window.at += 1
        return Element(told.raw + b":", told.flaw), True
    if after in (b"", b",", b"}"):
        return _limited(told if after or told.flaw else Element(told.raw, Flaw.UNFINISHED), window), False
    rest = cut_value(window, window.limit_bytes)
    return _limited(Element(told.raw + rest.raw, rest.flaw or told.flaw), window), False


def _member(window: Window, limit_bytes: int) -> Element:
    """Take the value after a name and its colon, which may be missing."""
    return Element(b"") if window.peek() in (b",", b"}") else cut_value(window, limit_bytes)


def _pass(window: Window, name: Element) -> Element:
    """Take a value that is not read, and count the objects in it if it is a list. Return its start."""
    value = _member(window, _PASSED_BYTES)
    if _has_objects(value):
        window.unread[_told(name)] += window.commas + 1
    return value


def _is_one_of(name: Element, names: frozenset[str]) -> bool:
    """Return whether a raw name with its colon is one of `names`."""
    try:
        return name.flaw is None and orjson.loads(name.raw[:-1]) in names
    except orjson.JSONDecodeError:
        return False


def _told(name: Element) -> str:
    return name.raw[1:-2].decode("utf-8", "replace")


def _has_objects(value: Element) -> bool:
    """Return whether a value is a list that begins with an object."""
    return value.raw[:1] == b"[" and value.raw[1:].lstrip(WHITE)[:1] == b"{"
