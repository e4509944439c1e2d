"""`run`: a command of one's own, where that is allowed.

Rules: a command is a list, and no shell reads it. It is in a group of processes of its own, which ends with it. It may be run again
after a kill: `MEMPROC_FLOW_STEP` names the run and the step, so that it can tell; or where it makes a file, `creates` names that.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import Any, Literal

import orjson
import psutil
from pydantic import Field

from memproc.errors import UsageError
from memproc.flows.step import MOST_ANSWER_BYTES, At, Options, Step, StepError, Switch, Text

SAME_START_SECONDS = 2.0
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH")


class Run(Options):
    """Run a command, where `--allow-run` allows it."""

    do: Literal["run"]
    command: list[Text] = Field(min_length=1, max_length=100, description="The program and its arguments. No shell reads it.")
    folder: Text | None = Field(None, description="Where it is run; by default in the folder of the flow.")
    environment: dict[str, str] = Field(
        default_factory=dict,
        description="Variables besides those that find programs and say the language; they may hold `${secrets.NAME}`.",
    )
    seconds: float = Field(600.0, gt=0, le=86_400, description="How long it may take.")
    creates: Text | None = Field(None, description="A file that it makes: where that is there, it is not run.")
    parse: Switch = Field(False, description="Whether what it prints is one JSON object, for later steps as `values`.")


def run(options: Run, at: At) -> dict[str, Any]:
    """Run the command. What it prints lies in the folder of the run, as `ID.out` and `ID.err`."""
    if not at.allowed.run:
        raise UsageError(f"{options.id} runs a command, {options.command[0]!r}: allow that by --allow-run, if you trust the flow")
    if options.creates is not None and at.path(options.creates).exists():
        return {"code": 0}
    _end_left(at)
    at.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    out, err = (at.work / f"{options.id}.{name}" for name in ("out", "err"))
    named = {"MEMPROC_FLOW": at.flow, "MEMPROC_FLOW_STEP": f"{at.run}.{options.id}"}
    given = {name: at.secrets.revealed(value) for name, value in options.environment.items()}
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | named | given
    with out.open("wb") as stdout, err.open("wb") as stderr:
        try:
            process = subprocess.Popen(  # noqa: S603 - a list, no shell, and only where it is allowed
                options.command,
                cwd=at.path(options.folder or "."),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(f"{options.id}: {options.command[0]!r} cannot be run: {error.strerror}") from error
        with suppress(psutil.NoSuchProcess):
            at.note({"pid": process.pid, "started": psutil.Process(process.pid).create_time()})
        code = _ended(process, options)
    if code:
        raise StepError(f"{options.command[0]!r} ended with {code}: see {err}")
    return {"code": code, **({"values": _values(out.read_bytes(), options.id)} if options.parse else {})}


def _ended(process: subprocess.Popen[bytes], options: Run) -> int:
    """Wait for a process, and return its code. Raises StepError where it takes too long; then it is ended, with its children."""
    try:
        return process.wait(timeout=options.seconds)
    except subprocess.TimeoutExpired:
        raise StepError(
            f"{options.command[0]!r} took more than {options.seconds:g} s, and was ended: allow more by `seconds`"
        ) from None
    finally:
        if process.poll() is None:
            _end(process)


def _end_left(at: At) -> None:
    """End what was run before a kill, if it still goes on: it would be run twice at the same time."""
    with suppress(psutil.NoSuchProcess, KeyError):
        left = psutil.Process(at.noted["pid"])
        if abs(left.create_time() - at.noted["started"]) < SAME_START_SECONDS:
            for process in (*left.children(recursive=True), left):
                process.kill()
            left.wait(timeout=10)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:  # on Windows
            process.kill()
    process.wait(timeout=10)


def _values(printed: bytes, step: str) -> dict[str, Any]:
    if len(printed) > MOST_ANSWER_BYTES:
        raise StepError(f"{step} printed more than {MOST_ANSWER_BYTES:,} bytes, which is too much to be kept with the run")
    try:
        found = orjson.loads(printed)
    except orjson.JSONDecodeError as error:
        raise StepError(f"{step} did not print JSON: {error}") from None
    if not isinstance(found, dict):
        raise StepError(f"{step} printed JSON that is no object")
    return found


STEP = Step(Run, run, ("environment",), lambda options: options.seconds)
