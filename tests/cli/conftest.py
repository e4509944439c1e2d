"""What the tests of the command line have in common."""

from __future__ import annotations

from functools import partial

import pytest

from tests.command_line import run_memproc


@pytest.fixture
def memproc_in(tmp_path):
    """Give a function that runs memproc in an empty folder and returns (exit code, standard output, standard error)."""
    return partial(run_memproc, folder=tmp_path)
