"""Takes what is behind one URL to a file, under the rules that all requests keep to."""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from memproc.errors import OversizedError
from memproc.sources.rest.asking import Asking
from memproc.sources.rest.client import Body
from memproc.writing import beside

ASKED_FOR = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": "memproc"}


class Downloaded(NamedTuple):
    """How many bytes were taken, and their SHA-256 as hexadecimal digits."""

    bytes: int
    sha256: str


def download(asking: Asking, to: Path) -> Downloaded:
    """Take the answer of a URL to a file, which is replaced when all of it is there.

    Raises OversizedError where it is larger than `asking.max_response_bytes`, and else what reading a web API raises.
    """
    asking.check()
    most = asking.max_response_bytes

    def take(body: Body) -> Downloaded:
        hashed, taken = sha256(), 0
        try:
            with beside(to, to, is_private=True) as part:
                for piece in body.pieces:
                    taken += len(piece)
                    if taken > most:
                        raise OversizedError(
                            f"{asking.shown(asking.url)} has more than {most:,} bytes: allow more by max_bytes, if it is meant"
                        )
                    hashed.update(piece)
                    part.stream.write(piece)
        finally:
            body.close()
        return Downloaded(taken, hashed.hexdigest())

    with closing(asking.client({}, more_headers=ASKED_FOR)) as client:
        return client.get(asking.secrets.revealed_url(asking.url), take)
