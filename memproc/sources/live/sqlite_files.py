"""SQLite files of other programs, opened so that no byte of them changes and no file is left beside them.

Facts: SQLite's `mode=ro` makes files of its own beside a database in WAL mode, and leaves them there. `immutable=1` does not, but
neither sees what stands in a log beside the file, nor locks. In bytes 18 and 19 of the file stands 2 where it is in WAL mode.

Rule: a file in WAL mode without a log is nobody's at the moment, and is read as immutable; whoever changed it meanwhile is told
of. Any other file is read with the locks of SQLite.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from memproc.errors import SourceEndedError, SourceError
from memproc.sources.files import check_not_in_use
from memproc.sources.labels import path_shown

_MAGIC, _HEAD_BYTES, _MODES, _OF_WAL = b"SQLite format 3\0", 20, slice(18, 20), b"\2\2"
WAIT_SECONDS = 30.0


@contextmanager
def opened(path: Path) -> Iterator[Engine]:
    """Give an engine that only reads the SQLite file at a path. Raises SourceError if there is none, and SourceEndedError at the
    end if a file that was nobody's was changed meanwhile.
    """
    head = _head_of(path)
    is_alone = head[_MODES] == _OF_WAL and not _has_log(path)
    before = _state_of(path)
    how = "immutable=1" if is_alone else "mode=ro"
    uri = f"file:{quote(str(path.resolve()))}?{how}"

    def connected() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connected, poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()
    if is_alone and (_has_log(path) or _state_of(path) != before):
        raise SourceEndedError(f"{path_shown(path)} was written to while it was read: read it again")


def _head_of(path: Path) -> bytes:
    if not path.is_file():
        raise SourceError(f"{path_shown(path)}: there is no such file")
    check_not_in_use(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise SourceError(f"{path_shown(path)} cannot be read: {error.strerror}") from error
    if not head.startswith(_MAGIC):
        raise SourceError(f"{path_shown(path)} is no SQLite file")
    return head


def _has_log(path: Path) -> bool:
    return path.with_name(f"{path.name}-wal").exists()


def _state_of(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
