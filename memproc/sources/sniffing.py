"""What a file is, by its suffix and its first bytes.

Rules: a suffix tells tables (`.csv`, `.tsv`) and JSON lines (`.jsonl`, `.ndjson`); for any other file the first bytes decide. A
byte order mark is no fault. Archives, pickles and YAML are refused with advice.
"""

from __future__ import annotations

import re
from typing import IO

from memproc.sources.decoding import decode

SNIFFED_BYTES = 1 << 16
SNIFFED_LINES = 20
LINE_SUFFIXES = (".jsonl", ".ndjson")
TABLE_SUFFIXES = {".csv": ",", ".tsv": "\t"}
_DECOMPRESS = "compressed data: decompress it first, where you can see how large it becomes"
_PICKLE = "a pickle, which runs code when it is read: have the program that wrote it write JSON lines"
_YAML = "YAML: convert it to JSON lines"
REFUSED_SUFFIXES = {".pkl": _PICKLE, ".pickle": _PICKLE, ".yaml": _YAML, ".yml": _YAML}
# The first bytes of formats that are not text, as libmagic knows them. Pickles of protocol 2 and later name it, then open a frame
# or value.
_REFUSED_STARTS = re.compile(
    rb"(?P<compressed>\x1f\x8b|BZh[1-9]1AY|\xfd7zXZ\0|PK\x03\x04|\x28\xb5\x2f\xfd|7z\xbc\xaf)|(?P<pickle>\x80[\x02-\x05][\x95(}\]cqXK])"
)
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def refusal(start: bytes, mark: bytes, suffix: str) -> str | None:
    """Return why memproc refuses a file of this kind, with advice, or None."""
    if BOMS.get(mark) == "utf-16":
        return "is UTF-16 text: convert it to UTF-8"
    if start.startswith(_LFS_POINTER):
        return "is a pointer of Git LFS, not the file itself: run `git lfs pull`"
    match = _REFUSED_STARTS.match(start)
    if match or suffix in REFUSED_SUFFIXES:
        return "holds " + (REFUSED_SUFFIXES[suffix] if match is None else _DECOMPRESS if match["compressed"] else _PICKLE)
    is_binary = b"\0" in start and not _looks_like_text(start)
    return "holds binary data: give JSON, JSON lines or CSV (decompress archives first)" if is_binary else None


def _looks_like_text(start: bytes) -> bool:
    """Return whether data with NUL bytes is text all the same: its first line has none and is UTF-8."""
    line = start.lstrip().partition(b"\n")[0]
    return b"\0" not in line and line.decode("utf-8", "ignore").encode() == line


def is_lines(stream: IO[bytes], limit_bytes: int) -> bool:
    """Return whether a file is JSON lines, not one object over several lines: at least half of several lines are objects."""
    start = stream.tell()
    are_objects = [
        isinstance(decode(line).value, dict) for _ in range(SNIFFED_LINES) if (line := stream.readline(limit_bytes).strip())
    ]
    stream.seek(start)
    return len(are_objects) > 1 and sum(are_objects) * 2 >= len(are_objects)
