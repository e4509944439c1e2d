"""Progress on standard error: on a terminal two lines that are renewed, elsewhere a line every five seconds, or JSON lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from memproc.cli.app import tell, tell_event
from memproc.cli.output import json_text
from memproc.cli.progress_lines import TimeLeft, outcomes_line, progress_line, start_lines

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from memproc.cli.options import ProgressForm
    from memproc.report.events import Event, JobStarted, Progress

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_EVENTS = 1.0
ENDING = "ending after this batch; Ctrl-C again ends at once"
BAR_COLUMNS = 20
NARROW_COLUMNS = 80  # a terminal that has fewer shows no bar


class Shown(NamedTuple):
    """What shows an ingestion: called with what is about to be read, after each batch, and, in the handler of a signal, when it is
    to end after its batch.
    """

    start: Callable[[JobStarted], None]
    show: Callable[[Progress], None]
    tell_ending: Callable[[], None]

    def hear(self, event: Event) -> None:
        """Show an event."""
        from memproc.report.events import BatchLanded, JobStarted

        if isinstance(event, JobStarted):
            self.start(event)
        elif isinstance(event, BatchLanded):
            self.show(event.progress)


@contextmanager
def shown_progress(form: ProgressForm = "auto", named: Sequence[str] = (), thing: str = "file") -> Iterator[Shown]:
    """Yield what shows an ingestion of what is `named`, each of whose sources is a `thing`."""
    if form == "off":
        yield Shown(lambda _: None, lambda _: None, lambda: None)
    elif form == "json":
        yield Shown(_start_event(named), _every(SECONDS_BETWEEN_EVENTS, _tell_event), _write_ending_event)
    elif form == "auto" and is_terminal():
        lines = _Lines()
        with live(lines):
            yield Shown(_start_told(named, thing), lines.show, lines.show_ending)
    else:
        yield Shown(_start_told(named, thing), _every(SECONDS_BETWEEN_LINES, _tell_line), _write_ending)


def is_terminal() -> bool:
    """Return whether standard error is a terminal on which lines can be renewed."""
    from rich.console import Console

    console = Console(stderr=True)
    return console.is_terminal and not console.is_dumb_terminal


def _start_told(named: Sequence[str], thing: str) -> Callable[[JobStarted], None]:
    def start(reading: JobStarted) -> None:
        for line in start_lines(named, thing, reading):
            unless_gone(tell, line)

    return start


def _start_event(named: Sequence[str]) -> Callable[[JobStarted], None]:
    return lambda reading: unless_gone(tell_event, {"event": "start", "what": [*named], **asdict(reading)})


def _every(seconds: float, say: Callable[[Progress], None]) -> Callable[[Progress], None]:
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        if progress.seconds - last >= seconds:
            last = progress.seconds
            unless_gone(say, progress)

    return show


def unless_gone(say: Callable[..., None], what: object) -> None:
    """Say something: a job must not end because nobody reads its progress any more."""
    with suppress(OSError):
        say(what)
        sys.stderr.flush()


def _tell_line(progress: Progress) -> None:
    left = TimeLeft()
    left.note(progress)
    tell(f"{progress_line(progress, left)}: {outcomes_line(progress)}")


def _tell_event(progress: Progress) -> None:
    computed = {name: getattr(progress, name) for name in ("records_per_second", "share")}
    tell_event({"event": "progress", **asdict(progress), **computed})


def _write_ending() -> None:
    _write_from_handler(ENDING)


def _write_ending_event() -> None:
    _write_from_handler(json_text({"event": "message", "text": ENDING}))


def _write_from_handler(line: str) -> None:
    """Write a line to standard error past Python's streams, one of which may be in the middle of a write."""
    with suppress(OSError, ValueError):
        os.write(sys.stderr.fileno(), f"{line}\n".encode("ascii"))


class _Lines:
    """The two lines as they are at the moment: the width of the terminal may change, and the time left counts down."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.left = TimeLeft()
        self.is_ending = False

    def show(self, progress: Progress) -> None:
        """Show the progress after a batch."""
        self.left.note(progress)
        self.progress = progress

    def show_ending(self) -> None:
        """Show that it ends after its batch."""
        self.is_ending = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        progress, width = self.progress, options.max_width - 1  # in the last column some terminals break the line
        if self.is_ending:
            yield Text(ENDING)
        if progress is None:
            return
        yield with_bar(progress.share, partial(progress_line, progress, self.left), width)
        yield Text(outcomes_line(progress, width), no_wrap=True)


def with_bar(share: float | None, told: Callable[[int], str], width: int) -> RenderableType:
    """Return the line that `told` gives for a width, behind a bar where the share is known and the terminal is wide enough."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    if share is None or width < NARROW_COLUMNS:
        return Text(told(width), no_wrap=True)
    row = Table.grid(padding=(0, 1))
    row.add_row(ProgressBar(total=1.0, completed=share, width=BAR_COLUMNS), Text(told(width - BAR_COLUMNS - 1), no_wrap=True))
    return row


@contextmanager
def live(lines: RenderableType) -> Iterator[None]:
    """Show lines on the terminal, renewed several times a second, until the block ends."""
    from rich.console import Console
    from rich.live import Live

    with Live(lines, console=Console(stderr=True), transient=True, redirect_stdout=False):
        yield
