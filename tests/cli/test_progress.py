"""Progress as people see it: on a terminal, in a log, as JSON lines, or not at all."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import pairwise

import pytest

from memproc.cli.progress_lines import TimeLeft, outcomes_line, progress_line, short, start_lines
from memproc.report.events import JobStarted, Progress
from memproc.report.time_left import SecondsLeft
from tests.terminal import on_terminal

HALF = Progress(3_000, 2_900, 50, 43, 7, 10.0, 600, 1_000, read_before=1_000, bytes_before=200, batch_size=500, rss_mb=94.2)
HALF = replace(HALF, seconds_left=SecondsLeft(8.0, 12.0))
LARGE = replace(HALF, read=12_345_678, stored=11_111_111, duplicate=1_000_000, merged=200_000, quarantined=34_567)
SIXTY = r"(\d+)%, ([\d,]+) records, [\d,]+/s, (?:\d:\d\d:\d\d-)?\d:\d\d:\d\d left, batches of [\d,]+, [\d,]+ MB"


def test_a_line_tells_the_rate_of_this_run_and_the_share_of_all():
    """Without a share and a time where the size is not known."""
    assert progress_line(HALF, "0:00:10") == "60%, 3,000 records, 200/s, 0:00:10 left, batches of 500, 94 MB"
    unknown = replace(HALF, bytes_total=None)
    assert progress_line(unknown, TimeLeft()) == "3,000 records, 200/s, batches of 500, 94 MB"
    assert progress_line(replace(HALF, seconds=0.0)) == "60%, 3,000 records, 0/s, batches of 500, 94 MB"


def test_another_line_tells_what_became_of_the_records():
    """All four outcomes, and the pairs that wait, where there are some."""
    assert outcomes_line(HALF) == "2,900 stored, 50 duplicate, 43 merged, 7 quarantined"
    waiting = replace(HALF, review=12)
    assert outcomes_line(waiting) == "2,900 stored, 50 duplicate, 43 merged, 7 quarantined, 12 to review"
    assert outcomes_line(waiting, 39) == "2.9k new 50 dup 43 merged 7 bad 12 pairs"[:-9]


@pytest.mark.parametrize("progress", [HALF, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("width", [20, 39, 60, 79, 119])
def test_both_lines_fit_any_terminal(progress, width):
    """What matters least is left out first."""
    lines = progress_line(progress, "10:00:10", width), outcomes_line(progress, width)
    assert all(0 < len(line) <= width for line in lines)
    assert lines[0].startswith("60%")


def test_forty_columns_hold_what_matters():
    """In short forms."""
    assert progress_line(LARGE, "0:00:10", 39) == "60% 12M 1.2M/s 0:00:10 x500 94MB"
    assert outcomes_line(LARGE, 39) == "11M new 1.0M dup 200k merged 35k bad"


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0"), (999, "999"), (999.7, "1.0k"), (1_234, "1.2k"), (9_960, "10k"), (999_949, "1.0M"), (1.2e9, "1.2G"), (5e15, "5000T")],
)
def test_numbers_are_short(number, told):
    """Five columns at most, up to a thousand of millions of millions."""
    assert short(number) == told


def test_what_is_read_is_told_before():
    """What was given, how many files, and as what."""
    reading = JobStarted(3, 12, ("chatgpt", "mem0"), 3_400_000, 0, can_resume=True)
    assert start_lines(["export.zip"], "file", reading) == ["reading export.zip: 12 files (chatgpt, mem0), 3.4MB"]
    resumed = replace(reading, sources=1, formats=("json",), bytes_total=None, read_before=1_200)
    assert start_lines(["a", "b", "c", "d", "e"], "source", resumed) == [
        "reading a, b, c and 2 more: 1 source (json)",
        "going on with job 3 behind 1200 records",
    ]


def test_the_time_left_ticks_between_batches():
    """Down to what nobody knows: it stands still; what the next batch tells is taken up."""
    now = [100.0]
    left = TimeLeft(lambda: now[0])
    assert str(left) == ""
    left.note(HALF)
    shown = []
    for at in (100.0, 101.0, 106.0, 110.0, 500.0):
        now[0] = at
        shown.append(str(left))
    assert shown == ["0:00:08-0:00:12", "0:00:07-0:00:11", "0:00:02-0:00:06", "0:00:00-0:00:10", "0:00:00-0:06:40"]
    left.note(replace(HALF, seconds_left=SecondsLeft(40_000.0, 40_000.2)))
    assert str(left) == "11:06:40"
    left.note(replace(HALF, seconds_left=None))
    assert str(left) == ""


@pytest.fixture
def files(tmp_path):
    """Give the names of three files of 600 records."""
    names = [f"{number}.jsonl" for number in range(3)]
    for at, name in enumerate(names):
        lines = [json.dumps({"content": f"{at} {number} is a number of its own kind"}) + "\n" for number in range(600)]
        (tmp_path / name).write_text("".join(lines))
    return names


def ingest(folder, files, *options, **terminal):
    """Ingest files with small batches and without dedup, which is slow enough to be seen, and return what was seen."""
    fixed = ("--into", "m.db", "--dedup", "off", "--batch-size", "5")
    return on_terminal(folder, "ingest", *files, *fixed, *options, **terminal)


def frames_of(shown):
    """Return the lines that were shown one after the other, without the codes that move the cursor."""
    return [line for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown)) if line]


@pytest.mark.slow
def test_a_wide_terminal_shows_a_bar_of_all_files(tmp_path, files):
    """It does not say 100 % before the last of them is read; the report is on standard output alone."""
    seen = ingest(tmp_path, files, columns=120)
    assert seen.code == 0
    assert "reading 0.jsonl, 1.jsonl, 2.jsonl: 3 files (json)" in seen.shown
    told = re.findall(SIXTY, seen.shown)
    assert told
    assert all(abs(int(share) - int(read.replace(",", "")) / 18) < 10 for share, read in told)
    assert re.search(r"[\d,]+ stored, 0 duplicate, 0 merged, 0 quarantined", seen.shown)
    assert "\u2501" in seen.shown
    assert seen.out.startswith("done: read 1800")


@pytest.mark.slow
def test_a_narrow_terminal_shows_two_lines_that_fit(tmp_path, files):
    """And no bar."""
    shown = frames_of(ingest(tmp_path, files, columns=40).shown)
    pairs = [(one, other) for one, other in pairwise(shown) if " new " in other]
    assert pairs
    assert all(re.match(r"\d+% ", one) and len(one) < 40 and len(other) < 40 for one, other in pairs)


@pytest.mark.slow
def test_a_database_has_no_share(tmp_path):
    """Nobody knows how many bytes its rows are."""
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection, connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, content TEXT)")
        connection.executemany("INSERT INTO notes (content) VALUES (?)", [(f"note {number}",) for number in range(900)])
    shown = ingest(tmp_path, ["app.db"], "--table", "notes").shown
    assert "reading app.db: 1 source" in shown
    assert re.search(r"[\d,]+ records, [\d,]+/s, batches of", shown)
    assert "%" not in shown


@pytest.mark.slow
def test_no_color_and_a_small_encoding(tmp_path, files):
    """No code of a colour, and nothing that cp1252 lacks."""
    seen = ingest(tmp_path, files, NO_COLOR="1", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert re.search(SIXTY, seen.shown)
    assert not re.search(r"\x1b\[[\d;]*m", re.sub(r"\x1b\[0?m", "", seen.shown))
    assert seen.shown.isascii()


@pytest.mark.costly
@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_plain_lines_move_no_cursor(tmp_path, files, term):
    """On a terminal that cannot, or if they are asked for."""
    options = ("--batch-size", "200", *(() if term == "dumb" else ("--progress", "plain")))
    shown = ingest(tmp_path, files[:1], *options, TERM=term).shown
    assert shown.startswith("reading 0.jsonl: 1 file (json)")
    assert "\x1b" not in shown


@pytest.mark.costly
def test_off_and_quiet(memproc_in, files):
    """Off leaves progress out; quiet leaves all out but errors, and the JSON object where it is asked for."""
    base = ("ingest", files[0], "--into", "m.db")
    code, out, told = memproc_in(*base, "--progress", "off")
    assert (code, out.startswith("done: read 600"), "reading" in told) == (0, True, False)
    assert memproc_in(*base, "--quiet") == (0, "", "")
    code, out, told = memproc_in(*base, "-q", "--json")
    assert (code, json.loads(out)["duplicate"], told) == (0, 600, "")
    assert memproc_in("ingest", "gone.jsonl", "--into", "m.db", "-q")[2].startswith("memproc: ")


def test_json_lines_tell_begin_progress_and_end(tmp_path, memproc_in, files):
    """One object a line on standard error, messages too, and nothing else."""
    (tmp_path / "bad.jsonl").write_text('{"content": ""}\n{"content": "Has a dog"}\n')
    code, out, told = memproc_in("ingest", *files, "bad.jsonl", "--into", "m.db", "--progress", "json", "--dedup", "off")
    events = [json.loads(line) for line in told.splitlines()]
    assert (code, out.startswith("done: read 1802")) == (0, True)
    assert events[0]["event"] == "start"
    assert (events[0]["sources"], events[0]["what"]) == (4, [*files, "bad.jsonl"])
    assert {one["event"] for one in events} <= {"start", "progress", "message", "end"}
    assert events[-1] == {"event": "end", "status": "done", "next": ["memproc quarantine m.db --patterns"]}
    told = memproc_in("ingest", "gone.jsonl", "--into", "m.db", "--progress", "json")[2]
    assert json.loads(told)["text"].startswith("memproc: ")
    assert memproc_in("stats", "gone.db")[2].startswith("memproc: ")  # of another command messages are text


def test_a_replay_and_a_rebuild_are_shown(tmp_path, memproc_in):
    """On a terminal with a bar; elsewhere a replay says what it reads."""
    lines = [json.dumps({"content": f"Has {number} hens", "importance": 2 if number % 2 else 1}) + "\n" for number in range(40)]
    (tmp_path / "a.jsonl").write_text("".join(lines))
    memproc_in("ingest", "a.jsonl", "--into", "m.db")
    _, _, told = memproc_in("retry", "m.db")
    assert "reading quarantine: 1 source (json), " in told
    code, shown, _ = on_terminal(tmp_path, "rebuild", "m.db", columns=100)
    assert code == 0
    assert "computing memories again: 100%" in shown
