"""`memproc jobs DB --watch`: what another process does, as the store tells it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

import memproc
from memproc.cli.watching import line_of
from memproc.report.time_left import SecondsLeft
from memproc.store.answers import Job
from tests.command_line import as_json
from tests.conftest import ROOT
from tests.events import CutOffError, batches
from tests.terminal import on_terminal
from tests.waiting import LIMIT_SECONDS, bounded

COUNTS = (1_234_567, 1_234_000, 0, 0, 567)
LEFT = SecondsLeft(60, 90)
RUNNING = Job(3, "mail.jsonl", "json", "running", None, "2026-01-01", None, True, 1, *COUNTS, 0.42, LEFT, None, print)
WORKER = """
import sys, memproc
def hear(event):
    if isinstance(event, memproc.BatchLanded):
        print(event.progress.read, flush=True)
        sys.stdin.readline()
memproc.ingest("a.jsonl", "m.db", settings=memproc.Settings(batch_size=10), on_event=hear)
"""


def written(folder, count=40):
    """Write a file of records."""
    (folder / "a.jsonl").write_text("".join(json.dumps({"content": f"Has {number} hens"}) + "\n" for number in range(count)))


def test_a_line_fits_any_terminal():
    """What matters least is left out first."""
    assert line_of(RUNNING) == ("3  running  42%, 1,234,567 records, 0:01:00-0:01:30 left, 567 quarantined, mail.jsonl (json)")
    assert line_of(RUNNING, 39) == "3 42% 1.2M 0:01:00-0:01:30 running"
    assert all(len(line_of(RUNNING, width)) <= width for width in (20, 39, 60, 79))


def test_a_store_tells_share_and_bounds(tmp_path):
    """Of a job that is interrupted how far it is, and no time; of one that runs both."""
    written(tmp_path)
    told = []
    with memproc.open(tmp_path / "m.db") as store, memproc.open(tmp_path / "m.db") as other:

        def look(progress):
            told.append((progress, other.jobs()[0]))
            if progress.read == 30:
                raise CutOffError

        with pytest.raises(CutOffError):
            memproc.ingest(tmp_path / "a.jsonl", store, settings=memproc.Settings(batch_size=10), on_event=batches(look))
        assert [job.share for _, job in told] == [progress.share for progress, _ in told]
        assert [job.seconds_left is not None for _, job in told] == [False, True, True]
        assert all(0 <= job.seconds_left.low < job.seconds_left.high for _, job in told[1:])
        (job,) = other.jobs()
        assert (job.status, job.share, job.seconds_left) == ("failed", told[-1][0].share, None)


def test_a_running_job_is_watched_until_it_ends(tmp_path):
    """As JSON lines by one process, of what another does; then how it ended."""
    written(tmp_path)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": tmp_path}
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    watch = [sys.executable, "-m", "memproc", "jobs", "m.db", "--watch", "--json"]
    with bounded(subprocess.Popen([sys.executable, "-c", WORKER], env=known, **pipes)) as worker:
        for read in ("10", "20"):
            assert worker.stdout.readline().strip() == read
            if read == "10":
                worker.stdin.write("\n")
                worker.stdin.flush()
        with bounded(subprocess.Popen(watch, env=known, **pipes)) as watcher:
            first = json.loads(watcher.stdout.readline())
            worker.communicate("\n" * 9, timeout=LIMIT_SECONDS)
            rest, _ = watcher.communicate(timeout=LIMIT_SECONDS)
    assert (first["number"], first["status"], first["is_alive"], first["read"]) == (1, "running", True, 20)
    assert 0.4 < first["share"] < 0.6
    assert 0 <= first["seconds_left"]["low"] < first["seconds_left"]["high"]
    last = json.loads(rest.splitlines()[-1])
    assert (last["status"], last["read"], last["seconds_left"]) == ("done", 40, None)
    assert watcher.returncode == 0


def test_a_dead_owner_is_told_and_not_waited_for(tmp_path, memproc_in):
    """With what to do; and nothing to watch is told as that."""
    written(tmp_path)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": tmp_path}
    with bounded(subprocess.Popen([sys.executable, "-c", WORKER], env={**os.environ, "PYTHONPATH": str(ROOT)}, **pipes)) as worker:
        worker.stdout.readline()
        worker.send_signal(signal.SIGKILL)
        worker.communicate(timeout=LIMIT_SECONDS)
    code, out, _ = memproc_in("jobs", "m.db", "--watch")
    assert (code, "its process is gone: ingest --resume goes on" in out) == (0, True)
    assert as_json(memproc_in("ingest", "a.jsonl", "--into", "m.db", "--resume", "--json"))["status"] == "done"
    assert memproc_in("jobs", "m.db", "--watch") == (0, "no job is running\n", "")
    assert memproc_in("jobs", "m.db", "--watch", "--cancel", "1")[0] == 2


@pytest.mark.slow
def test_ctrl_c_ends_the_watching_alone(tmp_path):
    """On a narrow terminal; the job goes on."""
    written(tmp_path)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": tmp_path}
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    with bounded(subprocess.Popen([sys.executable, "-c", WORKER], env=known, **pipes)) as worker:
        worker.stdout.readline()
        command = [sys.executable, "-m", "memproc", "jobs", "m.db", "--watch"]
        with bounded(subprocess.Popen(command, env=known, **pipes)) as watcher:
            assert watcher.stdout.readline().startswith("1  running  ")
            watcher.send_signal(signal.SIGINT)
            watcher.communicate(timeout=LIMIT_SECONDS)
        assert watcher.returncode == 0
        worker.communicate("\n" * 9, timeout=LIMIT_SECONDS)
    assert worker.returncode == 0
    assert "no job is running" in on_terminal(tmp_path, "jobs", "m.db", "--watch", columns=40).out
