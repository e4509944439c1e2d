"""Asks an API for pages: redirects, retries, rate limits, and bounds of time and size.

Rules: an answer is received whole, and its end proved, before a record of it is given; so one that breaks off is asked for again.
What may pass is tried again until the time for that is over, everything else ends the reading. Cookies are not kept. No message
shows a value of the environment.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import httpcore2
from loguru import logger

from memproc.errors import MemprocError, OversizedError, SourceEndedError
from memproc.sources.rest.addresses import RefusedError, check_url, joined
from memproc.sources.rest.gate import Gate, Outside, quiet
from memproc.sources.rest.paging import next_link
from memproc.sources.rest.retrying import PassingError, asked_wait, is_passing, limit_wait, wait_seconds
from memproc.sources.rest.secrecy import Secrets, url_shown
from memproc.telling import Retrying, tell

REDIRECTS = frozenset((301, 302, 303, 307, 308))
MOST_REDIRECTS = 5
IN_MEMORY_BYTES, PIECE_BYTES = 1 << 23, 1 << 16
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ADVICE = {
    400: "mind the parameters of the URL",
    401: "mind the header with the key: it comes from the environment, as in Authorization=ENV:TOKEN",
    403: "the key may not read this",
    404: "mind the path of the URL; for pages that end so, name `more` or `total` in paging",
}

Found = TypeVar("Found")


class RequestRefusedError(SourceEndedError):
    """The server refuses a request, and will do so again."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Bounds(NamedTuple):
    """The hosts (name, port) that requests may go to, and whether to addresses that are not public; how long a connection or one
    read may take, a whole answer, and all attempts, in seconds; how large an answer may be, in bytes; how many requests a second.
    """

    hosts: Sequence[tuple[str, int]]
    allow_private: bool
    timeout_seconds: float
    response_seconds: float
    retry_seconds: float
    most_bytes: int
    requests_per_second: float | None


class Body(NamedTuple):
    """An answer: the URL it came from, its kind, the target of `rel="next"`, its decompressed bytes, and their hash."""

    url: str
    kind: str
    next_link: str | None
    file: SpooledTemporaryFile[bytes]
    digest: bytes


class Pace:
    """When the next request may begin, for all clients of a source."""

    def __init__(self) -> None:
        self._ready_at = float("-inf")

    def wait(self, outside: Outside, requests_per_second: float | None, most_seconds: float) -> None:
        """Sleep until a request may begin. Raises SourceEndedError if that is too long."""
        left = self._ready_at - outside.monotonic()
        if left > max(most_seconds, 1 / (requests_per_second or 1)):
            raise SourceEndedError(
                f"the server takes no request for {left:,.0f} s, by its own rate limit: resume then, or allow as much by "
                "retry_seconds (--retry-seconds)"
            )
        if left > 0:
            outside.sleep(left)
        if requests_per_second:
            self._ready_at = outside.monotonic() + 1 / requests_per_second

    def hold(self, until: float) -> None:
        """Let no request begin before."""
        self._ready_at = max(self._ready_at, until)


