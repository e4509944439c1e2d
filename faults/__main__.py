"""Run the fault suites: ``python -m faults kills --database URL --kills 300``, ``writers``, ``bad-rows``, ``fuzz``, ``atheris``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.corpus import write_corpus
from faults.bad_rows import measure
from faults.fuzz import fuzz
from faults.guided import TARGETS, is_installed, lead
from faults.kills import kill_again_and_again
from faults.mutants import FILES
from faults.stores import stores
from faults.writers import write_at_once

if TYPE_CHECKING:
    from collections.abc import Callable


def kills(given: argparse.Namespace, folder: Path) -> list[str]:
    """Kill ingestions, and tell what that found."""
    source = _corpus(given, folder)
    with stores(given.database, folder) as new_store:
        found = kill_again_and_again(new_store, source, given.records, given.kills, given.seed)
    told = f"{found.kills} kills, {found.partial} found a part landed; {found.stores} stores filled, all as undisturbed"
    return [told, *(f"  {hits:4} {point}" for point, hits in found.hits.most_common())]


def writers(given: argparse.Namespace, folder: Path) -> list[str]:
    """Let two processes write at once, and tell what became of it."""
    source = _corpus(given, folder)
    with stores(given.database, folder) as new_store:
        found = write_at_once(new_store, source, folder)
    share = f"the slower had landed {found.slower_share:.0%} of its own when the other was done"
    return [f"two writers read {found.read}: the same store as one; {share}"]


def bad_rows(given: argparse.Namespace, folder: Path) -> list[str]:
    """Measure what refused rows cost, and tell it as multiples of a clean batch."""
    with stores(given.database, folder) as new_store:
        seconds = measure(new_store)
    return [f"{kind:10} {took:.3f} s, {took / seconds['clean']:.2f} times a clean batch" for kind, took in seconds.items()]


def spoilt(given: argparse.Namespace, folder: Path) -> list[str]:
    """Feed spoilt records, and tell what became of them."""
    known = None if given.format == "any" else given.format
    return [str(fuzz(folder, given.records, given.seed, format=known, chunk=given.chunk, tell=_tell))]


def atheris(given: argparse.Namespace, folder: Path) -> list[str]:
    """Let coverage lead, and tell how far it came."""
    if not is_installed():
        return ["atheris is not installed: pip install 'memproc-sdk[fuzz]'"]
    told = lead([given.target] if given.target else TARGETS, given.seconds, folder)
    return [f"{target:10} {line}" for target, line in told.items()]


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def _corpus(given: argparse.Namespace, folder: Path) -> Path:
    source = folder / "corpus.jsonl"
    write_corpus(records=given.records, seed=given.seed, path=source)
    return source


SUITES: Final[dict[str, Callable[[argparse.Namespace, Path], list[str]]]] = {
    "kills": kills,
    "writers": writers,
    "bad-rows": bad_rows,
    "fuzz": spoilt,
    "atheris": atheris,
}


def main() -> None:
    """Parse the arguments, do the damage, and print what it came to."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--database", default="sqlite", help="sqlite, or the URL of a server to make schemas or databases on")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=["any", *FILES], default="any", help="fuzz: the format of the records that are spoilt")
    parser.add_argument("--chunk", type=int, help="fuzz: only the chunk of this number")
    parser.add_argument("--seconds", type=int, default=300, help="atheris: for all targets together")
    parser.add_argument("--target", choices=TARGETS, help="atheris: only this one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write("\n".join(SUITES[given.suite](given, Path(folder))) + "\n")


if __name__ == "__main__":
    main()
