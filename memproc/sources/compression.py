"""Decompressing while reading: gzip, bzip2, xz and zstandard, told by their first bytes.

Rules: nothing small becomes very large here. What is decompressed is counted; beyond a limit, or where it is much more than it was
compressed, reading stops with `OversizedError`. Data that end too early, or that other data follow, are told as well.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import IO, Any, NamedTuple

from memproc.errors import OversizedError, SourceError
from memproc.sources.streams import pulled

READ_BYTES = 1 << 16
FREE_BYTES = 1 << 26  # so much may become of anything, however small it was
LARGEST_RATIO = 200  # text is compressed to a hundredth at best; what is made to become very large, to a thousandth
_XZ_MEMORY_BYTES = 1 << 28
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_STARTS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstandard"}
SUFFIXES = (".gz", ".gzip", ".bz2", ".xz", ".zst", ".zstd")
ZSTD_ADVICE = "zstandard is read from Python 3.14 on, or with an extra: pip install 'memproc-sdk[zstd]'"


class Bounds(NamedTuple):
    """How large what is decompressed may become, in bytes, all members of an archive together."""

    most_bytes: int

    def check(self, label: str, made: int, packed: int) -> None:
        """Raise OversizedError if `made` bytes of what had `packed` bytes are too many."""
        if made > self.most_bytes:
            told = f"{label} becomes more than {self.most_bytes:,} bytes when it is decompressed"
            raise OversizedError(f"{told}: max_decompressed_bytes (--max-decompressed) allows more")
        if made > FREE_BYTES and made > LARGEST_RATIO * max(packed, 1):
            told = f"{label} becomes more than {LARGEST_RATIO} times as large when it is decompressed"
            raise OversizedError(f"{told}, as what is made to fill a disk does: if you trust it, decompress it yourself")


def compression_of(start: bytes) -> str | None:
    """Return how data that begin so are compressed, None if they are not."""
    return next((kind for mark, kind in _STARTS.items() if start.startswith(mark)), None)


def zstd_module() -> Any:
    """Return the module that reads zstandard, None where there is none."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def without_suffix(name: str) -> str:
    """Return the name of what is compressed: without the suffix of the compression.

    >>> without_suffix("memories.jsonl.gz")
    'memories.jsonl'
    """
    return next((name[: -len(end)] for end in SUFFIXES if name.lower().endswith(end)), name)


def decompressed(kind: str, stream: IO[bytes], label: str, bounds: Bounds) -> IO[bytes]:
    """Return what a compressed stream holds. Raises SourceError if this kind cannot be read here."""
    try:
        make = _decompressor(kind, label)
    except SourceError:
        stream.close()
        raise
    decoder, packed, made, rest = make(), 0, 0, b""

    def pull(size: int) -> bytes:
        nonlocal decoder, packed, made, rest
        while True:
            if decoder.eof:
                behind = (decoder.unused_data or read()).lstrip(b"\0")  # tools pad with zeros
                if not behind:
                    return b""
                decoder, rest = make(), behind
            if not rest and _wants_more(decoder) and not (rest := read()):
                raise EOFError(f"the {kind} data end too early")
            piece: bytes = decoder.decompress(rest, size)
            rest = getattr(decoder, "unconsumed_tail", b"")
            made += len(piece)
            bounds.check(label, made, packed)
            if piece:
                return piece

    def read() -> bytes:
        nonlocal packed
        piece = stream.read(READ_BYTES)
        packed += len(piece)
        return piece

    return pulled(pull, stream.close)


def _wants_more(decoder: Any) -> bool:
    return getattr(decoder, "needs_input", True)


def _decompressor(kind: str, label: str) -> Callable[[], Any]:
    if kind == "gzip":
        return lambda: zlib.decompressobj(_GZIP_WINDOW)
    if kind == "bzip2":
        return bz2.BZ2Decompressor
    if kind == "xz":
        return lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES)
    module = zstd_module()
    if module is None:
        raise SourceError(f"{label} is compressed by zstandard: {ZSTD_ADVICE}")
    return module.ZstdDecompressor  # type: ignore[no-any-return]
