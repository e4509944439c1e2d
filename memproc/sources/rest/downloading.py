"""Takes what is behind one URL to a file, under the rules that all requests keep to."""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from memproc.errors import OversizedError
from memproc.sources.remote import Visit
from memproc.sources.rest.client import Body
from memproc.sources.rest.pages import RestPages
from memproc.writing import beside


class Downloaded(NamedTuple):
    """How many bytes were taken, and their SHA-256 as hexadecimal digits."""

    bytes: int
    sha256: str


def download(pages: RestPages, to: Path) -> Downloaded:
    """Take the answer of a URL to a file, which is replaced when all of it is there.

    Raises OversizedError where it is larger than `pages.max_response_bytes`, and else what reading `pages` raises.
    """
    most = pages.max_response_bytes

    def take(body: Body) -> Downloaded:
        hashed, taken = sha256(), 0
        try:
            with beside(to, to, is_private=True) as part:
                for piece in body.pieces:
                    taken += len(piece)
                    if taken > most:
                        raise OversizedError(f"{pages.label} has more than {most:,} bytes: allow more by max_bytes, if it is meant")
                    hashed.update(piece)
                    part.stream.write(piece)
        finally:
            body.close()
        return Downloaded(taken, hashed.hexdigest())

    with closing(pages.client(Visit())) as client:
        return client.get(client.secrets.revealed_url(pages.url), take)
