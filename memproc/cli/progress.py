"""Progress on standard error: on a terminal two lines that are renewed, elsewhere a line every five seconds, or JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from memproc.cli.app import tell, tell_event
from memproc.cli.progress_lines import TimeLeft, outcomes_line, progress_line, start_lines

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from memproc.cli.options import ProgressForm
    from memproc.report.report import Progress, Reading

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_EVENTS = 1.0
BAR_COLUMNS = 20
NARROW_COLUMNS = 80  # a terminal that has fewer shows no bar


class Shown(NamedTuple):
    """What shows an ingestion: called with what is about to be read, and after each batch."""

    start: Callable[[Reading], None]
    show: Callable[[Progress], None]


@contextmanager
def shown_progress(form: ProgressForm = "auto", named: Sequence[str] = (), thing: str = "file") -> Iterator[Shown]:
    """Yield what shows an ingestion of what is `named`, each of whose sources is a `thing`."""
    if form == "off":
        yield Shown(lambda _: None, lambda _: None)
    elif form == "json":
        yield Shown(_start_event(named), _every(SECONDS_BETWEEN_EVENTS, _tell_event))
    elif form == "auto" and _is_terminal():
        with _live() as show:
            yield Shown(_start_told(named, thing), show)
    else:
        yield Shown(_start_told(named, thing), _every(SECONDS_BETWEEN_LINES, _tell_line))


def _is_terminal() -> bool:
    from rich.console import Console

    console = Console(stderr=True)
    return console.is_terminal and not console.is_dumb_terminal


def _start_told(named: Sequence[str], thing: str) -> Callable[[Reading], None]:
    def start(reading: Reading) -> None:
        for line in start_lines(named, thing, reading):
            _unless_gone(tell, line)

    return start


def _start_event(named: Sequence[str]) -> Callable[[Reading], None]:
    return lambda reading: _unless_gone(tell_event, {"event": "start", "what": [*named], **asdict(reading)})


def _every(seconds: float, say: Callable[[Progress], None]) -> Callable[[Progress], None]:
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        if progress.seconds - last >= seconds:
            last = progress.seconds
            _unless_gone(say, progress)

    return show


def _unless_gone(say: Callable[..., None], what: object) -> None:
    """Say something: a job must not end because nobody reads its progress any more."""
    with suppress(OSError):
        say(what)
        sys.stderr.flush()


def _tell_line(progress: Progress) -> None:
    left = TimeLeft()
    left.note(progress)
    tell(f"{progress_line(progress, left)}: {outcomes_line(progress)}")


def _tell_event(progress: Progress) -> None:
    computed = {name: getattr(progress, name) for name in ("records_per_second", "share", "seconds_left")}
    tell_event({"event": "progress", **asdict(progress), **computed})


class _Lines:
    """The two lines as they are at the moment: the width of the terminal may change, and the time left counts down."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.left = TimeLeft()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        progress, width = self.progress, options.max_width - 1  # in the last column some terminals break the line
        if progress is None:
            return
        if progress.share is None or width < NARROW_COLUMNS:
            yield Text(progress_line(progress, self.left, width), no_wrap=True)
        else:
            row = Table.grid(padding=(0, 1))
            bar = ProgressBar(total=1.0, completed=progress.share, width=BAR_COLUMNS)
            row.add_row(bar, Text(progress_line(progress, self.left, width - BAR_COLUMNS - 1), no_wrap=True))
            yield row
        yield Text(outcomes_line(progress, width), no_wrap=True)


@contextmanager
def _live() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.live import Live

    lines = _Lines()

    def show(progress: Progress) -> None:
        lines.left.note(progress)
        lines.progress = progress

    with Live(lines, console=Console(stderr=True), transient=True, redirect_stdout=False):
        yield show
