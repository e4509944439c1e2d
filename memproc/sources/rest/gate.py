"""Connects to hosts, after looking at the address that is really connected to.

Rules: a name is resolved once for each connection, which goes to one of the addresses that were looked at; so an answer that
changes in between (DNS rebinding) changes nothing. The certificate is that of the name. Proxies of the environment are not used:
they would resolve the name anew. Nothing takes longer than the deadline of the request, however slowly bytes drip in.
"""

from __future__ import annotations

import logging
import random
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import httpcore2

from memproc.sources.rest.addresses import RefusedError, check_address

Resolve = Callable[[str, int], list[str]]

_is_quiet: ContextVar[bool] = ContextVar("is_quiet", default=False)
for _name in ("httpcore2.connection", "httpcore2.http11"):  # they log all headers that a server sends, which may repeat a key
    logging.getLogger(_name).addFilter(lambda _record: not _is_quiet.get())


@contextmanager
def quiet() -> Iterator[None]:
    """Let the library that makes connections log nothing of the requests made here, but of those of others."""
    token = _is_quiet.set(True)
    try:
        yield
    finally:
        _is_quiet.reset(token)


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Outside(NamedTuple):
    """What a client asks of the machine: two clocks in seconds, one that only goes on and that of the epoch, sleep, a random
    number 0 to 1, the addresses of a host.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep
    chance: Callable[[], float] = random.random
    resolve: Resolve = resolved


class UnknownHostError(httpcore2.ConnectError):
    """A name leads to no address."""


class Gate(httpcore2.NetworkBackend):
    """Opens connections for one client, of which one request is under way at a time."""

    def __init__(self, outside: Outside, *, allow_private: bool) -> None:
        self._outside, self._allow_private = outside, allow_private
        self._is_plain = False
        self._deadline = 0.0
        self._sockets = httpcore2.SyncBackend()

    def expect(self, *, is_plain: bool, deadline: float) -> None:
        """Set what holds for the next request: whether it is one of http, and when it has to be over."""
        self._is_plain, self._deadline = is_plain, deadline

    def left(self, timeout: float | None) -> float:
        """Return the seconds that an operation may take. Raises TimeoutException if the request has no more time."""
        left = self._deadline - self._outside.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the answer takes too long")
        return left if timeout is None else min(left, timeout)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of a host that takes it. Raises RefusedError if nothing may be connected to."""
        try:
            addresses = self._outside.resolve(host, port)
        except OSError as error:
            raise UnknownHostError(f"{host} is not found: {error}") from None
        allowed, refused = self._sorted(addresses, host)
        failure: Exception = refused or httpcore2.ConnectError(f"{host} has no address")
        for address in allowed:
            try:
                stream = self._sockets.connect_tcp(address, port, self.left(timeout), local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Bounded(stream, self)
        raise failure

    def _sorted(self, addresses: Iterable[str], host: str) -> tuple[list[str], RefusedError | None]:
        """Return the addresses that may be connected to, and why one may not."""
        allowed: list[str] = []
        refused = None
        for address in addresses:
            try:
                check_address(address, host, allow_private=self._allow_private, is_plain=self._is_plain)
                allowed.append(address)
            except RefusedError as error:
                refused = error
        return allowed, refused


class _Bounded(httpcore2.NetworkStream):
    """A connection on which no operation goes beyond the deadline of the request."""

    def __init__(self, stream: httpcore2.NetworkStream, gate: Gate) -> None:
        self._stream, self._gate = stream, gate

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._gate.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._gate.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, self._gate.left(timeout)), self._gate)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
