"""Progress as people see it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from memproc.cli.progress import TimeLeft, _line
from memproc.report.report import Progress
from tests.waiting import LIMIT_SECONDS, bounded

HALF = Progress(3_000, 3_000, 0, 0, 7, 10.0, 600, 1_000, read_before=1_000, bytes_before=200)


def test_a_line_tells_the_rate_of_this_run_and_the_share_of_all():
    """Without a share where the size is not known."""
    assert _line(HALF) == "read 3,000 records (200/s, 60%), 7 quarantined"
    assert _line(replace(HALF, bytes_total=None)) == "read 3,000 records (200/s), 7 quarantined"
    assert _line(replace(HALF, seconds=0.0)) == "read 3,000 records (0/s, 60%), 7 quarantined"


def test_the_time_left_ticks_between_batches():
    """Down to nothing, and no further; what the next batch tells is taken up."""
    now = [100.0]
    left = TimeLeft(lambda: now[0])
    assert str(left) == "-:--:--"
    left.note(HALF)  # 400 bytes in 10 seconds, and 400 are left
    shown = []
    for at in (100.0, 101.0, 105.0, 110.0, 500.0):
        now[0] = at
        shown.append(str(left))
    assert shown == ["0:00:10", "0:00:09", "0:00:05", "0:00:00", "0:00:00"]
    left.note(replace(HALF, seconds=40_000.0))
    assert str(left) == "11:06:40"
    left.note(replace(HALF, bytes_total=None))
    assert str(left) == "-:--:--"


def shown_on_terminal(folder, *command):
    """Run memproc with a terminal as standard error, and return what that shows."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "140"}
    line = [sys.executable, "-m", "memproc", *command]
    with bounded(subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=follower, env=environment)) as process:
        os.close(follower)
        shown = b""
        while chunk := _read(leader):
            shown += chunk
        os.close(leader)
        assert process.wait(LIMIT_SECONDS) == 0
    return shown.decode()


def _read(leader):
    try:
        return os.read(leader, 4_096)
    except OSError:
        return b""


@pytest.mark.slow
def test_the_bar_is_of_all_files(tmp_path):
    """It does not say 100 % before the last of them is read."""
    names = [f"{number}.jsonl" for number in range(3)]
    for at, name in enumerate(names):
        lines = [json.dumps({"content": f"She keeps {10_000 * at + number} hens"}) + "\n" for number in range(2_000)]
        (tmp_path / name).write_text("".join(lines))
    shown = shown_on_terminal(tmp_path, "ingest", *names, "--into", "m.db", "--batch-size", "250")
    told = re.findall(r"read ([\d,]+) records \([\d,]+/s, (\d+)%\)", shown)
    assert told
    assert all(abs(int(share) - int(read.replace(",", "")) / 60) < 10 for read, share in told)
    assert re.search(r"\d:\d\d:\d\d", shown)
