"""Progress on standard error: on a terminal a bar with the rate and the time left, elsewhere a line every five seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memproc.report.report import Progress

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def shown_progress() -> Iterator[Callable[[Progress], None]]:
    """Yield a function that shows the progress it is called with."""
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
            with suppress(OSError):  # a job must not end because nobody reads its progress any more
                print(_line(progress), file=sys.stderr, flush=True)  # noqa: T201 - this is the command line

    return show


def _line(progress: Progress) -> str:
    share = "" if progress.share is None else f", {progress.share:.0%}"
    return f"read {progress.read:,} records ({progress.records_per_second:,.0f}/s{share}), {progress.quarantined:,} quarantined"


class TimeLeft:
    """The time left, as estimated after the last batch. It counts down between batches too."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._ends_at: float | None = None

    def note(self, progress: Progress) -> None:
        """Estimate again after a batch."""
        left = progress.seconds_left
        self._ends_at = None if left is None else self._clock() + left

    def __str__(self) -> str:
        """Return the time left in hours, minutes and seconds."""
        if self._ends_at is None:
            return "-:--:--"
        minutes, seconds = divmod(max(0, round(self._ends_at - self._clock())), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, Task, TextColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    left = TimeLeft()

    class LeftColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.fields['told']} {left}")

    with Bar(TextColumn("{task.description}"), BarColumn(), LeftColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("ingest", total=None, told="")

        def show(progress: Progress) -> None:
            left.note(progress)
            bar.update(task, total=progress.bytes_total, completed=progress.bytes_read, told=_line(progress))

        yield show
