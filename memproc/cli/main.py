"""The way in: run a command, and turn errors into messages and exit codes."""

from __future__ import annotations

import sys

from memproc.cli import ingestion, review, stores
from memproc.cli.app import FAILED, MISUSED, app, print_json, tell

__all__ = ["ingestion", "main", "review", "stores"]  # importing them gives the application its commands


def main() -> None:
    """Run the command line; turn errors into messages and exit codes."""
    from memproc.errors import MemprocError, UsageError

    try:
        app(standalone_mode=True)
    except UsageError as error:
        tell(f"memproc: {error}")
        sys.exit(MISUSED)
    except (MemprocError, OSError) as error:
        tell(f"memproc: {error}")
        if "--json" in sys.argv:
            print_json({"error": str(error)})
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
