"""Progress of an ingestion as a bar of rich: `memproc.ingest(..., on_event=rich_bar())`."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from memproc.report.events import BatchLanded, Event, JobEnded, JobStarted
from memproc.report.events import Progress as HowFar


def rich_bar(progress: Progress | None = None, *, console: Console | None = None) -> Callable[[Event], None]:
    """Return a callback for `on_event` that shows a bar with records, quarantined ones and bounds of the time left.

    `progress` is a display of rich that is shown already, which gets a task more, with its own columns; without it there is one of
    its own on `console` (by default standard error), from the beginning of a job to its end.
    """
    shown, task = progress, TaskID(0)

    def show(event: Event) -> None:
        nonlocal shown, task
        match event:
            case JobStarted():
                if progress is None:
                    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
                    shown = Progress(*columns, console=console or Console(stderr=True))
                    shown.start()
                if shown is not None:
                    task = shown.add_task(f"job {event.job}", total=event.bytes_total, told="")
            case BatchLanded() if shown is not None:
                far = event.progress
                shown.update(task, completed=far.bytes_read if far.bytes_total is not None else far.read, told=_told(far))
            case JobEnded() if shown is not None:
                shown.update(task, refresh=True)
                if progress is None:
                    shown.stop()
                    shown = None
            case _:
                pass

    return show


def _told(far: HowFar) -> str:
    share = [] if far.share is None else [f"{far.share:.0%}"]
    bad = [f"{far.quarantined:,} quarantined"] if far.quarantined else []
    left = [] if far.seconds_left is None else [f"{far.seconds_left.low:,.0f}-{far.seconds_left.high:,.0f} s left"]
    return ", ".join([*share, f"{far.read:,} records", *bad, *left])
