"""A terminal of any width, with a program on it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from threading import Thread
from typing import NamedTuple

from tests.waiting import LIMIT_SECONDS, bounded


class Seen(NamedTuple):
    """How a program ended, what its terminal got, and what it wrote to a standard output that is none."""

    code: int
    shown: str
    out: str


def on_terminal(folder, *arguments, columns=120, typed=None, **environment):
    """Run memproc with a terminal as standard error and return a `Seen`. `typed` is called with the process while it runs."""
    leader, follower = pty.openpty()
    known = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), **environment}
    known = {name: value for name, value in known.items() if value is not None}
    command = [sys.executable, "-m", "memproc", *arguments]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": follower}
    with bounded(subprocess.Popen(command, cwd=folder, env=known, text=True, **pipes)) as process:
        os.close(follower)
        shown = []
        reader = Thread(target=_read_all, args=(leader, shown))
        reader.start()
        if typed is not None:
            typed(process)
        out, _ = process.communicate(timeout=LIMIT_SECONDS)
        reader.join(LIMIT_SECONDS)
    os.close(leader)
    return Seen(process.returncode, b"".join(shown).decode(errors="replace"), out)


def _read_all(leader, shown):
    with suppress(OSError):  # how Linux tells the end
        while chunk := os.read(leader, 4_096):
            shown.append(chunk)
