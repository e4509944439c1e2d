"""A web API on this machine, over real sockets, that fails as it is told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from memproc.sources.rest.gate import Outside, resolved


class Api(ThreadingHTTPServer):
    """Answers each path by a function, but first does what is planned: each plan is a function of a request, None for no fault."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Request)
        self.answers = {}
        self.plans = deque()
        self.seen = []  # path with query of each request
        self.headers_seen = []

    @property
    def root(self):
        """The URL of the server."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Say nothing: clients that give up are part of the tests."""


class Request(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Answer it."""
        self.server.seen.append(self.path)
        self.server.headers_seen.append(dict(self.headers))
        plan = self.server.plans.popleft() if self.server.plans else None
        if plan is not None and plan(self) is not False:
            return
        parts = urlsplit(self.path)
        self.server.answers[parts.path](self, {name: values[0] for name, values in parse_qs(parts.query).items()})

    def give(self, value, status=200, headers=(), *, kind="application/json"):
        """Send a JSON value, or bytes as they are."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": kind, "Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def serving():
    """Run a server."""
    api = Api()
    thread = threading.Thread(target=api.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        api.server_close()
        thread.join()


def failing(status, **headers):
    """Return a plan: the request is refused with a status."""
    return lambda request: request.give({"error": "no"}, status, {name.replace("_", "-"): text for name, text in headers.items()})


def cutting(request):
    """Break off in the middle of a body."""
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"data": [{"content": "Keeps ')
    request.close_connection = True


def cutting_without_length(request):
    """Break off in the middle of a body whose length was not told."""
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(b'{"data": [{"content": "Keeps ')
    request.close_connection = True


def cutting_a_chunk(request):
    """Break off within a chunk."""
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    request.wfile.write(b'64\r\n{"data": [')
    request.close_connection = True


def hanging_up(request):
    """Close the connection without an answer."""
    request.close_connection = True


class Clock:
    """Time that goes on only where somebody sleeps."""

    def __init__(self, now=1_800_000_000.0):
        self.seconds, self.slept, self.epoch = 0.0, [], now

    def sleep(self, seconds):
        """Let time pass."""
        self.slept.append(seconds)
        self.seconds += seconds

    def outside(self, resolve=resolved, chance=0.5):
        """Return what a client asks of the machine, with this time."""
        return Outside(lambda: self.seconds, lambda: self.epoch + self.seconds, self.sleep, lambda: chance, resolve)


def memories(*numbers):
    """Return records."""
    return [{"id": str(number), "content": f"Keeps {number} hens"} for number in numbers]
