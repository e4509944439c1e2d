"""The members of tar archives.

Rules: the checksum of the first header tells a tar, however old its kind. Headers are read within a bound, and each has to stand
behind the one before it. A tar that breaks off is refused as a whole, since Python's own reader would take that for its end. Of
members of one name only the last counts, as where the archive is unpacked.
"""

from __future__ import annotations

import tarfile
from typing import IO, Any

from memproc.sources.members import IS_LINK, IS_SPECIAL, LEADS_OUT, MOST_MEMBERS, Member, leads_out

HEADER_BYTES = 512
_SUM_AT, _SUM_END = 148, 156
_SUM_EMPTY_BYTES = 8 * ord(" ")  # as which its own bytes are counted
_LARGEST_READ_BYTES = 1 << 20  # of names and notes in headers, which are held in memory; members are read in smaller pieces


def is_tar(start: bytes) -> bool:
    """Return whether data that begin so are a tar archive."""
    header, told = start[:HEADER_BYTES], start[_SUM_AT:_SUM_END].strip(b" \0")
    if len(header) < HEADER_BYTES or not told.isdigit() or not header[0]:
        return False
    counted = sum(header) - sum(header[_SUM_AT:_SUM_END]) + _SUM_EMPTY_BYTES
    return counted == int(told, 8) if not set(told) & set(b"89") else False


class Tar:
    """An open tar archive."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._tar = tarfile.open(fileobj=_Bounded(stream), mode="r:")  # noqa: SIM115 - until it is closed

    def members(self) -> list[Member]:
        """Return the members, without folders; too many where there are too many. Raises where the archive breaks off."""
        found: list[tarfile.TarInfo] = []
        end = -1
        while len(found) <= MOST_MEMBERS and (info := self._tar.next()) is not None:
            if self._tar.offset <= end:
                raise ValueError("its headers lead back")
            end = self._tar.offset
            found.append(info)
        if len(found) <= MOST_MEMBERS:
            self._stream.seek(self._tar.offset)
            if self._stream.read(HEADER_BYTES).strip(b"\0"):
                raise ValueError(f"it is damaged at byte {self._tar.offset}, or breaks off there")
        last = {info.name: info for info in found}
        return [_member(info, is_last=last[info.name] is info) for info in found if not info.isdir()]

    def open(self, place: Any) -> IO[bytes]:
        """Open a member."""
        stream = self._tar.extractfile(place)
        if stream is None:
            raise ValueError("it holds no data")
        return stream

    def close(self) -> None:
        """Close the archive, and not the stream that it is in."""
        self._tar.close()


def _member(info: tarfile.TarInfo, *, is_last: bool) -> Member:
    refusal = ""
    if leads_out(info.name):
        refusal = LEADS_OUT
    elif info.issym() or info.islnk():
        refusal = IS_LINK
    elif not info.isfile() or info.size < 0:
        refusal = IS_SPECIAL
    elif info.issparse():
        refusal = "is a sparse file: unpack the archive"
    elif not is_last:
        refusal = "stands in the archive again, behind this one, which counts"
    return Member(info.name, info.size, info.size, refusal, info)


class _Bounded:
    """A stream of which no more is read at once than a header may hold."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LARGEST_READ_BYTES:
            raise ValueError(f"a header of {size:,} bytes is too long")
        return self._stream.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