class Client:
    """One reading of an API. Close it."""

    def __init__(self, headers: Mapping[str, str], secrets: Secrets, bounds: Bounds, pace: Pace, outside: Outside) -> None:
        """Set the headers, which may refer to secrets, and what all clients of the source share."""
        self._secrets, self._bounds, self._pace, self._outside = secrets, bounds, pace, outside
        self._hosts, self._allow_private = bounds.hosts, bounds.allow_private
        self._headers = [(name, secrets.revealed(value)) for name, value in headers.items()]
        self._gate = Gate(self._outside, allow_private=self._allow_private)
        self._pool = httpcore2.ConnectionPool(network_backend=self._gate, max_connections=1)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def get(self, url: str, take: Callable[[Body], Found]) -> Found:
        """Return what `take` makes of the answer to a URL. It may raise PassingError: then the request is made again.

        Raises SourceEndedError where that is of no use or takes too long, RefusedError where no request may go.
        """
        outside, began, attempt = self._outside, self._outside.monotonic(), 0
        while True:
            try:
                with self._secrets.hiding():
                    return take(self._followed(url))
            except PassingError as failure:
                wait = wait_seconds(attempt, outside.chance(), failure.at_least)
                spent = outside.monotonic() - began
                if spent + wait > self._bounds.retry_seconds:
                    told = self._secrets.hidden(str(failure))
                    asks = f"; the server asks to wait {failure.at_least:,.0f} s" if failure.at_least else ""
                    limit = f"retry_seconds={self._bounds.retry_seconds:g} (--retry-seconds)"
                    message = f"{told}{asks}: given up after {attempt + 1} attempts, as {limit} is the limit; resume goes on there"
                    raise SourceEndedError(message) from None
                logger.warning("{}: asking again in {:.0f} s", self._secrets.hidden(str(failure)), wait)
                tell(Retrying(self._secrets.hidden(str(failure)), attempt + 1, wait))
            attempt += 1
            outside.sleep(wait)

    def _followed(self, url: str) -> Body:
        """Return the answer to a URL, or to those that it redirects to."""
        for _ in range(MOST_REDIRECTS + 1):
            self._check(url)
            answered = self._answer(url)
            if isinstance(answered, Body):
                return answered
            url = answered
        raise SourceEndedError(f"{self._shown(url)} redirects more than {MOST_REDIRECTS} times")

    def _check(self, url: str) -> None:
        """Raise RefusedError if no request may go to a URL. A part of a secret that would be its host is not shown."""
        try:
            check_url(url, self._hosts, allow_private=self._allow_private)
        except RefusedError:
            before, hidden = (text.partition("://")[2].partition("?")[0] for text in (url, self._secrets.hidden(url)))
            if _host_in(before) != _host_in(hidden):
                raise RefusedError(f"the next page, or a redirect, leads to the value of {_host_in(hidden)}") from None
            raise

    def _answer(self, url: str) -> Body | str:
        """Make a request, and return what is answered, or where to ask instead."""
        outside, bounds = self._outside, self._bounds
        self._pace.wait(outside, bounds.requests_per_second, bounds.retry_seconds)
        self._gate.expect(is_plain=urlsplit(url).scheme == "http", deadline=outside.monotonic() + bounds.response_seconds)
        kinds = dict.fromkeys(("connect", "read", "write", "pool"), bounds.timeout_seconds)
        try:
            with quiet(), self._pool.stream("GET", url, headers=self._headers, extensions={"timeout": kinds}) as response:
                headers = _headers_of(response)
                if wait := limit_wait(headers, outside.now()):
                    self._pace.hold(outside.monotonic() + wait)
                return self._judged(url, response, headers)
        except (MemprocError, PassingError):
            raise
        except httpcore2.TimeoutException:
            raise PassingError(f"{self._shown(url)} did not answer in time") from None
        except (httpcore2.NetworkError, httpcore2.RemoteProtocolError) as error:
            if isinstance(error.__context__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SourceEndedError(f"{self._shown(url)} has no certificate that this machine trusts") from None
            raise PassingError(f"{self._shown(url)} broke off: {self._secrets.hidden(str(error))}") from None
        except (httpcore2.LocalProtocolError, httpcore2.UnsupportedProtocol):
            raise SourceEndedError(f"{self._shown(url)} cannot be asked for: mind the headers") from None

    def _judged(self, url: str, response: httpcore2.Response, headers: Mapping[str, str]) -> Body | str:
        """Return the body of a response that is one, or where it redirects to. Raises what its status means."""
        status, now = response.status, self._outside.now()
        if status in REDIRECTS and (target := headers.get("location")):
            return joined(url, target)
        told = f"{self._shown(url)} answers {status}{_phrase_of(status)}"
        if is_passing(status, headers, now):
            raise PassingError(told, asked_wait(headers, now))
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            advice = _ADVICE.get(status)
            raise RequestRefusedError(f"{told}: {advice}" if advice else told, status)
        file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - the page closes it
        try:
            hashed = blake2b(digest_size=8)
            for piece in self._decompressed(response, headers, url):
                hashed.update(piece)
                file.write(piece)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        kind = self._secrets.hidden(headers.get("content-type", "").partition(";")[0].strip().lower())
        return Body(url, kind, next_link(_all_of(response, b"link")), file, hashed.digest())

    def _decompressed(self, response: httpcore2.Response, headers: Mapping[str, str], url: str) -> Iterator[bytes]:
        """Yield the bytes of a body. Raises OversizedError as soon as they are too many."""
        most, made = self._bounds.most_bytes, 0
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise SourceEndedError(
                f"{self._shown(url)} is compressed by {self._secrets.hidden(coding)[:40]!r}, which was not asked for"
            )
        pieces = response.iter_stream()
        for piece in _unzipped(pieces) if coding.endswith("gzip") else pieces:
            made += len(piece)
            if made > most:
                told = f"{self._shown(url)} has more than {most:,} bytes when it is decompressed"
                raise OversizedError(f"{told}: ask for smaller pages, or allow more by max_response_bytes (--max-response)")
            yield piece

    def _shown(self, url: str) -> str:
        return self._secrets.hidden(url_shown(self._secrets.hidden(url)))


def _host_in(text: str) -> str:
    return text.partition("/")[0]


def _unzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what gzip data hold, in small pieces. Raises PassingError if they are damaged or end too early."""
    decoder = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for piece in pieces:
            rest = piece
            while rest and not decoder.eof:
                yield decoder.decompress(rest, PIECE_BYTES)
                rest = decoder.unconsumed_tail
    except zlib.error as error:
        raise PassingError(f"the answer is no valid gzip: {error}") from None
    if not decoder.eof:
        raise PassingError("the answer ends within its gzip data")


def _headers_of(response: httpcore2.Response) -> dict[str, str]:
    """Return the headers by their names in lower case, the first of each."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reversed(response.headers)}


def _all_of(response: httpcore2.Response, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in response.headers if name.lower() == wanted]


def _phrase_of(status: int) -> str:
    return f" {HTTPStatus(status).phrase}" if status in HTTPStatus._value2member_map_ else ""
