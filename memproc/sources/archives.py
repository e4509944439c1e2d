"""The members of zip and tar archives, read where they lie: nothing is ever extracted to a path.

Rules: members are sorted by name. A name that would lead out of a folder, a link, an encrypted member, and one compressed in a way
that cannot be read here are told by name and not read. Sizes are checked before anything is decompressed; a member that is larger
than it says ends where it said, and its checksum does not fit.

An archive inside another is copied to a temporary file, since it is read in any order. Archives stay open for a while, so that the
next member is found at once; what was closed is opened again.
"""

from __future__ import annotations

import stat
import zipfile
from collections import OrderedDict
from importlib import import_module
from typing import IO, Any

from memproc.errors import SourceError
from memproc.sources.compression import ZSTD_ADVICE, Bounds, zstd_module
from memproc.sources.labels import member_shown
from memproc.sources.members import IS_LINK, IS_SPECIAL, LEADS_OUT, MOST_MEMBERS, Member, Opens, leads_out
from memproc.sources.streams import with_head
from memproc.sources.tars import HEADER_BYTES, Tar, is_tar

START_BYTES = HEADER_BYTES  # that tell an archive
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OPEN_ARCHIVES = 8  # more than there are levels of archives in archives
_ZSTANDARD = 93
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ENCRYPTED = 1


def is_archive(start: bytes) -> bool:
    """Return whether data that begin so are an archive."""
    return start.startswith(_ZIP_STARTS) or is_tar(start)


class Archive:
    """An archive, its name and how it is opened."""

    def __init__(self, label: str, opens: Opens) -> None:
        self.label, self.opens = label, opens


class Shelf:
    """The archives that are open, the last used ones."""

    def __init__(self) -> None:
        self._open: OrderedDict[Archive, tuple[_Zip | Tar, IO[bytes]]] = OrderedDict()

    def members_of(self, archive: Archive, bounds: Bounds) -> list[Member]:
        """Return the members of an archive by name, without folders. Raises SourceError if it cannot be read, OversizedError if it
        becomes too large.
        """
        try:
            opened, stream = self._opened(archive)
            found = opened.members()
            packed = stream.seek(0, 2)
        except Exception as error:  # what reads archives raises errors of many kinds
            raise SourceError(f"{archive.label} cannot be read as an archive: {error}") from error
        if len(found) > MOST_MEMBERS:
            raise SourceError(f"{archive.label} has more than {MOST_MEMBERS:,} members: unpack it, and give the folder")
        members = sorted(found, key=lambda member: member.name)
        wanted = [member for member in members if not member.refusal]
        for member in wanted:
            bounds.check(f"{archive.label}!{member_shown(member.name)}", member.size, member.packed)
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

    def _opened(self, archive: Archive) -> tuple[_Zip | Tar, IO[bytes]]:
        if archive not in self._open:
            stream = archive.opens()
            try:
                is_zip = stream.read(len(_ZIP_STARTS[0])) in _ZIP_STARTS
                stream.seek(0)
                self._open[archive] = _Zip(stream) if is_zip else Tar(stream), stream
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


class _Zip:
    """An open zip archive."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._zip = _zip_class()(stream)

    def members(self) -> list[Member]:
        """Return the members, without folders; all of them where there are too many."""
        found = self._zip.infolist()
        return [_member(info) for info in found if len(found) > MOST_MEMBERS or not info.is_dir()]

    def open(self, place: Any) -> IO[bytes]:
        """Open a member."""
        return self._zip.open(place)

    def close(self) -> None:
        """Close the archive, and not the stream that it is in."""
        self._zip.close()


def _member(info: zipfile.ZipInfo) -> Member:
    """Return a member as its archive describes it."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    readable = _READABLE | ({_ZSTANDARD} if zstd_module() is not None else set())
    refusal = ""
    if leads_out(info.orig_filename):
        refusal = LEADS_OUT
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        refusal = IS_LINK if kind == stat.S_IFLNK else IS_SPECIAL
    elif info.flag_bits & _ENCRYPTED:
        refusal = "is encrypted: unpack the archive with its password"
    elif info.compress_type not in readable:
        more = ZSTD_ADVICE if info.compress_type == _ZSTANDARD else "unpack the archive"
        refusal = f"is compressed by method {info.compress_type}: {more}"
    return Member(info.filename, info.file_size, info.compress_size, refusal, info)


def _zip_class() -> type[zipfile.ZipFile]:
    """Return the class that reads archives, if there is one that knows zstandard."""
    try:
        found: type[zipfile.ZipFile] = import_module("backports.zstd.zipfile").ZipFile
    except ImportError:
        return zipfile.ZipFile
    return found
