"""Run the fault suites: ``python -m faults kills --database URL --kills 300``, or all of them: ``python -m faults all --short``.

Each prints what it found. Exit with 1 where one found something, or could not run.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from traceback import print_exception
from typing import Final

from faults.guided import TARGETS
from faults.mutants import FILES
from faults.suites import SUITES, Asked, CannotRunError, Serves, run

ALL: Final = "all"
VARIABLES: Final = ("MEMPROC_TEST_POSTGRES_URL", "MEMPROC_TEST_MYSQL_URL")


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, do the damage, print what it came to, and return the code to exit with."""
    given = _parser().parse_args(arguments)
    names = [*SUITES] if given.suite == ALL else [given.suite]
    ran = [_runs(name, database, _asked(name, given)) for name in names for database in _databases(name, given)]
    return 0 if all(ran) else 1


def _runs(name: str, database: str, asked: Asked) -> bool:
    """Run a suite, and tell whether it came to its end and found nothing."""
    head = name if SUITES[name].serves is Serves.NONE else f"{name} on {database.partition(':')[0]}"
    started = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            told, is_good = run(name, asked, database, Path(folder)), True
        except CannotRunError as error:
            told, is_good = f"CANNOT RUN: {error}", False
        except Exception as error:  # noqa: BLE001 - whatever it is, the other suites run too
            print_exception(error)
            told, is_good = f"FAILED: {type(error).__name__}: {str(error)[:500]}", False
    sys.stdout.write(f"{head}, {perf_counter() - started:.0f} s: {told}\n")
    sys.stdout.flush()
    return is_good


def _databases(name: str, given: argparse.Namespace) -> list[str]:
    """Return what a suite is to run on: what is given, else SQLite, and what needs a server on those that the variables name."""
    if given.database is not None:
        return [str(given.database)]
    servers = [os.environ[variable] for variable in VARIABLES if os.environ.get(variable)]
    return servers or ["sqlite"] if SUITES[name].serves is Serves.SERVERS else ["sqlite"]


def _asked(name: str, given: argparse.Namespace) -> Asked:
    """Return what is asked of a suite: what is given, else its short form, else its long one."""
    chosen = dict(SUITES[name].short) if given.short else {}
    for one in ("records", "kills", "seed", "seconds", "format", "chunk"):
        if getattr(given, one) is not None:
            chosen[one] = getattr(given, one)
    if given.target is not None:
        chosen["targets"] = (given.target,)
    return replace(Asked(tell=_tell), **chosen)


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("suite", choices=[*SUITES, ALL])
    parser.add_argument("--short", action="store_true", help="the form of some seconds")
    parser.add_argument("--database", help="sqlite (default), or the URL of a server to make schemas or databases on")
    parser.add_argument("--records", type=int, help="how many records (20,000)")
    parser.add_argument("--kills", type=int, help="kills, connections, clock: how often to strike (300)")
    parser.add_argument("--seed", type=int, help="what chance follows from (1)")
    parser.add_argument("--format", choices=["any", *FILES], help="fuzz: the format of the records that are spoilt")
    parser.add_argument("--chunk", type=int, help="fuzz: only the chunk of this number")
    parser.add_argument("--seconds", type=int, help="atheris: for all targets together (300)")
    parser.add_argument("--target", choices=TARGETS, help="atheris: only this one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
