"""What the tests of the command line have in common: processes of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.fixture
def memproc_in(tmp_path):
    """Give a function that runs memproc in an empty folder and returns (exit code, standard output, standard error)."""

    def run_it(*arguments):
        command = [sys.executable, "-m", "memproc", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    return run_it
