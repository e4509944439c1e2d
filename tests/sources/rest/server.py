"""A web API on this machine, over real sockets, that fails as it is told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from memproc.sources.rest.gate import Outside, resolved
from memproc.sources.rest.pages import RestPages
from tests.waiting import LIMIT_SECONDS


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
    disable_nagle_algorithm = True  # else each answer waits for 40 ms

    def do_GET(self):
        """Answer it."""
        self.server.seen.append(self.path)
        self.server.headers_seen.append(dict(self.headers))
        plan = self.server.plans.popleft() if self.server.plans else None
        if plan is not None and plan(self) is not False:
            return
        parts = urlsplit(self.path)
        self.server.answers[parts.path](self, {name: values[0] for name, values in parse_qs(parts.query).items()})

    def do_POST(self):
        """Answer it, with what was posted as `posted`."""
        self.posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

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
        thread.join(LIMIT_SECONDS)


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


class Shelf:
    """Records that an API gives in pages of each kind, at the path of its name."""

    def __init__(self, api, records, size=3):
        self.records, self.size = list(records), size
        api.answers |= {f"/{kind}": getattr(self, kind) for kind in ("page", "offset", "cursor", "next", "link", "lines", "whole")}

    def page(self, request, query):
        """By number, from 1."""
        begin = (int(query["page"]) - 1) * self.size
        more = begin + self.size < len(self.records)
        request.give({"items": self.records[begin : begin + self.size], "total": len(self.records), "has_more": more})

    def offset(self, request, query):
        """By how many to pass over."""
        begin = int(query["skip"])
        request.give({"items": self.records[begin : begin + self.size], "total": len(self.records)})

    def cursor(self, request, query):
        """By the id of the last record."""
        ids = [str(record["id"]) for record in self.records]
        begin = ids.index(query["after"]) + 1 if "after" in query else 0
        found = self.records[begin : begin + self.size]
        more = begin + self.size < len(self.records)
        request.give({"data": {"items": found}, "meta": {"next": str(found[-1]["id"]) if more else None}})

    def next(self, request, query):
        """By a URL in the answer, without its host."""
        begin = int(query.get("at", "0"))
        more = begin + self.size < len(self.records)
        following = f"/next?at={begin + self.size}" if more else None
        request.give({"items": self.records[begin : begin + self.size], "links": {"next": following}})

    def link(self, request, query):
        """By a link header."""
        begin = int(query.get("at", "0"))
        more = begin + self.size < len(self.records)
        links = [f'<{request.server.root}/link?at=0>; rel="first"']
        links += [f'</link?at={begin + self.size}>; title="a, b"; rel=next'] if more else []
        request.give(self.records[begin : begin + self.size], headers={"Link": ", ".join(links)})

    def lines(self, request, _):
        """As lines of JSON, all at once."""
        request.give(b"".join(json.dumps(record).encode() + b"\n" for record in self.records), kind="application/x-ndjson")

    def whole(self, request, _):
        """As one list."""
        request.give(self.records)


# How each kind of pages is asked for: the path, the arguments of `RestPages`.
KINDS = {
    "page": {"records": "items", "paging": "page:page"},
    "page, more": {"records": "items", "paging": "page:page,more=has_more"},
    "page, total": {"records": "items", "paging": "page:page,total=total"},
    "offset": {"records": "items", "paging": "offset:skip"},
    "offset, total": {"records": "items", "paging": "offset:skip,total=total"},
    "cursor": {"records": "data.items", "paging": "cursor:after=meta.next"},
    "next": {"records": "items", "paging": "next:links.next"},
    "link": {},
    "lines": {},
    "whole": {},
}
PAGED = [kind for kind in KINDS if kind not in ("lines", "whole")]


def pages(api, kind, clock=None, **options):
    """Return the source of a kind of pages, on a server of this machine."""
    outside = None if clock is None else clock.outside()
    given = {"allow_private": True, **KINDS[kind], **options}
    return RestPages(f"{api.root}/{kind.partition(',')[0]}", **given, _outside=outside)
