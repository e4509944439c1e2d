"""The entry point: run a command, and turn errors into messages and exit codes."""

from __future__ import annotations

import sys

from memproc.cli import (
    cleaning,
    configuring,
    exports,
    flows,
    gating,
    ingestion,
    inspecting,
    jobs,
    memories,
    migrating,
    notifying,
    quarantine,
    queueing,
    reading,
    rendering,
    reports,
    rest_serving,
    retention,
    review,
    serving,
    stores,
    submitting,
    tokens,
    validating,
    webhooks,
    working_off,
)
from memproc.cli.app import FAILED, MISUSED, app, print_json, tell
from memproc.cli.output import settled
from memproc.errors import MemprocError, UsageError

INTERRUPTED = 130  # the exit code of typer at Ctrl-C, after it printed "Aborted."

# Importing these modules registers their commands.
__all__ = [
    "cleaning",
    "configuring",
    "exports",
    "flows",
    "gating",
    "ingestion",
    "inspecting",
    "jobs",
    "main",
    "memories",
    "migrating",
    "notifying",
    "quarantine",
    "queueing",
    "reading",
    "rendering",
    "reports",
    "rest_serving",
    "retention",
    "review",
    "serving",
    "stores",
    "submitting",
    "tokens",
    "validating",
    "webhooks",
    "working_off",
]


def main() -> None:
    """Run the command line; turn errors into messages and exit codes."""
    with settled():
        _run()


def _run() -> None:
    try:
        app(standalone_mode=True)
    except SystemExit as ended:
        if ended.code != INTERRUPTED:
            raise
        if "--json" in sys.argv:
            print_json({"error": "interrupted"})
        sys.exit(FAILED)
    except UsageError as error:
        _tell_error(error)
        sys.exit(MISUSED)
    except (MemprocError, OSError) as error:
        _tell_error(error)
        if "--json" in sys.argv:
            print_json({"error": str(error)})
        sys.exit(FAILED)


def _tell_error(error: Exception) -> None:
    """Print an error, and the notes on what to do."""
    tell("\n".join([f"memproc: {error}", *getattr(error, "__notes__", ())]))
