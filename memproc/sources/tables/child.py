"""A process of its own that reads what its libraries load as a whole, or trust: workbooks, HDF5, pickles.

It is given what to do as JSON, the file as its standard input, and limits of memory and time, which it sets for itself before it
reads anything. It writes one line that tells what it found or why it cannot read it, then JSON. Nothing it writes is more than text
to the process that began it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Any

from memproc.errors import SourceError
from memproc.sources.tables.kinds import Kind, library

OUT_OF_MEMORY, BROKEN = 3, 4  # exit codes
_OWN_BYTES = 1 << 27  # that the libraries may take besides
_OPEN_FILE = Path("/proc/self/fd/0")


def main() -> int:
    """Do what the first argument says; return the exit code."""
    task = json.loads(sys.argv[1])
    out, stream = os.fdopen(os.dup(1), "wb"), _file()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # libraries print
    os.dup2(nowhere, 2)
    has_begun = False
    try:
        kind = Kind[task["kind"]]
        if kind is not Kind.PICKLE:
            library(kind)
        _limit(task["bytes"], task["seconds"])
        head, lines = _found(kind, stream, task)
        out.write(json.dumps(head).encode() + b"\n")
        out.flush()
        has_begun = True
        for line in lines:
            out.write(line)
        out.flush()
    except BrokenPipeError:
        os._exit(0)  # who asked wants no more
    except (MemoryError, RecursionError):
        return OUT_OF_MEMORY
    except Exception as error:  # noqa: BLE001 - what reads it raises errors of many kinds
        if not has_begun:
            told = str(error) if isinstance(error, SourceError) else f"cannot be read: {type(error).__name__}: {error}"
            out.write(json.dumps({"error": told[:1_000]}).encode() + b"\n")
            out.flush()
        return BROKEN
    return 0


def _found(kind: Kind, stream: BufferedReader, task: dict[str, Any]) -> tuple[dict[str, Any], Iterable[bytes]]:
    """Return what is told of a file first, and what is in it. What reads other kinds is not loaded."""
    if kind is Kind.PICKLE:
        from memproc.sources.tables import pickled, unpickling

        return {}, _ended(pickled.json_text_of(unpickling.data_of(stream)))
    if kind is Kind.SHEETS:
        from memproc.sources.tables import xlsx

        if task["table"] is None:
            return {"tables": xlsx.sheets_in(stream), "others": []}, ()
        lines, remarks = xlsx.rows_of_sheet(stream, task["table"])
        return {"size": 0, "remarks": remarks}, _with_ends(lines)
    from memproc.sources.tables import hdf5

    file = hdf5.opened(stream)
    if task["table"] is None:
        found = hdf5.tables_in(file)
        return {"tables": [*found.tables], "others": found.others}, ()
    size = hdf5.tables_in(file).tables.get(task["table"], 0)
    return {"size": size}, _with_ends(hdf5.rows_of_table(file, task["table"], allow_pickle=task["allow_pickle"]))


def _with_ends(lines: Iterator[bytes]) -> Iterator[bytes]:
    return (line + b"\n" for line in lines)


def _ended(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Return pieces, the first of which is made at once: what cannot be made is told before anything is written."""
    first = next(pieces, b"")

    def all_of_them() -> Iterator[bytes]:
        yield first
        yield from pieces

    return all_of_them()


def _file() -> BufferedReader:
    """Return the standard input with a position of its own: others may read the same file."""
    with suppress(OSError):
        return _OPEN_FILE.open("rb")
    stream = os.fdopen(os.dup(0), "rb")
    stream.seek(0)
    return stream


def _limit(most_bytes: int, seconds: int) -> None:
    """Limit memory and time, where the system can do that."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # only POSIX has it

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + _OWN_BYTES + most_bytes,) * 2)


if __name__ == "__main__":
    sys.exit(main())
