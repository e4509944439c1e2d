"""What the command line tells of its work, and completion in a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from loguru import logger

from memproc.cli.app import warn
from tests.waiting import LIMIT_SECONDS


@pytest.fixture
def ingest(memproc_in, tmp_path):
    """Give a function that ingests two records with some options, and returns standard error."""
    (tmp_path / "a.jsonl").write_text('{"content": "Prefers tea"}\n{"content": "hunter2"}\n')
    return lambda *options: memproc_in("ingest", "a.jsonl", "--into", "m.db", *options)[2]


def test_verbosity(ingest):
    """Nothing, how jobs end, and each batch too."""
    assert "job " not in ingest()
    assert "job 2: done" in (once := ingest("-v"))
    assert "MB held" not in once
    assert re.search(r"job 3: 2 records in [\d.]+ s, [\d.]+ MB held, 2 read\n(.*\n)*job 3: done", ingest("-vv"))
    assert ingest("-vv", "--quiet") == ""


def test_a_log_file_has_all_of_it(ingest, tmp_path):
    """With the time, behind what was there, whatever is shown, and without what records hold."""
    for _ in range(2):
        ingest("--quiet", "--log-file", "run.log")
    lines = (tmp_path / "run.log").read_text().splitlines()
    levels = [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (\w+) job \d: .*", line)[1] for line in lines]
    assert levels == ["DEBUG", "INFO"] * 2
    assert "hunter2" not in str(lines)


def test_a_log_file_that_cannot_be_written_is_told(ingest):
    """Before any work."""
    told = ingest("--log-file", "a.jsonl/run.log")
    assert told.startswith("memproc: ")
    assert "reading" not in told


@pytest.mark.costly
@pytest.mark.parametrize(
    ("typed", "offered"),
    [("memproc ing", ["ingest"]), ("memproc ingest --dedu", ["--dedup"]), ("memproc ingest --dedup ", ["off", "exact", "near"])],
)
def test_a_shell_completes(typed, offered):
    """Commands, options and values."""
    code = "import sys; sys.argv[0] = 'memproc'\nfrom memproc.cli.main import main; main()"
    asked = {"_MEMPROC_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split(" ")) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
        env={**os.environ, **asked},
    )
    assert (done.stdout.split(), done.stderr) == (offered, "")


def test_completion_is_shown_and_installed_by_options(memproc_in):
    """Whose help says so."""
    told = memproc_in("--help")[1]
    assert "--install-completion" in told
    assert "--show-completion" in told


def test_a_traceback_holds_no_values(capsys):
    """Of variables, as they may be memories, or secrets."""
    try:
        warn()
        given = {"password": "s3cr3t-value"}
        try:
            given["user"]
        except KeyError:
            logger.exception("it failed")
    finally:
        logger.remove()
        logger.disable("memproc")
    told = capsys.readouterr().err
    assert "KeyError: 'user'" in told
    assert "s3cr3t-value" not in told
