"""Asks an API for pages: redirects, failures, and bounds of time and size.

Rules: the bytes of an answer are given as they come, and its end is proved; one that breaks off can be asked for again.
What may pass is tried again until the time for that is over, everything else ends the reading. Cookies are not kept. No message
shows a value of the environment.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import httpcore2

from memproc.errors import MemprocError, OversizedError, SourceEndedError
from memproc.sources.rest.addresses import RefusedError, check_url, joined
from memproc.sources.rest.gate import Gate, Outside, UnknownHostError, quiet
from memproc.sources.rest.paging import next_link
from memproc.sources.rest.patience import Attempts, Bounds, Pace
from memproc.sources.rest.retrying import PassingError, UnreachableError, asked_wait, is_passing, limit_wait
from memproc.sources.rest.secrecy import Secrets, url_shown
from memproc.waiting import waiting

REDIRECTS = frozenset((301, 302, 303, 307, 308))
MOST_REDIRECTS = 5
PIECE_BYTES = 1 << 16
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


class Body(NamedTuple):
    """An answer: the URL it came from, its kind, the target of `rel="next"`, and its decompressed bytes as they come, with the most
    that may be held of them. `renew` gives the next of them as long as a whole answer has. Close it.
    """

    url: str
    kind: str
    next_link: str | None
    pieces: Iterator[bytes]
    most_bytes: int
    renew: Callable[[], None]
    close: Callable[[], None]

    def whole(self, begun: Iterable[bytes] = ()) -> bytes:
        """Return all bytes behind those that were taken already. Raises OversizedError as soon as they are too many."""
        kept, made = [], 0
        for piece in chain(begun, self.pieces):
            made += len(piece)
            if made > self.most_bytes:
                told = f"an answer has more than {self.most_bytes:,} bytes when it is decompressed"
                raise OversizedError(f"{told}: ask for smaller pages, or allow more by max_response_bytes (--max-response)")
            kept.append(piece)
        return b"".join(kept)


class Client:
    """One reading of an API. Close it."""

    def __init__(self, headers: Mapping[str, str], secrets: Secrets, bounds: Bounds, pace: Pace, outside: Outside) -> None:
        """Set the headers, which may refer to secrets, and what all clients of the source share."""
        self.secrets, self.bounds, self.pace, self.outside = secrets, bounds, pace, outside
        self._headers = [(name, secrets.revealed(value)) for name, value in headers.items()]
        self._gate = Gate(outside, allow_private=bounds.allow_private)
        self._pool = httpcore2.ConnectionPool(network_backend=self._gate, max_connections=1)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def attempts(self) -> Attempts:
        """Return new attempts at something."""
        return Attempts(self.bounds, self.pace, self.outside, self.secrets)

    def get(self, url: str, take: Callable[[Body], Found], content: bytes | None = None) -> Found:
        """Return what `take` makes of the answer to a URL, or with a content to what is posted there, and closes. It may raise
        PassingError: then the request is made again.

        Raises SourceEndedError where that is of no use or takes too long, RefusedError where no request may go, LateError where the
        job has no time for it.
        """
        attempts = self.attempts()
        while True:
            try:
                with self.secrets.hiding():
                    body = self._followed(url, content)
                    try:
                        return take(body)
                    except BaseException:
                        body.close()
                        raise
            except PassingError as failure:
                attempts.wait(failure)

    def _followed(self, url: str, content: bytes | None) -> Body:
        """Return the answer to a URL, or to those that it redirects to."""
        for _ in range(MOST_REDIRECTS + 1):
            self._check(url)
            answered = self._answer(url, content)
            if isinstance(answered, Body):
                return answered
            url = answered
        raise SourceEndedError(f"{self._shown(url)} redirects more than {MOST_REDIRECTS} times")

    def _check(self, url: str) -> None:
        """Raise RefusedError if no request may go to a URL. A part of a secret that would be its host is not shown."""
        try:
            check_url(url, self.bounds.hosts, allow_private=self.bounds.allow_private)
        except RefusedError:
            before, hidden = (text.partition("://")[2].partition("?")[0] for text in (url, self.secrets.hidden(url)))
            if _host_in(before) != _host_in(hidden):
                raise RefusedError(f"the next page, or a redirect, leads to the value of {_host_in(hidden)}") from None
            raise

    def _answer(self, url: str, content: bytes | None) -> Body | str:
        """Make a request, and return what is answered, or where to ask instead."""
        bounds = self.bounds
        self.pace.wait(self.outside, bounds)
        self._renew(url)
        kinds = dict.fromkeys(("connect", "read", "write", "pool"), bounds.timeout_seconds)
        with ExitStack() as stack:
            with self._failures(url):
                verb = "GET" if content is None else "POST"
                asked = self._pool.stream(verb, url, headers=self._headers, content=content, extensions={"timeout": kinds})
                response = stack.enter_context(asked)
            self.pace.is_answered = True
            headers = _headers_of(response)
            if wait := limit_wait(headers, self.outside.now()):
                self.pace.hold(self.outside.monotonic() + wait)
            if (target := self._judged(url, response.status, headers)) is not None:
                return target
            kind = self.secrets.hidden(headers.get("content-type", "").partition(";")[0].strip().lower())
            pieces, following = self._decompressed(response, headers, url), next_link(_all_of(response, b"link"))
            opened = stack.pop_all()
        return Body(url, kind, following, pieces, bounds.most_bytes, partial(self._renew, url), partial(self._ended, opened))

    def _renew(self, url: str) -> None:
        """Let what is done next take as long as a whole answer may."""
        seconds = max(min(self.bounds.response_seconds, self.bounds.seconds_left()), 0.0)
        self._gate.expect(is_plain=urlsplit(url).scheme == "http", deadline=self.outside.monotonic() + seconds)

    @contextmanager
    def _failures(self, url: str) -> Iterator[None]:
        """Wait for a server inside the block, and tell what fails there by errors of memproc."""
        try:
            with quiet(), waiting():
                yield
        except (MemprocError, PassingError):
            raise
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            if isinstance(error.__context__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SourceEndedError(f"{self._shown(url)} has no certificate that this machine trusts") from None
            told = f"{self._shown(url)} cannot be reached: {self.secrets.hidden(str(error))}"
            raise UnreachableError(told, is_unknown=isinstance(error, UnknownHostError)) from None
        except httpcore2.TimeoutException:
            raise PassingError(f"{self._shown(url)} did not answer in time") from None
        except (httpcore2.NetworkError, httpcore2.RemoteProtocolError) as error:
            raise PassingError(f"{self._shown(url)} broke off: {self.secrets.hidden(str(error))}") from None
        except (httpcore2.LocalProtocolError, httpcore2.UnsupportedProtocol):
            raise SourceEndedError(f"{self._shown(url)} cannot be asked for: mind the headers") from None

    def _judged(self, url: str, status: int, headers: Mapping[str, str]) -> str | None:
        """Return where a response redirects to, None if it is an answer. Raises what its status means otherwise."""
        now = self.outside.now()
        if status in REDIRECTS and (target := headers.get("location")):
            return joined(url, target)
        told = f"{self._shown(url)} answers {status}{_phrase_of(status)}"
        if is_passing(status, headers, now):
            raise PassingError(told, asked_wait(headers, now))
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            advice = _ADVICE.get(status)
            raise RequestRefusedError(f"{told}: {advice}" if advice else told, status)
        return None

    def _decompressed(self, response: httpcore2.Response, headers: Mapping[str, str], url: str) -> Iterator[bytes]:
        """Return the bytes of a body, as they come."""
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise SourceEndedError(
                f"{self._shown(url)} is compressed by {self.secrets.hidden(coding)[:40]!r}, which was not asked for"
            )
        pieces = self._received(response, url)
        return _unzipped(pieces) if coding.endswith("gzip") else pieces

    def _received(self, response: httpcore2.Response, url: str) -> Iterator[bytes]:
        stream = response.iter_stream()
        while True:
            with self._failures(url):
                piece = next(stream, None)
            if piece is None:
                return
            yield piece

    def _ended(self, opened: ExitStack) -> None:
        """End an answer; what of it is left is not waited for."""
        with quiet(), suppress(httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException):
            opened.close()

    def _shown(self, url: str) -> str:
        return self.secrets.hidden(url_shown(self.secrets.hidden(url)))


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
