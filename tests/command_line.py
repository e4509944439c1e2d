"""The command line, run in this process: a process of its own for each command would take most of the time of its tests."""

from __future__ import annotations

import io
import json
import os
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache
from unittest.mock import patch

import typer.main

from memproc.cli.main import main

# A process builds its commands once, as it runs one; to build them for each that is run here would take most of the time.
built_once = cache(typer.main.get_command)


def run_memproc(*arguments, folder=os.curdir):
    """Run a command in a folder and return (exit code, standard output, standard error)."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    given = patch("sys.argv", ["memproc", *map(str, arguments)])
    with chdir(folder), given, patch("typer.main.get_command", built_once), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    return code, out.getvalue(), err.getvalue()


def as_json(result, code=0):
    """Return the JSON object of a result with the expected exit code."""
    assert result[0] == code, result
    return json.loads(result[1])
