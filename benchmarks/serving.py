"""How many requests a served store answers at once, and what a large file takes: ``python -m benchmarks serving``.

Rules
-----
- The server is the command `memproc serve` in a process of its own, on a SQLite file, with its log, limits and tokens.
- So many clients ask at once, each one request after the other, over connections that stay: of every ten requests three add a
  memory, three read one, two search, and two ask what there is. The time is that of each call, waiting included.
- Nothing may be lost: each answer is the one that was asked for, and afterwards the store holds what was added.
- The file is made while it is sent. What the server holds is its peak of resident memory, above what it held before.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple

import httpx2
import psutil

import memproc
from benchmarks.measure import ChildError
from benchmarks.tables import aligned
from memproc.service.scopes import Scope
from memproc.store.access.tokens import Wanted
from memproc.store.store import access_of

KINDS: Final = ("add", "add", "add", "read", "read", "read", "search", "search", "reviews", "jobs")
CALL_SECONDS, START_SECONDS = 120.0, 60.0
MEBIBYTE: Final = 1 << 20
CREATED: Final = 201
MEMORIES: Final = "/api/v1/memories"
_LATER: Final = "2999-01-01T00:00:00.000000Z"


class Served(NamedTuple):
    """What was measured: seconds of each call, of all together, and the memory of the server in bytes: before, at its peak."""

    seconds: list[float]
    whole_seconds: float
    upload_seconds: float
    before_bytes: int
    peak_bytes: int


def measure(*, requests: int, at_once: int, upload_bytes: int) -> Served:
    """Ask a server, then send it a file, and return what that took. Raises ChildError where an answer is wrong."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with memproc.open(folder / "m.db") as store:
            wanted = Wanted(
                name="benchmark", namespaces=["ann"], scopes=[*map(str, Scope)], expires_at=_LATER, per_minute=10**9, per_day=10**9
            )
            _, token = access_of(store).create_token(wanted)
        with _server(folder) as (url, process):
            headers = {"Authorization": f"Bearer {token}"}
            before = process.memory_info().rss
            sent, peak = asyncio.run(_sent(url, headers, upload_bytes, process))
            started = perf_counter()
            seconds = asyncio.run(_asked(url, headers, requests, at_once))
            whole = perf_counter() - started
        with memproc.open(folder / "m.db") as store:
            added = sum(KINDS[number % len(KINDS)] == "add" for number in range(requests))
            _must(store.count() == added, f"{store.count()} of {added} memories are there")
            _must(store.doctor() == (), "the store is not whole")
    return Served(seconds, whole, sent, before, peak)


async def _asked(url: str, headers: dict[str, str], requests: int, at_once: int) -> list[float]:
    """Ask as many at once as are wanted, and return the seconds of each call."""
    numbers, seconds, known = iter(range(requests)), list[float](), list[str]()
    limits = httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=CALL_SECONDS, limits=limits) as http:

        async def client() -> None:
            for number in numbers:
                started = perf_counter()
                await _ask(http, number, known)
                seconds.append(perf_counter() - started)

        await asyncio.gather(*(client() for _ in range(at_once)))
    return seconds


async def _ask(http: httpx2.AsyncClient, number: int, known: list[str]) -> None:
    """Ask once, and check the answer."""
    kind = KINDS[number % len(KINDS)]
    if kind == "add":
        content = f"The box with number {number} stands on shelf {number * 7919 % 10_007}"
        answer = await http.post(MEMORIES, json={"content": content})
        _must(answer.status_code == CREATED, answer.text)
        memory = answer.json()["memory"]
        _must(memory["content"] == content, "another memory was answered")
        known.append(memory["id"])
    elif kind == "read" and known:
        identifier = known[number * 31 % len(known)]
        answer = await http.get(f"{MEMORIES}/{identifier}")
        _must(answer.json()["id"] == identifier, answer.text)
    elif kind == "search":
        answer = await http.post(f"{MEMORIES}/search", json={"limit": 10})
        _must(answer.is_success, answer.text)
    else:
        answer = await http.get("/api/v1/reviews" if kind == "reviews" else "/api/batch/jobs", params={"limit": 1})
        _must(answer.is_success, answer.text)


async def _sent(url: str, headers: dict[str, str], size: int, process: psutil.Process) -> tuple[float, int]:
    """Send a file, and return how long that took, and the peak of what the server held meanwhile."""
    peak, started = process.memory_info().rss, perf_counter()

    left, some = size, os.urandom(256 * 1024)

    async def parts() -> AsyncIterator[bytes]:
        nonlocal left, peak
        while left > 0:
            yield some[:left]
            left -= len(some)
            peak = max(peak, process.memory_info().rss)

    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=CALL_SECONDS) as http:
        answer = await http.post("/api/v1/uploads", params={"name": "large.jsonl"}, content=parts())
    _must(answer.json().get("size") == size, answer.text)
    return perf_counter() - started, max(peak, process.memory_info().rss)


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Serve the store in a folder, and give the URL and the process."""
    command = [sys.executable, "-m", "memproc", "serve", "m.db", "--port", "0", "--uploads", "uploads", "--max-upload", "16GiB"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - its own command
        try:
            told = "" if process.stderr is None else process.stderr.readline()
            yield told.split()[1].rstrip(";"), psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=START_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _must(is_so: bool, told: str) -> None:  # noqa: FBT001 - what must be so
    if not is_so:
        raise ChildError(told)


def table(found: Served, *, at_once: int, upload_bytes: int) -> str:
    """Return what was measured as text."""
    ordered = sorted(found.seconds)
    late = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    heads = ("requests", "at once", "median ms", "p99 ms", "longest ms", "requests/s")
    middle = ordered[len(ordered) // 2]
    row = (f"{len(ordered):,}", str(at_once), *(f"{1_000 * one:.1f}" for one in (middle, late, ordered[-1])))
    rate = f"{len(ordered) / found.whole_seconds:,.0f}"
    held = f"{found.before_bytes / MEBIBYTE:.0f} MiB before, {found.peak_bytes / MEBIBYTE:.0f} MiB at most"
    file = f"a file of {upload_bytes / MEBIBYTE:,.0f} MiB in {found.upload_seconds:.1f} s; the server held {held}"
    return "\n".join([*aligned([heads, (*row, rate)]), "", file])
