"""Standard output and standard error: in any encoding, and when nobody reads them to the end."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from unittest.mock import patch

import pytest

from memproc.cli.main import main
from tests.command_line import built_once
from tests.waiting import LIMIT_SECONDS, bounded

TEXT = "Prefers – “grüner” Tee 🍵 in 北京"
RECORDS = [
    {"id": "ä-1", "content": TEXT, "tags": ["größe", "茶"], "metadata": {"naïve": "café"}},
    {"content": "Likes – “schwarzer” Tee in 北京 too much, she says to Zoë"},
    {"content": "Likes – “schwarzer” Tee in 上海 too much, she says to Zoë"},
    {"content": "Zoë", "importance": 7, "naïve": "北京"},
    {"content": ""},
]
ENCODINGS = ("ascii", "cp1252", "latin-1", "cp437", "utf-16", "utf-8")


class Place:
    """A folder with a store, and what runs memproc there with outputs of an encoding."""

    def __init__(self, folder):
        """Make the files, whose names are no ASCII either."""
        self.folder = folder
        (folder / "früh.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
        assert self.run("utf-8", "ingest", "früh.jsonl", "--into", "m.db")[0] == 0
        self.run("utf-8", "export", "m.db", "--to", "out")
        memories = (folder / "out").read_text().splitlines()
        self.id = next(json.loads(line)["id"] for line in memories if "grüner" in line)

    def run(self, encoding, *arguments):
        """Run a command and return (exit code, bytes of standard output, bytes of standard error)."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
        code = 0
        given = patch("sys.argv", ["memproc", *map(str, arguments)])
        built = patch("typer.main.get_command", built_once)
        with chdir(self.folder), given, built, redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = ended.code or 0
        out.flush()
        err.flush()
        return code, out.buffer.getvalue(), err.buffer.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Give a place that several tests share."""
    return Place(tmp_path_factory.mktemp("place"))


COMMANDS = [
    ("ingest", "früh.jsonl", "--into", "other.db"),
    ("ingest", "früh.jsonl", "--into", "m.db", "--dry-run"),
    ("ingest", "fehlt – 北京.jsonl", "--into", "m.db"),
    ("validate", "früh.jsonl"),
    ("transform", "früh.jsonl"),
    ("formats",),
    ("export", "m.db", "--to", "ausgäbe – 北京.jsonl"),
    ("stats", "m.db"),
    ("trace", "m.db", "ID"),
    ("trace", "m.db", "ä – 北京"),
    ("review", "m.db"),
    ("recall", "m.db"),
    ("quarantine", "m.db"),
    ("quarantine", "m.db", "--show", "1"),
    ("quarantine", "m.db", "--patterns"),
    ("jobs", "m.db"),
    ("retry", "m.db"),
    ("unmerge", "m.db", "ID"),
    ("rebuild", "m.db"),
    ("backup", "m.db", "kopie – 北京.db", "--force"),
    ("doctor", "m.db"),
    ("stats", "fehlt – 北京.db"),
    ("no such command – 北京",),
]


CHANGING = ("ingest", "retry", "unmerge", "rebuild", "jobs")  # or telling what takes time


@pytest.mark.parametrize("encoding", ENCODINGS[:2])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.sampled(5)
def test_every_command_prints_in_any_encoding(place, encoding, command):
    """The same exit code and, but for what cannot be said, the same words; as JSON the very same values."""
    command = tuple(place.id if part == "ID" else part for part in command)
    code, _, error = place.run("utf-8", *command)
    there = place.run(encoding, *command)
    assert there[0] == code
    assert b"Traceback" not in there[2] + error
    code, as_json, error = place.run(encoding, *command, "--json")
    if code != 2:
        found = json.loads(as_json.decode())
        again = json.loads(place.run("utf-8", *command, "--json")[1])
        assert found.keys() == again.keys()
        if command[0] not in CHANGING:
            assert found == again


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_texts_are_said_as_far_as_the_encoding_goes(place, encoding):
    """And the rest as escapes; JSON lines are the same JSON."""
    said = place.run(encoding, "trace", "m.db", place.id)[1].decode(encoding)
    assert TEXT.encode(encoding, "backslashreplace").decode(encoding) in said
    lines = place.run(encoding, "transform", "früh.jsonl")[1].decode("utf-16" if encoding == "utf-16" else "utf-8")
    assert json.loads(lines.splitlines()[0])["content"] == TEXT


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_target_is_utf_8_whatever_the_encoding(place, encoding):
    """Standard output as the target of a command holds what a file would."""
    assert place.run(encoding, "export", "m.db", "--to", "-")[1].decode().count("grüner") == 1
    for command in (("export", "m.db", "--full", "--to"), ("quarantine", "m.db", "--export"), ("transform", "früh.jsonl", "--to")):
        place.run(encoding, *command, "out")
        assert place.run(encoding, *command, "-")[1] == (place.folder / "out").read_bytes()


def test_a_path_that_is_no_utf_8_is_told(place):
    """As the system gives it, and in JSON too."""
    name = os.fsdecode(b"out\xff.jsonl")
    assert place.run("utf-8", "export", "m.db", "--to", name)[1].endswith(b"lines to out\\udcff.jsonl\n")
    code, told, _ = place.run("utf-8", "export", "m.db", "--to", name, "--json")
    assert (code, json.loads(told)["to"]) == (0, name)


def piped(folder, command, reader, unbuffered):
    """Run a command of memproc into a reader that may end early; return (exit code, standard error)."""
    line, env = [sys.executable, "-m", "memproc", *command], {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with bounded(subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)) as process:
        reader(process.stdout)
        process.stdout.close()
        error = process.stderr.read()
        process.stderr.close()
        return process.wait(LIMIT_SECONDS), error.decode()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Give a folder with a store that is longer than a pipe holds."""
    folder = tmp_path_factory.mktemp("many")
    lines = [{"content": f"memory number {number} of many " + "x" * 200} for number in range(600)]
    lines += [{"content": {"number": number, "said": "y" * 400}} for number in range(1_500)]
    (folder / "many.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [sys.executable, "-m", "memproc", "ingest", "many.jsonl", "--into", "m.db"]
    subprocess.run(command, cwd=folder, check=True, timeout=120, capture_output=True)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("export", "m.db", "--to", "-"),
        ("export", "m.db", "--to", "link"),
        ("quarantine", "m.db"),
        ("transform", "many.jsonl"),
        ("backup", "m.db", "-"),
        ("stats", "m.db"),
        ("--help",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(
    ("reads", "unbuffered"),
    [(lambda _: None, ""), pytest.param(lambda stream: stream.readline(), "1", marks=pytest.mark.slow)],
    ids=["nothing", "a line"],
)
@pytest.mark.slow
@pytest.mark.sampled(2)
def test_a_reader_may_have_seen_enough(many, command, reads, unbuffered):
    """`| head -1`: no traceback, not a word, and the exit code says that not all was written."""
    if not (many / "link").is_symlink():
        (many / "link").symlink_to("/proc/self/fd/1")
    code, error = piped(many, command, reads, unbuffered)
    assert error == ""
    if command[0] not in ("stats", "--help"):  # what is short may be written before the reader goes
        assert code == 1


@pytest.mark.slow
def test_outputs_may_be_closed_from_the_beginning(many):
    """As a shell does it with `>&-`."""
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        line = f'"{sys.executable}" -m memproc stats m.db {closed}'
        done = subprocess.run(["sh", "-c", line], cwd=many, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0
        assert done.stderr == b""
    line = f'"{sys.executable}" -m memproc export m.db --to - >&-'
    assert subprocess.run(["sh", "-c", line], cwd=many, capture_output=True, timeout=60, check=False).returncode == 0


@pytest.mark.costly
def test_an_output_that_cannot_be_written_is_told(many):
    """What was printed is in no file then: exit code 1, and why."""
    line = f'ulimit -f 0; trap "" XFSZ; "{sys.executable}" -B -m memproc formats > "{many}/full"'
    done = subprocess.run(["sh", "-c", line], cwd=many, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "memproc: [Errno 27] File too large\n"
