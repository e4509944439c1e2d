"""For how long a web API is waited for: not beyond the time of the job, not after Ctrl-C, not where nobody has ever answered."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

import memproc
from memproc import RestPages
from memproc.cli import interrupting
from memproc.cli.progress import Shown
from memproc.ingestion.pipeline import ingest
from memproc.waiting import waiting
from tests.conftest import ROOT
from tests.sources.rest.server import Clock, Shelf, failing, memories, pages, serving
from tests.waiting import LIMIT_SECONDS, bounded

LOOKED_AT = 7  # requests, to know the format


def holding(request):
    """Say nothing until the client has gone."""
    request.connection.settimeout(LIMIT_SECONDS)
    request.connection.recv(1)
    request.close_connection = True


def stalling(request):
    """Begin an answer, and say nothing more until the client has gone."""
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"data": [')
    holding(request)


WAITS = {
    "the server asks for it": failing(429, Retry_After="100"),
    "backoff": failing(503),
    "no answer": holding,
    "an answer that does not end": stalling,
    "the rate limit of the server": lambda request: request.give(
        {"data": {"items": memories(99)}, "meta": {"next": "99"}}, headers={"RateLimit": '"default";r=0;t=200'}
    ),
}


SLOW = {"no answer", "an answer that does not end"}  # they take all the time of the job


@pytest.mark.parametrize(
    "plan", [pytest.param(plan, id=name, marks=pytest.mark.slow if name in SLOW else ()) for name, plan in WAITS.items()]
)
def test_a_job_stops_in_time_while_it_waits_and_goes_on_later(api, fresh_file, plan):
    """What came before is committed. Waits that the job has no time for are not begun."""
    Shelf(api, memories(*range(1, 31)))
    api.plans.extend([*[None] * (LOOKED_AT + 3), *[plan] * 50])
    clock = Clock()
    outside = clock.outside(chance=1.0)._replace(monotonic=time.monotonic)
    source = RestPages(f"{api.root}/cursor", "data.items", paging="cursor:after=meta.next", allow_private=True, _outside=outside)
    short = memproc.Settings(max_seconds=2.0, batch_size=4)
    with fresh_file() as store:
        report = ingest(source, store, settings=short)
        assert report.status == "stopped"
        [note] = report.notes
        assert re.match(r"stopped: max_seconds=2.0 (?:are over|do not suffice: the next request is .*); resume goes on here", note)
        assert report.read in (9, 10)
        assert max(clock.slept, default=0) < 2
        api.plans.clear()
        again = ingest(pages(api, "cursor"), store, resume=True)
        assert (again.job, again.status) == (report.job, "done")
        assert {memory.content for memory in store.find(limit=99)} >= {one["content"] for one in memories(*range(1, 31))}


def test_looking_at_a_source_keeps_the_time_of_the_job_too(api, tmp_path):
    """There is no job yet: the message says why."""
    api.plans.append(failing(429, Retry_After="100"))
    told = r"the next request is 100 s away, as .* answers 429.*, and max_seconds are over before"
    with pytest.raises(memproc.SourceError, match=told):
        ingest(pages(api, "whole", Clock()), tmp_path / "m.db", settings=memproc.Settings(max_seconds=20.0))


CHILD = """
import sys
from memproc.cli.main import main
sys.argv = ["memproc", "ingest", sys.argv[1], "--allow-private", "--records", "data.items", "--paging", "cursor:after=meta.next",
            "--into", sys.argv[2], "--batch-size", "4"]
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of a terminal")
@pytest.mark.parametrize("plan", [failing(429, Retry_After="200"), holding, stalling], ids=["asked to", "no answer", "no end"])
@pytest.mark.slow
@pytest.mark.sampled(2)
def test_ctrl_c_ends_a_wait_at_once(api, tmp_path, plan):
    """By one signal, with the command that goes on."""
    Shelf(api, memories(*range(1, 31)))
    is_waited_for = threading.Event()

    def first(request):
        is_waited_for.set()
        return plan(request)

    api.plans.extend([*[None] * (LOOKED_AT + 4), first, *[plan] * 9])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, f"{api.root}/cursor", str(tmp_path / "m.db")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    with bounded(child):
        assert is_waited_for.wait(LIMIT_SECONDS)
        threading.Event().wait(0.5)  # until the answer has come
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=LIMIT_SECONDS)
    assert child.returncode == 1
    assert "interrupted" in said
    assert "--resume" in said
    with memproc.open(tmp_path / "m.db") as store:
        assert store.count() == 12


def test_a_signal_within_a_wait_interrupts_and_another_one_lets_the_batch_end():
    """The handler looks at whether this thread waits."""
    shown = Shown(lambda _: None, lambda _: None, lambda: None)
    with interrupting.interruptible(shown):
        handler = signal.getsignal(signal.SIGINT)
        handler(signal.SIGINT, None)
    with interrupting.interruptible(shown), waiting(), pytest.raises(KeyboardInterrupt):
        signal.getsignal(signal.SIGINT)(signal.SIGINT, None)


def test_a_name_that_nobody_knows_is_told_at_once(tmp_path):
    """Where no answer has come yet."""

    def resolve(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    clock = Clock()
    source = RestPages("https://api.example.org/v1", _outside=clock.outside(resolve))
    told = r"api\.example\.org is not found: .*given up after 1 attempt, as no such name is known"
    with pytest.raises(memproc.SourceError, match=told):
        ingest(source, tmp_path / "m.db")
    assert clock.slept == []


def test_a_server_that_takes_no_connection_is_told_after_seconds(tmp_path):
    """And one that has answered before gets the whole patience."""
    with serving() as api:
        Shelf(api, memories(*range(1, 31)))
        first = pages(api, "whole", Clock())
        assert len([*first.found(None)]) == 30
        clock = Clock()
        never = pages(api, "whole", clock)
    with pytest.raises(memproc.SourceError, match="given up after 4 attempts, as it has not answered once"):
        ingest(never, tmp_path / "m.db")
    assert sum(clock.slept) < 10
    with pytest.raises(memproc.SourceError, match=r"as retry_seconds=300 \(--retry-seconds\) is the limit"):
        ingest(first, tmp_path / "m.db")


@pytest.mark.parametrize("retries", [0, 2])
def test_retries_are_counted_where_they_are_given(api, tmp_path, retries):
    """Then it does not matter how long they take."""
    api.plans.extend([failing(503)] * 9)
    with pytest.raises(memproc.SourceError, match=rf"given up after {retries + 1} attempts?, as retries={retries} \(--retries\)"):
        ingest(pages(api, "whole", Clock(), retries=retries), tmp_path / "m.db")
    assert len(api.seen) == retries + 1


@pytest.mark.parametrize("retries", [-1, 1.5, True, "3"])
def test_retries_are_a_count(retries):
    """Before work."""
    with pytest.raises(memproc.UsageError, match="give how often to try again"):
        RestPages("https://api.example.org/v1", retries=retries)
