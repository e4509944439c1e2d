"""What a file is, by its suffix and its first bytes.

Rules: a suffix tells tables (`.csv`, `.tsv`) and JSON lines (`.jsonl`, `.ndjson`); for any other file the first bytes decide. A
byte order mark is no fault, and tells UTF-16. Archives of other kinds than zip, pickles and YAML are refused with advice. Nothing
needs to seek: what was read to look at it is given back.
"""

from __future__ import annotations

import re
from typing import IO

from memproc.in_use import SQLITE_START
from memproc.sources.decoding import decode

SNIFFED_BYTES = 1 << 16
SNIFFED_LINES = 20
LINE_SUFFIXES = (".jsonl", ".ndjson")
TABLE_SUFFIXES = {".csv": ",", ".tsv": "\t"}
_DECOMPRESS = "compressed data: decompress it first, where you can see how large it becomes"
_PICKLE = "a pickle, which may run code when it is read: have the program that wrote it write JSON lines"
_YAML = "YAML: convert it to JSON lines"
_HTML = "HTML, which memproc does not read: save it as text, or export JSON or CSV"
_PDF = "PDF, which memproc does not read: save it as text"
MEDIA = "a picture, sound or video, which memproc does not read"
_BINARY = "binary data: give JSON, JSON lines or CSV"
_TAR = "a tar archive: unpack it first, and give the folder"
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257  # POSIX.1, ustar interchange format
REFUSED_SUFFIXES = {".pkl": _PICKLE, ".pickle": _PICKLE, ".yaml": _YAML, ".yml": _YAML, ".html": _HTML, ".htm": _HTML}
# The first bytes of formats that are not text, as libmagic knows them. Pickles of protocol 2 and later name it, then open a frame
# or value.
_REFUSED_STARTS = re.compile(
    rb"(?P<compressed>\x1f\x8b|BZh[1-9]1AY|\xfd7zXZ\0|PK\x03\x04|\x28\xb5\x2f\xfd|7z\xbc\xaf)|(?P<pickle>\x80[\x02-\x05][\x95(}\]cqXK])"
)
# JPEG, PNG, GIF, TIFF; WebP, WAV and AVI; MP4, MOV, M4A, HEIC and AVIF; MP3, Ogg, FLAC; WebM and Matroska.
_MEDIA_STARTS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|II\*\0|MM\0\*|RIFF....(?:WEBP|WAVE|AVI )|....ftyp|ID3[\x02-\x04]|OggS\0|fLaC\0"
    rb"|\x1a\x45\xdf\xa3",
    re.DOTALL,
)
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
BOM = b"\xef\xbb\xbf"
_WIDE_MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def wide_encoding(start: bytes) -> str | None:
    """Return the encoding that a byte order mark at the start of a text tells, None for UTF-8 and for no mark."""
    return next((encoding for mark, encoding in _WIDE_MARKS.items() if start.startswith(mark)), None)


def refusal(start: bytes, suffix: str) -> str | None:
    """Return why memproc refuses a file of this kind, with advice, or None."""
    if start.startswith(_LFS_POINTER):
        return "is a pointer of Git LFS, not the file itself: run `git lfs pull`"
    if start.startswith(_TAR_MARK, _TAR_MARK_AT):
        return f"is {_TAR}"
    if start.startswith(b"%PDF-"):
        return f"is {_PDF}"
    if start.startswith(SQLITE_START):
        return "is a SQLite file: give it by itself, as a file on disk, with --table"
    match = _REFUSED_STARTS.match(start)
    if match or suffix in REFUSED_SUFFIXES:
        return "holds " + (REFUSED_SUFFIXES[suffix] if match is None else _DECOMPRESS if match["compressed"] else _PICKLE)
    what = MEDIA if _MEDIA_STARTS.match(start) else _BINARY if b"\0" in start and not _looks_like_text(start) else None
    return what and f"holds {what}"


def _looks_like_text(start: bytes) -> bool:
    """Return whether data with NUL bytes is text all the same: its first line has none and is UTF-8."""
    line = start.lstrip().partition(b"\n")[0]
    return b"\0" not in line and line.decode("utf-8", "ignore").encode() == line


def is_lines(stream: IO[bytes], limit_bytes: int) -> tuple[bool, bytes]:
    """Return whether a text is JSON lines, not one object over several lines: at least half of several lines are objects. Return
    also what was read to find out.
    """
    lines: list[bytes] = []
    while len(lines) < SNIFFED_LINES and (left := limit_bytes - sum(map(len, lines))) > 0 and (line := stream.readline(left)):
        lines.append(line)
    are_objects = [isinstance(decode(line.strip()).value, dict) for line in lines if line.strip()]
    return len(are_objects) > 1 and sum(are_objects) * 2 >= len(are_objects), b"".join(lines)
