"""`fetch`: a copy of a file, or of what is behind a URL, in the folder of the run."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from memproc.amounts import bytes_of
from memproc.errors import SourceError, UsageError
from memproc.flows.step import At, Options, Step, StepError, Text
from memproc.sources.rest.asking import Asking
from memproc.writing import beside

PIECE_BYTES = 1 << 20
DEFAULT_NAME = "fetched"


class Fetch(Options):
    """Copy a file, or what is behind a URL, into the folder of the run."""

    do: Literal["fetch"]
    from_: Text = Field(alias="from", description="A path, or a URL of https (http only to this machine).")
    to: str | None = Field(
        None, pattern=r"^[^/\\]{1,200}$", description="What the copy is called; by default as the last part of the path or URL."
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Headers of the request; they may hold `${secrets.NAME}`.")
    hosts: list[str] = Field(default_factory=list, description="Further hosts that it may redirect to.")
    max_bytes: str | int = Field("1GB", description="The most that it may have, as a number of bytes or with a unit.")
    seconds: float = Field(600.0, gt=0, le=86_400, description="How long it may take.")
    sha256: str | None = Field(None, description="What its SHA-256 has to be, as hexadecimal digits.")


def fetch(options: Fetch, at: At) -> dict[str, Any]:
    """Copy the file. It is replaced as a whole, so that after a kill it is just copied again."""
    is_url = "://" in options.from_
    name = options.to or Path(urlsplit(options.from_).path if is_url else options.from_).name or DEFAULT_NAME
    if name in (".", ".."):
        raise UsageError(f"to={name!r}: give the name of a file")
    at.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    to = at.work / name
    most = bytes_of(str(options.max_bytes), "max_bytes")
    count, digest = _from_url(options, at, to, most) if is_url else _from_file(at.path(options.from_), to, most)
    if options.sha256 is not None and digest != options.sha256.lower():
        to.unlink()
        raise StepError(f"what was fetched has the SHA-256 {digest}, and not {options.sha256}: it is not what was meant")
    return {"path": str(to), "bytes": count, "sha256": digest}


def _from_url(options: Fetch, at: At, to: Path, most: int) -> tuple[int, str]:
    try:
        from memproc.sources.rest.downloading import download  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("fetching from a URL needs a package: pip install 'memproc-sdk[rest]'") from error
    asking = Asking(
        at.secrets.reference(options.from_),
        "fetching from a URL",
        headers={name: at.secrets.reference(value) for name, value in options.headers.items()},
        hosts=options.hosts,
        allow_private=at.allowed.private,
        response_seconds=options.seconds,
        max_response_bytes=most,
    )
    return download(asking, to)


def _from_file(path: Path, to: Path, most: int) -> tuple[int, str]:
    if not path.is_file():
        raise SourceError(f"{path} is no file: give the path of one, or a URL")
    if path.stat().st_size > most:
        raise SourceError(f"{path} has more than {most:,} bytes: allow more by max_bytes, if it is meant")
    hashed, count = sha256(), 0
    with path.open("rb") as stream, beside(to, to, is_private=True) as part:
        for piece in _pieces(stream):
            hashed.update(piece)
            count += part.stream.write(piece)
    return count, hashed.hexdigest()


def _pieces(stream: Any) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


STEP = Step(Fetch, fetch, ("from_", "headers"), lambda options: options.seconds)
