"""What is in what was given: files, folders, patterns, pipes, file objects and archives, down to the single files of records.

Rules: a folder is all files below it, but for linked folders, an archive all its members, both by name. What nobody wants there
(hidden files, what systems leave behind) is counted by name. One file that cannot be read stops nothing, if it was not given by
itself: it is told by name. The label of a file leads back to it: `export.zip!conversations.json`, and so does that of a table which
is not alone in its file: `book.xlsx!Sheet1`.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from glob import glob, has_magic
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import IO, Any, cast

from memproc.errors import MemprocError, OversizedError, SourceError, refuse_url
from memproc.sources.archives import START_BYTES, Archive, Shelf, is_archive
from memproc.sources.compression import FREE_BYTES, Bounds, compression_of, decompressed, without_suffix
from memproc.sources.databases.sqlite_files import refuse_if_database
from memproc.sources.delivery import Delivery
from memproc.sources.files import check_not_in_use, open_path
from memproc.sources.labels import member_shown, path_shown
from memproc.sources.members import MOST_MEMBERS, Member, Opens
from memproc.sources.passing import HIDDEN, REPEATED, junk_in, repeated_in
from memproc.sources.sniffing import SNIFFED_BYTES
from memproc.sources.streams import PULLED_BYTES, KeptOpen, of_object, spooled, with_head
from memproc.sources.tables.kinds import SHEET_MEMBERS, SHEET_SUFFIXES, Kind, kind_of
from memproc.sources.tables.opening import tables_in

STANDARD_INPUT = "-"
DEEPEST_NESTING = 3  # archives in archives, and compressed data in such
UNKNOWN = "files of no known kind"
FOLDERS = "folders that cannot be read"
OTHER_DATA = "datasets that are no tables"
_DOCUMENTS = (".docx", ".pptx", ".odt", ".epub", ".jar", ".apk")
_SEVERAL = (Kind.HDF5, Kind.SHEETS)  # in a file of which may be several tables


class Deliveries:
    """All files in what was given, and what was passed there: `skipped` counts it by kind, `untold` are messages that name it."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds, self._shelf = bounds, Shelf()
        self._once: list[IO[bytes]] = []
        self._members = self._bytes = 0  # in archives in the file at hand
        self.skipped: Counter[str] = Counter()
        self.untold: list[SourceError] = []

    def close(self) -> None:
        """Close what is open of them."""
        self._shelf.close()
        for stream in self._once:
            stream.close()

    def skip(self, error: SourceError, kind: str = UNKNOWN) -> None:
        """Note a file that is not read."""
        self.skipped[kind] += 1
        self.untold.append(error)

    def of(self, given: Path | IO[Any]) -> Iterator[Delivery]:
        """Yield the files in one thing that was given. Raises SourceError where nothing can be read, or too much."""
        try:
            if not isinstance(given, Path):
                name = getattr(given, "name", None)
                name = PurePosixPath(name).name if isinstance(name, str) else "file object"
                yield from self._of_stream(Delivery(path_shown(name), name, partial(of_object, given)), 0)
            elif str(given) == STANDARD_INPUT:
                check_not_in_use(0)
                yield from self._of_stream(Delivery("standard input", "", _standard_input), 0)
            else:
                yield from self._of_path(given)
        except OversizedError as error:
            raise SourceError(str(error)) from error

    def _of_path(self, path: Path) -> Iterator[Delivery]:
        check_not_in_use(path)
        refuse_url(path)
        if path.is_dir():
            yield from self._of_folder(path)
        elif has_magic(str(path)) and not os.path.lexists(path):
            found = sorted(glob(str(path), recursive=True))  # noqa: PTH207 - a pattern may be absolute
            if not found:
                raise SourceError(f"{path_shown(path)} does not exist: no file has such a name")
            yield from self._of_found(found)
        else:
            yield from self._of_file(path, path_shown(path.name), is_named=True)

    def _of_found(self, found: Sequence[str]) -> Iterator[Delivery]:
        """Yield the files that a pattern leads to, and those in folders that it leads to, each once. A hidden one was meant."""
        seen: set[Path] = set()
        for path in map(Path, found):
            if path in seen:
                continue
            if not path.is_dir():
                yield from self._below(path, path_shown(path.name))
            elif junk_in(path.name) == HIDDEN or not self._is_passed(path, path_shown(path.name)):
                yield from self._of_folder(path)
                seen.update(Path(where, name) for where, folders, names in os.walk(path) for name in folders + names)

    def _is_passed(self, folder: Path, label: str) -> bool:
        """Return whether a folder in what was given is not read, after noting why."""
        if junk := junk_in(folder.name):
            self.skipped[junk] += sum(len(inner) for *_, inner in os.walk(folder))
        elif folder.is_symlink():
            self.skip(SourceError(f"{label} is a link to a folder: give it by itself"))
        else:
            return False
        return True

    def _of_folder(self, folder: Path) -> Iterator[Delivery]:
        name = folder.name or folder.resolve().name
        files: list[Path] = []
        for where, folders, names in os.walk(folder, onerror=self._untold_folder):
            inside = f"{name}/{Path(where).relative_to(folder).as_posix()}/".replace("/./", "/")
            folders[:] = [one for one in sorted(folders) if not self._is_passed(Path(where, one), path_shown(inside + one))]
            files += [Path(where, one) for one in names]
        repeated = repeated_in(map(str, files))
        for path in sorted(files):
            label = path_shown(f"{name}/{path.relative_to(folder).as_posix()}")
            if junk := junk_in(path.name) or REPEATED * (str(path) in repeated):
                self.skipped[junk] += 1
            elif path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
                self.skip(SourceError(f"{label} is a link that leads out of the folder"))
            else:
                yield from self._below(path, label)

    def _untold_folder(self, error: OSError) -> None:
        self.skip(SourceError(f"{path_shown(error.filename)} cannot be read: {error.strerror}"), FOLDERS)

    def _below(self, path: Path, label: str) -> Iterator[Delivery]:
        """Yield a file that was not given by itself."""
        try:
            check_not_in_use(path)
            if S_ISREG(path.stat().st_mode):
                yield from [*self._of_file(path, label, is_named=False)]  # all of it, or nothing
            else:
                self.skip(SourceError(f"{label} is no plain file"))
        except OSError as error:
            self.skip(SourceError(f"{label} cannot be read: {error.strerror}"))
        except SourceError as error:
            self.skip(error)
        except OversizedError as error:
            self.skip(SourceError(str(error)))

    def _of_file(self, path: Path, label: str, *, is_named: bool) -> Iterator[Delivery]:
        stream = open_path(path)
        state = os.fstat(stream.fileno())
        if not S_ISREG(state.st_mode):  # a pipe, which is opened once
            yield from self._of_stream(Delivery(label, path.name, lambda: stream), 0)
            return
        with stream:
            start = stream.read(START_BYTES)
        refuse_if_database(path, path_shown(path) if is_named else label, start)
        self._members = self._bytes = 0
        opens = partial(open_path, path)
        yield from self._unwrapped(Delivery(label, path.name, opens, path, state.st_size, is_named, is_plain=True), start, 0)

    def _of_stream(self, one: Delivery, levels: int) -> Iterator[Delivery]:
        """Yield the files in a stream that is read once: what is an archive is copied first."""
        stream = one.opens()
        self._once.append(stream)
        start = stream.read(SNIFFED_BYTES)
        whole = with_head(start, stream)
        kind = kind_of(start, one.suffix, one.shown)
        if is_archive(start) or kind in _SEVERAL:
            copy = self._copy(one.label, whole)
            self._once.append(copy)
            opens = partial(cast("Callable[[Any], IO[bytes]]", KeptOpen), copy)
            yield from self._of_archive(one, opens, levels) if kind is None else self._tables(one._replace(opens=opens), kind)
        elif packing := compression_of(start):
            _check_levels(one, levels)
            inner = partial(decompressed, packing, whole, one.label, self._bounds)
            yield from self._of_stream(one._replace(name=without_suffix(one.name), opens=inner), levels + 1)
        else:
            yield one._replace(opens=lambda: whole, is_once=True, kind=kind)

    def _unwrapped(self, one: Delivery, start: bytes, levels: int) -> Iterator[Delivery]:
        """Yield the files in a file that begins so."""
        if is_archive(start):
            yield from self._of_archive(one, one.opens if one.is_plain else lambda: self._copy(one.label, one.opens()), levels)
        elif kind := compression_of(start):
            _check_levels(one, levels)
            inner = one._replace(
                name=without_suffix(one.name),
                opens=lambda: decompressed(kind, one.opens(), one.label, self._bounds),
                size=None,
                is_plain=False,
            )
            start = _start_of(inner)
            _try_out(inner)
            yield from self._unwrapped(inner, start, levels + 1)
        else:
            yield from self._tables(one, kind_of(start, one.suffix, one.shown))

    def _tables(self, one: Delivery, kind: Kind | None) -> Iterator[Delivery]:
        """Yield each table of a file that may hold several, any other file as it is."""
        if kind not in _SEVERAL or kind is None:
            yield one._replace(kind=kind)
            return
        names, others = tables_in(kind, one.opens(), one.label, self._bounds)
        self.untold += [SourceError(f"{one.label}!{member_shown(name)} is no table") for name in others]
        self.skipped.update({OTHER_DATA: len(others)} if others else {})
        for name in names:
            is_alone = len(names) == 1
            label = one.label if is_alone else f"{one.label}!{member_shown(name)}"
            yield one._replace(label=label, kind=kind, table=name, is_named=one.is_named and is_alone)

    def _of_archive(self, one: Delivery, opens: Opens, levels: int) -> Iterator[Delivery]:
        _check_levels(one, levels)
        if one.suffix in _DOCUMENTS:
            raise SourceError(f"{one.shown} is a document of an application: save it as CSV, JSON or text")
        archive = Archive(one.label, opens)
        members = self._shelf.members_of(archive, self._bounds)
        if one.suffix in SHEET_SUFFIXES or any(member.name in SHEET_MEMBERS for member in members):
            yield from self._tables(one._replace(opens=opens), Kind.SHEETS)
            return
        self._count(one.label, members)
        repeated = repeated_in(member.name for member in members)
        for member in members:
            label = f"{one.label}!{member_shown(member.name)}"
            if junk := junk_in(*member.name.replace("\\", "/").split("/")) or REPEATED * (member.name in repeated):
                self.skipped[junk] += 1
                continue
            if member.refusal:
                self.skip(SourceError(f"{label} {member.refusal}"))
                continue
            try:
                inside = partial(self._shelf.stream_of, archive, member)
                inner = Delivery(label, member.name, inside, one.path, member.size, is_named=False)
                yield from self._unwrapped(inner, _start_of(inner), levels + 1)
            except SourceError as error:
                self.skip(error)

    def _count(self, label: str, members: list[Member]) -> None:
        """Raise where archives in archives become too much together."""
        self._members += len(members)
        self._bytes += sum(member.size for member in members if not member.refusal)
        if self._members > MOST_MEMBERS:
            raise OversizedError(f"{label} has too many members: with those of other archives in it more than {MOST_MEMBERS:,}")
        self._bounds.check(label, self._bytes, self._bytes)

    def _copy(self, label: str, stream: IO[bytes]) -> IO[bytes]:
        with stream:
            return spooled(stream, lambda size: self._bounds.check(label, size, size))


def _standard_input() -> IO[bytes]:
    if sys.stdin is None:
        raise SourceError("standard input is closed")
    return of_object(getattr(sys.stdin, "buffer", sys.stdin))


def _check_levels(one: Delivery, levels: int) -> None:
    if levels >= DEEPEST_NESTING:
        raise SourceError(f"{one.label} is nested deeper than {DEEPEST_NESTING} archives: unpack it")


def _try_out(one: Delivery) -> None:
    """Raise OversizedError if what is decompressed is made to become very large, before any of it is read as records."""
    left_bytes = FREE_BYTES
    try:
        with one.opens() as stream:
            while left_bytes >= 0 and (piece := stream.read(PULLED_BYTES)):
                left_bytes -= len(piece)
    except MemprocError:
        raise
    except Exception:  # noqa: BLE001, S110 - what is damaged is told when it is read
        pass


def _start_of(one: Delivery) -> bytes:
    try:
        with one.opens() as stream:
            return stream.read(START_BYTES)
    except MemprocError:
        raise
    except Exception as error:  # what decompresses raises errors of many kinds
        raise SourceError(f"{one.label} cannot be read: {error}") from error
