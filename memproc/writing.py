"""Writing files: all files that memproc writes are written here.

Facts: a path may lead to something that is not a file: a device, a pipe, a socket, a link to one. Renaming a file over it destroys
it. A predictable name may exist already, as a link that somebody else made. A flock(2) lock is released when the process that holds
it ends, however it ends, and is visible to processes in other PID namespaces.

Rules:
- A plain file is replaced: the new one is written next to it under an unguessable name, synced, and renamed when it is complete. So
  a failure never costs the older file. The new file takes over the mode and, where that is allowed, the owner of the older one.
- Links are followed: they stay, and their target is replaced in its own folder, or created. If a file has several names (hard
  links), only the given name leads to the new file; the others keep the older one.
- Anything else is written through and never replaced. So is an open descriptor (/dev/stdout, /dev/fd/3), even one of a file.
- The files of an open store are no target; those of any SQLite database are one of a backup alone.
- A writer holds a lock on its unfinished file. A file left by a killed writer has no lock: the next writer to that target removes
  it.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import socket
import stat
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

from memproc.errors import StoreError, UsageError, refuse_url
from memproc.in_use import database_at, whose

try:
    import fcntl
except ModuleNotFoundError:  # on Windows: there the unfinished file of a killed writer stays
    fcntl = None  # type: ignore[assignment]

LONGEST_STEM_BYTES = 200  # of the 255 that a name may have
MOST_LINKS = 40
_IS_THERE = "{} is there: give another file, or overwrite it (--force)"
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

# What the caller can correct, and how. All other errors are the fault of the disk.
_OF_CALLER = {
    errno.ENOENT: "make its folder first",
    errno.ENOTDIR: "what should be its folder is a file",
    errno.EISDIR: "name a file in it",
    errno.EACCES: "give another file, or yourself the right to write it and its folder",
    errno.EPERM: "give another file, or yourself the right to write it and its folder",
    errno.EROFS: "give a file on a disk that can be written",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.ELOOP: "its links lead to each other",
    errno.EBUSY: "give another file: the system holds this one in its place",
    errno.ENXIO: "nothing is there to take what is written",
    errno.EBADF: "it names a descriptor that is not open for writing",
    errno.ECONNREFUSED: "nobody listens at this socket",
    errno.EPROTOTYPE: "it is a socket that takes no stream",
}
_OF_DISK = {errno.ENOSPC: ": make room on its disk", errno.EDQUOT: ": your share of its disk is used up"}


class Part(NamedTuple):
    """An unfinished file: its path, and a stream into it."""

    path: Path
    stream: IO[bytes]


def written(to: str | Path | IO[bytes], lines: Iterable[bytes], *, is_private: bool) -> int:
    """Write lines to a stream or a path, and return how many. A plain file is replaced when all lines are written.

    A new file is readable by its owner only if its content `is_private`. Raises UsageError if the target cannot be written, and
    StoreError if writing fails halfway.
    """
    if not isinstance(to, str | Path):
        return _put(to, lines)
    file = plain_file(to)
    if file is None:
        with through(to) as stream:
            return _put(stream, lines)
    if told := database_at(file):
        raise UsageError(f"{to} {told}, which is never overwritten by this: give another file")
    with beside(to, file, is_private=is_private) as part:
        return _put(part.stream, lines)


def plain_file(to: str | Path) -> Path | None:
    """Return the plain file that a path leads to, which need not exist; None for anything that is written through.

    Raises UsageError if the path cannot be written.
    """
    path = os.fspath(to)
    if not path:
        raise UsageError("an empty path: give a file to write")
    refuse_url(path)
    with system_errors_told(to):
        there = _stat(path)
        if told := whose(path):
            raise UsageError(f"{to} {told}: give another file")
        if descriptor_of(path) is not None:
            return None
        file = Path(os.path.realpath(path))
        if (there is not None and stat.S_ISDIR(there.st_mode)) or path.endswith(os.sep):
            raise UsageError(f"{to} cannot be written: what is there is a directory: name a file in it")
        if there is not None:
            return file if stat.S_ISREG(there.st_mode) else None
        file.parent.stat()  # raises where there is no folder
        return file


@contextmanager
def through(to: str | Path, *, overwrite: bool = True) -> Iterator[IO[bytes]]:
    """Open a stream to something that is not a plain file: a pipe, a device, a socket, a descriptor of this process.

    Raises UsageError on a block device, which keeps what is written to it, unless `overwrite` is set.
    """
    path = os.fspath(to)
    with system_errors_told(to):
        number = descriptor_of(path)
        if number is None and not overwrite and stat.S_ISBLK(Path(path).stat().st_mode):
            raise UsageError(_IS_THERE.format(to))
        if number is not None:
            stream: IO[bytes] = os.fdopen(os.dup(number), "wb")
        elif stat.S_ISSOCK(Path(path).stat().st_mode):
            stream = _connected(path)
        else:
            stream = os.fdopen(os.open(path, os.O_WRONLY | os.O_NOCTTY | getattr(os, "O_CLOEXEC", 0)), "wb")
        with stream:
            yield stream


@contextmanager
def beside(to: str | Path, file: Path, *, is_private: bool, overwrite: bool = True) -> Iterator[Part]:
    """Open an unfinished file in the folder of `file`, the `plain_file` of `to`. On success it is renamed to `file`, otherwise
    removed.

    Raises UsageError if a file exists at the end and may not be overwritten.
    """
    with system_errors_told(to):
        _sweep(file)
        _check_writable(file)
        part = _made(file, 0o600 if is_private or file.exists() else 0o666)
        try:
            with part.stream:
                yield part
                part.stream.flush()
                _take_over(part.stream.fileno(), to, file)
                os.fsync(part.stream.fileno())
                if fcntl is None:
                    part.stream.close()  # Windows renames no file that is open; elsewhere the lock is held until it has its name
                _place(part.path, to, file, overwrite=overwrite)
        finally:
            part.path.unlink(missing_ok=True)
        _sync_names(file.parent)


def _put(stream: IO[bytes], lines: Iterable[bytes]) -> int:
    return sum(1 for _ in map(stream.write, lines))


@contextmanager
def system_errors_told(to: str | Path) -> Iterator[None]:
    """Turn errors of the system into errors that say how to correct the target."""
    try:
        yield
    except BrokenPipeError as error:
        if descriptor_of(os.fspath(to)) is not None:
            raise  # the reader of standard output may stop early
        raise StoreError(f"{to} cannot be written to its end: who read it has gone") from error
    except OSError as error:
        number = error.errno or 0
        if number in _OF_CALLER:
            raise UsageError(f"{to} cannot be written: {error.strerror}: {_OF_CALLER[number]}") from error
        raise StoreError(f"{to} cannot be written: {error.strerror or error}{_OF_DISK.get(number, '')}") from error


def _stat(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except FileNotFoundError:
        return None
    except ValueError as error:  # a NUL, or what no name can hold
        raise UsageError(f"{path!r} cannot be written: {error}") from error


def descriptor_of(path: str) -> int | None:
    """Return the number of the descriptor that a path such as /dev/stdout names, or None."""
    folders = {os.path.realpath("/proc/self/fd"), os.path.realpath("/dev/fd")}
    at = Path(path).absolute()
    for _ in range(MOST_LINKS):
        if at.name.isdecimal() and os.path.realpath(at.parent) in folders:
            return int(at.name)
        if not at.is_symlink():
            return None
        at = at.parent / at.readlink()
    return None


def _connected(path: str) -> IO[bytes]:
    with closing(socket.socket(socket.AF_UNIX)) as there:
        there.connect(path)
        return there.makefile("wb")  # which holds the connection open until it is closed itself


def _check_writable(file: Path) -> None:
    """Raise if the file is write-protected: a writable folder alone would let it be replaced."""
    if file.exists() and not os.access(file, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _made(file: Path, mode: int) -> Part:
    """Create an unfinished file and lock it; try again if another writer removes it before it is locked."""
    while True:
        path = file.with_name(f"{_stem(file)}.memproc-{secrets.token_hex(8)}.part")
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, mode), "r+b")
        if fcntl is None or (_is_locked(stream.fileno()) is not False and path.exists()):
            return Part(path, stream)
        stream.close()


def _stem(file: Path) -> str:
    return os.fsdecode(os.fsencode(file.name)[:LONGEST_STEM_BYTES])


def _is_locked(handle: int) -> bool | None:
    """Lock an open file. Return whether that worked, None if the file system has no such locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _sweep(file: Path) -> None:
    """Remove what killed writers to this file left: plain files with names of our pattern that nobody has locked."""
    if fcntl is None:
        return
    own = re.compile(rf"{re.escape(_stem(file))}\.memproc-[0-9a-f]{{16}}\.part")
    with suppress(OSError), os.scandir(file.parent) as entries:
        for entry in entries:
            if own.fullmatch(entry.name) and entry.is_file(follow_symlinks=False) and not whose(entry.path):
                _remove_if_left(Path(entry.path))


