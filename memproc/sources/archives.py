"""The members of zip archives, read where they lie: nothing is ever extracted to a path.

Rules: members are sorted by name. A name that would lead out of a folder, a link, an encrypted member, and one compressed in a way
that cannot be read here are told by name and not read. Sizes are checked before anything is decompressed; a member that is larger
than it says ends where it said, and its checksum does not fit.

An archive inside another is copied to a temporary file, since it is read in any order. Archives stay open for a while, so that the
next member is found at once; what was closed is opened again.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from importlib import import_module
from typing import IO, Any, NamedTuple

from memproc.errors import SourceError
from memproc.sources.compression import ZSTD_ADVICE, Bounds, zstd_module
from memproc.sources.labels import member_shown
from memproc.sources.streams import with_head

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
MOST_MEMBERS = 50_000
OPEN_ARCHIVES = 8  # more than there are levels of archives in archives
_ZSTANDARD = 93
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_LEADS_OUT = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)
_ENCRYPTED = 1


Opens = Callable[[], IO[bytes]]


class Member(NamedTuple):
    """A member of an archive: its name, its size in bytes, why it is not read (an empty text if it is), and where it lies."""

    name: str
    size: int
    refusal: str
    place: Any


class Archive:
    """A zip archive, its name and how it is opened."""

    def __init__(self, label: str, opens: Opens) -> None:
        self.label, self.opens = label, opens


class Shelf:
    """The archives that are open, the last used ones."""

    def __init__(self) -> None:
        self._open: OrderedDict[Archive, tuple[zipfile.ZipFile, IO[bytes]]] = OrderedDict()

    def members_of(self, archive: Archive, bounds: Bounds) -> list[Member]:
        """Return the members of an archive by name, without folders. Raises SourceError if it cannot be read, OversizedError if it
        becomes too large.
        """
        try:
            opened, stream = self._opened(archive)
            packed = stream.seek(0, 2)
        except Exception as error:  # what reads archives raises errors of many kinds
            raise SourceError(f"{archive.label} cannot be read as a zip archive: {error}") from error
        found = opened.infolist()
        if len(found) > MOST_MEMBERS:
            many = f"{archive.label} has {len(found):,} members, more than {MOST_MEMBERS:,}"
            raise SourceError(f"{many}: unpack it, and give the folder")
        members = [member_of(info) for info in sorted(found, key=lambda info: info.filename) if not info.is_dir()]
        wanted = [member for member in members if not member.refusal]
        for member in wanted:
            bounds.check(f"{archive.label}!{member_shown(member.name)}", member.size, member.place.compress_size)
        bounds.check(archive.label, sum(member.size for member in wanted), packed)
        return members

    def stream_of(self, archive: Archive, member: Member) -> IO[bytes]:
        """Open a member. Raises SourceError if it cannot be read. It cannot be sought, which would drop its checksum."""
        try:
            return with_head(b"", self._opened(archive)[0].open(member.place))
        except Exception as error:  # what reads archives raises errors of many kinds
            raise SourceError(f"{archive.label}!{member_shown(member.name)} cannot be read: {error}") from error

    def close(self) -> None:
        """Close all archives."""
        while self._open:
            self._close_oldest()

    def _opened(self, archive: Archive) -> tuple[zipfile.ZipFile, IO[bytes]]:
        if archive not in self._open:
            stream = archive.opens()
            try:
                self._open[archive] = _zip_class()(stream), stream
            except BaseException:
                stream.close()
                raise
        self._open.move_to_end(archive)
        while len(self._open) > OPEN_ARCHIVES:
            self._close_oldest()
        return self._open[archive]

    def _close_oldest(self) -> None:
        _, (opened, stream) = self._open.popitem(last=False)
        opened.close()
        stream.close()


def member_of(info: zipfile.ZipInfo) -> Member:
    """Return a member as its archive describes it."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    readable = _READABLE | ({_ZSTANDARD} if zstd_module() is not None else set())
    refusal = ""
    if _LEADS_OUT.match(info.orig_filename):
        refusal = "has a name that leads out of the archive"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        refusal = "is a link" if kind == stat.S_IFLNK else "is no plain file"
    elif info.flag_bits & _ENCRYPTED:
        refusal = "is encrypted: unpack the archive with its password"
    elif info.compress_type not in readable:
        more = ZSTD_ADVICE if info.compress_type == _ZSTANDARD else "unpack the archive"
        refusal = f"is compressed by method {info.compress_type}: {more}"
    return Member(info.filename, info.file_size, refusal, info)


def _zip_class() -> type[zipfile.ZipFile]:
    """Return the class that reads archives, if there is one that knows zstandard."""
    try:
        found: type[zipfile.ZipFile] = import_module("backports.zstd.zipfile").ZipFile
    except ImportError:
        return zipfile.ZipFile
    return found
