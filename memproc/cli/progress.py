"""Progress on standard error: a bar with rate and time left on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memproc.report.report import Progress

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def shown_progress() -> Iterator[Callable[[Progress], None]]:
    """Give a function that shows the progress it is called with."""
    if sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


def _lines() -> Callable[[Progress], None]:
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        if progress.seconds - last >= SECONDS_BETWEEN_LINES:
            last = progress.seconds
            print(_line(progress), file=sys.stderr, flush=True)  # noqa: T201 - this is the command line

    return show


def _line(progress: Progress) -> str:
    rate = progress.read / progress.seconds if progress.seconds else 0.0
    share = f", {progress.bytes_read / progress.bytes_total:.0%}" if progress.bytes_total else ""
    return f"read {progress.read:,} records ({rate:,.0f}/s{share}), {progress.quarantined:,} quarantined"


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("ingest", total=None, told="")

        def show(progress: Progress) -> None:
            bar.update(task, total=progress.bytes_total, completed=progress.bytes_read, told=_line(progress))

        yield show
