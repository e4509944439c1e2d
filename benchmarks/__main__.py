"""The command line: ``python -m benchmarks corpus``, ``peers``, ``batches``, ``quality`` and ``fit``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import batches, quality
from benchmarks.corpus import write_corpus
from benchmarks.database import print_json
from benchmarks.fit import TARGET, fit_shipped
from benchmarks.peers import SIDES, compare, table


def main(arguments: list[str] | None = None) -> None:
    """Run one of the subcommands."""
    options = _parser().parse_args(arguments)
    if options.command == "corpus":
        write_corpus(records=options.records, seed=options.seed, path=options.to)
        return
    if options.command == "fit":
        TARGET.write_bytes(fit_shipped().to_json())
        return
    if options.command == "quality":
        sys.stdout.write(quality.table(quality.lines(records=options.records, seed=options.seed)) + "\n")
        return
    if options.command == "batches":
        trials = batches.measure(records=options.records, seed=options.seed, rounds=options.rounds)
        sys.stdout.write(batches.table(trials) + "\n")
        return
    comparison = compare(records=options.records, seed=options.seed, rounds=options.rounds, names=options.sides)
    if options.json:
        print_json(comparison)
    else:
        sys.stdout.write(table(comparison) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    corpus = commands.add_parser("corpus", help="write a labelled corpus")
    corpus.add_argument("--to", type=Path, required=True, metavar="FILE")
    peers = commands.add_parser("peers", help="measure memproc, the recipe and the floor")
    peers.add_argument("--rounds", type=_positive, default=3)
    names = [side.name for side in SIDES]
    peers.add_argument("--sides", nargs="+", choices=names, default=names)
    peers.add_argument("--json", action="store_true")
    sizes = commands.add_parser("batches", help="measure the sizes of batches that memproc chooses, beside fixed ones")
    sizes.add_argument("--rounds", type=_positive, default=3)
    commands.add_parser("fit", help="fit the model of confidence that memproc ships")
    quality_of = commands.add_parser("quality", help="measure on labelled data how often memproc is right")
    for command in (corpus, peers, sizes, quality_of):
        command.add_argument("--records", type=_positive, default=20_000)
        command.add_argument("--seed", type=int, default=1)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        message = f"{text} is not a number from 1 up"
        raise argparse.ArgumentTypeError(message)
    return number


if __name__ == "__main__":
    main()
