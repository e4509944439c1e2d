"""The command that works off the queue of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from memproc.cli.app import Database, Json, app, print_json, tell, warn
from memproc.cli.options import LogFile, Quiet, Verbose
from memproc.cli.stores import opened
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.service.worker import Ran


@app.command()
def work(
    database: Database,
    concurrency: Annotated[
        str, Option(metavar="N|N-M", help="How many jobs at once, as processes; 1-8: as many as wait, between these.")
    ] = "1",
    until_empty: Annotated[bool, Option("--until-empty", help="End when no job is ready, runs, or is tried again.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    log_file: LogFile = None,
    as_json: Json = False,
) -> None:
    """Run the jobs of the queue, and tell webhooks and people of them, until Ctrl-C or SIGTERM: then a job ends after its batch,
    and another worker goes on with it.
    """
    from memproc.service.stopping import Stop, on_signals
    from memproc.service.supervisor import Bounds, Supervisor
    from memproc.service.telling import telling
    from memproc.service.worker import Worker

    warn(is_quiet=quiet, verbosity=verbose, log_file=log_file)
    counts = {"ran": 0, "failed": 0}

    def told(ran: Ran) -> None:
        counts["ran"] += 1
        counts["failed"] += ran.status == "failed"
        if not quiet:
            tell(f"job {ran.job}: {ran.status}" + (f": {ran.error}" if ran.error else ""))

    least, most = _bounds_of(concurrency)
    with on_signals(Stop()) as stop, opened(database) as store, telling(store):
        if most == 1:
            Worker(store, stop=stop).work(until_empty=until_empty, on_run=told)
        else:
            Supervisor(store, database, Bounds(least, most), on_run=told).work(stop, until_empty=until_empty)
    if as_json:
        print_json(counts)
    elif not quiet:
        tell(f"{counts['ran']} runs, {counts['failed']} failed")


def _bounds_of(text: str) -> tuple[int, int]:
    """Return the fewest and the most workers. Raises UsageError on what is neither N nor N-M."""
    low, _, high = text.partition("-")
    if not (low.isdecimal() and (high or low).isdecimal() and 0 < int(low) <= int(high or low)):
        raise UsageError(f"--concurrency {text}: give a number of workers, or the fewest and the most, as in 1-8")
    return int(low), int(high or low)
