"""Ctrl-C: once it ends after the batch, twice at once, and nothing is lost either way."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from memproc.cli.interrupting import interruptible
from memproc.cli.progress import ENDING, Shown
from memproc.report.events import Progress
from tests.command_line import as_json
from tests.waiting import LIMIT_SECONDS, bounded

RECORDS, BATCH, LARGE = 4_000, 500, 100_000
AT_ONCE_SECONDS = 5  # by far less on a machine with nothing else to do
CTRL_C = b"\x03"
INTERRUPTIBLE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell may have had it ignored
    "from memproc.cli.main import main; main()"
)
ON_ITS_OWN_TERMINAL = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{INTERRUPTIBLE}"
SOME = Progress(1, 1, 0, 0, 0, 1.0, 1, 1)


@pytest.fixture
def handled():
    """Have the signal handled as Python does it, whoever runs the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_once_is_kept_until_the_batch_is_there(handled):  # noqa: ARG001 - it is the setting
    """The progress is shown before it ends."""
    seen, ending = [], []
    with interruptible(Shown(lambda _: None, seen.append, lambda: ending.append(1))) as shown:
        shown.show(SOME)
        signal.raise_signal(signal.SIGINT)
        assert ending
        with pytest.raises(KeyboardInterrupt):
            shown.show(SOME)
    assert len(seen) == 2
    signal.raise_signal(signal.SIGINT)  # too late: the report is being printed
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_twice_ends_at_once(handled):  # noqa: ARG001 - it is the setting
    """Wherever it is."""
    with interruptible(Shown(lambda _: None, lambda _: None, lambda: None)):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None], ids=["ignored", "own"])
def test_whoever_handles_it_goes_on_to(handled, handler):  # noqa: ARG001 - it is the setting
    """As a program in the background, for which the shell has it ignored, and in a thread nothing can be handled."""
    signal.signal(signal.SIGINT, handler)
    shown = Shown(lambda _: None, lambda _: None, lambda: None)
    with interruptible(shown) as kept:
        assert kept is shown
        assert signal.getsignal(signal.SIGINT) is handler
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def elsewhere():
        with interruptible(shown) as kept:
            same.append(kept is shown)

    same = []
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(LIMIT_SECONDS)
    assert same == [True]


def interrupt(folder, times, *options, command="ingest"):
    """Run the command and send the signal to all processes as a terminal does, the first time as soon as the work has begun, and
    again when the first is answered. Return (exit code, standard output, standard error).
    """
    lines = [json.dumps({"content": f"Note {number} of {number * 7919 % 10_007} pages"}) + "\n" for number in range(RECORDS)]
    (folder / "a.jsonl").write_text("".join(lines))
    sized = ("--batch-size", str(BATCH)) if command == "ingest" else ()
    called = [sys.executable, "-c", INTERRUPTIBLE, command, "a.jsonl", "--into", "m.db", *sized, *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    with bounded(subprocess.Popen(called, cwd=folder, **pipes)) as process:
        told = ""
        for sign in ("reading", ENDING)[:times]:
            while sign not in (line := process.stderr.readline()):
                assert line, told
                told += line
            told += line
            os.killpg(process.pid, signal.SIGINT)
        out, rest = process.communicate(timeout=LIMIT_SECONDS)
    return process.returncode, out, told + rest


def resumed(memproc_in, told):
    """Run the command that was told to go on, and return its report."""
    [command] = [line.strip() for line in told.splitlines() if line.startswith(("  memproc ingest", "  memproc migrate"))]
    assert command.endswith("--resume")
    return as_json(memproc_in(*shlex.split(command)[1:], "--json"))


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--engine", "processes", "--max-workers", "2")], ids=["alone", "workers"])
def test_an_ingestion_ends_after_its_batch(tmp_path, memproc_in, options):
    """Which is committed, and told; workers say nothing, and the command that is told goes on to the end."""
    code, out, told = interrupt(tmp_path, 1, *options)
    assert code == 1
    read = int(re.match(r"interrupted: read (\d+) = ", out)[1])
    assert 0 < read < RECORDS
    assert read % BATCH == 0
    assert ENDING in told
    assert "memproc: interrupted: --resume goes on behind the last batch" in told
    assert "Traceback" not in told
    report = resumed(memproc_in, told)
    assert (report["status"], report["read"]) == ("done", RECORDS)
    assert as_json(memproc_in("stats", "m.db", "--json"))["recount"]["is_whole"] is True


@pytest.mark.costly
def test_twice_ends_a_large_batch_at_once(tmp_path, memproc_in):
    """By the keys of a terminal, which signals all processes in front."""
    lines = [json.dumps({"content": f"Note {number} of {number * 7919 % 100_003} pages"}) + "\n" for number in range(LARGE)]
    (tmp_path / "a.jsonl").write_text("".join(lines))
    leader, follower = pty.openpty()
    called = [sys.executable, "-c", ON_ITS_OWN_TERMINAL, "ingest", "a.jsonl", "--into", "m.db", "--batch-size", str(LARGE)]
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), follower)
    with bounded(subprocess.Popen(called, cwd=tmp_path, start_new_session=True, **streams)) as process:
        os.close(follower)
        told = ""
        for sign in ("reading", ENDING):
            while sign not in told:
                told += os.read(leader, 4_096).decode()
            os.write(leader, CTRL_C)
        pressed = time.monotonic()
        with suppress(OSError):  # how Linux tells the end
            while more := os.read(leader, 4_096):
                told += more.decode()
        process.wait(LIMIT_SECONDS)
        took = time.monotonic() - pressed
    os.close(leader)
    assert process.returncode == 1
    assert "interrupted: read 0 = " in told
    assert took < AT_ONCE_SECONDS
    assert as_json(memproc_in("stats", "m.db", "--json"))["recount"]["is_whole"] is True


@pytest.mark.slow
def test_or_at_once(tmp_path, memproc_in):
    """Its batch is rolled back, and read again by the command that is told."""
    code, out, told = interrupt(tmp_path, 2, "--batch-size", str(RECORDS))
    assert code == 1
    assert out.startswith("interrupted: read 0 = ")
    assert "Traceback" not in told
    assert resumed(memproc_in, told)["read"] == RECORDS


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_a_migration_ends_as_an_ingestion_does(tmp_path, memproc_in, times):
    """After its batch or at once, with the command that goes on; that verifies the whole."""
    code, out, told = interrupt(tmp_path, times, command="migrate")
    assert code == 1
    assert "interrupted: read " in out
    assert ENDING in told
    assert "memproc: interrupted: --resume goes on behind the last batch" in told
    assert "Traceback" not in told
    migrated = resumed(memproc_in, told)
    assert migrated["report"]["read"] == RECORDS
    assert migrated["is_verified"] is True
