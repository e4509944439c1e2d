"""Where a JSON value ends, found in a stream of bytes by its strings and brackets only.

Memory is bounded by what an element may hold: of one that is too long only the start is kept, and its end is found by its brackets
and strings, however far that is. As a short cut the next `},{` is taken for the end of an object if the bytes before it are valid
JSON: no proper part of an object is.
"""

from __future__ import annotations

import re

import orjson

from memproc.sources.window import WHITE, Element, Flaw, Window, end_of

LONGEST_NAME_BYTES = 1 << 16
_QUOTE, _OPENING, _CLOSING, _COMMA = b'"'[0], b"[{", b"]}", b","[0]
_ENDING = b",]}"
# What decides where a value ends: whole strings (possessive, so it cannot backtrack), brackets, commas.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_INSIDE_A_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_NEXT_OBJECT = re.compile(rb"\}\s*+,\s*+\{")


def cut_string(window: Window) -> Element:
    """Take the string at the current position. If it is too long for a name, only its start is kept."""
    while (match := _STRING.match(window.data, window.at)) is None and len(window.data) - window.at <= LONGEST_NAME_BYTES:
        if not window.more():
            return _taken(window, len(window.data) - window.at)._replace(flaw=Flaw.UNFINISHED)
    if match is not None and match.end() - match.start() <= LONGEST_NAME_BYTES:
        window.at = match.end()
        return Element(match.group())
    start = window.data[window.at : window.at + LONGEST_NAME_BYTES]
    window.at += 1
    return Element(start, Flaw.TOO_LONG if _pass_string(window) else Flaw.LOST)


def cut_value(window: Window, limit_bytes: int) -> Element:
    """Cut out one value, up to the comma or bracket after it on its own level. If it is too long, only its start is kept."""
    window.commas = 0
    if (end := _likely_end(window)) is not None:
        return _taken(window, end)
    depth, at = 0, 0  # `at` counts from the start of what is kept of the value
    start_kept: bytes | None = None  # of a value that is too long: the rest is skipped
    while True:
        is_inside = False
        for match in _STRUCTURE.finditer(window.data, window.at + at):
            start, end = match.span()
            mark = window.data[start]
            if mark == _QUOTE and end - start == 1:
                is_inside = True  # a string that continues in the next chunk, or never ends
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


def _pass_string(window: Window) -> bool:
    """Move past the end of the string that the window is in, however far that is. Return False if the stream ends first."""
    while True:
        window.at = end_of(_INSIDE_A_STRING, window.data, window.at)
        if window.data[window.at : window.at + 1] == b'"':
            window.at += 1
            return True
        if not window.more():  # what is left is nothing, or a backslash without its character
            window.at = len(window.data)
            return False


def _likely_end(window: Window) -> int | None:
    """Return the length of the object at the current position if it ends at the next `},{`.

    If it does not, the search is not repeated before that position: otherwise each of many short values would scan up to it.
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


def _taken(window: Window, length: int, start_kept: bytes | None = None) -> Element:
    """Consume `length` bytes: the element, or the end of an element that is too long, whose start was kept."""
    raw = window.data[window.at : window.at + length]
    window.at += length
    return Element(raw.rstrip(WHITE)) if start_kept is None else Element(start_kept, Flaw.TOO_LONG)
