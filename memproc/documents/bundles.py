"""Where documents are written: a new or empty folder, a zip archive, or one file with all of them.

Rules: what is written is whole or not there. The same documents give the same bytes: members of an archive bear no time.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, cast

from memproc.config import Bundle
from memproc.errors import UsageError
from memproc.folders import written_folder
from memproc.writing import written

Named = tuple[str, bytes]
_FIRST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip archive can tell
_ARCHIVE = ".zip"


def bundle_of(to: str | Path | IO[bytes], ending: str, asked: Bundle | None) -> Bundle:
    """Return what is to be written: what was asked for, else what the name of the target says."""
    if asked is not None:
        if asked not in _WRITERS:
            raise UsageError(f"form={asked!r}: choose one of {', '.join(_WRITERS)}")
        if asked == "folder" and not isinstance(to, str | Path):
            raise UsageError("a folder is no stream: give the path of a new or an empty folder")
        return asked
    if not isinstance(to, str | Path):
        return "file"
    suffix = Path(to).suffix.lower()
    return "zip" if suffix == _ARCHIVE else "file" if suffix == ending else "folder"


def write_bundle(to: str | Path | IO[bytes], form: Bundle, documents: Iterable[Named]) -> None:
    """Write documents. Raises UsageError if the target cannot be written, and StoreError if writing fails halfway."""
    _WRITERS[form](to, documents)


def _folder(to: str | Path | IO[bytes], documents: Iterable[Named]) -> None:
    written_folder(cast("str | Path", to), documents)


def _archive(to: str | Path | IO[bytes], documents: Iterable[Named]) -> None:
    written(to, _zipped(documents), is_private=True)


def _file(to: str | Path | IO[bytes], documents: Iterable[Named]) -> None:
    written(to, (held if held.endswith(b"\n") else held + b"\n" for _, held in documents), is_private=True)


class _Sink:
    """A stream that is written to and emptied: a zip archive needs no more."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Do nothing: it is emptied as a whole."""

    def emptied(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _zipped(documents: Iterable[Named]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in documents:
            member = zipfile.ZipInfo(name, _FIRST)
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(member, held)
            yield sink.emptied()
    yield sink.emptied()


_WRITERS: Mapping[Bundle, Callable[[str | Path | IO[bytes], Iterable[Named]], None]] = {
    "folder": _folder,
    "zip": _archive,
    "file": _file,
}
