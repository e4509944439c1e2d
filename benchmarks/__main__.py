"""The command line: ``python -m benchmarks`` and one of ``COMMANDS``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.corpus import MissingDataError, Texts, write_corpus
from benchmarks.database import print_json
from benchmarks.measure import ChildError
from benchmarks.peers import Plan, compare
from benchmarks.results import keep_results, read_results
from benchmarks.sides import SIDES
from benchmarks.tables import text_table

NAMES: Final = [side.name for side in SIDES]
PAGE: Final = Path("docs/explanation/benchmarks.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the subcommands; give 1 where a side failed, or what is to be measured cannot be made."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    options.given = given
    try:
        return COMMANDS[options.command](options) or 0
    except (MissingDataError, ChildError) as error:
        _tell(str(error))
        return 1


def _corpus(options: argparse.Namespace) -> None:
    write_corpus(records=options.records, seed=options.seed, path=options.to, texts=options.kind)


def _peers(options: argparse.Namespace) -> int:
    found = []
    for records in options.records:
        plan = Plan(
            records=records,
            seed=options.seed,
            rounds=options.rounds,
            names=options.sides,
            texts=options.kind,
            database=options.database,
            largest=dict(options.largest),
        )
        found.append(compare(plan, command=_command(options.given), tell=_tell))
        if options.to:
            keep_results(options.to, found)
        if not options.json:
            sys.stdout.write(text_table(found[-1]) + "\n\n")
    if options.json:
        print_json(found)
    return int(any(side.has_failed for comparison in found for side in comparison.left_out))


def _page(options: argparse.Namespace) -> None:
    from benchmarks.page import write_page  # noqa: PLC0415 - what `peers` imports counts as memory of each side

    write_page(options.to, read_results(options.results))


def _quality(options: argparse.Namespace) -> None:
    from benchmarks import contradictions, quality, quality_page  # noqa: PLC0415 - as above
    from benchmarks.marks import write_figures  # noqa: PLC0415 - as above

    lines = quality.lines(records=options.records, seed=options.seed)
    text = quality_page.figures(_command(options.given), lines, list(contradictions.kept_apart()))
    sys.stdout.write(text + "\n")
    if options.to:
        write_figures(options.to, quality_page.COMMAND, text)


def _batches(options: argparse.Namespace) -> None:
    from benchmarks import batches  # noqa: PLC0415 - as above

    trials = batches.measure(records=options.records, seed=options.seed, rounds=options.rounds)
    sys.stdout.write(batches.table(trials) + "\n")


def _finding(options: argparse.Namespace) -> None:
    from benchmarks import finding  # noqa: PLC0415 - as above

    sys.stdout.write(finding.table(options.records, options.store) + "\n")


def _predictions(options: argparse.Namespace) -> None:
    from benchmarks import predictions  # noqa: PLC0415 - as above

    for line in predictions.table(options.records, options.seed):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _adds(options: argparse.Namespace) -> None:
    from benchmarks import adds  # noqa: PLC0415 - as above

    found = [
        adds.measure(
            processes=options.processes,
            threads=options.threads,
            each=options.each,
            is_beside_ingest=options.beside_ingest,
            database=options.database,
        )
        for _ in range(options.rounds)
    ]
    sys.stdout.write(adds.table(found) + "\n")


def _serving(options: argparse.Namespace) -> None:
    from benchmarks import serving  # noqa: PLC0415 - as above

    size = options.upload_mib * serving.MEBIBYTE
    found = serving.measure(requests=options.requests, at_once=options.at_once, upload_bytes=size)
    sys.stdout.write(serving.table(found, at_once=options.at_once, upload_bytes=size) + "\n")


def _queued(options: argparse.Namespace) -> None:
    from benchmarks import queued  # noqa: PLC0415 - as above

    found = queued.measure(records=options.records, seed=options.seed, texts=options.kind)
    sys.stdout.write(queued.table(found, options.records) + "\n")


def _stages(options: argparse.Namespace) -> None:
    from benchmarks import stages  # noqa: PLC0415 - as above

    for table in stages.tables(options.kind, records=options.records, seed=options.seed):
        sys.stdout.write(table + "\n\n")


def _policy(options: argparse.Namespace) -> None:
    from benchmarks import policy  # noqa: PLC0415 - as above

    found = policy.measure(records=options.records, seed=options.seed, texts=options.kind, policy=options.policy)
    sys.stdout.write(policy.text_table(found, options.wrong) + "\n")


def _everyday(options: argparse.Namespace) -> None:
    from benchmarks import everyday  # noqa: PLC0415 - as above

    sys.stdout.write(everyday.text_table(*everyday.measure(options.file)) + "\n")


def _proposals(_options: argparse.Namespace) -> None:
    from benchmarks import proposals  # noqa: PLC0415 - as above

    sys.stdout.write(proposals.text_table([*proposals.measure()]) + "\n")


def _fit(_options: argparse.Namespace) -> None:
    from benchmarks.fit import TARGET, fit_shipped, text_table  # noqa: PLC0415 - as above

    model, judged = fit_shipped()
    TARGET.write_bytes(model.to_json())
    sys.stdout.write(text_table(judged) + "\n")


COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int | None]]] = {
    "corpus": _corpus,
    "peers": _peers,
    "page": _page,
    "batches": _batches,
    "adds": _adds,
    "finding": _finding,
    "serving": _serving,
    "queued": _queued,
    "predictions": _predictions,
    "stages": _stages,
    "quality": _quality,
    "policy": _policy,
    "everyday": _everyday,
    "proposals": _proposals,
    "fit": _fit,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    corpus = commands.add_parser("corpus", help="write a labelled corpus")
    corpus.add_argument("--to", type=Path, required=True, metavar="FILE")
    peers = commands.add_parser("peers", help="measure memproc, its peers and the floor")
    _add_peers(peers)
    page = commands.add_parser("page", help="write results into the page of figures, and draw them beside it")
    page.add_argument("results", type=Path, metavar="RESULTS.json", help="what `peers --to` wrote")
    page.add_argument("--to", type=Path, default=PAGE, metavar="FILE.md")
    everyday = commands.add_parser("everyday", help="see what becomes of pairs that people judged")
    everyday.add_argument("file", type=Path, nargs="?", help="tab-separated pairs; those of MEMPROC_DATA if none is given")
    commands.add_parser("proposals", help="measure on labelled data how often what is alike in meaning says the same")
    commands.add_parser("fit", help="fit the model of confidence that memproc ships")
    quality_of = commands.add_parser("quality", help="measure on labelled data how often memproc is right")
    quality_of.add_argument("--to", type=Path, metavar="FILE.md", help="write it between the marks of a page too")
    deciding = commands.add_parser("policy", help="measure what merges, what waits, and what a policy makes of what waits")
    deciding.add_argument("--kind", type=Texts, choices=list(Texts), default=Texts.TALK, help="of texts")
    deciding.add_argument("--policy", default="confidence >= 0.97 and kind == similar", help="what is decided by itself")
    deciding.add_argument("--wrong", type=int, default=0, metavar="N", help="show up to N wrong outcomes of each sort")
    sizes = commands.add_parser("batches", help="measure the sizes of batches that memproc chooses, beside fixed ones")
    sizes.add_argument("--rounds", type=_positive, default=3)
    finding = commands.add_parser("finding", help="measure what an application waits for in a large store")
    finding.add_argument("--records", type=int, default=20_000)
    finding.add_argument("--store", type=Path, help="a store that is there, or is to be kept")
    predictions = commands.add_parser("predictions", help="measure whether what is predicted of ingestions comes true")
    predictions.add_argument("--records", type=_positive, nargs="+", default=[8_000, 20_000], help="one size or several")
    adding = commands.add_parser("adds", help="measure how long single records wait where several processes add them")
    adding.add_argument("--processes", type=_positive, default=4)
    adding.add_argument("--threads", type=_positive, default=1, help="of each process")
    adding.add_argument("--each", type=_positive, default=150, help="records of each thread")
    adding.add_argument("--rounds", type=_positive, default=3)
    adding.add_argument("--beside-ingest", action="store_true", help="while one more process ingests a file")
    adding.add_argument("--database", default="", help="the URL of an empty store, else a file of SQLite for each round")
    served = commands.add_parser("serving", help="measure what a store answers over HTTP, and what a large file takes")
    served.add_argument("--requests", type=_positive, default=10_000)
    served.add_argument("--at-once", type=_positive, default=50, help="clients")
    served.add_argument("--upload-mib", type=_positive, default=1_024, help="the size of the file")
    queued = commands.add_parser("queued", help="measure a job in the queue beside adding its records one by one")
    queued.add_argument("--kind", type=Texts, choices=list(Texts), default=Texts.TALK, help="of texts")
    each = commands.add_parser("stages", help="measure which part of memproc an ingestion spends its time in")
    each.add_argument("--kind", type=Texts, choices=list(Texts), nargs="+", default=[Texts.ORDINARY, Texts.TALK], help="of texts")
    for command in (corpus, sizes, each, quality_of, deciding, queued):
        command.add_argument("--records", type=_positive, default=20_000)
    for command in (corpus, peers, sizes, each, quality_of, deciding, predictions, queued):
        command.add_argument("--seed", type=int, default=1)
    for command in (corpus, peers):
        command.add_argument("--kind", type=Texts, choices=list(Texts), default=Texts.ORDINARY, help="of texts")
    return parser


def _add_peers(peers: argparse.ArgumentParser) -> None:
    peers.add_argument("--records", type=_positive, nargs="+", default=[20_000], help="one size or several")
    peers.add_argument("--rounds", type=_positive, default=3)
    peers.add_argument("--sides", nargs="+", choices=NAMES, default=NAMES)
    peers.add_argument("--database", default="sqlite", help="sqlite, or the URL of a server to make schemas or databases on")
    peers.add_argument(
        "--largest", nargs="+", type=_largest, default=[], metavar="SIDE=N", help="measure a slow side on up to N records"
    )
    peers.add_argument("--to", type=Path, metavar="RESULTS.json", help="keep the results in a file, with those of other runs")
    peers.add_argument("--json", action="store_true", help="print JSON in place of tables")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        message = f"{text} is not a number from 1 up"
        raise argparse.ArgumentTypeError(message)
    return number


def _largest(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in NAMES or not number.isdecimal():
        message = f"{text} is not a side and a number: write for example mem0=20000"
        raise argparse.ArgumentTypeError(message)
    return name, _positive(number)


def _command(given: Sequence[str]) -> str:
    """Give the command as it was called, without what is about files; a server is told by its kind."""
    words = [*given]
    if "--to" in words:
        at = words.index("--to")
        del words[at : at + 2]
    told = [f"{word.split(':', 1)[0]}://..." if "://" in word else word for word in words if word != "--json"]
    return " ".join(["python -m benchmarks", *told])


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