def _remove_if_left(path: Path) -> None:
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | _FLAGS)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode) and _is_locked(handle):
                path.unlink()  # names are never reused: if it was renamed meanwhile, nothing is there
        finally:
            os.close(handle)


def _take_over(handle: int, to: str | Path, file: Path) -> None:
    """Set the mode of the older file on the new one and, where that is allowed, its owner and group."""
    try:
        older = file.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(older.st_mode):
        raise UsageError(f"{to} cannot be written: something that is no file took its place meanwhile")
    mode = stat.S_IMODE(older.st_mode)
    if hasattr(os, "fchown"):
        for owner in ((older.st_uid, older.st_gid), (-1, older.st_gid)):
            with suppress(PermissionError):
                os.fchown(handle, *owner)
                break
        else:
            mode &= ~stat.S_IRWXG  # another group must not get rights that were not meant for it
        os.fchmod(handle, mode)


def _place(part: Path, to: str | Path, file: Path, *, overwrite: bool) -> None:
    """Rename the new file; if nothing may be overwritten, by a call that cannot overwrite."""
    if overwrite:
        part.replace(file)
        return
    try:
        os.link(part, file)
    except FileExistsError:
        raise UsageError(_IS_THERE.format(to)) from None
    except OSError:  # a file system without hard links
        if file.exists():
            raise UsageError(_IS_THERE.format(to)) from None
        part.replace(file)


def _sync_names(folder: Path) -> None:
    """Sync the names in a folder to disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
