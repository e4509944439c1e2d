"""A server for the application: plain HTTP, on this machine, or behind a proxy that ends TLS."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from memproc.errors import UsageError
from memproc.sources.rest.addresses import is_this_machine

GRACE_SECONDS = 10  # for requests that are under way at the end


def check_host(host: str, *, is_plain_allowed: bool) -> None:
    """Raise UsageError if a server would listen in the clear where others could read along, and nobody said that it may."""
    if not is_this_machine(host) and not is_plain_allowed:
        raise UsageError(
            f"host {host!r}: tokens and memories would be sent in the clear: listen on 127.0.0.1 behind a proxy that speaks TLS,"
            " or say --plain-http if only the proxy can reach this address"
        )


def serve(app: FastAPI, host: str, port: int, on_start: Callable[[str], object]) -> None:
    """Serve an application until it is interrupted; port 0 takes a free one. `on_start` gets the URL, when requests are taken.

    Raises UsageError if the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise UsageError(f"{host} port {port} cannot be used: {error}") from error
    with listening:
        own = listening.getsockname()[1]
        shown = f"[{host}]" if family is socket.AF_INET6 else host
        config = uvicorn.Config(
            app,
            http="h11",  # which bounds heads; the other one that uvicorn would take, if it is installed, does not
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = _Telling(config, app, lambda: on_start(f"http://{shown}:{own}"))
        server.run(sockets=[listening])
        if not server.has_started:
            raise UsageError("the server did not start: see the messages above")


class _Telling(uvicorn.Server):
    """A server that tells when it takes requests, and its application when it ends: so that streams end too."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, on_start: Callable[[], object]) -> None:
        super().__init__(config)
        self._app, self._on_start, self.has_started = app, on_start, False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and tell it."""
        await super().startup(sockets)
        if self.started:
            self.has_started = True
            self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the application, and end when what is under way is answered."""
        self._app.state.served.is_ending = True
        await super().shutdown(sockets)
