"""Standard output and standard error: their encoding, redirection, and readers that stop.

Rules: characters that the encoding lacks are written as escapes. JSON is ASCII where the encoding is not UTF-8, so that it stays
the same JSON. Where standard output is the target of a command (`-`), it holds the bytes that a file would hold and nothing else;
messages go to standard error. If the reader of a pipe stops, the command ends with exit code 1 and without a message.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TextIO, cast

STANDARD_OUTPUT = "-"
_BROKEN = 1
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@contextmanager
def settled() -> Iterator[None]:
    """Keep output from failing for its encoding, and flush it at the end."""
    outputs = [_settled(name) for name in ("stdout", "stderr")]
    try:
        yield
    except SystemExit as ended:
        _finish(outputs, is_over=not ended.code)
        raise
    else:
        _finish(outputs, is_over=True)


def _settled(name: str) -> TextIO:
    stream = getattr(sys, name)
    if stream is None:  # it was closed before the program began
        stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
        setattr(sys, name, stream)
    elif isinstance(stream, io.TextIOWrapper):
        if isinstance(stream.buffer, io.RawIOBase):  # as by `python -u`: what is written in part only would be lost without a word
            stream = io.TextIOWrapper(io.BufferedWriter(stream.buffer), stream.encoding, line_buffering=True)
            setattr(sys, name, stream)
        stream.reconfigure(errors="backslashreplace")
    return cast("TextIO", stream)


def _finish(outputs: Iterable[TextIO], *, is_over: bool) -> None:
    """Flush the outputs. What cannot be written is dropped: otherwise Python would try again at exit, and complain.

    A command that had succeeded (`is_over`) then fails with exit code 1.
    """
    failed: OSError | None = None
    for stream in outputs:
        try:
            stream.flush()
        except OSError as error:
            failed = failed or error
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if failed is not None and is_over:
        if not isinstance(failed, BrokenPipeError):
            with suppress(OSError):
                sys.stderr.write(f"memproc: {failed}\n")
        sys.exit(_BROKEN)


def target(to: str) -> str | IO[bytes]:
    """Return the target of a command: a path unchanged, or standard output for `-`."""
    if to != STANDARD_OUTPUT:
        return to
    sys.stdout.flush()
    return cast("IO[bytes]", getattr(sys.stdout, "buffer", None) or _Encoded(sys.stdout))


def beside(to: str | None) -> TextIO:
    """Return the stream for messages about what a command wrote to `to`: never the one that holds what it wrote."""
    from memproc.writing import descriptor_of

    is_output = to is not None and (to == STANDARD_OUTPUT or descriptor_of(to) == 1)
    return sys.stderr if is_output else sys.stdout


def print_lines(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Print lines of JSON, to standard output by default."""
    out = stream or sys.stdout
    encoding = getattr(out, "encoding", None) or "utf-8"
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    for line in lines:
        out.write((line if is_utf8 else _NOT_ASCII.sub(_escaped, line)) + "\n")


def json_text(values: Any) -> str:
    """Return values as JSON, even if a path in them is not UTF-8."""
    import orjson

    try:
        return orjson.dumps(values).decode()
    except orjson.JSONEncodeError:
        import json

        return json.dumps(values)


def _escaped(found: re.Match[str]) -> str:
    """Return a character as a JSON escape. In JSON, characters outside ASCII occur only in strings."""
    import json

    return json.dumps(found[0])[1:-1]


class _Encoded(io.RawIOBase):
    """A binary view of a standard output that takes text only, as a host program may have set it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, data: Any) -> int:
        self._stream.write(bytes(data).decode("utf-8", "surrogateescape"))
        return len(data)


def fields_of(answer: Any) -> dict[str, Any]:
    """Return the fields of an answer of a store by their names."""
    return {name: getattr(answer, name) for name in answer.__dataclass_fields__}


def times(count: int) -> str:
    """Return how often something was seen.

    >>> times(1), times(2)
    ('once', '2 times')
    """
    return "once" if count == 1 else f"{count} times"
