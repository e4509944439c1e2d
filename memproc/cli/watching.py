"""`memproc jobs DB --watch`: how far the running jobs of a store are, told by another process from the rows of the store alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from time import sleep
from typing import TYPE_CHECKING, Any

from memproc.cli.app import print_json, printable
from memproc.cli.progress_lines import fitted, short, told_left

if TYPE_CHECKING:
    from memproc.store.answers import Job
    from memproc.store.store import Store

EVERY_SECONDS = 1.0  # what is shown is at most this old, and the time that reading it takes
EVERY_SECONDS_IN_LINES = 5.0  # where lines are added and not renewed
NONE_RUNNING = "no job is running"
GONE = "its process is gone: ingest --resume goes on"
Show = Callable[[Sequence["Job"]], None]


def watched(store: Store[Any], *, as_json: bool) -> None:
    """Show the running jobs until none is running any more, or Ctrl-C; then how they ended. A job whose process is gone is told as
    such, and not waited for.
    """
    numbers: set[int] = set()
    with suppress(KeyboardInterrupt), _shown(as_json=as_json) as (show, seconds):
        while True:
            running = [job for job in store.jobs() if job.status == "running"]
            numbers |= {job.number for job in running}
            if not any(job.is_alive is not False for job in running):
                break
            show(running)
            sleep(seconds)
    ended = [job for job in store.jobs() if job.number in numbers]
    if as_json:
        for job in ended:
            print_json(values_of(job))
    else:
        lines = [line_of(job) for job in ended] or [NONE_RUNNING]
        sys.stdout.write("".join(printable(line) + "\n" for line in lines))


def values_of(job: Job) -> dict[str, Any]:
    """Return what is told of a job as JSON values."""
    names = ("number", "status", "request", "is_alive", "runs", "source", "format", "started_at", "finished_at", "landed_at")
    counts = ("read", "stored", "duplicate", "merged", "quarantined", "share")
    left = None if job.seconds_left is None else asdict(job.seconds_left)
    return {**{name: getattr(job, name) for name in (*names, *counts)}, "seconds_left": left}


def line_of(job: Job, width: int = 1_000) -> str:
    """Return how far a job is, in at most `width` columns."""
    is_dead = job.status == "running" and job.is_alive is False
    state = GONE if is_dead else job.status + (f", {job.request} asked" if job.request else "")
    share = [] if job.share is None else [f"{job.share:.0%}"]
    left = [] if job.seconds_left is None else [told_left(job.seconds_left)]
    bad = [f"{job.quarantined:,} quarantined"] if job.quarantined else []
    whole = [*share, f"{job.read:,} records", *(f"{one} left" for one in left), *bad, f"{job.source} ({job.format})"]
    line = f"{job.number}  {state}  {', '.join(whole)}"
    if len(line) <= width:
        return line
    tight = [str(job.number), *share, short(job.read), *left, "gone" if is_dead else job.status, job.source]
    return fitted(tight, width)


@contextmanager
def _shown(*, as_json: bool) -> Iterator[tuple[Show, float]]:
    """Yield what shows running jobs, and how often it shall."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console()
    if as_json:
        yield lambda jobs: _print([values_of(job) for job in jobs]), EVERY_SECONDS
    elif not console.is_terminal or console.is_dumb_terminal:
        yield lambda jobs: _write([line_of(job) for job in jobs]), EVERY_SECONDS_IN_LINES - EVERY_SECONDS
    else:
        with Live(console=console, transient=True, auto_refresh=False) as live:

            def renew(jobs: Sequence[Job]) -> None:
                lines = [printable(line_of(job, console.width - 1)) for job in jobs]
                live.update(Text("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)

            yield renew, EVERY_SECONDS


def _print(values: Sequence[dict[str, Any]]) -> None:
    for one in values:
        print_json(one)
    sys.stdout.flush()


def _write(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(printable(line) + "\n" for line in lines))
    sys.stdout.flush()
