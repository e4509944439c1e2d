"""Begins the process that reads workbooks, HDF5 and pickles, and reads what it writes, which is JSON and nothing else.

Rules: it may take `BASE_BYTES` and `BYTES_A_BYTE` for each byte of the file, never more than `Bounds` allow, and `BASE_SECONDS`
and a second for each `BYTES_A_SECOND` until it tells what it found. What it writes is counted as what is decompressed is.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from threading import Timer
from typing import IO, Any, NamedTuple

from memproc.errors import OversizedError, SourceEndedError, SourceError
from memproc.sources.compression import Bounds
from memproc.sources.streams import pulled
from memproc.sources.tables.kinds import Kind

BASE_BYTES, BYTES_A_BYTE = 1 << 29, 20
BASE_SECONDS, BYTES_A_SECOND = 20, 1 << 20
_LONGEST_HEAD = 1 << 22
_OUT_OF_MEMORY = 3
_CRASHES = frozenset(-getattr(signal, name) for name in ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE") if hasattr(signal, name))
_MODULE = "memproc.sources.tables.child"
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")  # each takes memory


class Task(NamedTuple):
    """What to read: a table of this name, or a list of the tables if it is None."""

    kind: Kind
    table: str | None = None
    allow_pickle: bool = False


def asked(task: Task, source: IO[bytes], label: str, bounds: Bounds) -> tuple[dict[str, Any], IO[bytes]]:
    """Return what a process tells of a file first, and a stream of what it writes then. The file is closed with it.

    `source` is a file on disk. Raises SourceError if it cannot be read, OversizedError if it needs too much memory or time.
    """
    size = os.fstat(source.fileno()).st_size
    most_bytes = min(bounds.most_bytes, BASE_BYTES + size * BYTES_A_BYTE)
    seconds = BASE_SECONDS + size // BYTES_A_SECOND
    limits = {"bytes": most_bytes, "seconds": seconds}
    said = {"kind": task.kind.name, "table": task.table, "allow_pickle": task.allow_pickle, **limits}
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109 - what an empty one means
    process = subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
        [sys.executable, "-P", "-m", _MODULE, json.dumps(said)],
        stdin=source.fileno(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths, **dict.fromkeys(_THREADS, "1")},
    )
    child = _Child(process, source, label, (most_bytes, seconds))
    try:
        head = child.head()
    except BaseException:
        child.close()
        raise
    made = 0

    def pull(count: int) -> bytes:
        nonlocal made
        piece = child.read(count)
        made += len(piece)
        bounds.check(label, made, size)
        return piece

    return head, pulled(pull, child.close)


class _Child:
    """A process that reads a file."""

    def __init__(self, process: subprocess.Popen[bytes], source: IO[bytes], label: str, limits: tuple[int, int]) -> None:
        self._process, self._source, self._label, (self._bytes, self._seconds) = process, source, label, limits
        self._is_late = False

    @property
    def _out(self) -> Any:
        return self._process.stdout

    def head(self) -> dict[str, Any]:
        """Return what it tells first, within its time."""
        timer = Timer(self._seconds, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            line = self._out.readline(_LONGEST_HEAD)
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            raise self._why()
        head: dict[str, Any] = json.loads(line)
        if "error" in head:
            raise SourceError(f"{self._label} {head['error']}")
        return head

    def read(self, count: int) -> bytes:
        """Return some of what it writes, nothing at the end. Raises SourceEndedError if it did not come to its end."""
        piece: bytes = self._out.read1(count)
        if not piece and self._process.wait():
            raise self._why()
        return piece

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._out.close()
        self._source.close()

    def _end_late(self) -> None:
        self._is_late = True
        self._process.kill()

    def _why(self) -> SourceEndedError:
        code = self._process.wait()
        if self._is_late:
            return OversizedError(f"{self._label} takes more than {self._seconds} seconds to read: it was not read")
        if code in _CRASHES:
            return SourceEndedError(f"{self._label} could not be read to its end: the reader crashed on it, so it is broken")
        if code < 0 or code == _OUT_OF_MEMORY:
            most = f"{self._bytes:,} bytes of memory, or {self._seconds} seconds,"
            return OversizedError(f"{self._label} takes more than the {most} that it may: it was read no further")
        return SourceEndedError(f"{self._label} could not be read to its end: it is broken")
