"""A receiver of webhooks that fails: it refuses, breaks off after it has read, or is not there at all."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple, Self

import orjson

END_SECONDS: Final = 30


class Received(NamedTuple):
    """An event as it came: its headers, its bytes, and the status that it was answered with, 0 if none."""

    headers: Mapping[str, str]
    body: bytes
    answered: int

    @property
    def told(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = orjson.loads(self.body)
        return found

    @property
    def id(self) -> str:
        """What it is known by."""
        return self.headers["webhook-id"]


class Receiver:
    """Listens on a port of this machine. `answer` gives the status for each request, 0 to break off."""

    def __init__(self, answer: Callable[[], int] = lambda: 204) -> None:
        self._answer, self._lock = answer, threading.Lock()
        self.received: list[Received] = []
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.port = 0
        self.more: dict[str, str] = {}  # headers of each answer
        self.verify: Callable[[bytes, dict[str, str]], object] | None = None  # raises where an event is forged, which is refused
        self.forged = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def accepted(self) -> list[Received]:
        """What it has answered well, in order."""
        return [one for one in self.received if 200 <= one.answered < 300]

    def __enter__(self) -> Self:
        """Begin to listen."""
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self.end()

    def begin(self) -> None:
        """Listen, on the port that it had if it had one."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server: ThreadingHTTPServer

            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                body = self.rfile.read(size)
                whole = len(body) == size  # else the sender was killed meanwhile
                status = receiver.take(self.server, dict(self.headers.items()), body) if whole else 0
                if status:
                    self.send_response(status)
                    for name, value in receiver.more.items():
                        self.send_header(name, value)
                    self.send_header("content-length", "0")
                    self.end_headers()
                else:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                """Say nothing of a sender that was killed."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def take(self, server: object, headers: Mapping[str, str], body: bytes) -> int:
        """Note a request and return the status that it is answered with; 0 where it is not answered, as nobody is there."""
        known = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            status = self._answer() if server is self._server else 0
            try:
                if self.verify is not None:
                    self.verify(body, known)
            except Exception:  # noqa: BLE001 - whatever the library of the standard raises
                status, self.forged = 401, self.forged + 1
            self.received.append(Received(known, body, status))
            return status

    def end(self) -> None:
        """Listen no more, and answer nothing more on connections that are open."""
        server, self._server = self._server, None
        if server is not None and self._thread is not None:
            server.shutdown()
            server.server_close()
            self._thread.join(END_SECONDS)


def failing(chance: random.Random, share: float) -> Callable[[], int]:
    """Return answers of which a share fails: one in three of these breaks off after the event was read."""

    def answer() -> int:
        return 200 if chance.random() >= share else chance.choice((500, 503, 0))

    return answer
