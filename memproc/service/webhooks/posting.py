"""Posts to one receiver, after looking at the address that is really connected to.

Rules: as for the web APIs that are read, only https, or http to this machine where private addresses are allowed; no private
address unless allowed; no redirect is followed. An answer of 2xx is a success, everything else a failure, which is returned and not
raised. What a receiver answers is not kept.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from memproc import __version__
from memproc.integrations.extras import told_which_extra
from memproc.waiting import waiting

with told_which_extra("service"):
    import httpcore2

    from memproc.sources.rest.addresses import RefusedError, check_url, host_of
    from memproc.sources.rest.gate import Gate, Outside, quiet
    from memproc.sources.rest.retrying import asked_wait, limit_wait

MOST_ANSWERED_BYTES = 1 << 16
MOST_ASKED_SECONDS = 3_600.0  # no receiver holds back what it is told for longer


class Answer(NamedTuple):
    """What a receiver answered: a status, if there was one, why that is a failure, if it is, and the seconds it asks to wait."""

    status: int | None
    why: str | None = None
    asked_seconds: float = 0.0


class Poster:
    """Posts to one URL, one request at a time. Close it."""

    def __init__(self, url: str, *, allow_private: bool, timeout_seconds: float, outside: Outside | None = None) -> None:
        """Know the URL, and how many seconds a request may take in all."""
        self._url, self._allow_private, self._timeout = url, allow_private, timeout_seconds
        self._outside = outside or Outside()
        self._gate = Gate(self._outside, allow_private=allow_private)
        self._pool = httpcore2.ConnectionPool(network_backend=self._gate, max_connections=1)

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a JSON text, and return what came of it."""
        try:
            check_url(self._url, [host_of(self._url)], allow_private=self._allow_private)
            with quiet(), waiting():
                return self._posted(body, headers)
        except RefusedError as error:
            return Answer(None, str(error))
        except httpcore2.TimeoutException:
            return Answer(None, f"no answer within {self._timeout:g} seconds")
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, ssl.SSLError, OSError) as error:
            return Answer(None, f"{self._host} cannot be reached: {error}"[:300])

    @property
    def _host(self) -> str:
        return urlsplit(self._url).hostname or ""

    def _posted(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        deadline = self._outside.monotonic() + self._timeout
        self._gate.expect(is_plain=urlsplit(self._url).scheme == "http", deadline=deadline)
        kinds = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)
        own = {"content-type": "application/json", "user-agent": f"memproc/{__version__}", **headers}
        sent = [(name.encode(), value.encode()) for name, value in own.items()]
        with self._pool.stream("POST", self._url, headers=sent, content=body, extensions={"timeout": kinds}) as response:
            answered = 0
            for piece in response.iter_stream():
                answered += len(piece)
                if answered > MOST_ANSWERED_BYTES:
                    break
            found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            return Answer(response.status)
        now = self._outside.now()
        asked = min(max(asked_wait(found, now), limit_wait(found, now)), MOST_ASKED_SECONDS)
        return Answer(response.status, f"{self._host} answers {_told(response.status)}", asked)


def _told(status: int) -> str:
    phrase = f" {HTTPStatus(status).phrase}" if status in HTTPStatus._value2member_map_ else ""
    is_redirect = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    return f"{status}{phrase}{': a webhook follows no redirect' if is_redirect else ''}"
