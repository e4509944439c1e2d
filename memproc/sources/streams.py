"""Streams of bytes that are made while they are read: of a pipe, of text in another encoding, of what a caller has open.

Rule: none of them needs to seek. What was read to see what a stream holds is given back before the rest of it.
"""

from __future__ import annotations

import codecs
import io
import os
import tempfile
from collections.abc import Callable
from typing import IO, Any

from memproc.errors import UsageError

PULLED_BYTES = 1 << 16
SPOOLED_BYTES = 1 << 24  # what is copied to be read in any order stays in memory up to here
_UTF8 = ("utf-8", "ascii")
_INVALID = "memproc_invalid"


class _Pulled(io.RawIOBase):
    """A stream of the bytes that a function gives piece by piece; an empty piece ends it."""

    def __init__(self, pull: Callable[[int], bytes], close: Callable[[], object]) -> None:
        self._pull, self._close = pull, close
        self._left = memoryview(b"")
        self._at = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = memoryview(self._pull(len(buffer)))
        taken = self._left[: len(buffer)]
        self._left = self._left[len(taken) :]
        buffer[: len(taken)] = taken
        self._at += len(taken)
        return len(taken)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._close()


def pulled(pull: Callable[[int], bytes], close: Callable[[], object]) -> IO[bytes]:
    """Return a stream of what `pull`, called with a number of bytes, gives; an empty piece ends it. Closing it calls `close`."""
    return io.BufferedReader(_Pulled(pull, close), PULLED_BYTES)


def from_start(read: bytes, stream: IO[bytes]) -> IO[bytes]:
    """Return a stream of which so much was just read from where that began."""
    if not stream.seekable():
        return with_head(read, stream)
    stream.seek(-len(read), os.SEEK_CUR)
    return stream


def with_head(head: bytes, rest: IO[bytes]) -> IO[bytes]:
    """Return a stream from its beginning, of which the first bytes were read already."""
    waiting, read = [head], _reader(rest)
    return pulled(lambda size: waiting.pop() if waiting and waiting[0] else read(size), rest.close)


def of_object(given: Any) -> IO[bytes]:
    """Return the bytes of a file object of a caller, which stays open. Text is read as UTF-8."""
    read = _reader(given)

    def pull(size: int) -> bytes:
        piece = read(size)
        return piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else bytes(piece or b"")

    return pulled(pull, lambda: None)


def in_utf8(stream: IO[bytes], encoding: str) -> IO[bytes]:
    """Return the text of a stream in UTF-8. What is no text in its encoding is no UTF-8 then, and its record is quarantined."""
    read, decoder = _reader(stream), codecs.getincrementaldecoder(encoding)(_INVALID)

    def pull(size: int) -> bytes:
        while piece := read(size):
            if text := decoder.decode(piece):
                return text.encode("utf-8", "surrogateescape")
        return decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")

    return pulled(pull, stream.close)


def checked_encoding(name: str | None) -> str | None:
    """Return the encoding of a name, None for UTF-8. Raises UsageError on one that is unknown, or not of text.

    >>> checked_encoding("UTF8"), checked_encoding("latin1")
    (None, 'iso8859-1')
    """
    if name is None:
        return None
    try:
        "".encode(name)
        found = codecs.lookup(name).name
        codecs.getincrementaldecoder(found)
    except (LookupError, ValueError, UnicodeError):
        raise UsageError(f"encoding={name!r}: give the name of an encoding, as in utf-16, cp1252 or latin-1") from None
    return None if found in _UTF8 else found


def spooled(stream: IO[bytes], check: Callable[[int], None]) -> IO[bytes]:
    """Return a copy of a stream that can be read in any order, in memory or, if it is large, in a temporary file without a name.

    `check` is called with the number of bytes copied so far, and raises where they are too many.
    """
    copy: Any = tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES)  # noqa: SIM115 - for as long as somebody reads it
    try:
        while piece := stream.read(PULLED_BYTES):
            copy.write(piece)
            check(copy.tell())
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return copy  # type: ignore[no-any-return]


class KeptOpen:
    """A copy that stays open when who reads it closes it."""

    def __init__(self, copy: IO[bytes]) -> None:
        self._copy = copy

    def __getattr__(self, name: str) -> Any:
        """Return what the copy has."""
        return getattr(self._copy, name)

    def close(self) -> None:
        """Leave it open."""


def _reader(stream: Any) -> Callable[[int], Any]:
    """Return how to read a piece without waiting for more of it than there is."""
    return getattr(stream, "read1", stream.read)  # type: ignore[no-any-return]


def _invalid(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_INVALID, _invalid)
