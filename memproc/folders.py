"""Writing a folder of files: only into a new folder, or an empty one.

Rules: the files are written in an unfinished folder inside it, and moved out of that when all are whole; so a failure leaves the
folder empty, or takes a new one away again. Folders and files that are made are their owner's only. A name is a name: it leads into
no other folder, and never onto a file that is there.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from memproc.errors import UsageError, refuse_url
from memproc.writing import system_errors_told

_TAKEN = "{} cannot be written: {}: give a new folder, or an empty one"
_FLAGS = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)


def written_folder(to: str | Path, files: Iterable[tuple[str, bytes]]) -> int:
    """Write files, each given as name and bytes, into a folder, and return how many.

    Raises UsageError if it is no new or empty folder, or cannot be written, and StoreError if writing fails halfway.
    """
    path = os.fspath(to)
    refuse_url(path)
    if not path or "\0" in path:
        raise UsageError(f"{path!r} cannot be written: give a folder")
    with system_errors_told(to):
        folder = Path(os.path.realpath(path))
        is_new = _is_new(to, folder)
        if is_new:
            folder.mkdir(0o700)
        part = folder / f".memproc-{secrets.token_hex(8)}.part"
        try:
            part.mkdir(0o700)
            names = [_put(part, name, held) for name, held in files]
            for name in names:
                (part / name).rename(folder / name)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            if is_new:
                with suppress(OSError):
                    folder.rmdir()
            raise
        part.rmdir()
    return len(names)


def _is_new(to: str | Path, folder: Path) -> bool:
    """Return whether nothing is there yet; raise if it is something else than an empty folder."""
    try:
        state = folder.stat()
    except FileNotFoundError:
        return True
    if not stat.S_ISDIR(state.st_mode):
        raise UsageError(_TAKEN.format(to, "what is there is no folder"))
    with os.scandir(folder) as entries:
        if next(entries, None) is not None:
            raise UsageError(_TAKEN.format(to, "the folder is not empty"))
    return False


def _put(folder: Path, name: str, held: bytes) -> str:
    """Write a new file, and return its name."""
    if name in ("", ".", "..") or "/" in name or os.sep in name or "\0" in name:
        raise ValueError(f"{name!r} is no name of a file")
    with os.fdopen(os.open(folder / name, _FLAGS, 0o600), "wb") as stream:
        stream.write(held)
    return name
