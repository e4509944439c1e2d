"""What is shown of a rebuild while it works: on a terminal a line that is renewed, elsewhere a line every five seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from memproc.cli.app import tell
from memproc.cli.progress import SECONDS_BETWEEN_LINES, is_terminal, live, unless_gone, with_bar
from memproc.cli.progress_lines import rebuild_line

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from memproc.report.events import Event, Rebuilding


@contextmanager
def shown_rebuild() -> Iterator[Callable[[Event], None]]:
    """Yield a callback for `on_event` that shows how far a rebuild is."""
    if is_terminal():
        line = _Line()
        with live(line):
            yield line.hear
    else:
        yield _Lines().hear


class _Line:
    """The line as it is at the moment: the time left counts down."""

    def __init__(self) -> None:
        self._event: Rebuilding | None = None
        self._heard_at = 0.0

    def hear(self, event: Event) -> None:
        """Take over what was told."""
        from memproc.report.events import Rebuilding

        if isinstance(event, Rebuilding):
            self._event, self._heard_at = event, monotonic()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._event is not None:
            told = partial(rebuild_line, self._event, monotonic() - self._heard_at)
            yield with_bar(self._event.share, told, options.max_width - 1)


class _Lines:
    """A line now and then."""

    def __init__(self) -> None:
        self._told_at = monotonic()

    def hear(self, event: Event) -> None:
        """Tell it, if enough time has passed since the last line."""
        from memproc.report.events import Rebuilding

        if isinstance(event, Rebuilding) and monotonic() - self._told_at >= SECONDS_BETWEEN_LINES:
            self._told_at = monotonic()
            unless_gone(tell, rebuild_line(event))
